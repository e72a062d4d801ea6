package number

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// The quick way must give the verdict of the definition, most of all at the
// very edge of a tolerance: there a wrong margin shows, and only there.
func TestQuickAgrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	sure := 0
	const pairs = 300_000
	for range pairs {
		tolerance := randomTolerance(rng)
		ref, cand := randomPair(rng, tolerance)
		_, want := tolerance.Compare([]byte(ref), []byte(cand), Float64)
		got, ok := tolerance.quick([]byte(ref), []byte(cand))
		if ok && got != want {
			t.Fatalf("%s and %s at %+v: quickly %v, by definition %v", ref, cand, tolerance, got, want)
		}
		if ok {
			sure++
		}
	}
	if sure < pairs/4 {
		t.Errorf("only %d of %d pairs were decided quickly: this shows too little", sure, pairs)
	}
}

func randomTolerance(rng *rand.Rand) Tolerance {
	pick := func(of ...float64) float64 { return of[rng.IntN(len(of))] }
	return Tolerance{
		Abs:      pick(0, 0, 1e-9, 1e-5, 0.5, 1, 1e-300, 5e-324, 1e300),
		Rel:      pick(0, 0, 1e-6, 1.3e-6, 1.6e-2, 1e-14, 1e-15, 4e-16, 2e-16, 1e-17, 1e-300, 0.5, 1, 3),
		ULPs:     int64(pick(0, 0, 0, 1, 100)),
		Decimals: rng.IntN(5) == 0,
	}
}

// randomPair returns a number and one that is the same, near it, at the edge of
// the tolerance to it, or anywhere.
func randomPair(rng *rand.Rand, tolerance Tolerance) (ref, cand string) {
	f := float64(rng.Uint64()>>rng.IntN(60)) * math.Pow10(rng.IntN(40)-30)
	if rng.IntN(8) == 0 {
		f = math.Abs(math.Float64frombits(rng.Uint64() &^ (1 << 62)))
	}
	edge := tolerance.Abs + tolerance.Rel*f
	other := f
	switch rng.IntN(7) {
	case 4: // about as many digits in common as near wants
		f = (0.099 + rng.Float64()) * math.Pow10(rng.IntN(20)-15)
		other = f * (1 + 1e-7*(4*rng.Float64()-2))
	case 0:
		other = f + edge
	case 1:
		other = f - edge
	case 2:
		other = f + edge*(0.5+rng.Float64())
	case 3:
		other = float64(rng.Uint64()) * math.Pow10(rng.IntN(40)-30)
	}
	for range rng.IntN(4) {
		other = math.Nextafter(other, math.Inf(rng.IntN(2)*2-1))
	}
	return spell(rng, f), spell(rng, other)
}

// spell prints a number in one of the ways that answers have, not always with
// the digits that make it the same float64 again.
func spell(rng *rand.Rand, f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return "1e400"
	}
	if math.Abs(f) < 1e-30 || math.Abs(f) > 1e30 {
		return strconv.FormatFloat(f, 'e', rng.IntN(19)-1, 64)
	}
	digits := []int{-1, -1, -1, 0, 1, 15, 16, 17, 18, 19, 25}[rng.IntN(11)]
	text := strconv.FormatFloat(f, "eEfg"[rng.IntN(4)], digits, 64)
	if rng.IntN(20) == 0 {
		return "-" + text
	}
	return text
}

// FuzzQuick is TestQuickAgrees for what nobody thought of.
func FuzzQuick(f *testing.F) {
	f.Add("0.12345678901234567", "0.12345678901234599", 1e-9, 1e-6)
	f.Add("1e-270", "1.0000000000000001e-270", 0.0, 1e-15)
	f.Add("9999999999999999999", "9999999999999999998", 1.0, 0.0)
	f.Add("-0", "0.0", 0.0, 0.0)
	f.Add("0.123456781", "0.1234567899999999999999999e-3", 0.0, 1e-6)
	f.Add("0.99999999", "0.999999989", 0.0, 1e-6)
	f.Fuzz(func(t *testing.T, ref, cand string, abs, rel float64) {
		tolerance := Tolerance{Abs: abs, Rel: rel}
		if !Is([]byte(ref)) || !Is([]byte(cand)) || tolerance.Validate() != nil {
			t.Skip("no numbers")
		}
		both(t, tolerance, ref, cand, Float64)
		tolerance.Decimals = true
		both(t, tolerance, ref, cand, Float64)
	})
}

// Eight digits at a time must read what one at a time reads.
func TestRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		literal := rapid.StringMatching(`-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,5})?`).Draw(t, "literal")
		s, ok := read([]byte(literal))
		if !ok {
			return
		}
		sign := ""
		if s.negative {
			sign = "-"
		}
		spelled := fmt.Sprintf("%s%de%d", sign, s.mantissa, s.exponent)
		a, b := exact([]byte(literal)), exact([]byte(spelled))
		if a.compare(&b) != 0 || a.decimals != b.decimals {
			t.Fatalf("%s was read as %s", literal, spelled)
		}
	})
	// What answers really hold has to take the quick way.
	for _, literal := range []string{"0", "-1", "0.12345678901234567", "0.00012345678901234567", "123.45678901234567", "4.83e-12", "1E+05", "9999999999999999999"} {
		if _, ok := read([]byte(literal)); !ok {
			t.Errorf("%s is not read quickly", literal)
		}
	}
	for _, literal := range []string{"", "-", "1.", ".5", "1e", "1e+", "1x", "1.5x", "nan", "+1", "1e99999", "12345678901234567890", "1.2345678/0123456"} {
		if s, ok := read([]byte(literal)); ok {
			t.Errorf("%q was read as %+v", literal, s)
		}
	}
}

// Two that are near have one head of eight digits, nothing but digits behind it,
// and one exponent: all others have to be read.
func TestNear(t *testing.T) {
	for _, c := range []struct {
		a, b string
		near bool
	}{
		{"0.12345678", "0.12345678", true},
		{"0.123456780", "0.12345678999999999999999999", true},
		{"-0.000123456780", "-0.00012345678999999999999999999", true},
		{"4.8312345678901234E-12", "4.8312345678901299e-12", true},
		{"4.8312345678901234E-12", "4.83123456789012e-12", true},
		{"0.12345678901234567", "0.1234567", false},
		{"0.12345678", "0.12345679", false},
		{"0.12345678", "-0.12345678", false},
		{"0.01234567801", "0.01234567901", false},
		{"0.00000000000000000000000012345678", "0.00000000000000000000000012345678", false}, // towards what float64 has few digits for
		{"4.8312345678901234E-12", "4.8312345678901299e-13", false},
		{"4.8312345678901234E-12", "4.8312345678901299e12", false},
		{"4.8312345678901234E-12", "4.8312345678901299", false},
		{"4.8312345678901234e-7", "4.8312345678901299E-7", true},
		{"4.8312345678901234e+07", "4.8312345678901299e+07", true},
		{"4.8312345678901234e12", "4.8312345678901299e12", true},
		{"4.8312345678901234e-07", "4.8312345678901299e-7", false},
		{"4.8312345678901234e+07", "4.8312345678901299e-07", false},
		{"4.8312345678901234e999", "4.8312345678901299e999", false}, // beyond float64 only what is spelled alike is equal
		{"4.8312345678901234e-999", "4.8312345678901299e-999", false},
		{"4.8312345678901234E-312", "4.8312345678901234E-312", false},
		{"0.123456789e5", "0.123456789e6", false},
		{"0.1234567e9", "0.1234567e8", false},
		{"12.345678901", "12.345678902", false},
	} {
		if near([]byte(c.a), []byte(c.b)) != c.near || near([]byte(c.b), []byte(c.a)) != c.near {
			t.Errorf("%s and %s: near is not %v", c.a, c.b, c.near)
		}
	}
}

// Decimals are exact: by math/big, and the same whichever way decides.
func TestDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ref := anyLiteral.Draw(t, "ref")
		cand := rapid.OneOf(anyLiteral, rapid.Just(ref), rapid.Custom(func(t *rapid.T) string { return nearDecimals(t, ref) })).Draw(t, "cand")
		coarser := min(decimalsOf(ref), decimalsOf(cand))
		apart := new(big.Rat).Sub(rat(ref), rat(cand))
		apart.Abs(apart).Mul(apart, rat("2e"+strconv.Itoa(coarser)))
		want := apart.Cmp(rat("1")) <= 0
		if got := equalDecimals([]byte(ref), []byte(cand)); got != want {
			t.Fatalf("%s and %s are equal at %d decimals: %v", ref, cand, coarser, got)
		}
		r, ok := read([]byte(ref))
		c, ok2 := read([]byte(cand))
		a, b, exponent, ok3 := align(r, c)
		if ok && ok2 && ok3 && r.negative == c.negative {
			if got := withinDecimals(a, b, exponent, coarser); got != want {
				t.Fatalf("%s and %s are quickly equal at %d decimals: %v", ref, cand, coarser, got)
			}
		}
	})
}

// nearDecimals is about half a unit of the last place away.
func nearDecimals(t *rapid.T, ref string) string {
	d := decimalsOf(ref)
	sum := new(big.Rat).Mul(rat("5e-"+strconv.Itoa(d+1)), rat(rapid.SampledFrom([]string{"1", "-1", "0.99", "1.01", "-1.01", "0.4"}).Draw(t, "halves")))
	return sum.Add(sum, rat(ref)).FloatString(d + 1 + rapid.IntRange(0, 4).Draw(t, "more"))
}

// decimalsOf is the definition: as many as stand behind the point once there is
// no exponent.
func decimalsOf(literal string) int {
	d := exact([]byte(literal))
	return int(d.decimals)
}
