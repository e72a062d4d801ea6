package report

import (
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
)

// mismatched counts n requests more that differ so.
func mismatched(combination string, n int64) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) {
		e := evidence(m, "")
		from := 1_000_000 + e.Exchanges
		for i := range n {
			e.Mismatched.Add(combination, from+i)
		}
		m.Planned, m.Mismatch, e.Exchanges = m.Planned+n, m.Mismatch+n, e.Exchanges+n
	}
}

const (
	drift = "$.score number"
	flip  = "$.label decision\n$.score number"
	fault = "200→500 status"
)

// A flipped decision or an error costs more than a digit: whoever gives them a
// budget of their own must not get a model passed that is over it, and each
// verdict must say which of the budgets it is by.
func TestBudgetsOfTheirOwn(t *testing.T) {
	gate := Gate{Limits: Limits{Budget: new(Percent(0.05)), Flips: new(Percent(0.005)), Errors: new(Percent(0))}}
	onlyFlips := Gate{Limits: Limits{Budget: new(Percent(0.05)), Flips: new(Percent(0.005))}}
	good := distinct(10_000, 0)
	for _, c := range []struct {
		name   string
		gate   Gate
		tally  func(*compare.ModelTally)
		want   Verdict
		reason string
	}{
		{"drift is neither", gate, both(good, mismatched(drift, 300)), Pass, "300 of 10,300 distinct requests differ: at most 3.21% at 95% confidence, within the budget of 5%. " +
			"None of 10,300 distinct requests flips the decision: at most 0.0291% at 95% confidence. None of 10,300 distinct requests gets an error status where the old system gave none: at most 0.0291% at 95% confidence."},
		{"flips within", gate, both(good, mismatched(flip, 30)), Pass, "30 of 10,030 distinct requests flip the decision: at most 0.406% at 95% confidence, within the budget of 0.5% for flips."},
		{"flips over", gate, both(good, mismatched(flip, 80)), Fail, "80 of 10,080 distinct requests flip the decision: at least 0.629% do at 95% confidence, over the budget of 0.5% for flips."},
		{"flips not shown", gate, both(good, mismatched(flip, 45)), Inconclusive, "more distinct requests that match would show the budget of 0.5% for flips."},
		{"flips over, none asked", Gate{Limits: Limits{Budget: new(Percent(0.05))}}, both(good, mismatched(flip, 80)), Pass, "within the budget of 5%."},
		{"an error", gate, both(good, mismatched(fault, 1)), Fail, "1 of 10,001 distinct requests gets an error status where the old system gave none, and none may."},
		{"an error and a flip", gate, both(good, mismatched(fault+"\n"+flip, 1)), Fail, "gets an error status"},
		{"too many in all", gate, both(good, mismatched(drift, 900)), Fail, "over the budget of 5%."},
		{"of many ways to differ", gate, both(good, mismatched(compare.Others+"\n$.label decision", 80)), Fail, "over the budget of 0.5% for flips."},
		{"errors of the old system are none", gate, both(good, both(mismatched("500→400 status", 20), mismatched("404→200 status", 20))), Pass, "None of 10,040 distinct requests gets an error"},
		{"another success is none", gate, both(good, mismatched("200→204 status", 20)), Pass, "None of 10,020 distinct requests gets an error"},
		{"a redirect to an error", gate, both(good, mismatched("302→404 status", 1)), Fail, "and none may."},
		{"a member that is called so", gate, both(good, mismatched("$.200→500 string", 20)), Pass, "None of 10,020 distinct requests gets an error"},
		{"no more than all may differ", Gate{Limits: Limits{Budget: new(Percent(0)), Flips: new(Percent(0.0001))}}, distinct(1000, 0), Pass, "None of 1,000 distinct requests flips the decision: at most 0.3%"},
		{"no decisions", gate, good, Inconclusive, "No answer has a decision that could flip, so that the budget of 0.5% for flips can't be shown: say in compare.decision where it is."},
		{"few", gate, distinct(300, 0), Inconclusive, "Too few samples: 700 more distinct requests"},
		{"undecided may be errors", gate, both(good, outcome(compare.Undecided, 1)), Inconclusive, "1 exchange could not be decided"},
		// Of what was wrong at first nobody knows how.
		{"right when sent again", onlyFlips, both(good, sentAgain(60)), Inconclusive, "for flips"},
		{"right when sent again, few", onlyFlips, both(good, sentAgain(6)), Pass, "None of 10,000 distinct requests flips the decision"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally := compare.NewTally()
			c.tally(tally.Model("m"))
			if c.name != "no decisions" {
				tally.Model("m").Decided = 1
			}
			s := summarise(t, tally, c.gate)
			if m := s.Models[0]; m.Verdict != c.want || !strings.Contains(m.Reason, c.reason) || !m.Ledger.Balanced {
				t.Errorf("%s: %s\nwant %s: %s", m.Verdict, m.Reason, c.want, c.reason)
			}
		})
	}
}

func sentAgain(n int64) func(*compare.ModelTally) {
	return func(m *compare.ModelTally) {
		for i := range n {
			evidence(m, "").Rechecked.Add(compare.Unreadable, i+1)
		}
		m.Recheck.Flaky = n
	}
}

// That all models are within their budgets must be as sure as their weakest one.
func TestBudgetsOfTheirOwnCountForAll(t *testing.T) {
	tally := compare.NewTally()
	distinct(3000, 0)(tally.Model("m"))
	tally.Models["m"].Decided = 3000
	alone := summarise(t, tally, Gate{Limits: Limits{Budget: new(Percent(0.01))}}).Models[0]
	s := summarise(t, tally, Gate{Limits: Limits{Budget: new(Percent(0.01)), Flips: new(Percent(0.001))}})
	if m := s.Models[0]; m.PValue != round(chance(0, 3000, 0.001)) || m.PValue <= alone.PValue || len(m.Budgets) != 1 || m.Budgets[0].Of != "flips" {
		t.Errorf("p %v, alone %v: %+v", m.PValue, alone.PValue, m.Budgets)
	}
}
