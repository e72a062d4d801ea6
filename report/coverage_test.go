package report

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
)

// A run of a part of the recording that passes says nothing of the rest: whoever
// asks for most of it must not get a PASS by a few, nor by what nobody knows.
func TestCoverage(t *testing.T) {
	full := CoverageLimits{Models: new(Percent(1)), Exchanges: new(Percent(0.95))}
	good := func(all *compare.Tally) {
		distinct(3000, 0)(all.Model("a"))
		distinct(6500, 0)(all.Model("b"))
	}
	for _, c := range []struct {
		name     string
		asked    CoverageLimits
		tally    func(*compare.Tally)
		recorded Recorded
		want     Verdict
		reason   string
	}{
		{"all", full, good, Recorded{Exchanges: 9500, Models: []string{"b", "a"}}, Pass, "Every model"},
		{"just enough", full, good, Recorded{Exchanges: 10_000, Models: []string{"a", "b"}}, Pass, "Every model"},
		{"one exchange too few", full, good, Recorded{Exchanges: 10_001, Models: []string{"a", "b"}}, Inconclusive, "Too little was judged: 9,500 of 10,001 exchanges of the recording (94.9%), of which 95% must be."},
		{"a model too few", full, good, Recorded{Exchanges: 9600, Models: []string{"a", "b", "evil\x1b[31m"}}, Inconclusive, "Too little was judged: 2 of 3 models of the recording (66.6%), of which 100% must be. Nothing was judged of model evil"},
		{"a model that was skipped", full, func(all *compare.Tally) { good(all); outcome(compare.Skipped, 9)(all.Model("c")) }, Recorded{Exchanges: 9509, Models: []string{"a", "b", "c"}}, Inconclusive, "Nothing was judged of model c."},
		{"not asked", CoverageLimits{}, good, Recorded{Exchanges: 1e9, Models: []string{"a", "b", "c"}}, Pass, "Every model"},
		{"not known, not asked", CoverageLimits{}, good, Recorded{}, Pass, "Every model"},
		{"not known", CoverageLimits{Exchanges: new(Percent(0.01))}, good, Recorded{Why: "it is gone"}, Inconclusive, "How many exchanges the recording holds is not known (it is gone), and 1% must be judged."},
		{"models not known", CoverageLimits{Models: new(Percent(0.01))}, good, Recorded{Exchanges: 9500, Why: "it is gone"}, Inconclusive, "How many models the recording holds is not known (it is gone)"},
		{"a failure stays one", full, func(all *compare.Tally) { distinct(3000, 90)(all.Model("a")) }, Recorded{Exchanges: 9500, Models: []string{"a"}}, Fail, "1 of 1 model is over budget. Too little was judged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := compare.NewTally()
			c.tally(tally)
			s, err := Summarise(Input{Tally: tally, Gate: Gate{Coverage: c.asked}, Recorded: c.recorded})
			if err != nil {
				t.Fatal(err)
			}
			if s.Verdict != c.want || !strings.Contains(s.Reason, c.reason) {
				t.Errorf("%s: %s\nwant %s: %s", s.Verdict, s.Reason, c.want, c.reason)
			}
			line := "covers  "
			if text := tableText(t, s, false); strings.Contains(text, line) != (c.recorded.Exchanges > 0) || strings.Contains(text, "\x1b") {
				t.Errorf("the table is\n%s", text)
			}
		})
	}
}

// What is meant as 95 % must not be read as 9,500 %.
func TestCoverageValidate(t *testing.T) {
	for want, c := range map[string]CoverageLimits{
		"gate.coverage.models is 9500%: allowed is 0% to 100%": {Models: new(Percent(95))},
		"gate.coverage.exchanges is -1%":                       {Exchanges: new(Percent(-0.01))},
		"gate.coverage.exchanges is NaN%":                      {Exchanges: new(Percent(math.NaN()))},
	} {
		if err := (Gate{Coverage: c}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A request that differs and is asked all the time is seen by more people than
// its one piece of evidence says, and the other way round.
func TestShareOfTrafficIsShown(t *testing.T) {
	often := func(m *compare.ModelTally) {
		distinct(5000, 4)(m)
		m.Planned, m.Mismatch = m.Planned+5000, m.Mismatch+5000
		evidence(m, "").Exchanges += 5000
	}
	tally := compare.NewTally()
	often(tally.Model("often"))
	distinct(5000, 4)(tally.Model("as-often"))
	s := summarise(t, tally, Gate{})
	text := tableText(t, s, false)
	if !strings.Contains(text, "OF TRAFFIC") || !strings.Contains(text, "50%") || s.Models[0].ofTraffic() != "" || s.Models[1].ofTraffic() != "50%" {
		t.Errorf("%q, %q:\n%s", s.Models[0].ofTraffic(), s.Models[1].ofTraffic(), text)
	}
	delete(tally.Models, "often")
	if text := tableText(t, summarise(t, tally, Gate{}), false); strings.Contains(text, "OF TRAFFIC") {
		t.Errorf("nothing differs from the rate:\n%s", text)
	}
}

// Who judged exactly what is asked, or was left without an answer exactly as often
// as is allowed, must not be refused for the last bit of a product.
func TestLimitsMetExactlyAreMet(t *testing.T) {
	for n := int64(1); n <= 2000; n++ {
		for p := int64(0); p <= 100; p++ {
			var asked Percent
			if err := asked.UnmarshalText(fmt.Appendf(nil, "%d%%", p)); err != nil {
				t.Fatal(err)
			}
			part := n * p / 100
			if got, want := compareShare(part, n, float64(asked)), cmp.Compare(100*part, n*p); got != want {
				t.Fatalf("%d of %d at %d%%: %d, want %d", part, n, p, got, want)
			}
			if c := newCovered(part, n, &asked); c.short() != (100*part < n*p) {
				t.Fatalf("%d of %d at %d%%: short %v", part, n, p, c.short())
			}
		}
	}
	if compareShare(4e9-1, 4e9, 1) >= 0 {
		t.Error("one of four billion that was not judged is rounded away")
	}
	tally := compare.NewTally()
	both(distinct(18, 0), outcome(compare.Unavailable, 7))(tally.Model("m"))
	if m := summarise(t, tally, Gate{Limits: Limits{Unavailable: new(Percent(0.28))}}).Models[0]; !strings.Contains(m.Reason, "Too few samples") {
		t.Error(m.Reason)
	}
}
