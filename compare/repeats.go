package compare

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/modelparity/parity/internal/exchange"
)

// maxFirst is how many bytes of first answers are held for those that may come
// later.
const maxFirst = 64 << 20

// Repeats compares the old system's answers to repeated requests with the first
// one to each, over all of a recording's splits, in their order. What they differ
// in is counted as if they were a run's: its Profile is the old system's noise.
type Repeats struct {
	judge     *Judge
	requests  *Requests
	first     map[asked]*exchange.Exchange // copies
	held      int64                        // bytes of them
	control   *Tally
	comparers map[string]*comparer
	seen      map[string]*sighting
}

// NewRepeats returns a Repeats of the given requests.
func (j *Judge) NewRepeats(requests *Requests) *Repeats {
	return &Repeats{
		judge: j, requests: requests, first: map[asked]*exchange.Exchange{}, control: NewTally(),
		comparers: map[string]*comparer{}, seen: map[string]*sighting{},
	}
}

// Split looks at one split, of which src has the reference side.
func (r *Repeats) Split(ctx context.Context, src exchange.Source, sel exchange.Selection) error {
	s := split{in: SplitInput{Selection: sel}, ref: cursor{source: src}}
	err := s.each(ctx, func(e *exchange.Exchange) error { return r.meet(&s, e) })
	for name := range r.comparers {
		r.control.Model(name).Trim()
	}
	return err
}

// Control is what the old system's answers say of each other.
func (r *Repeats) Control() *Tally {
	for name, c := range r.comparers {
		r.control.Model(name).hits(c)
	}
	r.comparers = map[string]*comparer{}
	return r.control
}

func (r *Repeats) comparer(model string) *comparer {
	c := r.comparers[model]
	if c == nil {
		c = r.judge.comparer(model)
		r.comparers[model] = c
	}
	return c
}

func (r *Repeats) meet(s *split, e *exchange.Exchange) error {
	again, differ := r.requests.repeated(e)
	if !again || e.Defect != "" || e.Reference.Status == 0 {
		return nil
	}
	c := r.comparer(e.Model)
	// Answers that are all the same bytes need not be read.
	if differ || c.walker.machine.decision != nil {
		if err := s.load(e, exchange.ReferenceSide); err != nil {
			return err
		}
	}
	stands, err := e.Stands() // of a recording without its repeats
	if err != nil {
		return fmt.Errorf("exchange %s: %w", e.ID, err)
	}
	if first := r.first[askedOf(e)]; first != nil {
		r.compare(c, first, e, stands)
		return nil
	}
	r.hold(e)
	m := r.control.Model(e.Model)
	for range stands - 1 {
		m.plan(e)
		m.decided(e, decided{outcome: Match}, "")
	}
	return nil
}

// hold keeps the first answer to a request, as long as there is room.
func (r *Repeats) hold(e *exchange.Exchange) {
	size := int64(unsafe.Sizeof(*e)) + int64(len(e.Reference.Body)+len(e.Reference.Headers))
	if r.held+size <= maxFirst {
		first := copied(e)
		r.first[askedOf(e)] = &first
		r.held += size
	}
}

// compare counts what another answer of the old system, which it gave so many
// times, differs in from the first.
func (r *Repeats) compare(c *comparer, first, e *exchange.Exchange, times int64) {
	again := exchange.Exchange{
		ID: e.ID, Time: e.Time, Model: e.Model, RequestHash: e.RequestHash, SamplingProbability: e.SamplingProbability,
		Reference: first.Reference, Candidate: exchange.Candidate{Answer: e.Reference},
	}
	m := r.control.Model(e.Model)
	d := c.compare(&again.Reference, &again.Candidate.Answer)
	for range times {
		m.plan(&again)
		clear(r.seen)
		c.each(func(f finding) { m.delta(&again, &f, r.seen) })
		m.decided(&again, d, combination(r.seen))
		m.decisions(c, d.outcome)
	}
	if m.overfull() {
		m.Trim()
	}
}
