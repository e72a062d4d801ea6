package number

import "math"

// Precision is the kind of binary floating-point number that ULPs are counted
// in, from the finest to the coarsest.
type Precision uint8

// The kinds of floating-point numbers that models compute with.
const (
	Float64  Precision = iota // 53 significant bits
	Float32                   // 24
	Float16                   // 11, IEEE 754 binary16
	BFloat16                  // 8, with the exponents of Float32
)

// formats has, for each precision, its significant bits, the exponent of its
// smallest number (2 to that power) and its largest number.
var formats = [...]struct {
	bits, smallest int
	largest        float64
}{
	Float64:  {53, -1074, math.MaxFloat64},
	Float32:  {24, -149, math.MaxFloat32},
	Float16:  {11, -24, 65504},
	BFloat16: {8, -133, 0xff * 0x1p120},
}

// Coarser returns the precision with fewer significant bits.
func Coarser(a, b Precision) Precision { return max(a, b) }

// ForDatatype returns the tolerance that torch.testing.assert_close has for a
// datatype of the Open Inference Protocol, by the table in its documentation
// (https://docs.pytorch.org/docs/stable/testing.html), and the precision of its
// values. Integers and BOOL have to be equal. False for BYTES, which are no
// numbers, and for datatypes unknown.
func ForDatatype(datatype string) (Tolerance, Precision, bool) {
	switch datatype {
	case "FP64":
		return Tolerance{Abs: 1e-7, Rel: 1e-7}, Float64, true
	case "FP32":
		return Tolerance{Abs: 1e-5, Rel: 1.3e-6}, Float32, true
	case "FP16":
		return Tolerance{Abs: 1e-5, Rel: 1e-3}, Float16, true
	case "BF16":
		return Tolerance{Abs: 1e-5, Rel: 1.6e-2}, BFloat16, true
	case "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64":
		return Tolerance{}, Float64, true
	}
	return Tolerance{}, Float64, false
}

// ulpsApart counts the steps between two values, both rounded to the precision,
// up to the largest int64. False where one of them rounds to an infinity.
func ulpsApart(a, b float64, p Precision) (ulps int64, ok bool) {
	x, ok := ordinal(a, p)
	if !ok {
		return 0, false
	}
	y, ok := ordinal(b, p)
	if !ok {
		return 0, false
	}
	apart := uint64(y - x)
	if x > y {
		apart = -apart
	}
	return int64(min(apart, math.MaxInt64)), true
}

// ordinal numbers the values of a precision: 0 is 0, the smallest positive
// number is 1, the next is 2, and the negative ones mirror them. It rounds to
// the nearest, a half to even; false where that is an infinity.
func ordinal(f float64, p Precision) (int64, bool) {
	if f == 0 {
		return 0, true // Frexp's exponent of 0 is not the least one
	}
	format := formats[p]
	_, exponent := math.Frexp(f)
	step := max(exponent-format.bits, format.smallest) // exponent of the distance to the next number
	n := math.RoundToEven(math.Ldexp(math.Abs(f), -step))
	if math.Ldexp(n, step) > format.largest {
		return 0, false
	}
	// Every step of the exponent holds half as many numbers as fit the bits,
	// the first one, with the subnormal numbers, twice as many.
	number := int64(step-format.smallest)<<(format.bits-1) + int64(n)
	if f < 0 {
		return -number, true
	}
	return number, true
}
