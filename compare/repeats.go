package compare

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"unsafe"

	"github.com/modelparity/parity/internal/exchange"
)

// maxFirst is how many bytes of first answers are held for those that may come
// later.
const maxFirst = 64 << 20

// Repeats compares the answers to repeated requests with the first one to each,
// over one split or all of a recording's, in their order. What the old system's
// own answers differ in is counted as if they were a run's: its Profile is the
// old system's noise. Where they agree and the candidate's don't, the candidate is
// unstable.
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

// RepeatsInput is a split that Repeats looks at: see SplitInput.
type RepeatsInput struct {
	Reference, Candidate exchange.Source // Candidate: nil looks at the old system alone
	Later                []Later
	Selection            exchange.Selection
}

// Split looks at one split. Which requests the candidate answers in several ways,
// and the old system does, is counted in t.
func (r *Repeats) Split(ctx context.Context, in RepeatsInput, t *Tally) error {
	s := split{in: SplitInput{Reference: in.Reference, Candidate: in.Candidate}, ref: cursor{source: in.Reference}, cand: cursor{source: in.Candidate}, later: laters(in.Later)}
	for {
		e, err := s.ref.read(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read the recording after row %d: %w", s.ref.row, err)
		}
		if !in.Selection.Match(e) {
			continue
		}
		if err := s.pair(ctx, e); err != nil {
			return err
		}
		if err := r.meet(&s, e, t); err != nil {
			return err
		}
	}
	for name := range r.comparers {
		r.control.Model(name).Trim()
		t.Model(name).Trim()
	}
	return nil
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

func (r *Repeats) meet(s *split, e *exchange.Exchange, t *Tally) error {
	again, differ := r.requests.repeated(e)
	if !again || e.Defect != "" || e.Reference.Status == 0 {
		return nil
	}
	c, sent := r.comparer(e.Model), s.in.Candidate != nil
	// Answers that are all the same bytes need not be read.
	if differ || sent || c.walker.machine.decision != nil {
		if err := s.load(e, bothAnswers); err != nil {
			return err
		}
	}
	first := r.first[askedOf(e)]
	if first == nil || sent && !answered(&first.Candidate.Answer) {
		r.hold(e)
		return nil
	}
	if !r.agrees(c, first, e) {
		t.Model(e.Model).Restless.Add(e.RequestHash)
		return nil
	}
	if !sent || !answered(&e.Candidate.Answer) || bytes.Equal(first.Candidate.Body, e.Candidate.Body) && first.Candidate.Status == e.Candidate.Status {
		return nil
	}
	if d := c.compareTwice(&first.Candidate.Answer, &e.Candidate.Answer); d.outcome == Mismatch {
		r.unstable(c, e, t)
	}
	return nil
}

// hold keeps the first answer to a request, as long as there is room.
func (r *Repeats) hold(e *exchange.Exchange) {
	size := int64(unsafe.Sizeof(*e)) + int64(len(e.Reference.Body)+len(e.Reference.Headers)+len(e.Candidate.Body)+len(e.Candidate.Headers))
	if r.held+size <= maxFirst {
		first := copied(e)
		r.first[askedOf(e)] = &first
		r.held += size
	}
}

// answered says whether there is an answer to compare, and not one that means
// that the endpoint itself did not answer.
func answered(a *exchange.Answer) bool {
	return a.Status != 0 && a.Failure == "" && exchange.StatusFailure(a.Status) == ""
}

// agrees says whether the old system gave the same answer again, and counts it.
func (r *Repeats) agrees(c *comparer, first, e *exchange.Exchange) bool {
	again := exchange.Exchange{
		ID: e.ID, Time: e.Time, Model: e.Model, RequestHash: e.RequestHash, SamplingProbability: e.SamplingProbability,
		Reference: first.Reference, Candidate: exchange.Candidate{Answer: e.Reference},
	}
	m := r.control.Model(e.Model)
	m.plan(&again)
	d := c.compare(&again.Reference, &again.Candidate.Answer)
	clear(r.seen)
	c.each(func(f finding) { m.delta(&again, &f, r.seen) })
	m.decided(&again, d, combination(r.seen))
	m.decisions(c, d.outcome)
	if m.overfull() {
		m.Trim()
	}
	return d.outcome != Mismatch
}

// unstable counts what the candidate's answers to one request differ in, as
// signatures of their own kind.
func (r *Repeats) unstable(c *comparer, e *exchange.Exchange, t *Tally) {
	m := t.Model(e.Model)
	m.Unstable.Add(e.RequestHash)
	clear(r.seen)
	c.each(func(f finding) {
		f.Kind = KindUnstable
		m.delta(e, &f, r.seen)
	})
	if m.overfull() {
		m.Trim()
	}
}
