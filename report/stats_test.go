package report

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A bound that is off lets a broken model pass. The two-sided 95 % intervals
// are those of R 4's binom.test(k, n)$conf.int (one-sided 97.5 % each), the
// one-sided 95 % bounds for k = 0 are the closed form 1 − 0.05^(1/n).
func TestBoundsArePublishedOnes(t *testing.T) {
	for _, c := range []struct {
		k, n         float64
		confidence   float64
		lower, upper float64
	}{
		{0, 300, 0.95, 0, 0.009936},                     // the rule of three: 3/300
		{0, 2995, 0.95, 0, 0.000999745},                 // what the default budget takes
		{0, 10, 0.975, 0, 0.3084971},                    // binom.test(0, 10)
		{1, 10, 0.975, 0.002528579, 0.4450161},          // binom.test(1, 10)
		{5, 10, 0.975, 0.1870860, 0.8129140},            // binom.test(5, 10)
		{10, 10, 0.975, 0.6915029, 1},                   // binom.test(10, 10)
		{682, 925, 0.975, 0.7076683, 0.7654066},         // the Mendel example of ?binom.test
		{20, 20, 0.95, math.Pow(0.05, 1.0/20), 1},       // closed form
		{5, 100_000, 0.95, 1.97017e-05, 0.0001051275},   // clopper.pearson.ci(5, 100000) of R's GenBinomApps
		{1, 1_000_000, 0.95, 5.129329e-08, 4.743861e-6}, // Poisson limit: 0.0512933 and 4.743865 a million
	} {
		near := func(got, want float64) bool { return math.Abs(got-want) <= 1e-5*want }
		if got := lower(c.k, c.n, c.confidence); !near(got, c.lower) {
			t.Errorf("lower(%v, %v, %v) = %v, want %v", c.k, c.n, c.confidence, got, c.lower)
		}
		if got := upper(c.k, c.n, c.confidence); !near(got, c.upper) {
			t.Errorf("upper(%v, %v, %v) = %v, want %v", c.k, c.n, c.confidence, got, c.upper)
		}
	}
}

// And of a printed table: Newcombe, "Two-sided confidence intervals for the single
// proportion: comparison of seven methods", Statistics in Medicine 17 (1998),
// 857–872, table I, method 5 ("exact", Clopper–Pearson), at 95 % two-sided.
func TestBoundsAreNewcombesTable(t *testing.T) {
	for _, c := range []struct{ k, n, lower, upper float64 }{
		{81, 263, 0.2527, 0.3676}, {15, 148, 0.0578, 0.1617}, {0, 20, 0, 0.1684}, {1, 29, 0.0009, 0.1776},
	} {
		l, u := lower(c.k, c.n, 0.975), upper(c.k, c.n, 0.975)
		if math.Abs(l-c.lower) > 5e-5 || math.Abs(u-c.upper) > 5e-5 {
			t.Errorf("%v of %v: %.5f to %.5f, the table has %v to %v", c.k, c.n, l, u, c.lower, c.upper)
		}
	}
}

// The bounds are defined by the binomial distribution: at the upper bound, k or
// fewer is as improbable as the confidence leaves, at the lower k or more.
// This sum over the binomial terms shares no code with the beta quantiles.
func TestBoundsInvertTheBinomial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 5000).Draw(t, "n")
		k := rapid.Int64Range(0, n).Draw(t, "k")
		confidence := rapid.OneOf(rapid.Float64Range(0.5, 0.9999), rapid.SampledFrom([]float64{0.999999, 0.99999999})).Draw(t, "confidence")
		if k < n {
			if tail := terms(0, k, n, upper(float64(k), float64(n), confidence)); math.Abs(tail-(1-confidence)) > 1e-6*(1-confidence) {
				t.Fatalf("P(X ≤ k) = %v at the upper bound, want %v", tail, 1-confidence)
			}
		}
		if k > 0 {
			if tail := terms(k, n, n, lower(float64(k), float64(n), confidence)); math.Abs(tail-(1-confidence)) > 1e-6*(1-confidence) {
				t.Fatalf("P(X ≥ k) = %v at the lower bound, want %v", tail, 1-confidence)
			}
		}
	})
}

// Nor may a bound be off where confidences, sizes or counts are extreme: distuv's
// own quantile gives 0.0408 for the first of these.
func TestBoundsAtTheEnds(t *testing.T) {
	for _, n := range []int64{100_000, 1, 10, 1000, 1_000_000} {
		for _, k := range []int64{5, 0, 1, 50, 1000, n / 10, n / 2} {
			for _, confidence := range []float64{0.999999, 0.5, 0.95, 0.99999999} {
				if k >= n {
					continue
				}
				x, of := float64(k), float64(n)
				p := upper(x, of, confidence)
				if tail := terms(0, k, n, p); math.Abs(tail-(1-confidence)) > 1e-6*(1-confidence) {
					t.Errorf("P(X ≤ %d of %d) = %v at the upper bound %v, want %v", k, n, tail, p, 1-confidence)
				}
				if budget := p * (1 + 1e-6); !within(x, of, budget, confidence) || within(x, of, p*(1-1e-6), confidence) {
					t.Errorf("%d of %d at %v: within does not go with the bound %v", k, n, confidence, p)
				}
			}
		}
	}
}

// BenchmarkSummarise is what a report of 4,000 models costs.
func BenchmarkSummarise(b *testing.B) {
	tally := many(4000)
	for b.Loop() {
		if _, err := Summarise(Input{Info: sampleInfo(), Tally: tally, Gate: manyGate}); err != nil {
			b.Fatal(err)
		}
	}
}

// terms is P(from ≤ X ≤ to) of n trials, by adding up.
func terms(from, to, n int64, p float64) (sum float64) {
	lg := func(x int64) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	for i := from; i <= to; i++ {
		sum += math.Exp(lg(n) - lg(i) - lg(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

// "2,876 more would decide it" must be true, and one fewer must not do.
func TestNeededIsTheSmallestSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.Float64Range(0, 50).Draw(t, "k")
		n := rapid.Float64Range(k+1, 5000).Draw(t, "n")
		budget := rapid.Float64Range(1e-7, 0.5).Draw(t, "budget")
		more, ok := needed(k, n, budget, 0.95)
		if !ok || more < 0 || !within(k, n+float64(more), budget, 0.95) {
			t.Fatalf("needed = %d, %v", more, ok)
		}
		if more > 0 && within(k, n+float64(more-1), budget, 0.95) {
			t.Fatalf("%d more are enough, needed says %d", more-1, more)
		}
	})
	if got, ok := needed(0, 0, 0.001, 0.95); !ok || got != 2995 { // log 0.05 / log 0.999 = 2994.2
		t.Errorf("needed(0, 0, 0.1%%, 95%%) = %d, %v, want 2995", got, ok)
	}
	if got, ok := needed(1, 5000, 0, 0.95); ok {
		t.Errorf("a mismatch is within a budget of 0 after %d", got)
	}
	if got, ok := needed(3, 5000, 1e-15, 0.95); ok {
		t.Errorf("a budget of 1e-15 shown by %d", got)
	}
}
