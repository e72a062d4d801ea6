package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/report"
)

// summarise reduces a judgement's tallies. judgement "" is the latest.
func (a *app) summarise(ctx context.Context, location, judgement string) (*report.Summary, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return nil, err
	}
	j, err := run.Judgement(ctx, judgement)
	if err != nil {
		return nil, err
	}
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return nil, err
	}
	return report.Summarise(report.Info{
		Run: location, Recording: run.Info.Recording, Target: run.Info.Target,
		Judgement: j.Info.ID, Version: j.Info.Version, Rules: j.Info.Rules,
	}, tally, cfg.Gate)
}

// reduce merges the tallies of all splits of the plan. Of splits that were not
// sent yet it counts the exchanges as missing, by meeting them.
func reduce(ctx context.Context, run *dataset.Run, j *dataset.Judgement) (*compare.Tally, error) {
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return nil, err
	}
	judged, err := j.Judged(ctx)
	if err != nil {
		return nil, err
	}
	results, err := run.Results(ctx)
	if err != nil {
		return nil, err
	}
	merged, mu := compare.NewTally(), sync.Mutex{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, s := range plan {
		g.Go(func() error {
			t := compare.NewTally()
			var err error
			switch {
			case judged[s.Index]:
				err = j.Tally(gctx, s, t)
			case results[s.Index]:
				err = fmt.Errorf("judgement %s lacks split %s: repeat `parity compare %s` with its rules", j.Info.ID, s.Name(), run.Location)
			default:
				t, err = missing(gctx, rec, s, run.Info.Selection)
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			merged.Merge(t)
			return nil
		})
	}
	return merged, g.Wait()
}

// missing counts the exchanges of a split without a result.
func missing(ctx context.Context, rec *dataset.Recording, s dataset.Split, sel exchange.Selection) (_ *compare.Tally, err error) {
	judge, err := compare.NewJudge(compare.Rules{})
	if err != nil {
		return nil, err
	}
	src, err := rec.Source(ctx, s, exchange.ReferenceSide) // whether there is an answer to compare with
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	return judge.Split(ctx, compare.SplitInput{Reference: src, Selection: sel})
}
