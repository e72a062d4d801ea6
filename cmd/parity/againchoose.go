package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// chooser says which exchanges of a run are sent again. What it says follows
// from generations that are complete, so that every worker says the same.
type chooser struct {
	run       *dataset.Run
	rec       *dataset.Recording
	plan      []dataset.Split
	before    []*dataset.Generation
	what      []string
	judgement *dataset.Judgement // of mismatched; nil otherwise
}

// judgementID is "" where no mismatches are sent.
func (c *chooser) judgementID() string {
	if c.judgement == nil {
		return ""
	}
	return c.judgement.Info.ID
}

// source reads the requests of a split that are sent again.
func (c *chooser) source(ctx context.Context, s dataset.Split) (exchange.Source, error) {
	ids, err := c.choose(ctx, c.plan[s.Index])
	if err != nil {
		return nil, err
	}
	src, err := c.rec.Requests(ctx, s)
	if err != nil {
		return nil, err
	}
	return dataset.Only(src, ids), nil
}

func (c *chooser) choose(ctx context.Context, s dataset.Split) (map[exchange.ID]bool, error) {
	switch {
	case c.judgement != nil:
		return c.judgement.MismatchIDs(ctx, s)
	case slices.Equal(c.what, []string{dataset.Unavailable}):
		return c.unavailable(ctx, s)
	}
	ids := map[exchange.ID]bool{}
	return ids, c.named(ctx, s, func(e *exchange.Exchange, _ string) { ids[e.ID] = true })
}

// unavailable are the exchanges that got no answer. A request that can't be
// written as HTTP will not be any other time.
func (c *chooser) unavailable(ctx context.Context, s dataset.Split) (map[exchange.ID]bool, error) {
	ids := map[exchange.ID]bool{}
	return ids, eachAnswer(ctx, c.run, c.rec, s, c.before, exchange.ReferenceSide, func(p compare.Pair) error {
		if class := compare.Unanswered(p.Exchange); class != "" && class != exchange.Unsendable {
			ids[p.ID] = true
		}
		return nil
	})
}

// named calls found for every exchange that is asked for by its id or its
// source's.
func (c *chooser) named(ctx context.Context, s dataset.Split, found func(e *exchange.Exchange, as string)) error {
	src, err := c.rec.Source(ctx, s, exchange.RequestSide)
	if err != nil {
		return err
	}
	return dataset.EachRow(ctx, src, func(e *exchange.Exchange) error {
		for _, id := range []string{e.ID.String(), e.Request.SourceID} {
			if _, asked := slices.BinarySearch(c.what, id); !asked || !c.run.Info.Selection.Match(e) {
				continue
			}
			if e.Defect != "" {
				return fmt.Errorf("exchange %s can't be sent: it was recorded with the defect %s", id, e.Defect)
			}
			found(e, id)
		}
		return nil
	})
}

// count says how much of which splits is sent again. An id that nothing has is
// an error.
func (c *chooser) count(ctx context.Context) ([]dataset.SplitRows, error) {
	var mu sync.Mutex
	var splits []dataset.SplitRows
	_, err := dataset.EachSplit(ctx, dataset.Work{Plan: c.plan, Parallel: runtime.GOMAXPROCS(0)}, func(ctx context.Context, s dataset.Split) error {
		n, err := c.countSplit(ctx, s)
		if err != nil || n == 0 {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		splits = append(splits, dataset.SplitRows{Split: s.Index, Rows: n})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(splits, func(a, b dataset.SplitRows) int { return cmp.Compare(a.Split, b.Split) })
	return splits, c.checkNamed(ctx, splits)
}

// countSplit meets the exchanges in the recording, as sending will.
func (c *chooser) countSplit(ctx context.Context, s dataset.Split) (n int64, err error) {
	ids, err := c.choose(ctx, s)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	keys, err := c.rec.Source(ctx, s, exchange.KeySide)
	if err != nil {
		return 0, err
	}
	err = dataset.EachRow(ctx, dataset.Only(keys, ids), func(e *exchange.Exchange) error {
		if c.run.Info.Selection.Match(e) {
			n++
		}
		return nil
	})
	return n, err
}

// checkNamed names the ids that were asked for and are not in the run.
func (c *chooser) checkNamed(ctx context.Context, splits []dataset.SplitRows) error {
	if c.judgement != nil || slices.Equal(c.what, []string{dataset.Unavailable}) {
		return nil
	}
	found := map[string]bool{}
	for _, s := range splits {
		if err := c.named(ctx, c.plan[s.Split], func(_ *exchange.Exchange, as string) { found[as] = true }); err != nil {
			return err
		}
	}
	lost := slices.DeleteFunc(slices.Clone(c.what), func(id string) bool { return found[id] })
	if len(lost) == 0 {
		return nil
	}
	return fmt.Errorf("no exchange %s was sent in %s: `parity cat %s` lists ids", strings.Join(lost, ", "), c.run.Location, c.run.Location)
}
