package report

import (
	"strings"
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

// How many requests would show it of all must be told of the version that lacks
// them: that of another sends somebody to record in vain.
func TestFamilyNeedsWhatTheWeakestVersionDoes(t *testing.T) {
	tally := compare.NewTally()
	versions(seen{"1", 3000, 0, 0, 90}, seen{"2", 20_000, 0, 0, 90})(tally.Model("a"))
	tallyOf(tally.Model("b"), 4000, 0)
	s := summarise(t, tally, Gate{FamilyConfidence: new(Percent(0.99))})
	a := s.Models[0]
	// ln(0.005)/ln(0.999): each of two models at 99.5 %.
	if s.Verdict != Pass || a.Version != "1" || a.Requests != 3000 || s.Family.Requests != 5296 || !strings.Contains(s.Reason, "5,296 distinct requests of each would show it at 99%") {
		t.Errorf("%s by version %s with %d: %+v", s.Verdict, a.Version, a.Requests, s.Family)
	}
}
