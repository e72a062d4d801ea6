package main

import (
	"context"
	"fmt"
	"time"

	"github.com/modelparity/parity/internal/dataset"
)

// completeGenerations are those that are judged; what is not is said.
func (a *app) completeGenerations(ctx context.Context, run *dataset.Run) ([]*dataset.Generation, error) {
	all, err := run.Generations(ctx)
	if err != nil {
		return nil, err
	}
	complete := dataset.Complete(all)
	if len(complete) < len(all) {
		g := all[len(complete)]
		fmt.Fprintf(a.stderr, "compare: generation %s of %s is not complete and not looked at: `parity replay %s%s%s` goes on with it\n",
			g.Name(), run.Location, shellQuote(run.Location), againArgs(g.Info.Again), a.configFlag())
	}
	return complete, nil
}

// unjudged says that something was sent again since a judgement was made.
func (a *app) unjudged(run *dataset.Run, j *dataset.Judgement, generation int) error {
	return fmt.Errorf("generation g%d of %s %w: `parity compare %s%s` does it (judgement %s is from before it was sent)",
		generation, run.Location, dataset.ErrNotJudged, shellQuote(run.Location), a.configFlag(), j.Info.ID)
}

// checkGenerations wants all that a judgement has looked at.
func checkGenerations(ctx context.Context, run *dataset.Run, j *dataset.Judgement) error {
	if j.Info.Generations == 0 {
		return nil
	}
	all, err := run.Generations(ctx)
	if err != nil {
		return err
	}
	if complete := len(dataset.Complete(all)); complete < j.Info.Generations {
		return fmt.Errorf("generation g%d of %s, which judgement %s has looked at, is not whole any more: bring its objects back, or delete the run and begin anew",
			complete+1, run.Location, j.Info.ID)
	}
	return nil
}

// lsGenerations lists what was sent again.
func (a *app) lsGenerations(all []*dataset.Generation) {
	for _, g := range all {
		fmt.Fprintf(a.stdout, "  generation %s of %s: %s sent again (%s), %d of %s sent\n", g.Name(), g.Info.Created.Format(time.DateTime),
			counted(g.Info.Rows(), "exchange"), clip(g.Info.Choice(), 160), len(g.Sent), counted(len(g.Info.Splits), "split"))
	}
}
