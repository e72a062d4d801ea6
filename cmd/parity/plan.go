package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/replay"
)

// plan opens the run and its plan, or makes them. Nothing is written before it
// is clear that there is something to send.
func (a *app) plan(ctx context.Context, rec *dataset.Recording, f replayFlags, opts replay.Options) (*dataset.Run, []dataset.Split, error) {
	recording, err := absolute(rec.Location)
	if err != nil {
		return nil, nil, err
	}
	out := f.out
	info := dataset.RunInfo{
		ID: opts.RunID, Created: time.Now().UTC().Truncate(time.Millisecond), Version: version(),
		Recording: recording, Target: opts.Target, Selection: opts.Selection, RequestMapping: opts.Mapping.JSON(),
	}
	if info.TargetName, info.ResponseMapping, err = a.answersOf(f.target); err != nil {
		return nil, nil, err
	}
	if run, plan, err := dataset.ResumeRun(ctx, out, info); err != nil || plan != nil {
		return run, plan, err
	}
	if err := checkMismatchSet(ctx, rec); err != nil {
		return nil, nil, err
	}
	splits, err := rec.Splits(ctx)
	if err != nil {
		return nil, nil, err
	}
	if splits, err = rec.Select(ctx, splits, opts.Selection); err != nil {
		return nil, nil, err
	}
	if dataset.Planned(splits) == 0 {
		return nil, nil, fmt.Errorf("%s holds no exchanges: there is nothing to send", rec.Location)
	}
	if err := refuseInside(rec, out); err != nil {
		return nil, nil, err
	}
	run, err := dataset.CreateRun(ctx, out, info)
	if err != nil {
		return nil, nil, err
	}
	plan, err := run.FreezePlan(ctx, splits)
	return run, plan, err
}

// refuseInside keeps a run out of the recording's folder, of which its objects
// would be taken for a part.
func refuseInside(rec *dataset.Recording, out string) error {
	recording, err := absolute(rec.Location)
	if err != nil {
		return err
	}
	run, err := absolute(out)
	if err != nil {
		return err
	}
	if run == recording || strings.HasPrefix(run, recording+"/") {
		return fmt.Errorf("--out %s lies in the recording %s: choose a place of its own", out, rec.Location)
	}
	return nil
}
