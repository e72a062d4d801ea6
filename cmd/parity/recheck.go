package main

import (
	"context"
	"fmt"

	"github.com/modelparity/parity/internal/dataset"
)

// recheck sends what a judgement found different once more, one request at a
// time, and judges again. It does so once: a command that is repeated finds it
// done.
func (a *app) recheck(ctx context.Context, run *dataset.Run, j *dataset.Judgement, f replayFlags, how compareFlags) (*dataset.Judgement, error) {
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return nil, err
	}
	n := mismatchesOf(tally)
	if n == 0 {
		return j, nil
	}
	generations, err := run.Generations(ctx)
	if err != nil {
		return nil, err
	}
	for _, g := range generations[:j.Info.Generations] {
		alone, err := sentAlone(ctx, run, g)
		if err != nil {
			return nil, err
		}
		if mismatched(g.Info.Again) && alone {
			fmt.Fprintf(a.stderr, "recheck: generation %s was one; %d mismatches stay; `parity replay %s --again mismatched --concurrency 1%s` sends them once more\n",
				g.Name(), n, shellQuote(run.Location), a.configFlag())
			return j, nil
		}
	}
	f.howFast.concurrency, f.again = "1", againFlags{what: []string{dataset.Mismatched}, judgement: j.Info.ID}
	if _, err := a.replayAgain(ctx, run.Location, f); err != nil {
		return nil, fmt.Errorf("recheck: %w", err)
	}
	return a.compare(ctx, run, how, f.shard)
}

// sentAlone says that a generation was sent with one request in flight.
func sentAlone(ctx context.Context, run *dataset.Run, g *dataset.Generation) (bool, error) {
	plan, err := planOf(ctx, run)
	if err != nil {
		return false, err
	}
	for _, s := range g.Info.Splits {
		answers, err := run.LazyAnswers(ctx, plan[s.Split], []*dataset.Generation{g})
		if err != nil {
			return false, err
		}
		alone := answers[len(answers)-1].Concurrency == 1
		if err := dataset.CloseAnswers(answers); err != nil || !alone {
			return false, err
		}
	}
	return true, nil
}
