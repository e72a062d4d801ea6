package report

import (
	"fmt"
	"testing"

	"github.com/modelparity/parity/compare"
)

// A flip is what costs money: it must come before any other difference, with
// what became what.
func TestFlipsComeFirst(t *testing.T) {
	tally := compare.NewTally()
	m := tallyOf(tally.Model("m"), 3000, 400)
	m.Decided, m.Flips, m.Drifted = 3000, 3, 397
	m.Confusion = map[string]map[string]int64{"ham": {"ham": 2900, "spam": 2}, "spam": {"spam": 97, "ham": 1}}
	addSignature(m, "$.score", compare.KindNumber, 400)
	addSignature(m, "$.label", compare.KindDecision, 3)
	got := summarise(t, tally, Gate{}).Models[0]
	if top := got.topDifference(); top != "3 flips: ham → spam" {
		t.Errorf("the top difference is %q", top)
	}
	want := "400 of 3,000 distinct requests differ: at least 12.3% do at 95% confidence, over the budget of 0.1%. 3 exchanges flip the decision, mostly ham → spam."
	if got.Reason != want {
		t.Errorf("%s\nwant %s", got.Reason, want)
	}
	m.Signatures["$.label decision"].Noise = 3
	got = summarise(t, tally, Gate{}).Models[0]
	if top := got.topDifference(); top != "number $.score" {
		t.Errorf("the old system flips as often, and the top difference is %q", top)
	}
}

// A matrix that drops a flip shows a regression as none.
func TestMatrixHoldsAllOrSaysSo(t *testing.T) {
	d := Decision{Decided: 10_000, Confusion: []ConfusionCell{}}
	var listed int64
	for i := range 20 {
		label := fmt.Sprintf("label-%02d", i)
		d.Confusion = append(d.Confusion, ConfusionCell{label, label, 400})
		listed += 400
	}
	d.Confusion = append(d.Confusion, ConfusionCell{"label-19", "rare", 1}, ConfusionCell{"label-03", "label-17", 30})
	m := d.Matrix()
	shown := map[string]int64{}
	var sum int64
	for _, row := range m.Rows {
		for i, c := range row.Cells {
			sum += c.Count
			if c.Count > 0 {
				shown[row.Label+"→"+m.Labels[i]] = c.Count
			}
		}
	}
	if len(m.Labels) != maxLabels || shown["label-19→rare"] != 1 || shown["label-03→label-17"] != 30 {
		t.Errorf("the flips are not shown: %v", shown)
	}
	if sum+m.Hidden != d.Decided {
		t.Errorf("%d shown and %d said to be hidden, of %d", sum, m.Hidden, d.Decided)
	}
}

// The colours are the only thing that some look at: agreement and flips must
// not have one, and where there is nothing there is none.
func TestMatrixIsShaded(t *testing.T) {
	d := Decision{Decided: 1000, Confusion: []ConfusionCell{{"a", "a", 990}, {"a", "b", 9}, {"b", "b", 1}}}
	m := d.Matrix()
	for i, want := range []string{"same heat5", "flip heat1", "", "same heat5"} {
		if got := m.Rows[i/2].Cells[i%2].Heat; got != want {
			t.Errorf("cell %d: %q, want %q", i, got, want)
		}
	}
}
