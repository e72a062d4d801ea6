package replay

import (
	"testing"
	"time"
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
