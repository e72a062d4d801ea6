package report

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/modelparity/parity/compare"
)

// The verdict is what somebody cuts a model over by: each line is a way in
// which a wrong PASS, or a FAIL that is none, would come about.
func TestVerdicts(t *testing.T) {
	zero := Gate{Limits: Limits{Budget: new(Percent(0))}}
	onePercent := Gate{Limits: Limits{Unavailable: new(Percent(0.01))}}
	for _, c := range []struct {
		name   string
		gate   Gate
		tally  func(m *compare.ModelTally)
		want   Verdict
		reason string
	}{
		{"all match", Gate{}, distinct(2995, 0), Pass, "None of 2,995 distinct requests differs: at most 0.1% at 95% confidence."},
		{"one too few", Gate{}, distinct(2994, 0), Inconclusive, "Too few samples: 1 more distinct request"},
		{"a mismatch within", Gate{}, distinct(10_000, 4), Pass, "4 of 10,000 distinct requests differ: at most 0.0916% at 95% confidence, within the budget of 0.1%."},
		{"over, but not shown", Gate{}, distinct(3000, 5), Inconclusive, "Too few samples: 7,511 more distinct request"},
		{"over", Gate{}, distinct(3000, 9), Fail, "9 of 3,000 distinct requests differ: at least 0.156% do at 95% confidence, over the budget of 0.1%."},
		{"few but all differ", Gate{}, distinct(10, 10), Fail, "10 of 10"},
		{"under min_samples", Gate{Limits: Limits{Budget: new(Percent(0.1))}}, distinct(999, 0), Inconclusive, "Too few samples: 1 more distinct request"},
		{"budget 0", zero, distinct(1000, 0), Pass, "None of 1,000 distinct requests differs: at most 0.3% at 95% confidence."},
		{"budget 0, too few", zero, distinct(999, 0), Inconclusive, "1 more distinct request"},
		{"budget 0, one differs", zero, distinct(20_000, 1), Fail, "1 of 20,000 distinct requests differs, and none may."},
		{"nothing", Gate{}, func(*compare.ModelTally) {}, Inconclusive, "No answer could be judged."},
		{"only skipped", Gate{}, outcome("skipped", 9), Inconclusive, "No answer could be judged."},
		{"only unavailable", Gate{}, outcome("unavailable", 9), Inconclusive, "100% of the exchanges sent got no answer (x 9), 0.1% are allowed: send these again (replay --again unavailable)."},
		{"missing", Gate{}, both(distinct(9000, 0), outcome("missing", 1)), Inconclusive, "The run is not complete: 1 of 9,001 exchanges is not sent yet."},
		{"missing and failed", Gate{}, both(distinct(9000, 900), outcome("missing", 1)), Fail, "900 of 9,000"},
		{"unavailable, allowed", Gate{}, both(distinct(9990, 0), outcome("unavailable", 10)), Pass, "None of 9,990 distinct requests differs: at most 0.03% at 95% confidence. 10 of 10,000 exchanges sent got no answer (x 10)."},
		{"unavailable, one more", Gate{}, both(distinct(9990, 0), outcome("unavailable", 11)), Inconclusive, "0.11% of the exchanges sent got no answer (x 11), 0.1% are allowed: send these again (replay --again unavailable)."},
		{"unavailable, more allowed", onePercent, both(distinct(9900, 4), outcome("unavailable", 100)), Pass, "within the budget of 0.1%. 100 of 10,000 exchanges sent got no answer (x 100)."},
		{"unavailable, one more than that", onePercent, both(distinct(9900, 0), outcome("unavailable", 101)), Inconclusive, "1.01% of the exchanges sent got no answer (x 101), 1% are allowed: send these again (replay --again unavailable)."},
		{"budget 0, unavailable", zero, both(distinct(100_000, 0), outcome("unavailable", 1)), Inconclusive, "0.001% of the exchanges sent got no answer (x 1), 0% are allowed"},
		{"undecided", Gate{}, both(distinct(3000, 0), outcome("undecided", 1)), Inconclusive, "1 exchange could not be decided (x 1) and may be mismatches."},
		{"undecided, few of many", Gate{}, both(distinct(100_000, 0), outcome("undecided", 10)), Pass, "None of 100,000 distinct requests differs: at most 0.003% at 95% confidence. 10 exchanges could not be decided (x 10)."},
		// Each of 100 repeats that can't be read may be of another of the 1,000:
		// then 10 % differ, whatever the many that match.
		{"undecided repeats", Gate{Limits: Limits{Budget: new(Percent(0.1))}}, both(distinct(1000, 0), outcome("undecided", 100)), Inconclusive, "100 exchanges could not be decided"},
		{"more undecided than judged", Gate{Limits: Limits{Budget: new(Percent(0.1))}}, both(distinct(1000, 0), outcome("undecided", 2000)), Inconclusive, "2,000 exchanges could not be decided"},
		{"budget 0, undecided", zero, both(distinct(100_000, 0), outcome("undecided", 1)), Inconclusive, "1 exchange could not be decided"},
		{"budget 0, undecided and few", zero, both(distinct(10, 0), outcome("undecided", 1)), Inconclusive, "1 exchange could not be decided (x 1) and may be mismatches."},
		{"tiny budget, undecided and few", Gate{Limits: Limits{Budget: new(Percent(1e-15))}}, both(distinct(10, 0), outcome("undecided", 1)), Inconclusive, "no number of requests that match can show"},
		{"skipped do no harm", Gate{}, both(distinct(9000, 0), outcome("skipped", 5000)), Pass, "None"},
		{"one planned is lost", Gate{}, func(m *compare.ModelTally) { tallyOf(m, 9000, 0).Planned++ }, Inconclusive, "The ledger does not balance"},
		{"a mismatch without its request", Gate{}, both(distinct(9000, 0), func(m *compare.ModelTally) { m.Match--; m.Mismatch++ }), Inconclusive, "The ledger does not balance"},
		{"more requests than exchanges", Gate{}, both(distinct(9000, 0), func(m *compare.ModelTally) { evidence(m, "").Matched.Add(-1) }), Inconclusive, "The ledger does not balance"},
		{"repeats are one piece of evidence", Gate{}, both(distinct(50, 0), func(m *compare.ModelTally) { m.Planned += 9000; m.Match += 9000; evidence(m, "").Exchanges += 9000 }), Inconclusive, "Too few samples: 2,945 more distinct"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := compare.NewTally()
			c.tally(tally.Model("m"))
			s := summarise(t, tally, c.gate)
			if m := s.Models[0]; m.Verdict != c.want || s.Verdict != c.want || !strings.Contains(m.Reason, c.reason) {
				t.Errorf("%s (overall %s): %s\nwant %s: %s", m.Verdict, s.Verdict, m.Reason, c.want, c.reason)
			}
		})
	}
}

func distinct(n, k int64) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) { tallyOf(m, n, k) }
}

func both(a, b func(*compare.ModelTally)) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) { a(m); b(m) }
}

func outcome(o compare.Outcome, n int64) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) {
		m.Planned += n
		by := map[string]int64{"x": n}
		switch o {
		case compare.Missing:
			m.Missing = n
		case compare.Unavailable:
			m.Unavailable = by
		case compare.Undecided:
			m.Undecided = by
		case compare.Skipped:
			m.Skipped = by
		}
	}
}

// A PASS must hold whatever the undecided exchanges are: each a mismatch of a
// request of its own, or of one that was judged to match.
func TestPassHoldsWhateverIsUndecided(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Int64Range(1000, 5000).Draw(rt, "n")
		k, undecided := rapid.Int64Range(0, 20).Draw(rt, "k"), rapid.Int64Range(0, 30).Draw(rt, "undecided")
		budget := Percent(rapid.Float64Range(0.001, 0.05).Draw(rt, "budget"))
		tally := compare.NewTally()
		both(distinct(n, k), outcome("undecided", undecided))(tally.Model("m"))
		m := summarise(t, tally, Gate{Limits: Limits{Budget: &budget}}).Models[0]
		if m.Verdict != Pass {
			return
		}
		own := rapid.Int64Range(0, undecided).Draw(rt, "requests of their own")
		if bound := upper(float64(k+undecided), float64(n+own), 0.95); bound > float64(budget)*(1+1e-9) {
			rt.Fatalf("PASS at a budget of %v, and the bound may be %v", budget, bound)
		}
	})
}

// A model of which next to nothing could be judged may pass by the rest; it
// must not do so without a word.
func TestSkippedModelsAreWarnedOf(t *testing.T) {
	tally := compare.NewTally()
	both(distinct(3000, 0), outcome("skipped", 1_000_000))(tally.Model("cut"))
	both(distinct(3000, 0), outcome("skipped", 3))(tally.Model("fine"))
	both(distinct(3000, 0), outcome("skipped", 1))(tally.Model("legal"))
	s := summarise(t, tally, Gate{Models: map[string]Limits{"legal": {Budget: new(Percent(0))}}})
	want := []string{
		"model cut: 99.7% of its exchanges were skipped (x 1,000,000) and are not judged",
		"model legal: 0.0333% of its exchanges were skipped (x 1) and are not judged",
	}
	if s.Verdict != Pass || !slices.Equal(s.Warnings, want) {
		t.Errorf("%s, warnings %q", s.Verdict, s.Warnings)
	}
	for name, text := range map[string]string{"table": tableText(t, s, false), "HTML": html(t, s), "JSON": string(jsonText(t, s))} {
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("the %s lacks %s", name, w)
			}
		}
	}
}

// More is what somebody records and replays for: with so many more the model
// must pass, and with one fewer it must not.
func TestMoreIsEnough(t *testing.T) {
	for _, at := range []struct{ n, k, undecided int64 }{{119, 0, 0}, {3000, 1, 0}, {3000, 5, 0}, {2000, 1, 3}, {10, 0, 0}} {
		verdict := func(more int64) (Verdict, int64) {
			tally := compare.NewTally()
			both(distinct(at.n+more, at.k), outcome("undecided", at.undecided))(tally.Model("m"))
			m := summarise(t, tally, Gate{}).Models[0]
			return m.Verdict, m.More
		}
		_, more := verdict(0)
		enough, _ := verdict(more)
		short, _ := verdict(more - 1)
		if enough != Pass || short != Inconclusive {
			t.Errorf("%+v: %d more give %s, one fewer %s", at, more, enough, short)
		}
	}
}

// CI reads one verdict: one bad model among good ones must show in it.
func TestOverallVerdict(t *testing.T) {
	pass, few, bad := distinct(3000, 0), distinct(30, 0), distinct(300, 30)
	for _, c := range []struct {
		models []func(*compare.ModelTally)
		want   Verdict
		reason string
	}{
		{nil, Inconclusive, "The run holds no exchanges."},
		{list(pass, pass), Pass, "Every model is shown to be within its budget."},
		{list(pass, few), Inconclusive, "1 of 2 models is not shown"},
		{list(pass, few, bad), Fail, "1 of 3 models is over budget."},
	} {
		tally := compare.NewTally()
		for i, fill := range c.models {
			fill(tally.Model(string(rune('a' + i))))
		}
		if s := summarise(t, tally, Gate{}); s.Verdict != c.want || !strings.Contains(s.Reason, c.reason) {
			t.Errorf("%s %s, want %s %s", s.Verdict, s.Reason, c.want, c.reason)
		}
	}
}

// What was chosen by how it was answered is no sample of the traffic: a candidate
// that is right wherever the old system answered 200 may be wrong on all the rest.
// A part by model, time or hash passes, and the verdict says of what.
func TestPartOfTheRecording(t *testing.T) {
	for _, c := range []struct {
		info   Info
		k      int64
		want   Verdict
		reason string
	}{
		{Info{Selection: `--model "a"`}, 0, Pass, `within its budget. That is of --model "a".`},
		{Info{Selection: `--status "2xx" --sample 0.1`, Chosen: `--status "2xx"`}, 0, Inconclusive, `A run of what --status "2xx" chose shows no PASS`},
		{Info{Selection: `--id "x"`, Chosen: `--id "x"`}, 300, Fail, "is over budget."},
	} {
		tally := compare.NewTally()
		tallyOf(tally.Model("a"), 3000, c.k)
		s, err := Summarise(Input{Info: c.info, Tally: tally})
		if err != nil {
			t.Fatal(err)
		}
		if s.Verdict != c.want || s.Models[0].Verdict != c.want || !strings.Contains(s.Reason, c.reason) {
			t.Errorf("%s: %s (model %s) %s", c.info.Selection, s.Verdict, s.Models[0].Verdict, s.Reason)
		}
	}
}

func list(f ...func(*compare.ModelTally)) []func(*compare.ModelTally) { return f }
