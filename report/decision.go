package report

import (
	"cmp"
	"slices"

	"github.com/modelparity/parity/compare"
)

// Decision is how what the business acts on came out on both sides.
type Decision struct {
	Decided   int64           `json:"decided"`           // decisions compared; an exchange may have several
	Flips     int64           `json:"flips"`             // exchanges with a decision that differs
	Drifted   int64           `json:"drifted"`           // mismatched exchanges without one
	Without   int64           `json:"without,omitempty"` // exchanges of which no decision was compared: neither side has one, or the statuses differ
	Confusion []ConfusionCell `json:"confusion"`         // the most first
	Folded    int64           `json:"folded,omitempty"`  // decisions of pairs that had no place
}

// ConfusionCell counts the decisions where the reference says one thing and the
// candidate another, or the same.
type ConfusionCell struct {
	Reference string `json:"reference"`
	Candidate string `json:"candidate"`
	Count     int64  `json:"count"`
}

func newDecision(t *compare.ModelTally) *Decision {
	if t.Decided == 0 {
		return nil
	}
	d := &Decision{Decided: t.Decided, Flips: t.Flips, Drifted: t.Drifted, Without: t.NoDecision, Confusion: []ConfusionCell{}, Folded: t.ConfusionFolded}
	for reference, row := range t.Confusion {
		for candidate, n := range row {
			d.Confusion = append(d.Confusion, ConfusionCell{reference, candidate, n})
		}
	}
	slices.SortFunc(d.Confusion, func(a, b ConfusionCell) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Candidate, b.Candidate))
	})
	return d
}

// mostFlipped names the flip that is seen most, after the prefix: "spam → ham";
// "" where all of them are folded.
func (d *Decision) mostFlipped(prefix string) string {
	i := slices.IndexFunc(d.Confusion, func(c ConfusionCell) bool { return c.Reference != c.Candidate })
	if i < 0 {
		return ""
	}
	c := d.Confusion[i]
	return prefix + cut(visible(c.Reference), maxDecision) + " → " + cut(visible(c.Candidate), maxDecision)
}

// maxDecision is how many columns a decision takes in a sentence or a table.
const maxDecision = 30
