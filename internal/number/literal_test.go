package number

import (
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func canon(literal string) string { return string(Canonical(nil, []byte(literal))) }

// In CSV, what is no number is a text: 007 is not 7.
func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"0": true, "-0": true, "1.5": true, "1e5": true, "-1.5E-07": true, "1E+2": true, "10": true, "0e0": true,
		"": false, "-": false, "007": false, "+1": false, ".5": false, "1.": false, " 1": false, "1 ": false,
		"1 2": false, "0x10": false, "1_000": false, "1e": false, "1e+": false, "e5": false, "1.e5": false, "[1]": false,
		"-01": false, "1.5.5": false, "1e5.5": false, "12/5": false, "1:2": false,
		"NaN": true, "nan": true, "NAN": true, "-nan": true, "Infinity": true, "-Infinity": true, "inf": true,
		"-inf": true, "+inf": true, "INF": true, "+Infinity": true, "infinity": true,
		"in": false, "infinit": false, "nano": false, "--inf": false, "N": false, "+": false, "1nf": false, "ınf": false,
	} {
		if Is([]byte(text)) != want {
			t.Errorf("%q is a number: %v", text, !want)
		}
	}
	for text, want := range map[string]bool{"NaN": true, "nan": true, "-nan": true, "Infinity": false, "1": false, "": false} {
		if IsNaN([]byte(text)) != want {
			t.Errorf("%q is NaN: %v", text, !want)
		}
	}
}

// FuzzIs holds the grammar against encoding/json, and all the rest to never
// panicking, whatever stands where a number should: a capture with one odd body
// must not end the run.
func FuzzIs(f *testing.F) {
	for _, seed := range []string{"1.5e-3", "-0", "NaN", "-Infinity", "1e999999999", "0x1p-2", "1_0", ".", "-", "e", "", "1e+", "00", "-.e+"} {
		f.Add([]byte(seed), []byte("0.30"))
	}
	f.Add([]byte("x9e999999991"), []byte("0.30")) // took seconds and gigabytes
	f.Fuzz(func(t *testing.T, a, b []byte) {
		// A JSON value that begins and ends like a number is one.
		want := len(a) > 0 && (a[0] == '-' || isDigit(a[0])) && isDigit(a[len(a)-1]) && json.Valid(a)
		if isFinite(a) != want {
			t.Errorf("%q is finite: %v", a, !want)
		}
		tolerance := Tolerance{ULPs: 1, Decimals: true}
		_, compared := tolerance.Compare(a, b, Float16)
		equal := tolerance.Equal(a, b, Float16)
		order := Order(a, b)
		if !Is(a) || !Is(b) {
			return
		}
		if compared != equal {
			t.Errorf("%q and %q: Compare says equal %v, Equal %v", a, b, compared, equal)
		}
		if same := string(Canonical(nil, a)) == string(Canonical(nil, b)); same != (order == 0) {
			t.Errorf("%q and %q: same canonical spelling %v, order %d", a, b, same, order)
		}
	})
}

// One value has one spelling, or arrays without an order are called different.
func TestCanonical(t *testing.T) {
	for literal, want := range map[string]string{
		"0": "0", "-0": "0", "0.000": "0", "0e5": "0", "1": "1e0", "-1.50": "-15e-1", "1500": "15e2",
		"0.10000000000000001": "1e-1", "9007199254740993": "9007199254740993e0", "1e400": "1e400",
		"123456789012345678901": "123456789012345678901e0", "1e99999999999999999999": "1e99999999999999999999+0",
		"0.01e99999999999999999999": "1e99999999999999999999-2",
		"nan":                       "NaN", "+inf": "Infinity", "-INFINITY": "-Infinity",
	} {
		if got := string(Canonical([]byte("x"), []byte(literal))); got != "x"+want {
			t.Errorf("%s is spelled %s, want x%s", literal, got, want)
		}
	}
}

// The exact value of a literal is what canonical spellings and decimals go by:
// the oracle is math/big.
func TestExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyLiteral.Draw(t, "a")
		d := exact([]byte(a))
		got, ok := new(big.Rat).SetString(string(d.append(nil)))
		if !ok || got.Cmp(rat(a)) != 0 {
			t.Fatalf("%s became %s", a, d.append(nil))
		}
		b := anyLiteral.Draw(t, "b")
		e := exact([]byte(b))
		if d.compare(&e) != rat(a).Cmp(rat(b)) {
			t.Fatalf("%s and %s compare as %d", a, b, d.compare(&e))
		}
	})
}

var anyLiteral = rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?`)

func rat(literal string) *big.Rat {
	r, _ := new(big.Rat).SetString(literal)
	return r
}

// The quick spelling and order must be those of the definition, or the answer
// hangs on how many digits a service prints.
func TestQuickOrder(t *testing.T) {
	short := rapid.StringMatching(`-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,16})?([eE][+-]?[0-9]{1,3})?`)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.OneOf(anyLiteral, short).Draw(t, "a")
		b := rapid.OneOf(anyLiteral, short, rapid.Just(a), rapid.Just(a+"0"), rapid.Just(neighbour(a))).Draw(t, "b")
		x, y := canonical([]byte(a)), canonical([]byte(b))
		if got := canon(a); got != string(x.append(nil)) {
			t.Fatalf("%s is spelled %s, by definition %s", a, got, x.append(nil))
		}
		if got := Order([]byte(a), []byte(b)); got != x.compare(&y) {
			t.Fatalf("%s and %s are ordered %d, by definition %d", a, b, got, x.compare(&y))
		}
	})
}

// neighbour is the next float64.
func neighbour(literal string) string {
	f, _ := strconv.ParseFloat(literal, 64)
	return strconv.FormatFloat(f+f*0x1p-52, 'g', -1, 64)
}

// Sorting by value is how two arrays without an order are paired.
func TestOrder(t *testing.T) {
	sorted := []string{
		"-inf", "-2e99999999999999999999", "-1e400", "-1e308", "-2", "-1.5", "-5e-324", "0", "5e-324", "0.1", "0.10000000000000002",
		"9007199254740992.0", "9007199254740993", "9.1e15", "123456789012345678901234567890", "1e308", "1e309", "10e309", "1e999999999",
		"1e99999999999999999999", "2e99999999999999999999", "1e100000000000000000000000", "Infinity", "nan",
	}
	for i, a := range sorted {
		for j, b := range sorted {
			got := Order([]byte(a), []byte(b))
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s are ordered %d", a, b, got)
			}
		}
	}
	got := []string{"NaN", "1", "-inf", "0.5"}
	slices.SortFunc(got, func(a, b string) int { return Order([]byte(a), []byte(b)) })
	if want := []string{"-inf", "0.5", "1", "NaN"}; !slices.Equal(got, want) {
		t.Errorf("sorted as %v", got)
	}
}
