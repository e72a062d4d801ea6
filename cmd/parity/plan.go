package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/telemetry"
	"github.com/modelparity/parity/replay"
)

// planned is a run's plan, and the recording as far as the run is about it.
type planned struct {
	run    *dataset.Run
	rec    *dataset.Recording
	splits []dataset.Split
}

// plan opens the run and its plan, or makes them. Nothing is written before it
// is clear that there is something to send, and that it can be sent.
func (a *app) plan(ctx context.Context, rec *dataset.Recording, f replayFlags, opts replay.Options) (p planned, err error) {
	info, err := a.runInfo(rec, f, opts)
	if err != nil {
		return p, err
	}
	if p.run, p.splits, err = dataset.ResumeRun(ctx, f.out, info); err != nil {
		return p, err
	}
	if p.splits == nil {
		if err := refuseInside(rec, f.out); err != nil {
			return p, err
		}
		plan, err := a.makePlan(ctx, rec, opts)
		if err != nil {
			return p, err
		}
		if p.run, err = dataset.CreateRun(ctx, f.out, info); err != nil {
			return p, err
		}
		if p.splits, err = p.run.FreezePlan(ctx, plan); err != nil {
			return p, err
		}
	}
	if p.rec, err = p.run.Narrow(ctx, rec); err != nil {
		return p, err
	}
	return p, a.sayPlan(ctx, p.run, f, opts)
}

// sayPlan prints the plan that counts, which may be another worker's.
func (a *app) sayPlan(ctx context.Context, run *dataset.Run, f replayFlags, opts replay.Options) error {
	t, err := run.PlanTotals(ctx)
	if err != nil {
		return err
	}
	if err := replay.CheckModels(opts, t.ModelNames()); err != nil {
		return err
	}
	a.sayIdleRates(t, opts)
	v, err := a.view(t, run.Info, f, opts)
	if err == nil {
		io.WriteString(a.stderr, v.short())
	}
	return err
}

// sayIdleRates names the rates that hold for no model of the plan. It is no error,
// as a config may be for several recordings; but where one is misspelt, an endpoint
// gets more than it takes.
func (a *app) sayIdleRates(t *dataset.Totals, opts replay.Options) {
	for _, glob := range slices.Sorted(maps.Keys(opts.ModelRates)) {
		if !slices.ContainsFunc(t.ModelNames(), func(model string) bool { return exchange.Glob(glob, model) }) {
			fmt.Fprintf(a.stderr, "replay: warning: no model of the plan matches the config's rate of %q: it holds nothing back\n", glob)
		}
	}
}

func (a *app) runInfo(rec *dataset.Recording, f replayFlags, opts replay.Options) (info dataset.RunInfo, err error) {
	info = dataset.RunInfo{
		ID: opts.RunID, Created: time.Now().UTC().Truncate(time.Millisecond), Version: version(),
		Target: opts.Target, Selection: opts.Selection, Names: opts.Names, RequestMapping: opts.Mapping.JSON(),
	}
	if info.Recording, err = store.Absolute(rec.Location); err != nil {
		return info, err
	}
	info.TargetName, info.ResponseMapping, err = a.answersOf(f.target)
	return info, err
}

// makePlan makes a plan of what there is now, and writes nothing.
func (a *app) makePlan(ctx context.Context, rec *dataset.Recording, opts replay.Options) (*dataset.Plan, error) {
	if err := checkMismatchSet(ctx, rec); err != nil {
		return nil, err
	}
	var watch dataset.Planning
	stop := telemetry.Watch(a.stderr, func() string {
		return fmt.Sprintf("replay: planning: %d of %d objects read", watch.Done.Load(), watch.Of.Load())
	})
	plan, err := rec.Plan(ctx, opts.Selection, &watch)
	stop()
	if err != nil {
		return nil, err
	}
	if len(plan.Splits) == 0 {
		return nil, fmt.Errorf("%s holds no exchanges: there is nothing to send", rec.Location)
	}
	return plan, replay.CheckModels(opts, plan.Totals().ModelNames())
}

// refuseInside keeps a run out of the recording's folder, of which its objects
// would be taken for a part.
func refuseInside(rec *dataset.Recording, out string) error {
	recording, err := store.Absolute(rec.Location)
	if err != nil {
		return err
	}
	run, err := store.Absolute(out)
	if err != nil {
		return err
	}
	if run == recording || strings.HasPrefix(run, recording+"/") {
		return fmt.Errorf("--out %s lies in the recording %s: choose a place of its own", out, rec.Location)
	}
	return nil
}
