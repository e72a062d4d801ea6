package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/telemetry"
	"github.com/modelparity/parity/replay"
)

// replayFlags are the flags of replay, which run has too.
type replayFlags struct {
	target, out, rate, shard string
	concurrency              int
	timeout                  time.Duration
	selection                selectionFlags
}

func (f *replayFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.target, "target", "", "`URL` of the new endpoint, or a target's name in the config; {model} is filled in")
	cmd.Flags().StringVar(&f.out, "out", "", "the `RUN` to write: a folder or s3://bucket/prefix")
	cmd.Flags().IntVar(&f.concurrency, "concurrency", 0, "requests in flight at a time (default 16)")
	cmd.Flags().StringVar(&f.rate, "rate", "", "send at most this many requests a second, as in 50 or 50/s (default: as fast as it goes)")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "for one request (default 1m)")
	f.selection.register(cmd)
	cmd.MarkFlagRequired("target")
	cmd.MarkFlagRequired("out")
}

func (a *app) replayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:   "replay RECORDING --target TARGET --out RUN",
		Short: "Send recorded requests to a new endpoint and keep its answers",
		Long: `Send the requests of a recording to a new endpoint and keep its answers as a run.

Every request carries X-Parity-Run and X-Parity-Exchange, so that the new service
can keep replayed traffic from having effects. What is to be sent is frozen in the
run's plan by the first worker; the same command again goes on where it stopped.
A request that gets no answer is a row with the class of its failure.`,
		Example: `  parity replay recording --target http://127.0.0.1:9000 --out run
  parity replay s3://bucket/recording --target 'https://new.example/{model}/invocations' --rate 50/s --out s3://bucket/run
  parity replay recording --target http://127.0.0.1:9000 --model 'spam-*' --sample 10% --out run-spam
  parity replay run/mismatches --target http://127.0.0.1:9000 --out run2   # only what differed`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := a.replay(cmd.Context(), args[0], f)
			return err
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.shard, "shard", "", "do only part `I/N` of the splits, counting from 0")
	return cmd
}

// replay sends what is left of a run's plan and returns the run.
func (a *app) replay(ctx context.Context, recording string, f replayFlags) (*dataset.Run, error) {
	opts, shard, err := a.replayOptions(f)
	if err != nil {
		return nil, err
	}
	rec, err := dataset.OpenRecording(ctx, recording)
	if err != nil {
		return nil, err
	}
	run, plan, err := a.plan(ctx, rec, f.out, opts)
	if err != nil {
		return nil, err
	}
	opts.RunID = run.Info.ID
	sender, err := replay.New(opts)
	if err != nil {
		return nil, err
	}
	defer sender.Close()
	return run, a.send(ctx, rec, run, plan, shard, sender)
}

// replayOptions reads everything that can be wrong before anything is opened.
func (a *app) replayOptions(f replayFlags) (replay.Options, dataset.Shard, error) {
	cfg, err := a.config()
	if err != nil {
		return replay.Options{}, dataset.Shard{}, err
	}
	target := cfg.Targets[f.target]
	opts := replay.Options{
		Target:      cmp.Or(target.URL, f.target),
		Concurrency: cmp.Or(f.concurrency, target.Concurrency),
		Timeout:     cmp.Or(f.timeout, target.Timeout),
	}
	if opts.Headers, err = target.Header(a.getenv); err != nil {
		return opts, dataset.Shard{}, fmt.Errorf("target %s: %w", f.target, err)
	}
	if opts.Rate, err = parseRate(f.rate); err != nil {
		return opts, dataset.Shard{}, err
	}
	if opts.Selection, err = f.selection.selection(); err != nil {
		return opts, dataset.Shard{}, err
	}
	shard, err := a.shard(f.shard)
	if err != nil {
		return opts, shard, err
	}
	if opts.Rate > 0 && shard.Count > 1 { // a sharded worker takes its share
		opts.Rate /= float64(shard.Count)
	}
	opts.RunID = exchange.NewID(time.Now()).String()
	if err := opts.Validate(); err != nil {
		if target.URL == "" && !strings.Contains(f.target, "://") {
			err = fmt.Errorf("--target %s is neither a URL nor a target of the config (it has %s)", f.target, someKeys(cfg.Targets))
		}
		return opts, shard, err
	}
	return opts, shard, nil
}

// replayLine is the progress of a replay.
func replayLine(sender *replay.Sender, planned int64) string {
	p := sender.Progress()
	return fmt.Sprintf("replay: %s %d sent of %d, %d in flight, %d failed", telemetry.Bar(p.Sent, planned), p.Sent, planned, p.InFlight, p.Failed)
}

func someKeys[V any](m map[string]V) string {
	if len(m) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}

func parseRate(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	rate, err := strconv.ParseFloat(strings.TrimSuffix(text, "/s"), 64)
	if err != nil || !(rate > 0) || math.IsInf(rate, 0) {
		return 0, fmt.Errorf("--rate %q: write requests a second, as in 50 or 50/s", text)
	}
	return rate, nil
}

// openSplits is how many splits are sent side by side, so that the last slow
// answers of one don't hold up the next.
const openSplits = 2

func (a *app) send(ctx context.Context, rec *dataset.Recording, run *dataset.Run, plan []dataset.Split, shard dataset.Shard, sender *replay.Sender) error {
	done, err := run.Results(ctx)
	if err != nil {
		return err
	}
	work := dataset.Work{Plan: plan, Shard: shard, Done: done, Parallel: openSplits}
	left := dataset.Planned(work.Left())
	if left == 0 {
		fmt.Fprintf(a.stderr, "replay: nothing is sent: all of it was sent before (run begun %s); to ask again, choose another --out\n",
			run.Info.Created.Format(time.DateTime))
		return nil
	}
	fmt.Fprintf(a.stderr, "replay: %d of %d planned exchanges to send, in %d of %d splits, to %s\n",
		left, dataset.Planned(plan), len(work.Left()), len(plan), run.Info.Target)
	var mu sync.Mutex
	var counts replay.Counts
	stop := telemetry.Watch(a.stderr, func() string { return replayLine(sender, left) })
	defer stop()
	worked, err := dataset.EachSplit(ctx, work, func(ctx context.Context, s dataset.Split) error {
		c, err := sendSplit(ctx, rec, run, s, sender)
		if err == nil {
			mu.Lock()
			counts.Add(c)
			mu.Unlock()
		}
		return err
	})
	stop()
	if err != nil {
		return err
	}
	a.sayReplayed(counts, worked)
	return nil
}

func sendSplit(ctx context.Context, rec *dataset.Recording, run *dataset.Run, s dataset.Split, sender *replay.Sender) (_ replay.Counts, err error) {
	src, err := rec.Source(ctx, s, exchange.RequestSide)
	if err != nil {
		return replay.Counts{}, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	sink, err := run.ResultSink(s)
	if err != nil {
		return replay.Counts{}, err
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	counts, err := sender.Split(ctx, src, sink)
	if err != nil {
		return counts, err
	}
	if counts.Planned != s.Planned {
		return counts, fmt.Errorf("%d exchanges were met and %d planned: the recording was changed since", counts.Planned, s.Planned)
	}
	return counts, sink.Commit(ctx)
}

func (a *app) sayReplayed(c replay.Counts, w dataset.Worked) {
	fmt.Fprintf(a.stderr, "replay: planned %d = answered %d + failed %d%s + skipped %d%s", c.Planned, c.Answered,
		total(c.Failed), byReason(c.Failed), total(c.Skipped), byReason(c.Skipped))
	if w.Existed > 0 {
		fmt.Fprintf(a.stderr, "; another worker was first with %d splits", w.Existed)
	}
	fmt.Fprintln(a.stderr)
}

func total(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// byReason lists counts as " (timeout 3, reset 1)", most first.
func byReason(counts map[string]int64) string {
	if len(counts) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", printable(name), counts[name])
	}
	return " (" + strings.Join(names, ", ") + ")"
}
