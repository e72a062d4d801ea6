package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store"
)

// compareFlags are those of every verb that judges.
type compareFlags struct {
	control       string
	maxMismatches int
	metrics       metricsFlags
}

func (f *compareFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.control, "control", "", "what the old system differs from itself in is noise: a `RUN` of the same recording against the old system, or the recording, for its repeated requests")
	cmd.Flags().IntVar(&f.maxMismatches, "max-mismatches", 0, "keep at most `N` mismatches for each model and signature of a split; counts stay exact (default: all)")
	f.metrics.register(cmd)
}

func (a *app) compareCommand() *cobra.Command {
	var f compareFlags
	var shard string
	var suggest bool
	cmd := &cobra.Command{
		Use:   "compare RUN",
		Short: "Judge a run: find what differs, write tallies and the mismatch set",
		Long: `Judge a run under the rules of the config's compare section. Nothing is sent. The
config's mapping of answers for the run's target is applied first, to the
candidate's answers as they came.

The judgement lies in the run, named for its rules: other rules make another
judgement beside it, the same rules find it done. What differs becomes the
mismatch set RUN/mismatches, a recording that replay takes.

With a --control, differences that the old system shows against itself are noise
and no mismatches. With --suggest, rules are printed that would make the models
pass, for a person to judge; nothing is applied.`,
		Example: `  parity compare run
  parity compare run --config strict.yaml
  parity compare run --control run-against-the-old-system
  parity compare run --control recording           # by what was asked twice
  parity compare run --suggest > suggested.yaml
  parity compare s3://bucket/run --shard 0/8 --statsd unix:///var/run/datadog/dsd.socket`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := dataset.OpenRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			j, err := a.compare(cmd.Context(), run, f, shard)
			if err != nil || !suggest {
				return err
			}
			return a.suggest(cmd.Context(), run, j)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&shard, "shard", "", "do only part `I/N` of the splits, counting from 0")
	cmd.Flags().BoolVar(&suggest, "suggest", false, "print rules that would make the models pass, as YAML")
	return cmd
}

// compare judges what is not judged yet and returns the judgement.
func (a *app) compare(ctx context.Context, run *dataset.Run, f compareFlags, shardFlag string) (*dataset.Judgement, error) {
	shard, err := a.shard(shardFlag)
	if err != nil {
		return nil, err
	}
	g, err := a.judger(ctx, run, f, shard)
	if err != nil {
		return nil, err
	}
	defer a.closeMetrics(g.how.stats)
	return g.rest(ctx)
}

// judger is what judges a run by the config's rules and the flags. The control is
// judged first.
func (a *app) judger(ctx context.Context, run *dataset.Run, f compareFlags, shard dataset.Shard) (*judger, error) {
	rules, err := a.rules()
	if err != nil {
		return nil, err
	}
	stats, err := f.metrics.open(a)
	if err != nil {
		return nil, err
	}
	noise, err := a.noise(ctx, run, f.control, shard, rules)
	if err != nil {
		return nil, err
	}
	control, err := store.Absolute(f.control)
	if f.control == "" || err != nil {
		control = f.control
	}
	return a.newJudger(ctx, run, judging{rules: rules, noise: noise, control: control, maxMismatches: f.maxMismatches, shard: shard, stats: stats})
}

// judging is how a run is judged.
type judging struct {
	rules         compare.Rules
	noise         *compare.Profile // nil: no control
	control       string           // where noise is from
	maxMismatches int
	shard         dataset.Shard
	stats         *metrics // nil: not sent
}

// judgeRun judges what is left of a run's splits.
func (a *app) judgeRun(ctx context.Context, run *dataset.Run, how judging) (*dataset.Judgement, error) {
	if a.getenv("GOGC") == "" {
		// What judging makes lives as long as a split: to collect it half as often
		// takes some 10 MiB more and some percent of the time less.
		defer debug.SetGCPercent(debug.SetGCPercent(200))
	}
	g, err := a.newJudger(ctx, run, how)
	if err != nil {
		return nil, err
	}
	return g.rest(ctx)
}

// rules are the config's.
func (a *app) rules() (compare.Rules, error) {
	cfg, err := a.config()
	return cfg.Compare, err
}

func judgementInfo(how judging) (dataset.JudgementInfo, error) {
	canonical, err := how.rules.Canonical()
	if err != nil {
		return dataset.JudgementInfo{}, err
	}
	rules, err := json.Marshal(canonical)
	return dataset.JudgementInfo{
		Created: time.Now().UTC().Truncate(time.Millisecond), Version: version(), JudgeVersion: compare.Version,
		Rules: rules, MaxMismatches: how.maxMismatches, Control: how.control,
	}, err
}

// openPlanned opens a run's plan and the recording that it is about.
func openPlanned(ctx context.Context, run *dataset.Run) ([]dataset.Split, *dataset.Recording, error) {
	plan, err := planOf(ctx, run)
	if err != nil {
		return nil, nil, err
	}
	rec, err := run.Recording(ctx)
	return plan, rec, err
}

func planOf(ctx context.Context, run *dataset.Run) ([]dataset.Split, error) {
	plan, ok, err := run.Plan(ctx)
	if err == nil && !ok {
		err = fmt.Errorf("run %s has no plan yet: repeat the `parity replay` that began it", run.Location)
	}
	return plan, err
}

func mismatchesOf(t *compare.Tally) (n int64) {
	for _, m := range t.Models {
		n += m.Mismatch
	}
	return n
}

// keptOf counts the rows of the mismatch set.
func keptOf(t *compare.Tally) (n int64) {
	for _, m := range t.Models {
		n += m.Kept
	}
	return n
}
