package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/telemetry"
)

func (a *app) compareCommand() *cobra.Command {
	var shard string
	cmd := &cobra.Command{
		Use:   "compare RUN",
		Short: "Judge a run: find what differs, write tallies and the mismatch set",
		Long: `Judge a run under the rules of the config's compare section. Nothing is sent.

The judgement lies in the run, named for its rules: other rules make another
judgement beside it, the same rules find it done. What differs becomes the
mismatch set RUN/mismatches, a recording that replay takes.`,
		Example: `  parity compare run
  parity compare run --config strict.yaml
  parity compare s3://bucket/run --shard 0/8`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := dataset.OpenRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			_, err = a.compare(cmd.Context(), run, shard)
			return err
		},
	}
	cmd.Flags().StringVar(&shard, "shard", "", "do only part `I/N` of the splits, counting from 0")
	return cmd
}

// compare judges what is not judged yet and returns the judgement.
func (a *app) compare(ctx context.Context, run *dataset.Run, shardFlag string) (*dataset.Judgement, error) {
	shard, err := a.shard(shardFlag)
	if err != nil {
		return nil, err
	}
	judge, info, err := a.judge()
	if err != nil {
		return nil, err
	}
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return nil, err
	}
	results, err := run.Results(ctx)
	if err != nil {
		return nil, err
	}
	j, err := run.CreateJudgement(ctx, info)
	if err != nil {
		return nil, err
	}
	judged, err := j.Judged(ctx)
	if err != nil {
		return nil, err
	}
	var sent []dataset.Split
	for _, s := range plan {
		if results[s.Index] {
			sent = append(sent, s)
		}
	}
	work := dataset.Work{Plan: sent, Shard: shard, Done: judged, Parallel: runtime.GOMAXPROCS(0)}
	left := dataset.Planned(work.Left())
	var pairs, mismatches atomic.Int64
	stop := telemetry.Watch(a.stderr, func() string {
		return fmt.Sprintf("compare: %d of %d exchanges judged, %d mismatches", pairs.Load(), left, mismatches.Load())
	})
	defer stop()
	worked, err := dataset.EachSplit(ctx, work, func(ctx context.Context, s dataset.Split) error {
		t, err := judgeSplit(ctx, rec, run, j, s, judge)
		if err != nil {
			return err
		}
		pairs.Add(s.Planned)
		mismatches.Add(mismatchesOf(t))
		return j.PutTally(ctx, s, t)
	})
	stop()
	if err != nil {
		return nil, err
	}
	a.sayCompared(j, worked, mismatches.Load(), len(judged)+int(worked.Existed), len(plan)-len(sent))
	return j, nil
}

// judge reads the rules and says which judgement they make.
func (a *app) judge() (*compare.Judge, dataset.JudgementInfo, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, dataset.JudgementInfo{}, err
	}
	judge, err := compare.NewJudge(cfg.Compare)
	if err != nil {
		return nil, dataset.JudgementInfo{}, err
	}
	canonical, err := cfg.Compare.Canonical()
	if err != nil {
		return nil, dataset.JudgementInfo{}, err
	}
	rules, err := json.Marshal(canonical)
	return judge, dataset.JudgementInfo{
		ID: dataset.JudgementID(compare.Version, rules), Created: time.Now().UTC().Truncate(time.Millisecond),
		Version: version(), JudgeVersion: compare.Version, Rules: rules,
	}, err
}

// openPlanned opens a run's plan and the recording that it is about.
func openPlanned(ctx context.Context, run *dataset.Run) ([]dataset.Split, *dataset.Recording, error) {
	plan, err := planOf(ctx, run)
	if err != nil {
		return nil, nil, err
	}
	rec, err := dataset.OpenRecording(ctx, run.Info.Recording)
	return plan, rec, err
}

func planOf(ctx context.Context, run *dataset.Run) ([]dataset.Split, error) {
	plan, ok, err := run.Plan(ctx)
	if err == nil && !ok {
		err = fmt.Errorf("run %s has no plan yet: repeat the `parity replay` that began it", run.Location)
	}
	return plan, err
}

// judgeSplit judges one split and commits its mismatches. The tally is the
// caller's to commit, afterwards.
func judgeSplit(ctx context.Context, rec *dataset.Recording, run *dataset.Run, j *dataset.Judgement, s dataset.Split, judge *compare.Judge) (_ *compare.Tally, err error) {
	ref, err := rec.Source(ctx, s, exchange.RequestSide|exchange.ReferenceSide)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ref.Close()) }()
	cand, err := run.ResultSource(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cand.Close()) }()
	out, err := j.MismatchSink(s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	t, err := judge.Split(ctx, compare.SplitInput{Reference: ref, Candidate: cand, Selection: run.Info.Selection, Mismatches: out})
	if err != nil || mismatchesOf(t) == 0 {
		return t, err
	}
	if err := out.Commit(ctx); err != nil && !errors.Is(err, exchange.ErrExists) {
		return nil, err
	}
	return t, nil
}

func mismatchesOf(t *compare.Tally) (n int64) {
	for _, m := range t.Models {
		n += m.Mismatch
	}
	return n
}

func (a *app) sayCompared(j *dataset.Judgement, w dataset.Worked, mismatches int64, already, unsent int) {
	fmt.Fprintf(a.stderr, "compare: judgement %s: ", j.Info.ID)
	switch {
	case w.Made == 0 && already > 0:
		fmt.Fprintf(a.stderr, "nothing is left to judge under these rules")
	case already > 0:
		fmt.Fprintf(a.stderr, "%d mismatches in what was left to judge", mismatches)
	default:
		fmt.Fprintf(a.stderr, "%d mismatches", mismatches)
	}
	if unsent > 0 {
		fmt.Fprintf(a.stderr, "; %d splits are not sent yet", unsent)
	}
	fmt.Fprintln(a.stderr)
}
