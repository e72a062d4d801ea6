package report

import (
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
)

// rechecked counts n distinct requests of which k were answered wrong at first.
func rechecked(n, k int64, r compare.Recheck) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) {
		tallyOf(m, n, 0).Recheck = r
		for i := range k {
			evidence(m, "").Rechecked.Add(compare.Unreadable, i+1)
		}
	}
}

// Without this, sending again until everything matches would turn a FAIL into a
// PASS, for an endpoint that is wrong as soon as it has something to do.
func TestSendingAgainExplainsAndDoesNotAcquit(t *testing.T) {
	for _, c := range []struct {
		name   string
		tally  func(*compare.ModelTally)
		want   Verdict
		reason string
	}{
		{
			"concurrency-sensitive", rechecked(3000, 12, compare.Recheck{ConcurrencySensitive: 12, Concurrency: 16}), Fail,
			"12 of 3,000 distinct requests differ: at least 0.23% do at 95% confidence, over the budget of 0.1%. 12 exchanges were wrong at concurrency 16 and right at 1 (concurrency-sensitive); that counts as differing.",
		},
		{
			"flaky", rechecked(3000, 12, compare.Recheck{Flaky: 12}), Fail,
			"12 exchanges were wrong at first and right when sent again (flaky); that counts as differing.",
		},
		{
			"within the budget", rechecked(10_000, 1, compare.Recheck{ConcurrencySensitive: 1, Concurrency: 2}), Pass,
			"within the budget of 0.1%. 1 exchange was wrong at concurrency 2 and right at 1 (concurrency-sensitive); that counts as differing.",
		},
		{
			"no answer at first", rechecked(3000, 0, compare.Recheck{Recovered: 900}), Pass,
			"None of 3,000 distinct requests differs: at most 0.0999% at 95% confidence. 900 exchanges had no answer at first, and matched when sent again.",
		},
		{
			"of a repeated request", func(m *compare.ModelTally) {
				rechecked(10_000, 4, compare.Recheck{Flaky: 6})(m)
				m.Match, m.Mismatch = m.Match-4, 4
				for i := range int64(4) { // the same four
					evidence(m, "").Mismatched.Add("$.x number", i+1)
				}
			}, Pass, "4 of 10,000 distinct requests differ",
		},
		{"counted and not kept", rechecked(9000, 0, compare.Recheck{Flaky: 1}), Inconclusive, "The ledger does not balance"},
		{"kept and not counted", rechecked(9000, 1, compare.Recheck{Recovered: 9}), Inconclusive, "The ledger does not balance"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := compare.NewTally()
			c.tally(tally.Model("m"))
			s, err := Summarise(Input{Info: Info{Generations: 1, Judgement: "x"}, Tally: tally, Gate: Gate{}})
			if err != nil {
				t.Fatal(err)
			}
			if m := s.Models[0]; m.Verdict != c.want || !strings.Contains(m.Reason, c.reason) {
				t.Errorf("%s: %s", m.Verdict, m.Reason)
			}
		})
	}
}

// Without this, nobody would know that there is something to try.
func TestNextCommandsSendAgain(t *testing.T) {
	tally := compare.NewTally()
	m := tallyOf(tally.Model("m"), 100, 10)
	m.Unavailable, m.Planned = map[string]int64{"throttled": 3}, m.Planned+3
	for generations, want := range []int{2, 1} { // what differs is not sent on and on
		s, err := Summarise(Input{Info: Info{Run: "run", Judgement: "x", Config: "c.yaml", Generations: generations}, Tally: tally, Gate: Gate{}})
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(tableText(t, s, false), "  parity replay run --again "); n != want {
			t.Errorf("after %d generations %d commands are suggested, want %d:\n%s", generations, n, want, tableText(t, s, false))
		}
	}
}

// Without this, who cuts over a model that passes would not hear that it is wrong
// under load, or not see where.
func TestRecheckIsShown(t *testing.T) {
	tally := compare.NewTally()
	rechecked(10_000, 2, compare.Recheck{ConcurrencySensitive: 1, Flaky: 1, Recovered: 5, Concurrency: 16})(tally.Model("m"))
	s, err := Summarise(Input{Info: Info{Run: "run", Judgement: "x", Generations: 2}, Tally: tally, Gate: Gate{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "model m: 1 exchange was wrong at concurrency 16 and right at 1 (concurrency-sensitive), 1 exchange was wrong at first and right when sent again (flaky): the endpoint gives wrong answers under load") {
		t.Errorf("warnings: %q", s.Warnings)
	}
	table := tableText(t, s, false)
	for _, want := range []string{"concurrency-sensitive\n", "with what was sent again up to generation g2"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	var page strings.Builder
	if err := s.WriteHTML(&page, Exhibits{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`concurrency-sensitive<td>1`, `flaky<td>1`, `recovered<td>5`} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if text := string(jsonText(t, s)); !strings.Contains(text, `"concurrency_sensitive": 1`) || !strings.Contains(text, `"generations": 2`) {
		t.Errorf("the JSON says %s", text)
	}
}
