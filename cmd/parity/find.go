package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// located is one exchange of a run. It is valid during the call that it is given to.
type located struct {
	compare.Pair
	split int // of the plan
	sent  bool
}

// find calls fn with the exchange that has the id, its own or its source's. It
// looks among the judgement's mismatches first, because they are few; nil: there
// is no judgement.
func find(ctx context.Context, run *dataset.Run, j *dataset.Judgement, id string, fn func(located) error) error {
	later, err := judgedGenerations(ctx, run, j)
	if err != nil {
		return err
	}
	if len(later) == 0 { // the mismatch set has no answers that were replaced
		if ok, err := findMismatch(ctx, j, id, fn); ok || err != nil {
			return err
		}
	}
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return err
	}
	s, ok, err := seek(ctx, rec, plan, run.Info.Selection, id)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("run %s has no exchange %q: `parity show %s` and `parity cat %s` list ids", run.Location, id, run.Location, run.Location)
	}
	results, err := run.Results(ctx)
	if err != nil {
		return err
	}
	if !results[s.Index] {
		_, err = first(rowsOf(ctx, rec, s, exchange.RecordingSides), run.Info.Selection, id, func(e *exchange.Exchange) error {
			return fn(located{compare.Pair{Exchange: e}, s.Index, false})
		})
		return err
	}
	var pair compare.Pair
	rows := func(fn rowFunc) error {
		return eachAnswer(ctx, run, rec, s, later, exchange.RecordingSides, func(p compare.Pair) error {
			pair = p
			return fn(p.Exchange, exchange.RecordingSides)
		})
	}
	_, err = first(rows, run.Info.Selection, id, func(*exchange.Exchange) error { return fn(located{pair, s.Index, true}) })
	return err
}

// judgedGenerations are those that the judgement has looked at; without one, all
// that are complete.
func judgedGenerations(ctx context.Context, run *dataset.Run, j *dataset.Judgement) ([]*dataset.Generation, error) {
	all, err := run.Generations(ctx)
	if err != nil {
		return nil, err
	}
	complete := dataset.Complete(all)
	if j != nil {
		complete = complete[:min(len(complete), j.Info.Generations)]
	}
	return complete, nil
}

// findMismatch looks in the judgement's mismatch set.
func findMismatch(ctx context.Context, j *dataset.Judgement, id string, fn func(located) error) (bool, error) {
	if j == nil {
		return false, nil
	}
	rec, err := dataset.OpenRecording(ctx, j.MismatchLocation())
	if errors.Is(err, dataset.ErrNoRecording) {
		return false, nil // nothing differs
	}
	if err != nil {
		return false, err
	}
	splits, err := rec.Splits(ctx)
	if err != nil {
		return false, err
	}
	all := exchange.Selection{}
	s, ok, err := seek(ctx, rec, splits, all, id)
	if !ok || err != nil {
		return false, err
	}
	split, err := strconv.Atoi(strings.TrimSuffix(path.Base(s.Object), ".parquet"))
	if err != nil {
		return false, fmt.Errorf("mismatch set %s: %s is not named for a split: `parity fsck` checks the run", rec.Location, s.Object)
	}
	return first(rowsOf(ctx, rec, s, exchange.MismatchSides), all, id, func(e *exchange.Exchange) error {
		return fn(located{compare.Pair{Exchange: e}, split, true})
	})
}

// seek finds the split with the exchange. Answers are not read for it.
func seek(ctx context.Context, rec *dataset.Recording, splits []dataset.Split, sel exchange.Selection, id string) (dataset.Split, bool, error) {
	for _, s := range splits {
		ok, err := first(rowsOf(ctx, rec, s, exchange.RequestSide), sel, id, func(*exchange.Exchange) error { return nil })
		if ok || err != nil {
			return s, ok, err
		}
	}
	return dataset.Split{}, false, nil
}

type rowFunc = func(*exchange.Exchange, exchange.Sides) error

// rowsOf goes through the rows of a split.
func rowsOf(ctx context.Context, rec *dataset.Recording, s dataset.Split, sides exchange.Sides) func(rowFunc) error {
	return func(fn rowFunc) error {
		src, err := rec.Source(ctx, s, sides)
		if err != nil {
			return err
		}
		return dataset.EachRow(ctx, src, func(e *exchange.Exchange) error { return fn(e, sides) })
	}
}

var errFound = errors.New("found")

// first calls fn with the first row that has the id, if there is one.
func first(rows func(rowFunc) error, sel exchange.Selection, id string, fn func(*exchange.Exchange) error) (bool, error) {
	var failed error
	err := rows(func(e *exchange.Exchange, _ exchange.Sides) error {
		if e.ID.String() != id && e.Request.SourceID != id || !sel.Match(e) {
			return nil
		}
		failed = fn(e)
		return errFound // ends the loop
	})
	if errors.Is(err, errFound) {
		return true, failed
	}
	return false, err
}
