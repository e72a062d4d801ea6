package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

// replayFlags are the flags of replay, which run has too.
type replayFlags struct {
	target, out, shard string
	again              againFlags
	howFast            howFastFlags
	selection          selectionFlags
	dry                dryFlags
	try                int // exchanges; 0: a run is written
}

func (f *replayFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.target, "target", "", "`URL` of the new endpoint, or a target's name in the config; {model} is filled in")
	cmd.Flags().StringVar(&f.out, "out", "", "the `RUN` to write: a folder or s3://bucket/prefix")
	f.howFast.register(cmd)
	f.selection.register(cmd)
	cmd.MarkFlagRequired("target")
	cmd.MarkFlagRequired("out")
}

func (a *app) replayCommand() *cobra.Command {
	var f replayFlags
	var how compareAlong
	cmd := &cobra.Command{
		Use:   "replay RECORDING --target TARGET --out RUN",
		Short: "Send recorded requests to a new endpoint and keep its answers",
		Long: `Send the requests of a recording to a new endpoint and keep its answers as a run.

Every request carries X-Parity-Run and X-Parity-Exchange, so that the new service
can keep replayed traffic from having effects. What is to be sent is frozen in the
run's plan by the first worker, which prints it; the same command again goes on
where it stopped. --dry-run prints the whole plan, model by model, and sends nothing.
A request that gets no answer is a row with the class of its failure.

With --try N a few exchanges are sent, one after the other, and shown: the request
as it was recorded and as the target's mapping makes it, the answer as it came and
as it is mapped, the recorded one, and the verdict. Nothing is written.

With --again a RUN is named, and a part of it is sent again to its target, as the
run's next generation: what got no answer (unavailable), what differed in its
latest judgement (mismatched), or exchanges by their ids or their sources'. What
was answered before stays as evidence. What then matches, sent one request at a
time, is marked as concurrency-sensitive by the next compare. A target that was
changed since needs a run of its own instead.

With --compare, each split is judged as soon as it is committed, one at a time, as
compare with the same flags and config would do it later. What is sent again is
judged when all of it is sent.`,
		Example: `  parity replay recording --target http://127.0.0.1:9000 --out run
  parity replay s3://bucket/recording --target 'https://new.example/{model}/invocations' --rate 50/s --out s3://bucket/run
  parity replay recording --target new --config parity.yaml --try 3        # whether its mappings do what they should
  parity replay recording --target http://127.0.0.1:9000 --model 'spam-*' --sample 10% --out run-spam
  parity replay recording --target http://127.0.0.1:9000 --rate 50/s --dry-run         # what would be sent, and how long it takes
  parity replay recording --target http://127.0.0.1:9000 --max-requests 1000 --out run1k
  parity replay recording --target http://127.0.0.1:9000 --status 2xx --version '3.*' --out run3
  parity replay recording --target http://127.0.0.1:9000 --ids ids.txt --out run-few
  parity replay run/mismatches --target http://127.0.0.1:9000 --out run2   # only what differed
  parity replay run/mismatches --signature '$.scores[*].value number' --target http://127.0.0.1:9000 --out run3
  parity replay recording --target http://127.0.0.1:9000 --out run --compare --config parity.yaml   # judge as it goes
  parity replay run --again unavailable
  parity replay run --again mismatched --concurrency 1   # whether it is the load
  parity replay run --again r00012 --again r00017`,
		Args:   cobra.ExactArgs(1),
		PreRun: f.require,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.replayAs(cmd, args[0], f, how)
		},
	}
	f.register(cmd)
	f.dry.register(cmd)
	how.register(cmd)
	cmd.Flags().StringVar(&f.shard, "shard", "", "do only part `I/N` of the splits, counting from 0")
	cmd.Flags().IntVar(&f.try, "try", 0, "send `N` exchanges, of different models as far as there are such, show what became of them, and write nothing")
	cmd.Flags().StringArrayVar(&f.again.what, "again", nil, "send a part of a RUN again, into it: unavailable, mismatched, or the exchange with this `ID`, which may be repeated")
	return cmd
}

// require leaves a flag out that is not needed: where a RUN is sent again it says
// both, and where none is written there is no --out.
func (f *replayFlags) require(cmd *cobra.Command, _ []string) {
	for _, name := range []string{"target", "out"} {
		if len(f.again.what) > 0 || name == "out" && (f.dry.run || cmd.Flags().Changed("try")) {
			cmd.Flags().SetAnnotation(name, cobra.BashCompOneRequiredFlag, []string{"false"})
		}
	}
}

// replayAs does what the flags ask for: a few exchanges, a plan, a run, or a part
// of one again.
func (a *app) replayAs(cmd *cobra.Command, what string, f replayFlags, how compareAlong) error {
	ctx := cmd.Context()
	if cmd.Flags().Changed("try") {
		if err := refuseWithTry(cmd, f.try); err != nil {
			return err
		}
		return a.try(ctx, what, f)
	}
	if err := f.dry.validate(); err != nil {
		return err
	}
	if f.dry.run && len(f.again.what) == 0 {
		return a.dryRun(ctx, what, f)
	}
	if err := how.validate(cmd); err != nil {
		return err
	}
	if len(f.again.what) == 0 {
		s, err := a.replay(ctx, what, f, how.flags())
		return a.sayNext(s, err)
	}
	if err := refuseWithAgain(cmd); err != nil {
		return err
	}
	s, err := a.replayAgain(ctx, what, f)
	if err == nil && how.on {
		s.judgement, err = a.compareAgain(ctx, what, how.compareFlags, f.shard)
	}
	return a.sayNext(s, err)
}

// replay sends what is left of a run's plan. With how it is judged as it goes.
func (a *app) replay(ctx context.Context, recording string, f replayFlags, how *compareFlags) (s sent, err error) {
	opts, shard, err := a.replayOptions(f)
	if err != nil {
		return s, err
	}
	rec, err := dataset.OpenRecording(ctx, recording)
	if err != nil {
		return s, err
	}
	p, err := a.plan(ctx, rec, f, opts)
	if err != nil {
		return s, err
	}
	s.run, s.shard, opts.RunID = p.run, shard, p.run.Info.ID
	run := p.run
	done, err := run.Results(ctx)
	if err != nil {
		return s, err
	}
	var judge *judger
	if how != nil {
		if judge, err = a.judger(ctx, run, *how, shard); err != nil {
			return s, err
		}
		defer a.closeMetrics(judge.how.stats)
	}
	s.replayed, err = a.sendWith(ctx, opts, sending{
		run: run, what: "run begun " + run.Info.Created.Format(time.DateTime), target: run.Info.Target, plan: p.splits, done: done, shard: shard,
		source: func(ctx context.Context, s dataset.Split) (exchange.Source, error) {
			return p.rec.Requests(ctx, s)
		},
		sink:   func(s dataset.Split) (*dataset.ResultSink, error) { return run.ResultSink(s, inFlight(opts, shard)) },
		judger: judge,
	})
	if err == nil && judge != nil {
		s.judgement, err = judge.rest(ctx)
	}
	return s, err
}

// inFlight is how many requests an endpoint may see at a time, from all shards.
func inFlight(opts replay.Options, shard dataset.Shard) int {
	most := cmp.Or(opts.Concurrency, replay.DefaultConcurrency)
	return min(most, cmp.Or(opts.PerEndpoint, most)) * max(shard.Count, 1)
}

// replayOptions reads everything that can be wrong before anything is opened.
func (a *app) replayOptions(f replayFlags) (replay.Options, dataset.Shard, error) {
	cfg, err := a.config()
	if err != nil {
		return replay.Options{}, dataset.Shard{}, err
	}
	name, err := targetNamed(cfg, f.target)
	if err != nil {
		return replay.Options{}, dataset.Shard{}, err
	}
	target := cfg.Targets[name]
	opts := target.Options()
	opts.Target, opts.Mapping.Place = cmp.Or(target.URL, f.target), mappingPlace(name)
	if err := f.howFast.apply(&opts); err != nil {
		return opts, dataset.Shard{}, err
	}
	if err := a.variables(&opts); err != nil {
		return opts, dataset.Shard{}, err
	}
	if opts.Headers, err = target.Header(a.getenv); err != nil {
		return opts, dataset.Shard{}, fmt.Errorf("target %s: %w", name, err)
	}
	if opts.Names, err = a.endpointNames(target); err != nil {
		return opts, dataset.Shard{}, fmt.Errorf("target %s: %w", name, err)
	}
	if opts.TLS, err = a.tlsOf(target); err != nil {
		return opts, dataset.Shard{}, fmt.Errorf("target %s: %w", name, err)
	}
	if opts.Selection, err = f.selection.selection(a.stdin); err != nil {
		return opts, dataset.Shard{}, err
	}
	shard, err := a.shard(f.shard)
	if err != nil {
		return opts, shard, err
	}
	shareRates(&opts, shard)
	opts.RunID = exchange.NewID(time.Now()).String()
	if err := opts.Validate(); err != nil {
		if target.URL == "" && !strings.Contains(f.target, "://") {
			err = fmt.Errorf("--target %s is neither a URL nor a target of the config (it has %s): a URL begins with http:// or https://", f.target, someKeys(cfg.Targets))
		}
		return opts, shard, err
	}
	return opts, shard, nil
}

// variables are what the target's query takes from the environment, so that a secret
// is neither kept with the run nor shown.
func (a *app) variables(opts *replay.Options) error {
	for _, name := range replay.References(opts.Target) {
		value := a.getenv(name)
		if value == "" {
			return fmt.Errorf("the target's query needs %s from the environment: set it", name)
		}
		if opts.Variables == nil {
			opts.Variables = map[string]string{}
		}
		opts.Variables[name] = value
	}
	return replay.CheckSecrets(opts.Target)
}

func someKeys[V any](m map[string]V) string {
	if len(m) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
