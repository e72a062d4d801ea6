package compare

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// Repeated lists the requests of a split that were asked more than once. src
// needs the key side only.
func Repeated(ctx context.Context, src exchange.Source, sel exchange.Selection) (map[int64]bool, error) {
	seen, repeated := map[int64]bool{}, map[int64]bool{}
	c := cursor{source: src}
	for {
		e, err := c.read(ctx)
		if err == io.EOF {
			return repeated, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the recording after row %d: %w", c.row, err)
		}
		if !sel.Match(e) || e.Defect != "" {
			continue
		}
		if seen[e.RequestHash] {
			repeated[e.RequestHash] = true
		}
		seen[e.RequestHash] = true
	}
}

// RepeatsInput is what Repeats looks at: see SplitInput. Requests lists those
// that repeat.
type RepeatsInput struct {
	Reference, Candidate exchange.Source // Candidate: nil looks at the old system alone
	Later                []Later
	Selection            exchange.Selection
	Requests             map[int64]bool
}

// Repeats compares the answers to repeated requests with the first one to each.
// What the old system's own answers differ in is counted in control as if they
// were a run's: its Profile is the old system's noise. Where they agree and the
// candidate's don't, the candidate is unstable, which is counted in t.
func (j *Judge) Repeats(ctx context.Context, in RepeatsInput, t, control *Tally) error {
	r := repeats{judge: j, first: map[asked]*exchange.Exchange{}, tally: t, control: control, comparers: map[string]*comparer{}, seen: map[string]*sighting{}}
	s := split{in: SplitInput{Reference: in.Reference, Candidate: in.Candidate, Selection: in.Selection}, ref: cursor{source: in.Reference}, cand: cursor{source: in.Candidate}, later: laters(in.Later)}
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
		if in.Requests[e.RequestHash] && e.Defect == "" && e.Reference.Status != 0 {
			r.meet(e, in.Candidate != nil)
		}
	}
	for name, c := range r.comparers {
		control.Model(name).Trim()
		t.Model(name).Trim()
		control.Model(name).hits(c)
	}
	return nil
}

// repeats is the state of Repeats.
type repeats struct {
	judge          *Judge
	first          map[asked]*exchange.Exchange // copies
	tally, control *Tally
	comparers      map[string]*comparer
	seen           map[string]*sighting
}

// asked is a request to one version of the old model: another version may answer
// otherwise, which is no noise.
type asked struct {
	request int64
	version string
}

func (r *repeats) meet(e *exchange.Exchange, sent bool) {
	key := asked{e.RequestHash, e.ModelVersion}
	first := r.first[key]
	if first == nil || sent && !answered(&first.Candidate.Answer) {
		c := copied(e)
		r.first[key] = &c
		return
	}
	c := r.comparers[e.Model]
	if c == nil {
		c = newComparer(r.judge.rules.of(e.Model))
		r.comparers[e.Model] = c
	}
	if !r.agrees(c, first, e) {
		r.tally.Model(e.Model).Restless.Add(e.RequestHash)
		return
	}
	if !sent || !answered(&e.Candidate.Answer) || bytes.Equal(first.Candidate.Body, e.Candidate.Body) && first.Candidate.Status == e.Candidate.Status {
		return
	}
	if d := c.compare(&first.Candidate.Answer, &e.Candidate.Answer); d.outcome == Mismatch {
		r.unstable(c, e)
	}
}

// answered says whether there is an answer to compare, and not one that means
// that the endpoint itself did not answer.
func answered(a *exchange.Answer) bool {
	return a.Status != 0 && a.Failure == "" && statusFailure(a.Status) == ""
}

// agrees says whether the old system gave the same answer again, and counts it.
func (r *repeats) agrees(c *comparer, first, e *exchange.Exchange) bool {
	again := exchange.Exchange{
		ID: e.ID, Time: e.Time, Model: e.Model, RequestHash: e.RequestHash,
		Reference: first.Reference, Candidate: exchange.Candidate{Answer: e.Reference},
	}
	m := r.control.Model(e.Model)
	m.plan(&again)
	d := c.compare(&again.Reference, &again.Candidate.Answer)
	m.decided(&again, d)
	m.decisions(c, d.outcome)
	clear(r.seen)
	c.each(func(f finding) { m.delta(&again, &f, r.seen) })
	if len(m.Signatures) > 2*MaxSignatures {
		m.Trim()
	}
	return d.outcome != Mismatch
}

// unstable counts what the candidate's answers to one request differ in, as
// signatures of their own kind.
func (r *repeats) unstable(c *comparer, e *exchange.Exchange) {
	m := r.tally.Model(e.Model)
	m.Unstable.Add(e.RequestHash)
	clear(r.seen)
	c.each(func(f finding) {
		f.Kind = KindUnstable
		m.delta(e, &f, r.seen)
	})
	if len(m.Signatures) > 2*MaxSignatures {
		m.Trim()
	}
}
