package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

// againFlags say what is sent again.
type againFlags struct {
	what      []string
	judgement string // of "mismatched"; "" is that of the config's rules, or the latest
}

// mismatched says that a mismatch set is sent.
func mismatched(what []string) bool { return slices.Equal(what, []string{dataset.Mismatched}) }

// sorted holds the words apart from ids, which stand beside each other.
func (f againFlags) sorted() ([]string, error) {
	what := slices.Compact(slices.Sorted(slices.Values(f.what)))
	for _, w := range what {
		switch {
		case w == "":
			return nil, fmt.Errorf(`--again "": write unavailable, mismatched, or an exchange's id`)
		case len(what) > 1 && (w == dataset.Unavailable || w == dataset.Mismatched):
			return nil, fmt.Errorf("--again %s stands alone: a generation holds the unavailable, or the mismatched, or the exchanges with the ids given", w)
		}
	}
	return what, nil
}

// refuseWithAgain names the first flag that says what --again says already.
func refuseWithAgain(cmd *cobra.Command) error {
	for _, name := range append([]string{"out", "dry-run"}, selectionNames...) {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s does not go with --again, which writes into the run that it names, and chooses from it: leave --%s out", name, name)
		}
	}
	return nil
}

// replayAgain sends what is left of the run's open generation, or of the next
// one, and says where there is nothing to send.
func (a *app) replayAgain(ctx context.Context, location string, f replayFlags) (s sent, err error) {
	what, err := f.again.sorted()
	if err != nil {
		return s, err
	}
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return s, err
	}
	opts, shard, err := a.againOptions(run, f)
	if err != nil {
		return s, err
	}
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return s, err
	}
	if err := checkComplete(ctx, run, plan); err != nil {
		return s, err
	}
	all, err := run.Generations(ctx)
	if err != nil {
		return s, err
	}
	c := chooser{run: run, rec: rec, plan: plan, before: dataset.Complete(all), what: what}
	g, err := a.openGeneration(ctx, c, all, f.again.judgement)
	if err != nil || g == nil {
		return s, err
	}
	if c.judgement, err = judgementOf(ctx, run, g); err != nil {
		return s, err
	}
	part, err := g.Plan(plan)
	if err != nil {
		return s, err
	}
	s.run, s.shard = run, shard
	s.replayed, err = a.sendWith(ctx, opts, sending{
		run: run, generation: g.Info.Number, what: "generation " + g.Name() + " of " + run.Location, target: run.Info.Target, plan: part, done: g.Sent, shard: shard,
		source: func(ctx context.Context, s dataset.Split) (exchange.Source, error) { return c.source(ctx, s) },
		sink:   func(s dataset.Split) (*dataset.ResultSink, error) { return g.Sink(s, inFlight(opts, shard)) },
	})
	return s, err
}

// againOptions are as for the run's first generation: same target, selection and
// marker. How fast it is sent may differ.
func (a *app) againOptions(run *dataset.Run, f replayFlags) (replay.Options, dataset.Shard, error) {
	cfg, err := a.config()
	if err != nil {
		return replay.Options{}, dataset.Shard{}, err
	}
	name, err := targetOf(cfg, run.Info)
	if err != nil && f.target == "" {
		return replay.Options{}, dataset.Shard{}, err
	}
	f.target = cmp.Or(f.target, name, run.Info.Target)
	f.selection = selectionFlags{} // of a recheck, which may come from a stdin that is read
	opts, shard, err := a.replayOptions(f)
	if err != nil {
		return opts, shard, err
	}
	if opts.Target != run.Info.Target {
		return opts, shard, fmt.Errorf("--target %s is %s, and run %s was sent to %s: leave --target out, or replay the recording into another --out",
			f.target, opts.Target, run.Location, run.Info.Target)
	}
	if opts.Names != nil { // else the config says nothing of it
		if err := run.SameNames(opts.Names); err != nil {
			return opts, shard, err
		}
	}
	if known, _ := targetNamed(cfg, f.target); known == "" { // the config says nothing of it
		if opts.Mapping, err = requests(run); err != nil {
			return opts, shard, err
		}
	}
	if now, then := opts.Mapping.JSON(), run.Info.RequestMapping; !bytes.Equal(now, then) {
		return opts, shard, fmt.Errorf("run %s was begun with request mapping %s, and the config has %s for its target now: bring that back, or replay the recording into another --out",
			run.Location, mappingWords(then), mappingWords(now))
	}
	opts.RunID, opts.Selection, opts.Names = run.Info.ID, run.Info.Selection, run.Info.Names
	return opts, shard, nil
}

// checkComplete wants every split sent once before anything is sent again.
func checkComplete(ctx context.Context, run *dataset.Run, plan []dataset.Split) error {
	sent, err := run.Results(ctx)
	if err != nil {
		return err
	}
	if n := len(dataset.Work{Plan: plan, Done: sent}.Left()); n > 0 {
		return fmt.Errorf("run %s is not complete: %d of %d splits are not sent yet; repeat the `parity replay` that began it, then send again", run.Location, n, len(plan))
	}
	return nil
}
