package report

import (
	"cmp"
	"slices"

	"github.com/modelparity/parity/compare"
)

// Unjudged counts the exchanges of a model that have no verdict for one reason.
type Unjudged struct {
	Outcome   compare.Outcome `json:"outcome"` // unavailable, undecided or skipped
	Reason    string          `json:"reason"`
	Exchanges int64           `json:"exchanges"`
	// Exemplars say in words what is wrong with a side, in the place of its literal.
	Exemplars []compare.Exemplar `json:"exemplars,omitempty"`
}

func newUnjudged(t *compare.ModelTally) (list []Unjudged) {
	for _, by := range []struct {
		outcome compare.Outcome
		counts  map[string]int64
	}{{compare.Unavailable, t.Unavailable}, {compare.Undecided, t.Undecided}, {compare.Skipped, t.Skipped}} {
		for reason, n := range by.counts {
			list = append(list, Unjudged{by.outcome, reason, n, t.Unjudged[string(by.outcome)+" "+reason]})
		}
	}
	slices.SortFunc(list, func(a, b Unjudged) int {
		return cmp.Or(cmp.Compare(b.Exchanges, a.Exchanges), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

// commonest is the reason of an outcome with most exchanges of all models that
// has an example.
func (s *Summary) commonest(outcome compare.Outcome) (most Unjudged, ok bool) {
	for _, m := range s.Models {
		for _, u := range m.Unjudged {
			if u.Outcome == outcome && len(u.Exemplars) > 0 && u.Exchanges > most.Exchanges {
				most, ok = u, true
			}
		}
	}
	return most, ok
}
