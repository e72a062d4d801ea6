package dataset

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/internal/exchange"
)

// Shard is one worker's part of a plan: the splits whose index is Index modulo
// Count. The zero value is all of it.
type Shard struct{ Index, Count int }

// Has says whether a split is this worker's.
func (s Shard) Has(split Split) bool { return s.Count < 2 || split.Index%s.Count == s.Index }

// Validate checks that the index is one of 0 to Count-1.
func (s Shard) Validate() error {
	if s.Count < 0 || s.Index < 0 || s.Index >= max(s.Count, 1) {
		return fmt.Errorf("shard %d/%d: the first counts from 0 and is below the second", s.Index, s.Count)
	}
	return nil
}

// Work is a map over the splits of a plan.
type Work struct {
	Plan     []Split
	Shard    Shard
	Done     map[int]bool // splits whose object exists: listed once, at the start
	Parallel int          // splits open at a time, at least 1
	// Begin, if there is one, says instead when a split is begun: it waits until
	// then. Splits are begun in the plan's order. end is called when one is done.
	Begin func(context.Context, Split) (end func(), err error)
}

// begin waits for a split's turn.
func (w Work) begin(ctx context.Context, s Split) (end func(), err error) {
	if w.Begin == nil {
		return func() {}, nil
	}
	return w.Begin(ctx, s)
}

// Left lists the splits that are this worker's and not done.
func (w Work) Left() []Split {
	var left []Split
	for _, s := range w.Plan {
		if w.Shard.Has(s) && !w.Done[s.Index] {
			left = append(left, s)
		}
	}
	return left
}

// Worked says what EachSplit did with a worker's splits.
type Worked struct {
	Made    int64 // committed here
	Existed int64 // done by another worker meanwhile
}

// EachSplit calls fn for every split of the shard that is not done. fn makes
// the split's object and commits it; exchange.ErrExists from it is another
// worker's success. The first error ends the work, after the other calls have
// returned.
func EachSplit(ctx context.Context, w Work, fn func(context.Context, Split) error) (Worked, error) {
	parent := ctx
	var made, existed atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	if w.Begin == nil {
		g.SetLimit(max(w.Parallel, 1))
	}
	for _, s := range w.Left() {
		if ctx.Err() != nil {
			break
		}
		end, err := w.begin(ctx, s)
		if err != nil {
			g.Go(func() error { return err })
			break
		}
		g.Go(func() error {
			defer end()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			err := fn(ctx, s)
			if errors.Is(err, exchange.ErrExists) {
				existed.Add(1)
				return nil
			}
			if err != nil {
				return fmt.Errorf("split %s: %w", s.Name(), err)
			}
			made.Add(1)
			return nil
		})
	}
	err := g.Wait()
	if err == nil {
		err = parent.Err() // interrupted between two splits
	}
	return Worked{made.Load(), existed.Load()}, err
}
