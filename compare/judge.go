package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

// MaxDeltas is how many deltas of one exchange its row in the mismatch set
// keeps. All of them are counted.
const MaxDeltas = 1000

// Judge compares runs under one set of rules. It is safe for concurrent use.
type Judge struct {
	rules   *compiled
	answers *mapping.Programs
	options Options
}

// Options are what can be said of a judgement beside its rules. The zero value
// is fine.
type Options struct {
	// Noise is what the old system differs from itself in; nil: nothing is known
	// of it.
	Noise *Profile
	// MaxMismatches is how many exchanges of a split the mismatch set keeps for
	// each model and signature, those with the lowest hashes of their ids. 0 is
	// all. Counts don't depend on it.
	MaxMismatches int
	// Answers is applied to the candidate's answers before anything else, but to
	// those that say by their status that they are errors.
	Answers mapping.Set
}

// NewJudge returns a judge, or the error of r.Validate.
func NewJudge(r Rules, o Options) (*Judge, error) {
	c, err := r.compile()
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	if o.MaxMismatches < 0 {
		return nil, fmt.Errorf("max mismatches %d: must be 1 or more, or 0 for all", o.MaxMismatches)
	}
	answers, err := o.Answers.Compile("response")
	if err != nil {
		return nil, fmt.Errorf("the mapping of answers: %w", err)
	}
	return &Judge{rules: c, answers: answers, options: o}, nil
}

// comparer is one for the answers of a model.
func (j *Judge) comparer(model string) *comparer {
	c := newComparer(j.rules.of(model))
	c.mapper.program = j.answers.Of(model)
	return c
}

// SplitInput is what Split judges. The caller opens and closes it all, and
// commits the sink.
type SplitInput struct {
	// Reference is the split of the recording, with key and reference sides. Of
	// this and Candidate, an exchange.LazySource spares what equal answers need
	// not be read for.
	Reference exchange.Source
	// Candidate is the split's result object: a row for each exchange that was
	// planned, those with a defect included, in the recording's order. nil means
	// that nothing was sent yet.
	Candidate exchange.Source
	// Concurrency is how many requests were in flight at most when Candidate was
	// asked; 0: not known.
	Concurrency int
	// Reached is how many of these were in flight to a model's endpoint, by model;
	// nil: not known, so that it may be all.
	Reached map[string]int
	// Later are the later generations that have some of the split, in their order.
	Later []Later
	// Selection is the run's: exchanges that it does not match were not planned.
	Selection exchange.Selection
	// Mismatches gets the mismatched exchanges without their requests, in the
	// recording's order, with their deltas. nil: not wanted.
	Mismatches exchange.Sink
}

// Split judges one split. The tally follows from the input and the rules alone.
//
// A result object that lacks a planned exchange, has one more or another order
// is damaged: that is an error, and so is anything that can't be read. Nothing
// of such a split may be used.
func (j *Judge) Split(ctx context.Context, in SplitInput) (*Tally, error) {
	s := j.newSplit(in)
	if err := s.each(ctx, s.judgeOne); err != nil {
		return nil, err
	}
	return s.finish(ctx)
}

func (j *Judge) newSplit(in SplitInput) *split {
	return &split{
		judge: j, in: in, tally: NewTally(), models: map[string]*model{}, seen: map[string]*sighting{},
		ref:  cursor{source: in.Reference},
		cand: cursor{source: in.Candidate}, later: laters(in.Later),
		kept: newKept(j.options.MaxMismatches),
	}
}

// split is the state of judging one split: a merge of two sequences.
type split struct {
	judge     *Judge
	in        SplitInput
	ref, cand cursor
	answered  *exchange.Exchange // the row of cand that belongs to the one of ref; nil: nothing was sent
	loaded    exchange.Sides     // those that have their bodies and headers
	tally     *Tally
	models    map[string]*model
	last      *model               // the row before was most likely of the same
	seen      map[string]*sighting // the signatures of one exchange
	deltas    []finding            // its deltas
	kept      *kept                // mismatches, for the mismatch set
	latencies latencies

	later   []*later
	earlier []Earlier // answers to the exchange that later ones replaced
	given   Given     // of its last one
}

// model is what judging one model needs.
type model struct {
	name     string
	tally    *ModelTally
	comparer *comparer
	earlier  *comparer // of answers that were replaced; nil until there is one
	noise    *ModelProfile
}

func (s *split) model(name string) *model {
	if s.last != nil && s.last.name == name {
		return s.last
	}
	m := s.models[name]
	if m == nil {
		m = &model{name: name, tally: s.tally.Model(name), comparer: s.judge.comparer(name)}
		if n := s.judge.options.Noise; n != nil {
			m.noise = n.Models[name]
		}
		s.models[name] = m
	}
	s.last = m
	return m
}

// each calls fn for every exchange of the recording that was planned, with the
// candidate's side, in order.
func (s *split) each(ctx context.Context, fn func(*exchange.Exchange) error) error {
	for {
		e, err := s.ref.read(ctx)
		if err == io.EOF {
			return s.noMoreResults(ctx)
		}
		if err != nil {
			return fmt.Errorf("read the recording after row %d: %w", s.ref.row, err)
		}
		if !s.in.Selection.Match(e) {
			continue
		}
		if err := s.pair(ctx, e); err != nil {
			return err
		}
		if err := fn(e); err != nil {
			return err
		}
	}
}

// pair adds the candidate's side to e.
func (s *split) pair(ctx context.Context, e *exchange.Exchange) error {
	s.answered, s.loaded = nil, 0
	if s.in.Candidate == nil {
		return nil
	}
	c, err := s.cand.read(ctx)
	switch {
	case err == io.EOF:
		return fmt.Errorf("the result object is damaged: it ends after row %d, without exchange %s of the recording's row %d",
			s.cand.row, e.ID, s.ref.row)
	case err != nil:
		return fmt.Errorf("read the results after row %d: %w", s.cand.row, err)
	case c.ID != e.ID:
		return fmt.Errorf("the result object is damaged: its row %d is exchange %s where the recording's row %d is exchange %s",
			s.cand.row, c.ID, s.ref.row, e.ID)
	}
	e.Candidate, s.answered = c.Candidate, c
	if len(s.later) > 0 {
		return s.overlay(ctx, e)
	}
	return nil
}

// bothAnswers are the sides of a pair.
const bothAnswers = exchange.ReferenceSide | exchange.CandidateSide

// fill fills in the bodies and headers of some sides of the pair, if they are not
// there and something was sent. Damage can't make two answers equal that were not:
// a match needs no more, and anything else is verified before it is said.
func (s *split) fill(e *exchange.Exchange, sides exchange.Sides) error {
	sides &^= s.loaded
	s.loaded |= sides
	if sides&exchange.ReferenceSide != 0 {
		if err := s.ref.fill(); err != nil {
			return fmt.Errorf("read the recording: %w", err)
		}
	}
	if sides&exchange.CandidateSide != 0 && s.answered != nil {
		if err := s.cand.fill(); err != nil {
			return fmt.Errorf("read the results: %w", err)
		}
		e.Candidate = s.answered.Candidate
	}
	return nil
}

// load is fill, verified.
func (s *split) load(e *exchange.Exchange, sides exchange.Sides) error {
	if err := s.fill(e, sides); err != nil {
		return err
	}
	return s.verify()
}

// verify holds the sides that were filled in against their checksums.
func (s *split) verify() error {
	if s.loaded&exchange.ReferenceSide != 0 {
		if err := s.ref.load(); err != nil {
			return fmt.Errorf("read the recording: %w", err)
		}
	}
	if s.loaded&exchange.CandidateSide != 0 && s.answered != nil {
		if err := s.cand.load(); err != nil {
			return fmt.Errorf("read the results: %w", err)
		}
	}
	return nil
}

func (s *split) judgeOne(e *exchange.Exchange) error {
	m := s.model(e.Model)
	m.tally.plan(e)
	if err := s.fill(e, m.comparer.reads(&e.Reference, &e.Candidate.Answer)); err != nil {
		return err
	}
	d, garbled, err := s.decide(m, e)
	if err != nil {
		return err
	}
	clear(s.seen)
	differs := ""
	if d.outcome == Mismatch {
		d.outcome = s.findings(m, e)
		differs = combination(s.seen)
	}
	m.tally.decided(e, d, differs)
	if d.outcome == Match || d.outcome == Noise || d.outcome == Mismatch {
		s.latencies.add(m.tally, e)
	}
	m.tally.unjudged(e, d, m.comparer)
	m.tally.decisions(m.comparer, d.outcome)
	if len(s.earlier) > 0 || garbled {
		if err := s.recheck(m, e, d.outcome, garbled); err != nil {
			return fmt.Errorf("judge an earlier answer to exchange %s: %w", e.ID, err)
		}
	}
	switch {
	case d.outcome == Match:
		return nil
	case d.outcome == Mismatch && s.in.Mismatches != nil:
		return errors.Join(s.load(e, bothAnswers), m.tally.redacted(e), s.keep(m, e))
	case d.outcome == Mismatch:
		return errors.Join(s.verify(), m.tally.redacted(e))
	}
	return s.verify()
}

// decide says what becomes of an exchange, but for noise, by the last answer that
// can be judged. garbled says that what was sent again got one that can't be read.
func (s *split) decide(m *model, e *exchange.Exchange) (d decided, garbled bool, err error) {
	d, err = m.comparer.decide(e, s.in.Candidate != nil)
	if err == nil && d.outcome == Undecided && len(s.earlier) > 0 {
		garbled = d.wrong()
		d, err = s.takeBack(m, e, d)
	}
	if err != nil {
		err = fmt.Errorf("judge exchange %s: %w", e.ID, err)
	}
	return d, garbled, err
}

// findings spells out the deltas of an exchange, counts them, and says whether
// all of them are noise.
func (s *split) findings(m *model, e *exchange.Exchange) Outcome {
	outcome := Noise
	s.deltas = s.deltas[:0]
	noise := 0 // of deltas, the first so many that are noise and may make room
	m.comparer.each(func(f finding) {
		if f.Noise = m.noise.inside(&f); !f.Noise {
			outcome = Mismatch
		}
		m.tally.delta(e, &f, s.seen)
		switch {
		case len(s.deltas) < MaxDeltas:
			s.deltas = append(s.deltas, f)
		case !f.Noise:
			for noise < len(s.deltas) && !s.deltas[noise].Noise {
				noise++
			}
			if noise < len(s.deltas) {
				s.deltas[noise] = f
			}
		}
	})
	if m.tally.overfull() {
		m.tally.Trim()
	}
	return outcome
}

// keep keeps a mismatched exchange for the mismatch set.
func (s *split) keep(m *model, e *exchange.Exchange) error {
	deltas := make([]Delta, len(s.deltas))
	for i, f := range s.deltas {
		deltas[i] = f.Delta
		deltas[i].Signature = f.signature()
	}
	text, err := json.Marshal(deltas)
	if err != nil {
		return fmt.Errorf("write the deltas of exchange %s: %w", e.ID, err)
	}
	e.Verdict = exchange.Verdict{Kind: string(Mismatch), Deltas: text}
	s.kept.add(s.ref.row, m.name, s.seen, e)
	return nil
}

func (s *split) finish(ctx context.Context) (*Tally, error) {
	s.latencies.flush()
	for name, m := range s.models {
		m.tally.hits(m.comparer)
		m.tally.Trim()
		if !m.tally.Balanced() {
			return nil, fmt.Errorf("model %q: %d exchanges were planned and %d have an outcome: this is a defect of parity", name, m.tally.Planned, m.tally.Total())
		}
	}
	if err := s.writeMismatches(ctx); err != nil {
		return nil, err
	}
	return s.tally, nil
}

func (s *split) noMoreResults(ctx context.Context) error {
	if s.in.Candidate == nil {
		return nil
	}
	c, err := s.cand.read(ctx)
	switch {
	case err == nil:
		return fmt.Errorf("the result object is damaged: its row %d is exchange %s, which was not planned; the recording ends after row %d",
			s.cand.row, c.ID, s.ref.row)
	case err != io.EOF: // itself: a broken connection to the store may be wrapped around one
		return fmt.Errorf("read the results after row %d: %w", s.cand.row, err)
	}
	return s.noMoreLater(ctx)
}

// writeMismatches writes the mismatches, in the recording's order.
func (s *split) writeMismatches(ctx context.Context) error {
	rows := s.kept.rows()
	if len(rows) == 0 {
		return nil
	}
	for _, r := range rows {
		s.tally.Model(r.exchange.Model).Kept++
	}
	for _, r := range rows {
		if err := s.in.Mismatches.Write(ctx, &exchange.Batch{Rows: []exchange.Exchange{r.exchange}}); err != nil {
			return fmt.Errorf("write mismatches: %w", err)
		}
	}
	return nil
}
