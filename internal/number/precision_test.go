package number

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The published tolerances are what users know, and hold the new endpoint to.
func TestForDatatype(t *testing.T) {
	for datatype, want := range map[string]struct {
		rel, abs float64
		p        Precision
	}{
		"FP64": {1e-7, 1e-7, Float64},
		"FP32": {1.3e-6, 1e-5, Float32},
		"FP16": {1e-3, 1e-5, Float16},
		"BF16": {1.6e-2, 1e-5, BFloat16},
		"INT8": {}, "INT16": {}, "INT32": {}, "INT64": {}, "UINT8": {}, "UINT16": {}, "UINT32": {}, "UINT64": {}, "BOOL": {},
	} {
		got, p, ok := ForDatatype(datatype)
		if !ok || got != (Tolerance{Abs: want.abs, Rel: want.rel}) || p != want.p {
			t.Errorf("%s: %+v %v %v", datatype, got, p, ok)
		}
	}
	for _, datatype := range []string{"BYTES", "", "FP8", "fp32"} {
		if _, _, ok := ForDatatype(datatype); ok {
			t.Errorf("%q has a tolerance", datatype)
		}
	}
	if Coarser(Float64, BFloat16) != BFloat16 || Coarser(Float16, Float32) != Float16 {
		t.Error("the coarser precision is not the one with fewer bits")
	}
}

// ULPs are counted by hand for four precisions. Against the bits of the
// hardware's, and against every value of the two of 16 bits.
func TestOrdinalOfFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := math.Abs(rapid.Float64().Draw(t, "f"))
		if got, ok := ordinal(f, Float64); !ok || got != int64(math.Float64bits(f)) {
			t.Fatalf("float64 %g is number %d", f, got)
		}
		if rapid.Bool().Draw(t, "any float32") {
			f = math.Float64frombits(uint64(rapid.Uint32Range(0, 0x7f800000).Draw(t, "bits"))<<29 + 896<<52 + rapid.Uint64Range(0, 1<<29).Draw(t, "rest"))
		}
		want := math.Float32bits(float32(f))
		if got, ok := ordinal(f, Float32); ok != (want < 0x7f800000) || ok && got != int64(want) {
			t.Fatalf("float32 %g is number %d %v, want %d", f, got, ok, want)
		}
		if got, ok := ordinal(-f, Float32); ok && got != -int64(want) {
			t.Fatalf("float32 %g is number %d, want %d", -f, got, -int64(want))
		}
	})
}

func TestOrdinalOf16Bits(t *testing.T) {
	for p, decode := range map[Precision]func(bits uint16) float64{Float16: float16, BFloat16: bfloat16} {
		for bits := uint16(0); ; bits++ {
			f, next := decode(bits), decode(bits+1)
			if got, ok := ordinal(f, p); !ok || got != int64(bits) {
				t.Fatalf("precision %d: %g is number %d, want %d", p, f, got, bits)
			}
			if math.IsInf(next, 0) {
				break
			}
			even := bits + bits&1
			half := (f + next) / 2
			for f, want := range map[float64]uint16{half: even, math.Nextafter(half, 0): bits, math.Nextafter(half, next): bits + 1} {
				if got, _ := ordinal(f, p); got != int64(want) {
					t.Fatalf("precision %d: %g is number %d, want %d", p, f, got, want)
				}
			}
		}
	}
	for f, finite := range map[float64]bool{65504: true, 65519.99: true, 65520: false, 1e300: false} {
		if _, ok := ordinal(f, Float16); ok != finite {
			t.Errorf("%g is finite as float16: %v", f, ok)
		}
	}
}

// float16 reads the bits of IEEE 754 binary16.
func float16(bits uint16) float64 {
	exponent, fraction := int(bits>>10), float64(bits&0x3ff)
	switch exponent {
	case 0:
		return math.Ldexp(fraction, -24)
	case 31:
		return math.Inf(1)
	}
	return math.Ldexp(1024+fraction, exponent-25)
}

func bfloat16(bits uint16) float64 { return float64(math.Float32frombits(uint32(bits) << 16)) }
