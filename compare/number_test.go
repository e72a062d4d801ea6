package compare

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

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
		{"-0", "0", true},
		{"-0.0", "0", true},
		{"0e5", "0", true},
		{"0.1", "0.10000000000000000001", true}, // one float64
		{"0.1", "0.10000000000000002", false},
		{"9007199254740993", "9007199254740992", false},
		{"9223372036854775808", "-9223372036854775808", false},
		{"1", "-1", false},
		{"1", "2", false},
		{"1e400", "1e401", false},
		{"1e400", "-1e400", false},
		{"1e400", "10e399", true},
		{"1e400", "0.1e401", true},
		{"1e400", "1" + strings.Repeat("0", 400), true},
		{long, long + ".0", true},
		{long, long[1:] + "8", false},
		{long, "1", false},
		{"1e99999999999999999999", "1e99999999999999999999", true},
		{"1e99999999999999999999", "1e+99999999999999999999", true},
		{"1e99999999999999999999", "2e99999999999999999999", false},
	} {
		for _, swapped := range []bool{false, true} {
			if swapped {
				c.a, c.b = c.b, c.a
			}
			if _, _, equal := (Number{}).compare([]byte(c.a), []byte(c.b)); equal != c.equal {
				t.Errorf("%.40s and %.40s: equal %v", c.a, c.b, equal)
			}
			if same := canonicalNumber([]byte(c.a)) == canonicalNumber([]byte(c.b)); same != c.equal {
				t.Errorf("%.40s and %.40s: same canonical spelling %v", c.a, c.b, same)
			}
		}
	}
}

// A tolerance is promised to be abs + rel·|reference|, no more and no less.
func TestTolerance(t *testing.T) {
	for _, c := range []struct {
		tolerance Number
		a, b      string
		equal     bool
	}{
		{Number{Abs: 0.5}, "1", "1.5", true},
		{Number{Abs: 0.5}, "1", "1.51", false},
		{Number{Rel: 0.1}, "100", "110", true},
		{Number{Rel: 0.1}, "100", "111", false},
		{Number{Rel: 0.1}, "-100", "-110", true},
		{Number{Rel: 0.1}, "0", "1e-300", false},
		{Number{Abs: 1, Rel: 0.1}, "100", "111", true},
		{Number{Abs: 1}, "99999999999999999999", "100000000000000000000", true},
		{Number{Abs: 1e308, Rel: 1}, "1e400", "1e308", false},
		{Number{Rel: 0.1}, strings.Repeat("9", 310), "1", false},
		// On arm64, and on amd64 from v3 on, this is equal where product and sum
		// are fused: the verdict must not hang on the processor.
		{Number{Abs: 0.001, Rel: 0.1}, "10.5", "11.551", false},
	} {
		if _, _, equal := c.tolerance.compare([]byte(c.a), []byte(c.b)); equal != c.equal {
			t.Errorf("%s and %s at %+v: equal %v", c.a, c.b, c.tolerance, equal)
		}
	}
}

// Errors in a report must be numbers: JSON has no infinity, and a plot none either.
func TestErrorsAreFinite(t *testing.T) {
	for _, pair := range [][2]string{{"0", "1"}, {"1e400", "1"}, {"-1.7e308", "1.7e308"}, {"5e-324", "1e300"}, {"1", strings.Repeat("9", 309)}} {
		abs, rel, equal := (Number{}).compare([]byte(pair[0]), []byte(pair[1]))
		if equal || math.IsInf(abs, 0) || math.IsInf(rel, 0) || math.IsNaN(abs) || math.IsNaN(rel) {
			t.Errorf("%v: %v %v %v", pair, abs, rel, equal)
		}
	}
}

// decimal is exact: the oracle is math/big.
func TestDecimalIsExact(t *testing.T) {
	literal := rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a := literal.Draw(t, "a")
		want, _ := new(big.Rat).SetString(a)
		got, ok := new(big.Rat).SetString(decimal(a))
		if !ok || got.Cmp(want) != 0 {
			t.Fatalf("%s became %s", a, decimal(a))
		}
		if b := literal.Draw(t, "b"); (decimal(a) == decimal(b)) != (cmpRat(a, b) == 0) {
			t.Fatalf("%s and %s became %s and %s", a, b, decimal(a), decimal(b))
		}
	})
}

func cmpRat(a, b string) int {
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x.Cmp(y)
}

// The exact difference of integers must not depend on which of the two ways
// computes it.
func TestIntegerDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		want, _ := new(big.Int).Sub(big.NewInt(b), big.NewInt(a)).Float64()
		_, got := integerDistance(strconv.FormatInt(a, 10), strconv.FormatInt(b, 10))
		if got != math.Abs(want) {
			t.Fatalf("%d and %d are %g apart, want %g", a, b, got, math.Abs(want))
		}
	})
}

// In CSV, what is no JSON number is a text: 007 is not 7.
func TestIsNumber(t *testing.T) {
	for text, want := range map[string]bool{
		"0": true, "-0": true, "1.5": true, "1e5": true, "-1.5E-07": true,
		"": false, "-": false, "007": false, "+1": false, ".5": false, "1.": false, " 1": false, "1 ": false,
		"1 2": false, "NaN": false, "Infinity": false, "0x10": false, "1_000": false, "1e": false, "[1]": false,
	} {
		if isNumber([]byte(text)) != want {
			t.Errorf("%q is a number: %v", text, !want)
		}
	}
}
