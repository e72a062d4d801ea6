package compare

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/exchange"
)

// decided is what became of one pair, and why.
type decided struct {
	outcome     Outcome
	reason      string // of unavailable, undecided and skipped
	reformatted bool   // a match of different bytes
}

// comparer compares the answers of one model's exchanges. It is reused, and not
// safe for concurrent use.
type comparer struct {
	walker   walker
	template template
	labels   labels
	whole    []finding // what is not of a walk: status, content type
	flips    []flip    // the pair's decisions, those that agree too
	mapped   [2][]byte // scratch of jq rules
	mapper   mapper
}

func newComparer(s *settings) *comparer {
	c := &comparer{}
	c.walker.machine = newMachine(s)
	c.template.machine = c.walker.machine
	c.walker.hits = make([]int64, len(s.rules)*int(aspects))
	return c
}

func (c *comparer) reset() {
	c.walker.found, c.whole, c.flips = c.walker.found[:0], c.whole[:0], c.flips[:0]
}

// reads says of which answers comparing takes bodies and headers.
func (c *comparer) reads(ref, cand *exchange.Answer) exchange.Sides {
	s := c.walker.machine.settings
	switch {
	case ref.Status != cand.Status:
		return 0
	case c.mapper.maps(cand) || !answer.SameHash(ref, cand) || s.contentType && ref.ContentType != cand.ContentType:
		return bothAnswers
	case s.decision != nil: // what is decided, both decide
		return exchange.ReferenceSide
	}
	return 0
}

func (c *comparer) compare(ref, cand *exchange.Answer) decided {
	c.reset()
	if ref.Status != cand.Status {
		c.whole = append(c.whole, statusDelta(ref.Status, cand.Status))
		return decided{outcome: Mismatch}
	}
	s := c.walker.machine.settings
	same := answer.Same(ref, cand)
	if same && (!s.contentType || ref.ContentType == cand.ContentType) {
		c.decideSame(ref)
		return decided{outcome: Match}
	}
	p := &c.walker.pair
	p.Open(ref, cand)
	if c.sameShape() {
		return decided{outcome: Match, reformatted: true}
	}
	p.Decode()
	if p.Reference.Err != nil || p.Candidate.Err != nil {
		return unreadable(p.Reference.Err, p.Candidate.Err)
	}
	if s.contentType && p.Reference.MediaType != p.Candidate.MediaType {
		c.whole = append(c.whole, contentTypeDelta("content-type", p.Reference.MediaType, p.Candidate.MediaType))
	}
	if p.SameText {
		c.decideSame(ref)
		d := c.verdict()
		d.reformatted = d.reformatted && !same
		return d
	}
	if s.program != nil {
		if d := c.runProgram(); d.outcome != "" {
			return d
		}
	}
	c.walker.walk()
	c.explainForms()
	if s.decision != nil {
		c.decideBoth()
	}
	d := c.verdict()
	if d.outcome == Match && c.templated() && p.PlainJSON() {
		c.template.learn(&c.walker)
		if s.decision != nil {
			c.labels.learn(s.decision, &p.Reference.Tape)
		}
	}
	return d
}

// templated says whether the short way may be taken: programs need tapes.
func (c *comparer) templated() bool {
	s := c.walker.machine.settings
	p := &c.walker.pair
	return s.program == nil && (!s.contentType || p.Reference.MediaType == p.Candidate.MediaType)
}

// sameShape says whether the opened answers match, as far as that can be said
// without decoding them. Where all values are equal, so are the decisions.
func (c *comparer) sameShape() bool {
	ref, cand, ok := c.walker.pair.JSON()
	if !ok || c.walker.pair.SameText || !c.templated() {
		return false
	}
	decides := c.walker.machine.decision != nil
	var label []byte
	if decides {
		if label, ok = c.labels.read(ref); !ok {
			return false
		}
	}
	if !c.template.match(&c.walker, ref, cand, decides) {
		return false
	}
	if decides {
		c.decided(label)
	}
	return true
}

// decided adds a decision that both sides have.
func (c *comparer) decided(label []byte) {
	text := cut(label, maxLabel)
	c.flips = append(c.flips, flip{none, none, text, text, false})
}

func (c *comparer) verdict() decided {
	if len(c.walker.found)+len(c.whole) > 0 {
		return decided{outcome: Mismatch}
	}
	return decided{outcome: Match, reformatted: true}
}

// explainForms makes one difference of all where one side can be read as values
// and the other can't: what each lacks of the other is no use to anybody.
func (c *comparer) explainForms() {
	p := &c.walker.pair
	a, b := p.Reference.Form, p.Candidate.Form
	if len(c.walker.found) > 0 && a != b && (plain(a) || plain(b)) {
		c.walker.found = c.walker.found[:0]
		c.whole = append(c.whole, contentTypeDelta("$", string(a), string(b)))
	}
}

// decideSame reads the decision of an answer that both sides gave.
func (c *comparer) decideSame(a *exchange.Answer) {
	rule := c.walker.machine.decision
	if rule == nil {
		return
	}
	p, program := &c.walker.pair, c.walker.machine.program
	p.OpenReference(a)
	if text, ok := p.ReferenceJSON(); ok && program == nil {
		if label, ok := c.labels.read(text); ok {
			c.decided(label)
			return
		}
	}
	p.DecodeReference()
	side := &p.Reference
	if side.Err == nil && program != nil {
		side.Err = c.mapSide(0, side)
	}
	if side.Err != nil {
		return
	}
	c.walker.defaults()
	c.flips = c.walker.sameDecisions(c.flips, rule, &side.Tape)
	if program == nil && p.PlainReference() {
		c.labels.learn(rule, &side.Tape)
	}
}

// decideBoth adds the flips. A flip says more than that the texts differ at the
// same place.
func (c *comparer) decideBoth() {
	w := &c.walker
	c.flips = append(c.flips, w.decisions(w.machine.decision, &w.pair.Reference.Tape, &w.pair.Candidate.Tape)...)
	flipped := map[int32]bool{}
	for _, f := range c.flips {
		if f.differs && f.ref != none {
			flipped[f.ref] = true
		}
	}
	w.found = slices.DeleteFunc(w.found, func(d difference) bool {
		return flipped[d.ref] && (d.kind == KindString || d.kind == KindBool)
	})
	for i, f := range c.flips {
		if f.differs {
			w.found = append(w.found, difference{kind: KindDecision, ref: f.ref, cand: f.cand, flip: i})
		}
	}
}

// runProgram puts both answers through the jq rules.
func (c *comparer) runProgram() (d decided) {
	p := &c.walker.pair
	p.Reference.Err, p.Candidate.Err = c.mapSide(0, &p.Reference), c.mapSide(1, &p.Candidate)
	switch {
	case p.Reference.Err != nil && p.Candidate.Err != nil:
		return decided{outcome: Undecided, reason: BothUnmapped}
	case p.Reference.Err != nil:
		return decided{outcome: Undecided, reason: ReferenceUnmapped}
	case p.Candidate.Err != nil:
		return decided{outcome: Undecided, reason: CandidateUnmapped}
	}
	return d
}

// mapSide puts one answer through the program, if it has values for one.
func (c *comparer) mapSide(i int, side *answer.Decoded) (err error) {
	if side.Form == answer.Text || side.Form == answer.Binary || side.Form == answer.CSV {
		return nil
	}
	c.mapped[i], err = c.walker.machine.program.Apply(context.Background(), c.mapped[i][:0], side.JSONText())
	if err == nil {
		err = side.Tape.ReadJSON(c.mapped[i])
	}
	side.Tensors = nil
	return err
}

// unreadable gives a reason that can be counted; details would be too many keys.
func unreadable(ref, cand error) decided {
	d := decided{outcome: Undecided, reason: BothUnreadable}
	switch {
	case errors.Is(ref, answer.ErrTooLarge) || errors.Is(cand, answer.ErrTooLarge):
		d.reason = TooLargeDecoded
	case cand == nil:
		d.reason = ReferenceUnreadable
	case ref == nil:
		d.reason = CandidateUnreadable
	}
	return d
}

func statusDelta(ref, cand int64) finding {
	d := Delta{Path: "status", Kind: KindStatus, Reference: strconv.FormatInt(ref, 10), Candidate: strconv.FormatInt(cand, 10)}
	return finding{d, d.Reference + "→" + d.Candidate}
}

func contentTypeDelta(path, ref, cand string) finding {
	return finding{Delta{Path: path, Kind: KindContentType, Reference: cut(ref, maxLiteral), Candidate: cut(cand, maxLiteral)}, path}
}

// each calls f with every difference, in order.
func (c *comparer) each(f func(finding)) {
	for _, found := range c.whole {
		f(found)
	}
	for _, d := range c.walker.found {
		f(c.describe(d))
	}
}

// describe spells out a difference; of a decision what each side decides.
func (c *comparer) describe(d difference) finding {
	f := c.walker.describe(d)
	if d.kind == KindDecision {
		f.Reference, f.Candidate = c.flips[d.flip].from, c.flips[d.flip].to
	}
	return f
}
