package compare

import (
	"fmt"

	"github.com/modelparity/parity/internal/exchange"
)

// MaxHidden is how many hidden places an Explanation lists.
const MaxHidden = 1000

// Explanation is why one exchange has its outcome.
type Explanation struct {
	Outcome Outcome
	Reason  string // of unavailable, undecided and skipped: what it is counted as

	SameBytes bool // of a match: there was nothing to compare
	SameText  bool // of a match: only encoding, charset or media type differ
	NaNs      int64

	// ReferenceError and CandidateError say what of a side can't be read, and
	// where; "" of a side that can.
	ReferenceError, CandidateError string

	// Answer is what the target's mapping made of the candidate's answer: what was
	// compared in its place. nil: it was compared as it came.
	Answer *exchange.Answer

	// Mapped says that both answers were put through the jq rules first, so that
	// paths and literals are of what these made of them.
	Mapped bool

	Decisions []Decided
	Deltas    []ExplainedDelta // at most MaxDeltas, as the mismatch set has them
	MoreDelta int64            // how many follow

	// Control is how many pairs of the old system's answers the control compared
	// of the model; 0: nothing is known of its noise.
	Control int64

	Hidden     []Hidden // where values differ and are held equal, in the order of the walk; at most MaxHidden
	MoreHidden int64

	model *model // what judged it, with both answers read: see Beside
}

// Decided is what both sides of a pair decide.
type Decided struct {
	Reference, Candidate string
	Flip                 bool
}

// ExplainedDelta is a delta with what it is held against.
type ExplainedDelta struct {
	Delta
	Signature string
	By        string // of numbers: the rule or tolerance that they are not within
	// Control is what the control shows at the same path in the same way; nil:
	// nothing. Flips says of a decision that the control flips as it does.
	Control *SignatureProfile
	Flips   bool
}

// Hidden is a place where the values differ and are held equal.
type Hidden struct {
	Delta
	By   string // a rule, as its hits are named, or the tolerance that holds where there is none
	Rule bool   // it is a rule's doing
}

// Explain judges one exchange as Split would, and says why. sent is false for
// one that has no answer yet. An error means that e makes no sense.
func (j *Judge) Explain(e *exchange.Exchange, sent bool) (*Explanation, error) {
	s := split{judge: j, tally: NewTally(), models: map[string]*model{}, seen: map[string]*sighting{}}
	m := s.model(e.Model)
	w := &m.comparer.walker
	w.notes = &notes{pairs: map[int32]int32{}}
	d, err := m.comparer.decide(e, sent)
	if err != nil {
		return nil, fmt.Errorf("judge exchange %s: %w", e.ID, err)
	}
	x := &Explanation{Reason: d.reason, SameBytes: d.outcome == Match && !d.reformatted, NaNs: w.nans, model: m}
	if d.outcome == Mismatch {
		d.outcome = s.findings(m, e)
	}
	x.Outcome = d.outcome
	x.SameText = d.outcome == Match && d.reformatted && w.pair.SameText
	x.ReferenceError, x.CandidateError = m.comparer.unread(d)
	x.Mapped = len(m.comparer.mapped[0]) > 0 && !x.SameBytes && !x.SameText // of one answer alone for its decision
	if mapped := &m.comparer.mapper.answer; mapped.Body != nil {
		x.Answer = mapped
	}
	for _, f := range m.comparer.flips {
		x.Decisions = append(x.Decisions, Decided{f.from, f.to, f.differs})
	}
	if m.noise != nil {
		x.Control = m.noise.Judged
	}
	w.notes.forget(w)
	x.describe(m, s.deltas)
	return x, nil
}

// describe spells out the deltas and what is hidden.
func (x *Explanation) describe(m *model, deltas []finding) {
	w := &m.comparer.walker
	by := map[string]string{} // of numbers that differ, by path
	for _, n := range w.notes.list {
		if n.differs {
			by[w.describe(difference{kind: KindNumber, ref: n.ref, cand: n.cand}).Path] = n.by
			continue
		}
		if len(x.Hidden) == MaxHidden {
			x.MoreHidden++
			continue
		}
		f := w.describe(difference{ref: n.ref, cand: n.cand, size: n.size})
		x.Hidden = append(x.Hidden, Hidden{f.Delta, n.by, n.by[0] == '$'})
	}
	for _, f := range deltas {
		x.Deltas = append(x.Deltas, m.explain(f, by[f.Path]))
	}
	x.MoreDelta = int64(len(m.comparer.whole) + len(w.found) - len(deltas))
}

// explain sets a delta beside what it is held against.
func (m *model) explain(f finding, by string) ExplainedDelta {
	d := ExplainedDelta{Delta: f.Delta, Signature: f.signature()}
	if f.Kind == KindNumber {
		d.By = by
	}
	if m.noise != nil {
		d.Control = m.noise.Signatures[d.Signature]
		d.Flips = f.Kind == KindDecision && m.noise.Flips[f.Reference][f.Candidate]
	}
	return d
}

// unread says of an undecided pair what of each side can't be read.
func (c *comparer) unread(d decided) (ref, cand string) {
	if d.outcome != Undecided || d.reason == CandidateTooLarge {
		return "", "" // no body was opened
	}
	return errorText(c.walker.pair.Reference.Err), errorText(c.walker.pair.Candidate.Err)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return cut(err.Error(), maxLiteral)
}
