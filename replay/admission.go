package replay

import (
	"context"
	"slices"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// How many splits are open at a time. Two, so that the last slow answers of one
// don't hold up the next; more, up to most, while there are free slots that no
// endpoint of those open can use.
const (
	fewSplits  = 2
	mostSplits = 8
	// mostOverlap is how many where the pace is the recording's, and all that overlap
	// in time should be. With more the order between splits is no longer kept.
	mostOverlap = 64
	// mostLoading is how many of them are loaded at a time.
	mostLoading = 4
	// openAhead is how long before its first request is due a split is opened,
	// where the pace is the recording's.
	openAhead = 10 * time.Second
)

// admission lets splits begin, in the order in which they ask.
type admission struct {
	open  int
	fresh []exchange.Timestamp // of them, where those begin that had nothing to send yet
	queue []*waiting
}

type waiting struct {
	from  exchange.Timestamp
	ready chan struct{}
}

// Admit waits until it is time to begin another split, whose first exchange was
// recorded at from. leave must be called when it is done.
func (s *Sender) Admit(ctx context.Context, from exchange.Timestamp) (leave func(), err error) {
	w := &waiting{from: from, ready: make(chan struct{})}
	s.sched.mu.Lock()
	s.sched.admitted.queue = append(s.sched.admitted.queue, w)
	s.sched.kick()
	s.sched.mu.Unlock()
	select {
	case <-w.ready:
		return s.leave, nil
	case <-ctx.Done():
	}
	s.sched.mu.Lock()
	defer s.sched.mu.Unlock()
	a := &s.sched.admitted
	if i := slices.Index(a.queue, w); i >= 0 {
		a.queue = slices.Delete(a.queue, i, i+1)
	} else {
		a.open--
		a.loaded(from)
	}
	return nil, ctx.Err()
}

func (s *Sender) leave() {
	s.sched.mu.Lock()
	defer s.sched.mu.Unlock()
	s.sched.admitted.open--
	s.sched.kick()
}

// begun says that a split has something to send, or has ended without. from is
// the time of its first exchange, 0 where that is not known.
func (s *scheduler) begun(from exchange.Timestamp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admitted.loaded(from)
	s.kick()
}

// loaded takes a split from those that are fresh. What is sent of it may begin
// later than it does, so it is the latest that begins by from; 0 is not known. If
// that was another, unloaded is too early for a while, and never too late.
func (a *admission) loaded(from exchange.Timestamp) {
	slices.Sort(a.fresh)
	after := len(a.fresh)
	if from != 0 {
		after, _ = slices.BinarySearch(a.fresh, from+1)
	}
	if i := max(after-1, 0); i < len(a.fresh) {
		a.fresh = slices.Delete(a.fresh, i, i+1)
	}
}

// admit lets the next splits begin, and says when to look again.
func (s *scheduler) admit(now time.Time) (next time.Time) {
	a := &s.admitted
	for len(a.queue) > 0 {
		if o, ok := s.pace.(*original); ok {
			if at := s.opens(o, a.queue[0].from); at.After(now) {
				return at
			} else if a.open >= mostOverlap || len(a.fresh) >= mostLoading {
				return time.Time{}
			}
		} else if a.open >= fewSplits && (a.open >= mostSplits || len(a.fresh) > 0 || !s.idle() || !s.memory() && 2*s.inFlight > s.options.Concurrency) {
			return time.Time{}
		}
		close(a.queue[0].ready)
		a.fresh = append(a.fresh, a.queue[0].from)
		a.queue = a.queue[1:]
		a.open++
	}
	return time.Time{}
}

// opens says when a split is opened whose first exchange was recorded at from:
// early, while there is memory for it.
func (s *scheduler) opens(o *original, from exchange.Timestamp) time.Time {
	o.begin()
	if !s.memory() {
		return o.at(from)
	}
	return o.at(from).Add(-openAhead)
}

// unloaded is where the first split begins of which not all is loaded; 0: none.
func (a *admission) unloaded() exchange.Timestamp {
	switch {
	case len(a.fresh) > 0:
		return slices.Min(a.fresh)
	case len(a.queue) > 0 && a.open < mostOverlap: // else those that are open have to come to their end
		return a.queue[0].from
	}
	return 0
}

// idle says that there are free slots that nothing can use.
func (s *scheduler) idle() bool {
	return s.inFlight < s.options.Concurrency && s.turns.Len() == 0 && (s.pace == nil || s.pace.waiting() == 0)
}

// wanted waits until another task should be loaded: while there is memory for it,
// or slots are free. Where the pace is the recording's it always should, as what
// is due next may be anywhere.
func (s *scheduler) wanted(ctx context.Context) error {
	if s.options.Speed > 0 || s.memory() {
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.memory() && !s.idle() && ctx.Err() == nil {
		s.loaders++
		s.wake.Wait()
		s.loaders--
	}
	return ctx.Err()
}
