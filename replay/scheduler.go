package replay

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// scheduler decides which task is sent next.
//
//	add ─▶ pace, until due ─▶ lane of its endpoint ─▶ turns: lanes that may send ─▶ run, one goroutine a request
//	                             ▲                                                    │
//	                             └──────────── later: retries, probes ◀───────────────┤
//	                                                                                  └─▶ its split
//
// Lanes take turns, so an endpoint that is slow, or has most of the requests,
// delays no other. There are no goroutines but those of requests under way: one
// that ends takes the next task itself.
type scheduler struct {
	options *Options
	run     func(*task)        // sends a task and those that come after it
	lose    func(*task, error) // ends one whose endpoint is given up; the error ends all
	memory  func() bool        // says whether there is room for another split's

	mu       sync.Mutex
	inFlight int
	total    total
	large    int64   // bytes of large requests in flight
	aside    []*lane // whose next request waits for these
	lanes    map[string]*lane
	turns    turns
	pace     pace      // nil: everything is due
	lost     int       // tasks given up since an endpoint answered last
	answered time.Time // when something was, last
	later    timeHeap[later]
	timer    *time.Timer
	admitted admission
	wake     sync.Cond // of those that wait to load more
	loaders  int
	putOff   map[string]int64 // attempts that are followed by another, by class
	stopped  bool
}

// later is a task to be tried again, or a lane to be probed.
type later struct {
	at   time.Time
	task *task
	lane *lane
}

func (l later) when() time.Time { return l.at }

// add takes a task that is to be sent to the endpoint of that name.
func (s *scheduler) add(t *task, endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.split.gone {
		return
	}
	l := s.lanes[endpoint]
	if l == nil {
		l = &lane{name: endpoint, limit: newLimit(s.options), warmLeft: s.options.Warm}
		s.lanes[endpoint] = l
	}
	t.lane = l
	if s.pace != nil {
		s.pace.add(t)
	} else {
		s.push(t, &t.lane.tasks)
	}
	s.kick()
}

// push hands a task that is due to a queue of its lane.
func (s *scheduler) push(t *task, queue *fifo) {
	if t.lane.breaker.givenUp() {
		s.giveUp(t)
		return
	}
	queue.push(t)
	s.turns.offer(t.lane)
}

// kick starts what can be sent now and sets the clock for what comes next.
func (s *scheduler) kick() {
	if s.stopped {
		return
	}
	now := time.Now()
	next := s.advance(now)
	for t := s.take(now); t != nil; t = s.take(now) {
		go s.run(t)
	}
	if s.loaders > 0 && (s.memory() || s.idle()) {
		s.wake.Broadcast()
	}
	s.clock(sooner(next, s.admit(now)))
}

// clock wakes the scheduler then; the zero time is never.
func (s *scheduler) clock(next time.Time) {
	switch {
	case next.IsZero():
	case s.timer == nil:
		s.timer = time.AfterFunc(time.Until(next), s.tick)
	default:
		s.timer.Reset(time.Until(next))
	}
}

// sooner is the earlier of two times of which each may be zero, for never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (s *scheduler) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kick()
}

// advance moves what is due by now to its lane, and says when to look again.
func (s *scheduler) advance(now time.Time) (next time.Time) {
	for len(s.later) > 0 && !s.later[0].at.After(now) {
		l := heap.Pop(&s.later).(later)
		switch {
		case l.task != nil:
			s.push(l.task, &l.task.lane.again)
		default:
			l.lane.wake(now)
			s.turns.offer(l.lane)
		}
	}
	if len(s.later) > 0 {
		next = s.later[0].at
	}
	if o, ok := s.pace.(*original); ok {
		o.until = s.admitted.unloaded()
	}
	for s.pace != nil {
		t, at := s.pace.due(now)
		if t == nil {
			return sooner(next, at)
		}
		s.push(t, &t.lane.tasks)
	}
	return next
}

// take takes the next task, from the lane whose turn it is.
func (s *scheduler) take(now time.Time) *task {
	for s.inFlight < s.total.now() {
		l := s.turns.pop()
		if l == nil {
			return nil
		}
		if !l.ready() {
			continue
		}
		if n := l.head().large; s.large > 0 && s.large+n > largeBytes && n > 0 {
			if !l.aside {
				l.aside = true
				s.aside = append(s.aside, l)
			}
			continue
		}
		t := l.next(now)
		s.large += t.large
		l.limit.full(l.inFlight)
		s.turns.offer(l)
		s.inFlight++
		t.split.running.Add(1)
		return t
	}
	return nil
}

// done takes in what became of a task and hands out the next. What is decided
// says whether t goes to its split now.
func (s *scheduler) done(t *task, class exchange.Failure) (decided bool, next *task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.inFlight--
	if s.large -= t.large; t.large > 0 {
		s.readmit()
	}
	l := t.lane
	if l.observe(t, class, now) {
		s.opened(l)
	}
	s.total.observe(t.sent, s.inFlight+1, l.reached == 1, l.throttles, throttling(class, &t.row.Candidate, now), now)
	if !down(class) && class != exchange.Canceled && class != exchange.Unsendable { // something answered
		s.lost = 0
	}
	switch throttling(class, &t.row.Candidate, now) {
	case "":
		s.answered = now
	case exchange.Throttled:
		t.passOver(!s.answered.IsZero() && now.Sub(s.answered) < progressTime)
	}
	decided = true
	switch {
	case t.warming || t.split.gone:
		decided = false
	case s.options.retries(t, class):
		at := now.Add(backoff(l.firstBackoff(class), t.waits(), &t.row.Candidate, now))
		heap.Push(&s.later, later{at: at, task: t})
		s.hold(l, t, class, now)
		t.retry(class)
		s.putOff[string(class)]++
		decided = false
	}
	s.turns.offer(l)
	next = s.take(now)
	s.kick()
	return decided, next
}

// readmit has the lanes take their turns again whose next request is large.
func (s *scheduler) readmit() {
	for _, l := range s.aside {
		l.aside = false
		s.turns.offer(l)
	}
	s.aside = s.aside[:0]
}

// hold has an endpoint that throttles rest, as its other requests would be
// throttled too: as long as it asks, or up to mostHeld.
func (s *scheduler) hold(l *lane, t *task, class exchange.Failure, now time.Time) {
	c := &t.row.Candidate
	if throttling(class, c, now) != exchange.Throttled {
		return
	}
	wait := max(min(retryAfter(c, now), maxRetryAfter), min(backoff(firstBackoff, t.waits(), c, now), mostHeld))
	if until := now.Add(wait); until.After(l.held) {
		l.held = until
		heap.Push(&s.later, later{at: until, lane: l})
	}
}

// opened sees to a lane whose breaker has just opened.
func (s *scheduler) opened(l *lane) {
	heap.Push(&s.later, later{at: l.breaker.until, lane: l})
	for l.breaker.givenUp() && l.waiting() > 0 {
		s.giveUp(l.pop())
	}
}

// giveUp ends a task that waits for an endpoint in vain.
func (s *scheduler) giveUp(t *task) {
	b := &t.lane.breaker
	t.fail(exchange.EndpointDown, string(b.class)+": "+b.why)
	s.lost++
	var abort error
	if share := s.options.AbortAfter; share > 0 && share < 1 && s.lost%leastSettled == 0 && s.allDown() {
		abort = &AbortError{Class: b.class, Share: 1, Of: s.lost, Why: b.why}
	}
	s.lose(t, abort)
}

// allDown says that no endpoint is left.
func (s *scheduler) allDown() bool {
	for _, l := range s.lanes {
		if !l.breaker.givenUp() {
			return false
		}
	}
	return true
}

// forget drops the tasks of a split that ends early. None is sent after it.
func (s *scheduler) forget(sp *split) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp.gone = true
	for _, l := range s.lanes {
		l.tasks.forget(sp)
		l.again.forget(sp)
	}
	if s.pace != nil {
		s.pace.forget(sp)
	}
	s.later = slices.DeleteFunc(s.later, func(l later) bool { return l.task != nil && l.task.split == sp })
	heap.Init(&s.later)
	s.wake.Broadcast()
	s.kick()
}

// stop ends the clock.
func (s *scheduler) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
