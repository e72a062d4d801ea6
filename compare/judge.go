package compare

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// MaxDeltas is how many deltas of one exchange its row in the mismatch set
// keeps. All of them are counted.
const MaxDeltas = 1000

// Judge compares runs under one set of rules. It is safe for concurrent use.
type Judge struct{ rules *compiled }

// NewJudge returns a judge, or the error of r.Validate.
func NewJudge(r Rules) (*Judge, error) {
	c, err := r.compile()
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return &Judge{c}, nil
}

// SplitInput is what Split judges. The caller opens and closes it all, and
// commits the sink.
type SplitInput struct {
	// Reference is the split of the recording, with key, request and reference
	// sides (the request is only for the mismatch set).
	Reference exchange.Source
	// Candidate is the split's result object: a row for each exchange that was
	// planned, those with a defect included, in the recording's order. nil means
	// that nothing was sent yet.
	Candidate exchange.Source
	// Selection is the run's: exchanges that it does not match were not planned.
	Selection exchange.Selection
	// Mismatches gets the mismatched exchanges, whole, with their deltas.
	// nil: not wanted.
	Mismatches exchange.Sink
}

// Split judges one split. The tally follows from the input and the rules alone.
//
// A result object that lacks a planned exchange, has one more or another order
// is damaged: that is an error, and so is anything that can't be read. Nothing
// of such a split may be used.
func (j *Judge) Split(ctx context.Context, in SplitInput) (*Tally, error) {
	s := split{
		judge: j, in: in, tally: NewTally(), settings: map[string]*settings{}, seen: map[string]bool{},
		ref:  cursor{source: in.Reference},
		cand: cursor{source: in.Candidate},
	}
	for {
		err := s.next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return s.finish(ctx)
}

// split is the state of judging one split: a merge of two sequences.
type split struct {
	judge     *Judge
	in        SplitInput
	ref, cand cursor
	comparer  comparer
	tally     *Tally
	settings  map[string]*settings // by model
	seen      map[string]bool      // the signatures of one exchange
	pending   exchange.Batch       // mismatches to write; they point into the sources' batches
}

// next judges the next exchange of the recording, or passes over it where it
// was not planned.
func (s *split) next(ctx context.Context) error {
	// A Read takes away the bytes that pending rows point to.
	if s.ref.drained() || s.cand.drained() {
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
	row, err := s.ref.read(ctx)
	if err != nil {
		if err != io.EOF {
			err = fmt.Errorf("read the recording after row %d: %w", s.ref.row, err)
		}
		return err
	}
	if !s.in.Selection.Match(row) {
		return nil
	}
	e := *row
	if err := s.pair(ctx, &e); err != nil {
		return err
	}
	return s.judgeOne(&e)
}

// pair adds the candidate's side to e.
func (s *split) pair(ctx context.Context, e *exchange.Exchange) error {
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
	e.Candidate = c.Candidate
	return nil
}

func (s *split) judgeOne(e *exchange.Exchange) error {
	m := s.tally.Model(e.Model)
	m.plan(e)
	rules := s.rulesOf(e.Model)
	d, err := s.comparer.decide(e, s.in.Candidate != nil, rules)
	if err != nil {
		return fmt.Errorf("judge exchange %s: %w", e.ID, err)
	}
	m.decided(e, d)
	if d.outcome == Match || d.outcome == Mismatch {
		m.ignored(s.comparer.walker.found, rules)
	}
	if d.outcome == Mismatch {
		return s.mismatch(m, e)
	}
	return nil
}

func (s *split) rulesOf(model string) *settings {
	rules := s.settings[model]
	if rules == nil {
		rules = s.judge.rules.of(model)
		s.settings[model] = rules
	}
	return rules
}

// mismatch counts the deltas and keeps the exchange for the mismatch set.
func (s *split) mismatch(m *ModelTally, e *exchange.Exchange) error {
	var kept []Delta
	clear(s.seen)
	s.comparer.each(func(f finding) {
		m.delta(e, f, s.seen)
		if len(kept) < MaxDeltas {
			kept = append(kept, f.Delta)
		}
	})
	if len(m.Signatures) > 2*MaxSignatures {
		m.Trim()
	}
	if s.in.Mismatches == nil {
		return nil
	}
	deltas, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write the deltas of exchange %s: %w", e.ID, err)
	}
	e.Verdict = exchange.Verdict{Kind: string(Mismatch), Deltas: deltas}
	s.pending.Rows = append(s.pending.Rows, *e)
	return nil
}

func (s *split) flush(ctx context.Context) error {
	if len(s.pending.Rows) == 0 {
		return nil
	}
	if err := s.in.Mismatches.Write(ctx, &s.pending); err != nil {
		return fmt.Errorf("write mismatches: %w", err)
	}
	s.pending.Rows = s.pending.Rows[:0]
	return nil
}

func (s *split) finish(ctx context.Context) (*Tally, error) {
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	if err := s.noMoreResults(ctx); err != nil {
		return nil, err
	}
	for name, m := range s.tally.Models {
		m.Trim()
		if !m.Balanced() {
			return nil, fmt.Errorf("model %q: %d exchanges were planned and %d have an outcome: this is a defect of parity", name, m.Planned, m.Total())
		}
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
	return nil
}
