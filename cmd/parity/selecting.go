package main

import (
	"bytes"
	"context"
	"math"
	"slices"
	"sync/atomic"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// selecting reads a recording as a selection has it.
type selecting struct {
	rec    *dataset.Recording
	all    []dataset.Split
	some   []dataset.Split // with something that is selected
	passed int64           // exchanges of the others
	sel    exchange.Selection
	rest   *exchange.Rest
	cut    *exchange.Cut
	share  float64 // of the requests that is chosen by hash
	read   atomic.Int64
}

// place is where a split lies in a recording.
type place struct {
	object string
	group  int
}

func newSelecting(ctx context.Context, rec *dataset.Recording, sel exchange.Selection) (*selecting, error) {
	s := &selecting{rec: rec, sel: sel, rest: sel.Rest(), share: 1}
	var err error
	if s.all, err = rec.Splits(ctx); err != nil || sel.All() {
		s.some = s.all
		return s, err
	}
	plan, err := rec.Plan(ctx, sel, nil)
	if err != nil {
		return nil, err
	}
	s.some, s.cut = plan.Splits, plan.Cut
	planned := map[place]bool{}
	for _, split := range s.some {
		planned[place{split.Object, split.RowGroup}] = true
	}
	for _, split := range s.all {
		if !planned[place{split.Object, split.RowGroup}] {
			s.passed += split.Rows
		}
	}
	if sel.Sample > 0 {
		s.share = sel.Sample
	}
	if s.cut != nil { // hashes look random: the cut's is the share that lies before it
		s.share = min(s.share, math.Ldexp(float64(uint64(s.cut.Hash))+1, -64))
	}
	return s, nil
}

func (s *selecting) source(ctx context.Context, fn func(*exchange.Exchange) error) error {
	sides := exchange.RecordingSides
	if len(s.sel.Signatures) > 0 {
		sides |= exchange.VerdictSide
	}
	for _, split := range s.some {
		src, err := s.rec.Source(ctx, split, sides)
		if err != nil {
			return err
		}
		err = dataset.EachRow(ctx, src, func(e *exchange.Exchange) error {
			s.read.Add(1)
			return fn(e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *selecting) match(e *exchange.Exchange) bool {
	return s.sel.Match(e) && (s.rest == nil || s.rest.Match(e)) && (s.cut == nil || s.cut.Has(e)) && s.signed(e)
}

func (s *selecting) signed(e *exchange.Exchange) bool {
	if len(s.sel.Signatures) == 0 {
		return true
	}
	has, _ := e.Verdict.Signatures() // that they can be read is what the plan saw
	return slices.ContainsFunc(has, func(signature string) bool { return slices.Contains(s.sel.Signatures, signature) })
}

// kept is a copy of e without what is no part of a recording, which says how
// probable it was to be chosen.
func (s *selecting) kept(e *exchange.Exchange) *exchange.Exchange {
	k := *e
	k.Candidate, k.Verdict = exchange.Candidate{}, exchange.Verdict{}
	if s.share < 1 {
		k.SamplingProbability *= s.share
	}
	for _, blob := range []*[]byte{&k.Request.Headers, &k.Request.Body, &k.Reference.Headers, &k.Reference.Body} {
		*blob = bytes.Clone(*blob)
	}
	return &k
}
