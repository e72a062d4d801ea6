package number

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// both asks Compare and Equal, which must never differ: a verdict would depend
// on whether somebody wanted to know the size of the difference.
func both(t testing.TB, tolerance Tolerance, ref, cand string, p Precision) (Difference, bool) {
	t.Helper()
	d, equal := tolerance.Compare([]byte(ref), []byte(cand), p)
	if got := tolerance.Equal([]byte(ref), []byte(cand), p); got != equal {
		t.Errorf("%.60s and %.60s at %+v: Compare says equal %v, Equal says %v", ref, cand, tolerance, equal, got)
	}
	return d, equal
}

// Two spellings of one value are no difference, and nothing else is equal at
// tolerance 0. Otherwise a report is full of formatting, or misses a change.
func TestNumbersAtZero(t *testing.T) {
	long := strings.Repeat("9", 400)
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{"1", "1.0", true},
		{"1", "1e0", true},
		{"100", "1E+2", true},
		{"4.83E-12", "4.83e-12", true},
		{"0.5", "0.50", true},
		{"-0", "0", true},
		{"-0.0", "0", true},
		{"0e5", "0", true},
		{"0e99999999999999999999", "0", true},
		{"0.1", "0.10000000000000000001", true}, // one float64
		{"0.1", "0.10000000000000002", false},
		{"9007199254740993", "9007199254740992", false},
		{"9223372036854775808", "-9223372036854775808", false},
		{"18446744073709551616.5", "0.5", false}, // 2^64 must not wrap to 0
		{"100000000000000000000", "100000000000000000001", false},
		{"1", "-1", false},
		{"1", "2", false},
		{"1e400", "1e401", false},
		{"1e400", "-1e400", false},
		{"1e400", "10e399", true},
		{"1e400", "0.1e401", true},
		{"1e400", "1" + strings.Repeat("0", 400), true},
		{"1e-400", "0", true}, // any reader gets 0
		{"1e-99999999999999999999", "0", true},
		{"1e400", "1e-99999999999999999999", false},
		{"1e400", "1e-1000000000000000000", false},
		{long, long + ".0", true},
		{long, long[1:] + "8", false},
		{long, "1", false},
		{"1e999999999", "1e999999999", true},
		{"1e999999999", "1e999999998", false},
		{"1e99999999999999999999", "1e99999999999999999999", true},
		{"1e99999999999999999999", "1e+0099999999999999999999", true},
		{"1.0e99999999999999999999", "1e99999999999999999999", true},
		{"10e99999999999999999999", "1e99999999999999999999", false},
		{"1e99999999999999999999", "2e99999999999999999999", false},
		{"1e99999999999999999999", "1e99999999999999999998", false},
		{"1e99999999999999999999", "1e400", false},
		{"Infinity", "inf", true},
		{"Infinity", "+INF", true},
		{"-Infinity", "-inf", true},
		{"Infinity", "-Infinity", false},
		{"Infinity", "1e400", false},
		{"Infinity", "1", false},
		{"NaN", "nan", true},
		{"NaN", "Infinity", false},
		{"NaN", "0", false},
	} {
		for _, swapped := range []bool{false, true} {
			if swapped {
				c.a, c.b = c.b, c.a
			}
			if _, equal := both(t, Tolerance{}, c.a, c.b, Float64); equal != c.equal {
				t.Errorf("%.40s and %.40s: equal %v", c.a, c.b, equal)
			}
			if same := canon(c.a) == canon(c.b); same != c.equal {
				t.Errorf("%.40s and %.40s: canonical spellings %.40s and %.40s", c.a, c.b, canon(c.a), canon(c.b))
			}
		}
	}
}

// A tolerance is promised to be abs + rel·|reference|, no more and no less, or
// what its other parts say.
func TestTolerance(t *testing.T) {
	for _, c := range []struct {
		tolerance Tolerance
		a, b      string
		equal     bool
	}{
		{Tolerance{Abs: 0.5}, "1", "1.5", true},
		{Tolerance{Abs: 0.5}, "1", "1.51", false},
		{Tolerance{Abs: 0.5}, "-0.25", "0.25", true},
		{Tolerance{Abs: 1e-9}, "0.0", "1e-12", true},
		{Tolerance{Abs: 1e-9}, "0", "-1.1e-9", false},
		{Tolerance{Rel: 0.1}, "100", "110", true},
		{Tolerance{Rel: 0.1}, "100", "111", false},
		{Tolerance{Rel: 0.1}, "110", "100", true}, // the reference is the measure
		{Tolerance{Rel: 0.1}, "100", "110.5", false},
		{Tolerance{Rel: 0.1}, "110.5", "100", true},
		{Tolerance{Rel: 0.1}, "-100", "-110", true},
		{Tolerance{Rel: 0.1}, "0", "1e-300", false},
		{Tolerance{Abs: 1, Rel: 0.1}, "100", "111", true},
		{Tolerance{Abs: 1}, "99999999999999999999", "100000000000000000000", true},
		{Tolerance{Abs: 1}, "99999999999999999998", "100000000000000000000", false},
		{Tolerance{Abs: 1e308, Rel: 1}, "1e400", "1e308", false},
		{Tolerance{Abs: 1e308, Rel: 1}, "Infinity", "1e308", false},
		{Tolerance{Abs: 1e308, Rel: 1}, "1e308", "Infinity", false},
		{Tolerance{Rel: 0.1}, "1e400", "1.01e400", false},
		{Tolerance{Rel: 0.1}, strings.Repeat("9", 310), "1", false},
		// On arm64, and on amd64 from v3 on, this is equal where product and sum
		// are fused: the verdict must not hang on the processor.
		{Tolerance{Abs: 0.001, Rel: 0.1}, "10.5", "11.551", false},
		{Tolerance{NaN: "differ"}, "NaN", "NaN", false},
		{Tolerance{NaN: "equal"}, "NaN", "nan", true},
		{Tolerance{Abs: 1e308, ULPs: 9, Decimals: true}, "NaN", "0", false},

		{Tolerance{ULPs: 1}, "0.1", "0.10000000000000002", true},
		{Tolerance{ULPs: 1}, "0.1", "0.10000000000000003", false},
		{Tolerance{ULPs: 2}, "0.1", "0.10000000000000003", true},
		{Tolerance{ULPs: 2}, "5e-324", "-5e-324", true},
		{Tolerance{ULPs: 1}, "5e-324", "-5e-324", false},
		{Tolerance{ULPs: math.MaxInt64}, "1.7e308", "1e309", false},

		{Tolerance{Decimals: true}, "0.3", "0.30000000000000004", true},
		{Tolerance{Decimals: true}, "0.30000000000000004", "0.3", true},
		{Tolerance{Decimals: true}, "0.30", "0.3", true},
		{Tolerance{Decimals: true}, "0.30", "0.304", true},
		{Tolerance{Decimals: true}, "0.30", "0.305", true}, // a half, rounded either way
		{Tolerance{Decimals: true}, "0.30", "0.295", true},
		{Tolerance{Decimals: true}, "0.30", "0.3050000000000000000000001", false},
		{Tolerance{Decimals: true}, "0.30", "0.2949999999999999999999999", false},
		{Tolerance{Decimals: true}, "9.99", "9.995", true},
		{Tolerance{Decimals: true}, "1.00", "0.99500000000000000000000001", true},
		{Tolerance{Decimals: true}, "1.5e-3", "0.00154999", true},
		{Tolerance{Decimals: true}, "1.5e-3", "0.00155001", false},
		{Tolerance{Decimals: true}, "1e3", "1000.4", true},
		{Tolerance{Decimals: true}, "1e3", "1001", false},
		{Tolerance{Decimals: true}, "1e3", "1004.0", false},
		{Tolerance{Decimals: true}, "3", "4", false},
		{Tolerance{Decimals: true}, "0", "-0.5", true},
		{Tolerance{Decimals: true}, "0", "0.51", false},
		{Tolerance{Decimals: true}, "0.1", "-0.1", false},
		{Tolerance{Decimals: true}, "1e400", "1e400", true},
		{Tolerance{Decimals: true}, "1e400", "1.0000001e400", false}, // beyond float64
		{Tolerance{Decimals: true}, "1e-999999999", "0.0", true},
		{Tolerance{Decimals: true}, "1e-999999999", "0.05", false},
		{Tolerance{Decimals: true}, "1.7e308", "1.7e-999999999", false},
		{Tolerance{Decimals: true}, "1e300", "1.7e-99999999999999999999", false},
		{Tolerance{Decimals: true}, "0.2", "1.7e-99999999999999999999", false},
		{Tolerance{Decimals: true}, "0.2", "1.7e-9223372036854775807", false},
	} {
		if _, equal := both(t, c.tolerance, c.a, c.b, Float64); equal != c.equal {
			t.Errorf("%s and %s at %+v: equal %v", c.a, c.b, c.tolerance, equal)
		}
	}
}

// The sizes in a report are what a person judges by.
func TestDifference(t *testing.T) {
	for _, c := range []struct {
		ref, cand string
		p         Precision
		want      Difference
	}{
		{"2", "2.0", Float64, Difference{}},
		{"2", "2.5", Float64, Difference{0.5, 0.25, 1 << 50}},
		{"-2", "-3", Float64, Difference{1, 0.5, 1 << 51}},
		{"0", "0.5", Float16, Difference{0.5, 0, 0x3800}},
		{"1", "1.001", BFloat16, Difference{0.0009999999999998899, 0.0009999999999998899, 0}},
		{"65000", "1e6", Float16, Difference{1e6 - 65000, (1e6 - 65000) / 65000, 0}},
		{"9007199254740993", "9007199254740992", Float64, Difference{1, 1.0 / 9007199254740992, 0}},
		{"-1.7e308", "1.7e308", Float64, Difference{0, 0, math.MaxInt64}},
		{"NaN", "1", Float64, Difference{}},
		{"Infinity", "1", Float64, Difference{}},
		{"1e400", "1", Float64, Difference{}},
	} {
		if got, _ := both(t, Default, c.ref, c.cand, c.p); got != c.want {
			t.Errorf("%s and %s: %+v, want %+v", c.ref, c.cand, got, c.want)
		}
	}
	if _, equal := both(t, Tolerance{ULPs: 1}, "1e6", "2e6", Float16); equal {
		t.Error("what is infinite in a precision is a step from everything that is")
	}
	if got, equal := both(t, Tolerance{Abs: 1}, "2", "2.5", Float64); !equal || got.Abs != 0.5 {
		t.Errorf("a difference within the tolerance is %+v, equal %v", got, equal)
	}
}

// Errors in a report must be numbers: JSON has no infinity, and a plot none either.
func TestErrorsAreFinite(t *testing.T) {
	for _, pair := range [][2]string{
		{"0", "1"},
		{"1e400", "1"},
		{"-1.7e308", "1.7e308"},
		{"5e-324", "1e300"},
		{"1", strings.Repeat("9", 309)},
		{"NaN", "1"},
		{"-inf", "inf"},
	} {
		d, equal := both(t, Tolerance{}, pair[0], pair[1], Float32)
		if equal || math.IsInf(d.Abs, 0) || math.IsInf(d.Rel, 0) || math.IsNaN(d.Abs) || math.IsNaN(d.Rel) || d.ULPs < 0 {
			t.Errorf("%v: %+v", pair, d)
		}
	}
}

// The exact difference of integers must not depend on which of the two ways
// computes it.
func TestIntegerDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		want, _ := new(big.Int).Sub(big.NewInt(b), big.NewInt(a)).Float64()
		_, _, got := distance([]byte(strconv.FormatInt(a, 10)), []byte(strconv.FormatInt(b, 10)))
		if got != math.Abs(want) {
			t.Fatalf("%d and %d are %g apart, want %g", a, b, got, math.Abs(want))
		}
	})
}

// A mistake in a rules file must be found when it is loaded, by its name.
func TestValidate(t *testing.T) {
	var none *Tolerance
	for _, ok := range []*Tolerance{none, {}, &Default, {ULPs: 4, Decimals: true, NaN: "differ"}, {NaN: "equal"}} {
		if err := ok.Validate(); err != nil {
			t.Errorf("%+v: %v", ok, err)
		}
	}
	for want, bad := range map[string]Tolerance{
		"number.abs -1: must be 0 or a positive number":    {Abs: -1},
		"number.abs NaN: must be 0 or a positive number":   {Abs: math.NaN()},
		"number.rel +Inf: must be 0 or a positive number":  {Rel: math.Inf(1)},
		"number.ulps -2: must be 0 or a positive integer":  {ULPs: -2},
		`number.nan "ignore": must be "equal" or "differ"`: {NaN: "ignore"},
	} {
		if err := bad.Validate(); err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", bad, err, want)
		}
	}
}
