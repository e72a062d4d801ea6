package number

import (
	"math"
	"math/big"
	"strconv"
)

// Integers of up to smallInteger characters fit an int64 with room for the
// difference of two. Those longer than maxInteger are past float64's range, and
// past any use: their exact difference is not computed.
const (
	smallInteger = 18
	maxInteger   = 310
)

// Difference is how far two numbers are apart.
type Difference struct {
	Abs  float64 // |candidate − reference|; 0 where that is not finite
	Rel  float64 // Abs / |reference|; 0 where that is not finite
	ULPs int64   // steps between the two in their precision, at most the largest int64; 0 where one is not finite
}

// Compare says whether two literals are equal within the tolerance, and how far
// they are apart. The difference is zero where the values are the same, and
// where one of the two has no finite float64.
func (t *Tolerance) Compare(ref, cand []byte, p Precision) (Difference, bool) {
	if IsNaN(ref) || IsNaN(cand) {
		return Difference{}, IsNaN(ref) && IsNaN(cand) && t.NaN != "differ"
	}
	r, c, abs := distance(ref, cand)
	if math.IsInf(r, 0) || math.IsInf(c, 0) {
		a, b := exact(ref), exact(cand)
		return Difference{}, a.compare(&b) == 0
	}
	if abs == 0 {
		return Difference{}, true
	}
	ulps, ok := ulpsApart(r, c, p)
	// The conversion rounds the product. Without it some processors fuse product
	// and sum, round once, and so judge other pairs equal than the rest.
	equal := abs <= t.Abs+float64(t.Rel*math.Abs(r)) ||
		ok && t.ULPs > 0 && ulps <= t.ULPs ||
		t.Decimals && equalDecimals(ref, cand)
	return Difference{Abs: finite(abs), Rel: finite(abs / math.Abs(r)), ULPs: ulps}, equal
}

// Equal is what Compare says of equality, faster.
func (t *Tolerance) Equal(ref, cand []byte, p Precision) bool {
	if equal, sure := t.quick(ref, cand); sure {
		return equal
	}
	_, equal := t.Compare(ref, cand, p)
	return equal
}

// distance returns both values and |cand − ref|. Values beyond float64's range
// are infinite.
func distance(ref, cand []byte) (r, c, abs float64) {
	if len(ref) <= maxInteger && len(cand) <= maxInteger && isInteger(ref) && isInteger(cand) {
		return integerDistance(string(ref), string(cand))
	}
	r, c = parse(ref), parse(cand)
	return r, c, math.Abs(c - r)
}

// parse returns a float64 for all but NaN, and an infinity for what has none.
func parse(literal []byte) float64 {
	f, err := strconv.ParseFloat(string(literal), 64)
	if err != nil {
		return math.Inf(1) // out of range; and a text that is no number has no value to compute with either
	}
	return f
}

func integerDistance(ref, cand string) (r, c, abs float64) {
	if len(ref) <= smallInteger && len(cand) <= smallInteger {
		a, _ := strconv.ParseInt(ref, 10, 64)
		b, _ := strconv.ParseInt(cand, 10, 64)
		return float64(a), float64(b), math.Abs(float64(b - a))
	}
	a, _ := new(big.Int).SetString(ref, 10)
	b, _ := new(big.Int).SetString(cand, 10)
	r, _ = a.Float64()
	c, _ = b.Float64()
	abs, _ = b.Sub(b, a).Float64()
	return r, c, math.Abs(abs)
}

func finite(f float64) float64 {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return 0
	}
	return f
}
