package dataset

import (
	"reflect"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// A report that shows another exchange's answers under an id misleads; one that
// reads all of a mismatch set to show ten of it never opens.
func TestPick(t *testing.T) {
	rows := sample(2000, 4)
	rec, splits := recordingOf(t, rows)
	sortRows(rows)
	picked, want := map[exchange.ID]bool{}, map[exchange.ID]exchange.Exchange{}
	for i := 0; i < len(rows); i += 331 {
		picked[rows[i].ID], want[rows[i].ID] = true, rows[i]
	}
	for _, s := range splits {
		err := rec.Pick(t.Context(), s, picked, exchange.RecordingSides, func(e *exchange.Exchange) error {
			w := want[e.ID]
			if e.Time != w.Time || e.Model != w.Model || !reflect.DeepEqual(e.Request, w.Request) || !reflect.DeepEqual(e.Reference, w.Reference) {
				t.Errorf("exchange %s is another", e.ID)
			}
			delete(want, e.ID)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(want) > 0 {
		t.Errorf("%d of %d were not found", len(want), len(picked))
	}
}
