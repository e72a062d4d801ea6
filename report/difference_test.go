package report

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/modelparity/parity/compare"
)

// A bound that is too high fails a candidate that is as noisy as the old system.
// The values are from scipy 1.10.1: beta.ppf gives the limits of each proportion,
// put together by Newcombe's formula.
func TestMoreOftenIsNewcombes(t *testing.T) {
	for _, c := range []struct {
		k1, n1, k0, n0 int64
		confidence     float64
		want           float64
	}{
		{56, 70, 48, 80, 0.975, 0.04388687820777562},
		{9, 10, 3, 10, 0.975, 0.10678692989274063},
		{10, 10, 0, 20, 0.975, 0.6485169994438564},
		{624, 5200, 52, 5200, 0.95, 0.10220988309069644},
		{0, 100, 0, 100, 0.95, -0.02951304960703993},
		{1, 100, 50, 100, 0.95, -0.5768977279350325},
		{120, 1000, 10, 1000, 0.99875, 0.07792209289228463},
		{0, 0, 5, 10, 0.95, -1},
		{5, 10, 0, 0, 0.95, -1},
	} {
		if got := moreOften(c.k1, c.n1, c.k0, c.n0, c.confidence); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("moreOften(%d, %d, %d, %d, %v) = %v, want %v", c.k1, c.n1, c.k0, c.n0, c.confidence, got, c.want)
		}
	}
	// Newcombe's example (a), 56 of 70 against 48 of 80: by Wilson's limits method
	// 10 gives 0.0524 to 0.3339. Ours must be the more careful.
	if got := moreOften(56, 70, 48, 80, 0.975); got > 0.0524 {
		t.Errorf("%v is over the published bound", got)
	}
}

// The statistic is that of scipy 1.10.1, ks_2samp(a, b, alternative="less").
func TestLargerIsKolmogorovSmirnovs(t *testing.T) {
	candidate, control := compare.Histogram{-8: 1, 0: 4, 3: 5}, compare.Histogram{-8: 6, -2: 2, 0: 1, 3: 1}
	for _, c := range []struct {
		name string
		a, b compare.Histogram
		want float64
	}{
		{"larger", candidate, control, 0.7},
		{"smaller", control, candidate, 0},
		{"the same", control, control, 0},
		{"none", nil, control, 0},
		{"none in the control", candidate, nil, 0},
	} {
		if got := larger(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// With a critical value that is too low, every noisy field is an excess once in
// a while more than was promised. At 20 and 20 the exact tail beyond it is
// 0.0405 (scipy 1.10.1), which is below the 0.05 asked for.
func TestLargerByChance(t *testing.T) {
	for _, c := range []struct {
		n, m        int64
		alpha, want float64
	}{
		{100, 100, 0.05, 0.17308183826022852}, // √(−ln 0.05 / 100)
		{10, 200, 0.01, 0.4917025877137264},
		{20, 20, 0.05, 0.38702275602049496},
	} {
		if got := largerByChance(c.n, c.m, c.alpha); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d, %d, %v: %v, want %v", c.n, c.m, c.alpha, got, c.want)
		}
	}
}

// More confidence must never show more, nor may more noise of the old system.
func TestMoreOftenIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(2, 3000).Draw(t, "n")
		k1, k0 := rapid.Int64Range(0, n).Draw(t, "k1"), rapid.Int64Range(0, n-1).Draw(t, "k0")
		bound := moreOften(k1, n, k0, n, 0.95)
		if bound > float64(k1-k0)/float64(n) {
			t.Fatalf("the bound %v is over what was seen", bound)
		}
		if more := moreOften(k1, n, k0, n, 0.999); more > bound {
			t.Fatalf("%v at 99.9 %%, %v at 95 %%", more, bound)
		}
		if more := moreOften(k1, n, k0+1, n, 0.95); more > bound+1e-12 {
			t.Fatalf("%v with one more in the control, %v without", more, bound)
		}
	})
}
