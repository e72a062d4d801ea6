package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

// sending is a generation of a run on its way.
type sending struct {
	what, target string
	run          *dataset.Run
	generation   int
	plan         []dataset.Split
	done         map[int]bool
	shard        dataset.Shard
	source       func(context.Context, dataset.Split) (exchange.Source, error)
	sink         func(dataset.Split) (*dataset.ResultSink, error)
	judger       *judger // judges what is committed; nil: nothing is judged as it goes
}

func (a *app) sendWith(ctx context.Context, opts replay.Options, g sending) (replayed, error) {
	if opts.Speed > 0 {
		g.plan = byTime(g.plan)
		for _, s := range (dataset.Work{Plan: g.plan, Done: g.done}).Left() { // all shards count from there
			opts.Begin = s.From
			break
		}
		for _, s := range (dataset.Work{Plan: g.plan, Done: g.done, Shard: g.shard}).Left() {
			opts.End = max(opts.End, s.To)
		}
	}
	sender, err := replay.New(opts)
	if err != nil {
		return replayed{}, err
	}
	defer sender.Close()
	if a.getenv("GOGC") == "" {
		// What waits of two splits is some 35 MiB: half as much again, not as much
		// again, may be garbage. It takes some percent of the time more.
		defer debug.SetGCPercent(debug.SetGCPercent(50))
	}
	defer a.limitMemory(replayMemory)()
	return a.send(ctx, g, sender)
}

// limitMemory says from how many bytes on the collector works harder, unless the
// environment says so. The caller ends it.
func (a *app) limitMemory(bytes int64) (end func()) {
	if a.getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	was := debug.SetMemoryLimit(bytes)
	return func() { debug.SetMemoryLimit(was) }
}

// importMemory is that of whatever fills a dataset.Importer, which holds 64 MiB and
// some more.
const importMemory = 160 << 20

// replayMemory is where the collector begins to work harder, in bytes: what is needed
// at the same time is less (make bench-memory).
const replayMemory = 224 << 20

// byTime orders splits as their first exchanges were recorded.
func byTime(plan []dataset.Split) []dataset.Split {
	return slices.SortedStableFunc(slices.Values(plan), func(a, b dataset.Split) int { return cmp.Compare(a.From, b.From) })
}

func (a *app) send(ctx context.Context, g sending, sender *replay.Sender) (replayed, error) {
	work := dataset.Work{Plan: g.plan, Shard: g.shard, Done: g.done}
	work.Begin = func(ctx context.Context, s dataset.Split) (func(), error) { return sender.Admit(ctx, s.From) }
	left := dataset.Planned(work.Left())
	if left == 0 {
		fmt.Fprintf(a.stderr, "replay: nothing is sent: all of it was sent before (%s); to ask again, choose another --out, or send a part of it --again\n", g.what)
		return replayed{}, nil
	}
	fmt.Fprintf(a.stderr, "replay: %d of %s to send, in %d of %s, to %s\n",
		left, counted(dataset.Planned(g.plan), "planned exchange"), len(work.Left()), counted(len(g.plan), "split"), g.target)
	if err := a.sayBegun(ctx, g, work.Left()); err != nil {
		return replayed{}, err
	}
	aside, err := g.judger.begin(ctx, g.done)
	if err != nil {
		return replayed{}, err
	}
	w := watchReplay(sender, aside, work.Left())
	stop := w.show(a)
	defer stop()
	_, err = dataset.EachSplit(ctx, work, func(ctx context.Context, s dataset.Split) error {
		c, err := g.sendSplit(ctx, s, sender)
		if errors.Is(err, replay.ErrOutOfTurn) { // from now on each request has a connection of its own
			c, err = g.sendSplit(ctx, s, sender)
		}
		w.ended(s, c, err)
		return err
	})
	aside.stop()
	stop()
	if err == nil {
		err = g.run.Arrived(ctx, g.generation, work.Left())
	}
	sum := w.end()
	a.sayReplayed(sum)
	if aborted, ok := errors.AsType[*replay.AbortError](err); ok {
		return sum, fmt.Errorf("replay stopped: %w; what was not complete is not kept: put it right and repeat the command to go on, or allow more by --abort-after", aborted)
	}
	return sum, errors.Join(err, sum.balanced())
}

// sayBegun counts what is sent once more, because a worker died over it.
func (a *app) sayBegun(ctx context.Context, g sending, left []dataset.Split) error {
	begun, err := g.run.Begun(ctx, g.generation)
	if err != nil {
		return err
	}
	splits, rows := 0, int64(0)
	for _, s := range left {
		if begun[s.Index] > 0 {
			splits++
			rows += s.Planned
		}
	}
	if splits > 0 {
		fmt.Fprintf(a.stderr, "replay: splits that were open when a worker ended, or are another's by now: %d; up to %s may be sent again\n", splits, counted(rows, "exchange"))
	}
	return nil
}

func (g sending) sendSplit(ctx context.Context, s dataset.Split, sender *replay.Sender) (_ replay.Counts, err error) {
	if err := g.run.Begin(ctx, g.generation, s, s.Planned); err != nil {
		return replay.Counts{}, err
	}
	src, err := g.source(ctx, s)
	if err != nil {
		return replay.Counts{}, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	sink, err := g.sink(s)
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
	for model := range counts.Reached {
		counts.Reached[model] *= max(g.shard.Count, 1) // the others may have had as many
	}
	sink.Reached(counts.Reached)
	return counts, sink.Commit(context.WithoutCancel(ctx)) // what is complete stays, whoever ends the rest
}
