package replay

import (
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// A split that ends before it knows when its exchanges begin, as on Ctrl-C, may
// take another's entry. Then that one must find one to take too: a replay that is
// interrupted must not end in a panic.
func TestAdmissionSurvivesMixedUpSplits(t *testing.T) {
	s := newSender(t, Options{Target: "http://127.0.0.1"})
	a := &s.sched.admitted
	for range 2 {
		w := &waiting{from: 7, ready: make(chan struct{})}
		a.queue = append(a.queue, w)
	}
	a.queue[1].from = 8
	s.sched.admit(time.Now())
	s.sched.begun(0) // of the split from 8, which has read nothing
	a.loaded(7)
	if len(a.fresh) != 0 || a.open != 2 {
		t.Errorf("%+v", a)
	}
	a.loaded(7)
}

// What is sent again is a part of each split, which may begin later than its split
// did. By the recording's pace nothing may overtake what is still to be loaded.
func TestNothingOvertakesASplitThatIsNotLoaded(t *testing.T) {
	a := admission{fresh: []exchange.Timestamp{1, 5}}
	if a.loaded(6); a.unloaded() != 1 {
		t.Errorf("of the splits from 1 and from 5 the second is loaded, and what comes after %d waits", a.unloaded())
	}
	if a.loaded(1); a.unloaded() != 0 {
		t.Errorf("both are loaded, and what comes after %d waits", a.unloaded())
	}
}
