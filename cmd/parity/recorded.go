package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/report"
)

// recorded says what the run's recording holds. A run of all of it knows, unless
// the recording has grown since; else the recording is asked: its footers for the number of exchanges, and
// its key columns, which take as long as `parity ls`, only if the gate asks for a
// share of the models. What can't be read is not known, and no error: a run can be
// reported where it alone is.
func recorded(ctx context.Context, run *dataset.Run, t *compare.Tally, asked report.CoverageLimits) (r report.Recorded, err error) {
	unknown := func(err error) (report.Recorded, error) {
		return report.Recorded{Why: fmt.Sprintf("%v", err)}, ctx.Err()
	}
	rec, err := dataset.OpenRecording(ctx, run.Info.Recording)
	if err != nil {
		return unknown(err)
	}
	plan, err := planOf(ctx, run)
	if err != nil {
		return r, err
	}
	if run.Info.Selection.All() && !rec.HasMore(plan) {
		return report.Recorded{Exchanges: t.Planned(), Models: slices.Sorted(maps.Keys(t.Models))}, nil
	}
	if asked.Models == nil {
		splits, err := rec.Splits(ctx)
		if err != nil {
			return unknown(err)
		}
		for _, s := range splits {
			r.Exchanges += s.Rows
		}
		return r, nil
	}
	st, err := rec.Stats(ctx)
	if err != nil {
		return unknown(err)
	}
	return report.Recorded{Exchanges: st.Rows, Models: slices.Sorted(maps.Keys(st.Models))}, nil
}
