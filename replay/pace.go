package replay

import (
	"container/heap"
	"math"
	"time"
)

// maxBehind is how much a pace may have to make up for. A target that stalls
// does not lower the pace: what is sent late says so, by due and sent. But a
// long pause is not followed by a flood.
const maxBehind = time.Second

// pace holds the tasks that are not due yet. The scheduler's lock guards it.
type pace interface {
	add(t *task)
	// due takes a task that is due by now and sets when it was. Where there is
	// none, it says when there may be one; the zero time stands for never, as long
	// as nothing is added.
	due(now time.Time) (*task, time.Time)
	waiting() int
	forget(sp *split)
}

// steady has tasks due at a rate, the models taking turns, or each at a rate of
// its own, or both.
type steady struct {
	all    pacer
	ofEach func(model string) float64 // rate; 0: the model has none
	models map[string]*flow
	turns  []*flow // that have a task and whose pace, if any, lets it go
	later  timeHeap[*flow]
	count  int
}

// flow is a model's tasks that are not due yet.
type flow struct {
	pace  pacer
	tasks fifo
	next  time.Time // in later: when its pace lets one go
}

func (f *flow) when() time.Time { return f.next }

func newSteady(rate float64, ofEach func(string) float64) *steady {
	return &steady{all: pacer{rate: rate}, ofEach: ofEach, models: map[string]*flow{}}
}

func (s *steady) waiting() int { return s.count }

func (s *steady) add(t *task) {
	f := s.models[t.row.Model]
	if f == nil {
		f = &flow{pace: pacer{rate: s.ofEach(t.row.Model)}}
		s.models[t.row.Model] = f
	}
	s.count++
	if f.tasks.push(t); f.tasks.len() == 1 {
		s.enqueue(f, time.Now())
	}
}

// enqueue has f take its turn, when its own pace lets it.
func (s *steady) enqueue(f *flow, now time.Time) {
	if f.next = f.pace.peek(now); f.next.After(now) {
		heap.Push(&s.later, f)
		return
	}
	s.turns = append(s.turns, f)
}

func (s *steady) due(now time.Time) (*task, time.Time) {
	for len(s.later) > 0 && !s.later[0].next.After(now) {
		s.turns = append(s.turns, heap.Pop(&s.later).(*flow))
	}
	if len(s.turns) == 0 {
		if len(s.later) == 0 {
			return nil, time.Time{}
		}
		return nil, s.later[0].next
	}
	if next := s.all.peek(now); next.After(now) {
		return nil, next
	}
	f := s.turns[0]
	s.turns = s.turns[1:]
	t := f.tasks.pop()
	s.count--
	own, all := f.pace.take(now), s.all.take(now)
	if own.Before(all) {
		own = all
	}
	t.setDue(own)
	if f.tasks.len() > 0 {
		s.enqueue(f, now)
	}
	return t, time.Time{}
}

func (s *steady) forget(sp *split) {
	s.turns, s.later, s.count = nil, nil, 0
	for _, f := range s.models {
		if f.tasks.forget(sp); f.tasks.len() > 0 {
			s.count += f.tasks.len()
			s.enqueue(f, time.Now())
		}
	}
}

// pacer says when requests are due: the n-th at start + n/rate, whether or not
// the ones before were answered. (A rate.Limiter would start anew whenever the
// target is slow, and so hide that it was.)
type pacer struct {
	rate  float64 // a second; 0 is as fast as it goes
	start time.Time
	n     int64
}

// peek says when the next place is. now is when nobody has a pace.
func (p *pacer) peek(now time.Time) time.Time {
	if p.rate == 0 {
		return now
	}
	now = microseconds(now)
	if p.start.IsZero() {
		p.start = now
	}
	if oldest := now.Add(-maxBehind); p.next().Before(oldest) {
		p.start, p.n = oldest, 0
	}
	return p.next()
}

// take takes the next place, which may be past; the zero time where there is no
// pace.
func (p *pacer) take(now time.Time) time.Time {
	if p.rate == 0 {
		return time.Time{}
	}
	due := p.peek(now)
	p.n++
	return due
}

func (p *pacer) next() time.Time {
	return p.start.Add(nanoseconds(float64(p.n) / p.rate * float64(time.Second)))
}

// nanoseconds is a duration of at most some 146 years, as what is longer than 292
// has no number and would be past.
func nanoseconds(n float64) time.Duration { return time.Duration(math.Round(min(n, 1<<62))) }

// microseconds cuts t to what is stored.
func microseconds(t time.Time) time.Time {
	return t.Add(-time.Duration(t.Nanosecond() % 1000))
}
