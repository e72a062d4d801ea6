package replay

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// Progress is what a Sender has done since it was made, over all splits, those
// that ended in an error included, and how its endpoints do.
type Progress struct {
	Done     int64 // planned rows that are as they will be written
	Sent     int64 // requests that were sent, each counted once
	InFlight int64 // requests under way
	Waiting  int64 // requests that wait to be sent again
	Warmed   int64 // requests sent for their effect
	// Failed counts requests that got no usable answer and rows that can't be
	// sent, by class. A status that means that the endpoint itself did not answer
	// is among them; rows with a defect are not.
	Failed  map[string]int64
	Retried int64 // attempts after the first
	// PutOff counts attempts after which another one was decided on, by class. It
	// may not have been made yet.
	PutOff map[string]int64
	Splits int // that are open
	// OutOfTurn says that the target said what it was not asked (ErrOutOfTurn).
	OutOfTurn bool
	// LastDue is when the last request is due, where the pace is the recording's and
	// it is known; zero otherwise.
	LastDue time.Time

	Endpoints int        // that something was to be sent to
	Slowest   []Endpoint // those with the longest mean service time
	Down      []Endpoint // those whose breaker is open, by name
	AllDown   int        // how many that are: Down has the first of them
}

// Endpoint is how one endpoint does.
type Endpoint struct {
	Name        string
	Answered    int64
	ServiceTime time.Duration // mean, without cold starts; 0: nothing was timed
	InFlight    int
	Limit       int // of requests in flight, where it adapts; 0: it does not

	GivenUp bool          // nothing waits for it any more: what is to be sent there fails
	Again   time.Duration // until it is tried again; 0: it is, or will be with the next request
	Why     string        // it is down
}

// mostListed is how many endpoints of a kind Progress lists.
const mostListed = 5

// Progress reads the counters and looks at each endpoint, under the lock that
// sending takes: some 25 µs for 400 endpoints (BenchmarkProgress).
func (s *Sender) Progress() Progress {
	p := Progress{
		Done: s.finished.Load(), Sent: s.sent.Load(), InFlight: s.inFlight.Load(), Warmed: s.warmed.Load(),
		Failed: s.failed.counts(), Retried: s.retried.Load(), OutOfTurn: s.OutOfTurn(),
	}
	s.sched.observe(&p, time.Now())
	return p
}

// OutOfTurn is Progress.OutOfTurn alone.
func (s *Sender) OutOfTurn() bool { return s.client.connections().outOfTurn() }

func (s *scheduler) observe(p *Progress, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var slowest, down []*lane
	for _, l := range s.lanes {
		if l.timed > 0 {
			slowest = list(slowest, l, slowestFirst)
		}
		if l.breaker.state != closed {
			p.AllDown++
			down = list(down, l, byName)
		}
	}
	for _, l := range s.later {
		if l.task != nil { // else it is an endpoint that rests
			p.Waiting++
		}
	}
	p.Splits, p.Endpoints = s.admitted.open, len(s.lanes)
	p.PutOff = maps.Clone(s.putOff)
	if o, ok := s.pace.(*original); ok && s.options.End != 0 && !o.start.IsZero() {
		p.LastDue = o.at(s.options.End)
	}
	for _, l := range slowest {
		p.Slowest = append(p.Slowest, l.endpoint(now))
	}
	for _, l := range down {
		p.Down = append(p.Down, l.endpoint(now))
	}
}

// list keeps the first of what is offered, in order.
func list(first []*lane, l *lane, order func(a, b *lane) int) []*lane {
	at, _ := slices.BinarySearchFunc(first, l, order)
	if at == mostListed {
		return first
	}
	first = slices.Insert(first, at, l)
	return first[:min(len(first), mostListed)]
}

func byName(a, b *lane) int { return cmp.Compare(a.name, b.name) }

func slowestFirst(a, b *lane) int {
	return cmp.Or(cmp.Compare(b.serviceTime(), a.serviceTime()), byName(a, b))
}

func (l *lane) endpoint(now time.Time) Endpoint {
	e := Endpoint{Name: l.name, Answered: l.answered, ServiceTime: l.serviceTime(), InFlight: l.inFlight}
	if l.limit.adaptive {
		e.Limit = l.limit.now()
	}
	if b := &l.breaker; b.state != closed {
		e.GivenUp, e.Why = b.exhausted(), string(b.class)
		if b.why != "" {
			e.Why += ": " + b.why
		}
		if b.state == open {
			e.Again = max(b.until.Sub(now), 0)
		}
	}
	return e
}

// byClass counts by class of failure. Nothing that goes well touches it.
type byClass struct {
	mu sync.Mutex
	n  map[string]int64
}

func (b *byClass) add(class exchange.Failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == nil {
		b.n = map[string]int64{}
	}
	b.n[string(class)]++
}

// counts is a copy; nil where nothing was counted.
func (b *byClass) counts() map[string]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.n)
}
