package replay

import (
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// A clock that was off when something was recorded, or a pace that is too slow to
// end, must not have all of it sent at once: times that far ahead have no number.
func TestWhatIsCenturiesAheadIsNotDue(t *testing.T) {
	now := time.Now()
	o := &original{speed: 1e-6, from: 1}
	o.add(&task{row: exchange.Exchange{Time: exchange.At(now)}})
	if due, at := o.due(now); due != nil || at.Before(now.AddDate(100, 0, 0)) {
		t.Errorf("by the recording's pace: %v, %v", due, at)
	}
	p := pacer{rate: 1e-12}
	p.take(now)
	if at := p.peek(now); at.Before(now.AddDate(100, 0, 0)) {
		t.Errorf("by rate: %v", at)
	}
}
