package report

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
)

// The ranks follow from binomial sums, of which each line has the one that decides
// it. 59 is the number of Wilks's tolerance limit: the least of which the largest
// is over the 95th percentile at 95 %.
func TestRanksArePublishedOnes(t *testing.T) {
	for _, c := range []struct {
		n            int
		q, alpha     float64
		lower, upper int // ranks; 0 and n+1: none
	}{
		{16, 0.5, 0.0385, 5, 12}, // P(X ≤ 4) = 0.03841
		{10, 0.5, 0.0108, 2, 9},  // P(X ≤ 1) = 0.01074
		{10, 0.5, 0.0107, 1, 10},
		{59, 0.95, 0.05, 53, 59}, // 0.95^59 = 0.0485
		{58, 0.95, 0.05, 52, 59}, // 0.95^58 = 0.0510
		{4, 0.5, 0.05, 0, 5},     // 1/16 is more
	} {
		h := compare.Histogram{}
		for rank := range c.n {
			h[rank+1] = 1
		}
		x := newTimes(h, 0, c.q)
		wantLow, _ := compare.LatencyBounds(c.lower)
		_, wantHigh := compare.LatencyBounds(c.upper)
		if c.lower == 0 {
			wantLow = 0
		}
		if c.upper > c.n {
			wantHigh = math.Inf(1)
		}
		if low, high := x.lower(c.alpha), x.upper(c.alpha); low != wantLow || high != wantHigh {
			t.Errorf("of %d at %v: %v to %v, want %v to %v", c.n, c.alpha, low, high, wantLow, wantHigh)
		}
	}
}

// slowly gives both sides n times, the candidate's so many times as long.
func slowly(n int, times float64) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) {
		r := rand.New(rand.NewPCG(7, 8))
		for range n {
			m.ReferenceLatency.AddLatency(int64(1000 * math.Exp(0.5*r.NormFloat64())))
			m.CandidateLatency.AddLatency(int64(1000 * times * math.Exp(0.5*r.NormFloat64())))
		}
	}
}

// A new endpoint that answers rightly and takes twice as long breaks its callers'
// timeouts: whoever asks for it must not get it passed, nor one whose times
// nobody knows.
func TestServiceTime(t *testing.T) {
	gate := func(median, p99 *float64) Gate {
		return Gate{Limits: Limits{ServiceTime: &ServiceTime{Median: median, P99: p99}}}
	}
	good := distinct(5000, 0)
	for _, c := range []struct {
		name   string
		gate   Gate
		tally  func(*compare.ModelTally)
		want   Verdict
		reason string
	}{
		{"not asked", Gate{}, both(good, slowly(5000, 9)), Pass, "None of 5,000 distinct requests differs: at most 0.0599% at 95% confidence."},
		{"as fast", gate(new(1.2), new(1.5)), both(good, slowly(5000, 1)), Pass, "The median service time is 1 times the old system's, at most 1.04 at 95% confidence. The 99th percentile of the service time is"},
		{"slower", gate(new(1.2), nil), both(good, slowly(5000, 1.5)), Fail, "at 95% confidence: 1.2 is allowed."},
		{"slower, allowed", gate(new(1.6), nil), both(good, slowly(5000, 1.5)), Pass, "at most 1.55 at 95% confidence."},
		{"slow at the end", gate(nil, new(1.2)), both(good, slowly(5000, 1.5)), Fail, "The 99th percentile of the service time is 1.4"},
		{"too few to tell", gate(new(1.5), nil), both(good, slowly(5000, 1.5)), Inconclusive, "that it is at most 1.5 is not shown."},
		{"few are known", gate(new(2.0), nil), both(good, slowly(30, 1)), Inconclusive, "(of 4,970 exchanges the times are not known, and are taken for the worst), of too few"},
		{"few are known, and those are slow", gate(new(1.2), nil), both(good, slowly(2000, 9)), Inconclusive, "(of 3,000 exchanges the times are not known, and are taken for the worst), of too few"},
		{"nearly all are known", gate(new(1.5), nil), both(good, slowly(4900, 1)), Pass, "(of 100 exchanges the times are not known, and are taken for the worst), at most"},
		{"of those at the end few are known", gate(nil, new(9.0)), both(good, slowly(4900, 1)), Inconclusive, "of too few to show at 95% confidence that it is at most 9."},
		{"not known", gate(new(1.5), nil), good, Inconclusive, "The median service time can't be held against 1.5 times the old system's: those of the old system are not known."},
		{"the candidate's not known", gate(new(1.5), nil), both(good, func(m *compare.ModelTally) { m.ReferenceLatency.AddLatency(9) }), Inconclusive, "those of the candidate are not known."},
		{"differs too", gate(new(1.2), nil), both(distinct(5000, 90), slowly(5000, 1.5)), Fail, "over the budget of 0.1%"},
		{"few requests too", gate(new(1.2), nil), both(distinct(50, 0), slowly(50, 1)), Inconclusive, "Too few samples"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := compare.NewTally()
			c.tally(tally.Model("m"))
			m := summarise(t, tally, c.gate).Models[0]
			if m.Verdict != c.want || !strings.Contains(m.Reason, c.reason) {
				t.Errorf("%s: %s\nwant %s: %s", m.Verdict, m.Reason, c.want, c.reason)
			}
			if m.Verdict == Pass && m.PValue > 0.05 || m.Verdict == Inconclusive && m.PValue < 0.05 {
				t.Errorf("%s with p = %v", m.Verdict, m.PValue)
			}
		})
	}
}

// How many requests would show that all models pass must not be told where it is
// not those that are lacking.
func TestServiceTimeCountsForAll(t *testing.T) {
	tally := compare.NewTally()
	both(distinct(2000, 0), slowly(2000, 1))(tally.Model("a"))
	both(distinct(2000, 0), slowly(2000, 1))(tally.Model("b"))
	shown := func(median float64) Family {
		return summarise(t, tally, Gate{Limits: Limits{Budget: new(Percent(0.01)), ServiceTime: &ServiceTime{Median: &median}}}).Family
	}
	if f := shown(2); !f.Shown || f.Confidence < 0.9999 {
		t.Errorf("%+v", f)
	}
	barely := summarise(t, tally, Gate{Limits: Limits{Budget: new(Percent(0.01)), ServiceTime: &ServiceTime{Median: new(9.9)}}}).Models[0].ServiceTime[0].Upper * (1 + 1e-6)
	if f := shown(barely); f.Shown || f.Requests != 0 || f.Confidence < 0.89 {
		t.Errorf("%+v", f)
	}
}

// What the bounds promise: a candidate just slower than allowed passes at most
// once in twenty, and one just within fails at most so often.
func TestServiceTimeKeepsItsPromise(t *testing.T) {
	const runs, n = 1000, 200
	r := rand.New(rand.NewPCG(5, 6))
	l := limits{confidence: 0.95}
	wrongPass, wrongFail := 0, 0
	for range runs {
		var tally compare.ModelTally
		for range n { // twice as long at every quantile
			tally.ReferenceLatency.AddLatency(int64(1e5 * r.ExpFloat64()))
			tally.CandidateLatency.AddLatency(int64(2e5 * r.ExpFloat64()))
		}
		for _, asked := range []float64{1.999, 2.001} {
			l.serviceTime = &ServiceTime{Median: &asked}
			switch x := ratiosOf(&tally, l)[0]; {
			case asked < 2 && x.shown():
				wrongPass++
			case asked > 2 && x.slower():
				wrongFail++
			}
		}
	}
	if t.Logf("%d and %d of %d", wrongPass, wrongFail, runs); max(wrongPass, wrongFail) > mostByChance(runs) {
		t.Errorf("%d wrong PASS and %d wrong FAIL of %d", wrongPass, wrongFail, runs)
	}
}
