package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store"
)

// noise says what the old system differs from itself in, by a control: a run of
// the same recording against the old system, which is judged first, or the
// recording itself, for the requests that it holds more than once. nil without
// a control.
func (a *app) noise(ctx context.Context, run *dataset.Run, control string, shard dataset.Shard, rules compare.Rules) (*compare.Profile, error) {
	if control == "" {
		return nil, nil
	}
	other, err := dataset.OpenRun(ctx, control)
	if errors.Is(err, dataset.ErrNoRun) {
		place, err := store.Absolute(control)
		if err != nil {
			return nil, err
		}
		if place != run.Info.Recording {
			return nil, fmt.Errorf("--control %s is neither a run nor the recording of %s (%s): replay that recording against the old system, and name the run",
				control, run.Location, run.Info.Recording)
		}
		return repeatsProfile(ctx, run, rules)
	}
	if err != nil {
		return nil, err
	}
	return a.runProfile(ctx, run, other, shard, rules)
}

// runProfile judges a control run and reads the noise off its tallies.
func (a *app) runProfile(ctx context.Context, run, control *dataset.Run, shard dataset.Shard, rules compare.Rules) (*compare.Profile, error) {
	switch {
	case control.Info.ID == run.Info.ID:
		return nil, fmt.Errorf("--control %s is the run itself: a control is another run, against the old system", control.Location)
	case control.Info.Recording != run.Info.Recording:
		return nil, fmt.Errorf("--control %s is a run of %s, and %s one of %s: a control is a run of the same recording",
			control.Location, control.Info.Recording, run.Location, run.Info.Recording)
	case control.Info.Target == run.Info.Target:
		return nil, fmt.Errorf("--control %s was sent to %s, as %s was: a control is a run against the old system",
			control.Location, control.Info.Target, run.Location)
	}
	fmt.Fprintf(a.stderr, "compare: the control %s first\n", control.Location)
	j, err := a.judgeRun(ctx, control, judging{rules: rules, shard: shard})
	if err != nil {
		return nil, fmt.Errorf("judge the control: %w", err)
	}
	tally, err := reduce(ctx, control, j)
	if errors.Is(err, errLacks) {
		return nil, fmt.Errorf("the control is not judged whole yet, other shards have a part of it: repeat this command, or `parity compare %s` first: %w", control.Location, err)
	}
	if err != nil {
		return nil, err
	}
	for name, m := range tally.Models {
		if m.Missing > 0 {
			return nil, fmt.Errorf("the control %s is not complete: %d exchanges of model %s are not sent yet; repeat its `parity replay` first", control.Location, m.Missing, name)
		}
	}
	return tally.Profile(), nil
}

// repeatsProfile reads the noise off the answers to repeated requests. Every
// worker does it for the whole plan: there is nothing to wait for.
func repeatsProfile(ctx context.Context, run *dataset.Run, rules compare.Rules) (*compare.Profile, error) {
	judge, err := compare.NewJudge(rules, compare.Options{})
	if err != nil {
		return nil, err
	}
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return nil, err
	}
	requests, err := repeatedRequests(ctx, rec, run, plan)
	if err != nil {
		return nil, err
	}
	repeats := judge.NewRepeats(requests)
	if requests.Empty() {
		return repeats.Control().Profile(), nil
	}
	// One split after the other: which answer is the first must not hang on who is
	// quick.
	_, err = dataset.EachSplit(ctx, dataset.Work{Plan: plan, Parallel: 1}, func(ctx context.Context, s dataset.Split) error {
		ref, err := rec.LazyAnswers(ctx, s)
		if err != nil {
			return err
		}
		return errors.Join(repeats.Split(ctx, ref, run.Info.Selection), ref.Close())
	})
	return repeats.Control().Profile(), err
}

// repeatedRequests finds the requests that splits hold more than once.
func repeatedRequests(ctx context.Context, rec *dataset.Recording, run *dataset.Run, splits []dataset.Split) (*compare.Requests, error) {
	var mu sync.Mutex
	all := compare.NewRequests()
	_, err := dataset.EachSplit(ctx, dataset.Work{Plan: splits, Parallel: runtime.GOMAXPROCS(0)}, func(ctx context.Context, s dataset.Split) error {
		ref, err := rec.LazyAnswers(ctx, s)
		if err != nil {
			return err
		}
		some := compare.NewRequests()
		if err := errors.Join(some.Read(ctx, ref, run.Info.Selection), ref.Close()); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		all.Merge(some)
		return nil
	})
	return all, err
}
