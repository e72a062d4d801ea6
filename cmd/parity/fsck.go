package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/telemetry"
)

func (a *app) fsckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "fsck DATASET",
		Short: "Read everything and verify every checksum and ledger",
		Long: `Read every object of a recording or run, verify every checksum, and check that the
ledgers balance. What is damaged is named; exit code 2 says that there is some. Files
of others, which nothing reads, are named and are no damage.`,
		Example: `  parity fsck recording
  parity fsck s3://bucket/run`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.fsck(cmd.Context(), args[0])
		},
	}
}

func (a *app) fsck(ctx context.Context, location string) error {
	var seen atomic.Int64
	stop := telemetry.Watch(a.stderr, func() string { return fmt.Sprintf("fsck: %d objects", seen.Load()) })
	defer stop()
	checked, err := dataset.Check(ctx, location, func(string) { seen.Add(1) })
	stop()
	if err != nil {
		return err
	}
	problems := checked.Problems
	if len(problems) == 0 { // ledgers of damaged datasets say nothing
		if err := a.checkLedgers(ctx, location); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			problems = append(problems, err)
		}
	}
	for _, key := range checked.Foreign {
		fmt.Fprintf(a.stdout, "foreign: %s is none of Parity's objects, and nothing reads it\n", printable(key))
	}
	for _, p := range problems {
		fmt.Fprintf(a.stdout, "damaged: %v\n", p)
	}
	fmt.Fprintf(a.stdout, "%s with %s read, %s\n", counted(checked.Objects, "object"), counted(checked.Rows, "row"), counted(len(problems), "problem"))
	if len(problems) > 0 {
		return fmt.Errorf("%s is damaged: %s", location, counted(len(problems), "problem"))
	}
	return nil
}

// checkLedgers holds a run's results against its plan and its judgements'
// tallies against themselves, and a recording's ledger against its rows.
func (a *app) checkLedgers(ctx context.Context, location string) error {
	run, err := dataset.OpenRun(ctx, location)
	if errors.Is(err, dataset.ErrNoRun) {
		rec, err := dataset.OpenRecording(ctx, location)
		if err != nil {
			return nil // several datasets, or none of them a recording
		}
		st, err := rec.Stats(ctx)
		if err != nil {
			return err
		}
		return a.lsLedger(st)
	}
	if err != nil {
		return err
	}
	plan, _, err := run.Plan(ctx)
	if err != nil {
		return err
	}
	results, err := run.Results(ctx)
	if err != nil {
		return err
	}
	if err := a.checkResults(ctx, run, plan, results); err != nil {
		return err
	}
	if err := checkStray(ctx, run, plan); err != nil {
		return err
	}
	return a.checkTallies(ctx, run, plan)
}

// checkResults lays every result beside the exchanges that it answers, where
// the recording is at hand.
func (a *app) checkResults(ctx context.Context, run *dataset.Run, plan []dataset.Split, results map[int]bool) error {
	rec, err := run.Recording(ctx)
	if errors.Is(err, dataset.ErrNoRecording) {
		fmt.Fprintf(a.stdout, "not checked against its recording: %v\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	generations, err := run.Generations(ctx)
	if err != nil {
		return err
	}
	for _, s := range plan {
		if !results[s.Index] {
			continue
		}
		err := eachAnswer(ctx, run, rec, s, generations, exchange.RecordingSides, func(compare.Pair) error { return nil })
		if err != nil {
			return err
		}
	}
	return nil
}

// checkStray refuses results that belong to nothing: a generation may have lost
// what says that it is one.
func checkStray(ctx context.Context, run *dataset.Run, plan []dataset.Split) error {
	if len(plan) == 0 {
		return nil // which is said by whoever needs one
	}
	generations, err := run.Generations(ctx)
	if err != nil {
		return err
	}
	for _, g := range generations {
		if _, err := g.Plan(plan); err != nil {
			return err
		}
	}
	stray, err := run.Stray(ctx, plan, generations)
	if err == nil && len(stray) > 0 {
		err = fmt.Errorf("%s of %s is the result of no generation: somebody moved it here, or the document of its generation is gone", stray[0], run.Location)
	}
	return err
}

// checkTallies holds the tallies against the plan, their own outcomes, and the
// rows of the mismatch set.
func (a *app) checkTallies(ctx context.Context, run *dataset.Run, plan []dataset.Split) error {
	judgements, err := run.Judgements(ctx)
	if err != nil {
		return err
	}
	for _, j := range judgements {
		tally, err := reduce(ctx, run, j)
		if errors.Is(err, errLacks) {
			fmt.Fprintf(a.stdout, "not finished: %v\n", err)
			continue
		}
		if err != nil {
			return err
		}
		if err := checkMismatches(ctx, j, plan, keptOf(tally)); err != nil {
			return fmt.Errorf("judgement %s of %s: %w", j.Info.ID, run.Location, err)
		}
		for name, m := range tally.Models {
			if !m.Balanced() {
				return fmt.Errorf("judgement %s of %s: model %q has %d exchanges planned and %d outcomes", j.Info.ID, run.Location, name, m.Planned, m.Total())
			}
		}
	}
	return nil
}

func checkMismatches(ctx context.Context, j *dataset.Judgement, plan []dataset.Split, counted int64) error {
	var rows int64
	for _, s := range plan {
		n, err := j.MismatchRows(ctx, s)
		if err != nil {
			return err
		}
		rows += n
	}
	if rows != counted {
		return fmt.Errorf("its tallies count %d kept mismatches, and its mismatch set has %d", counted, rows)
	}
	return nil
}

// checkMismatchSet refuses a mismatch set that has lost a part: fewer would be
// sent than differed. Any other recording is passed over.
func checkMismatchSet(ctx context.Context, rec *dataset.Recording) error {
	location, id, ok := dataset.MismatchesOf(rec.Location)
	if !ok {
		return nil
	}
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return err
	}
	j, err := run.Judgement(ctx, id)
	if err != nil {
		return err
	}
	plan, _, err := run.Plan(ctx)
	if err != nil {
		return err
	}
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return err
	}
	return checkMismatches(ctx, j, plan, keptOf(tally))
}
