package report

import (
	"testing"

	"github.com/modelparity/parity/compare"
)

// A model that has too few requests to pass must not count among those that are
// shown to be within their budgets.
func TestTooFewAreNotWithin(t *testing.T) {
	tally := compare.NewTally()
	tallyOf(tally.Model("a"), 300, 0) // enough for 5 %, and not for min_samples
	tallyOf(tally.Model("b"), 300, 0)
	s := summarise(t, tally, Gate{Limits: Limits{Budget: new(Percent(0.05))}})
	if s.Verdict != Inconclusive || s.Family.Within != 0 || s.Family.Confidence != 0 || s.Models[0].PValue != 1 {
		t.Errorf("%s, %+v, p = %v", s.Verdict, s.Family, s.Models[0].PValue)
	}
}
