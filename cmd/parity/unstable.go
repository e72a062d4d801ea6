package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// repeats looks at the requests that the run has more than once, for a candidate
// that answers them in several ways. It takes all of the run: the worker that
// finds all splits judged does it, and where two do, they say the same.
func (g *judger) repeats(ctx context.Context) error {
	judged, err := g.j.Judged(ctx)
	if err != nil || len(judged) < len(g.plan) {
		return err
	}
	if done, err := g.j.Repeats(ctx, new(any)); err != nil || done {
		return err
	}
	if g.seen == nil || g.made.Load() < int64(len(g.plan)) { // others judged the rest
		g.seen = sightings(g.plan)
		if err := (runSplits{g}).Requests(ctx, g.seen.Add); err != nil {
			return err
		}
	}
	t, err := g.judge.Unstable(ctx, g.seen, runSplits{g})
	g.seen = nil // which is large
	if err != nil {
		return fmt.Errorf("look at repeated requests: %w", err)
	}
	err = g.j.PutRepeats(ctx, t)
	if errors.Is(err, exchange.ErrExists) {
		return nil
	}
	if err == nil {
		g.how.stats.send(t)
	}
	return err
}

// sightings are for all requests of a plan.
func sightings(plan []dataset.Split) *compare.Sightings {
	rows := int64(0)
	for _, s := range plan {
		rows += s.Rows
	}
	return compare.NewSightings(rows)
}

// see remembers the requests of a split that was judged here. Most tallies have
// them; it must come to the same as reading them does.
func (g *judger) see(ctx context.Context, s dataset.Split, t *compare.Tally) error {
	if len(g.later) == 0 && g.seen.Tally(t, s.Rows) {
		return nil
	}
	return g.rec.RequestHashes(ctx, s, g.seen.Add)
}

// runSplits gives out the splits of a judger's run.
type runSplits struct{ *judger }

func (r runSplits) each(ctx context.Context, fn func(context.Context, dataset.Split) error) error {
	_, err := dataset.EachSplit(ctx, dataset.Work{Plan: r.plan, Parallel: runtime.GOMAXPROCS(0)}, fn)
	return err
}

func (r runSplits) Requests(ctx context.Context, look func(hashes []uint64)) error {
	return r.each(ctx, func(ctx context.Context, s dataset.Split) error { return r.rec.RequestHashes(ctx, s, look) })
}

func (r runSplits) Answers(ctx context.Context, look func(context.Context, compare.SplitInput) error) error {
	return r.each(ctx, func(ctx context.Context, s dataset.Split) (err error) {
		in, closeAll, err := r.open(ctx, s)
		if err != nil {
			return err
		}
		return errors.Join(look(ctx, in), closeAll())
	})
}
