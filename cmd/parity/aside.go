package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// compareAlong are the flags of replay that have it judge.
type compareAlong struct {
	compareFlags
	on bool
}

func (f *compareAlong) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.on, "compare", false, "judge each split as soon as it is committed, as compare would")
	f.compareFlags.register(cmd)
}

// validate refuses flags that would do nothing.
func (f *compareAlong) validate(cmd *cobra.Command) error {
	for _, name := range []string{"control", "max-mismatches", "statsd", "statsd-tag", "statsd-models"} {
		if !f.on && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s is of judging: add --compare, or give it to `parity compare`", name)
		}
	}
	return nil
}

// flags are nil where nothing is judged.
func (f *compareAlong) flags() *compareFlags {
	if !f.on {
		return nil
	}
	return &f.compareFlags
}

// compareAgain judges a run of which a part was sent again. No split could be
// judged before all of the generation was there: a judgement says how many
// generations it has looked at.
func (a *app) compareAgain(ctx context.Context, location string, f compareFlags, shard string) (*dataset.Judgement, error) {
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return nil, err
	}
	return a.compare(ctx, run, f, shard)
}

// aside judges splits while others are sent: one at a time, so that sending keeps
// its machine. nil does nothing.
type aside struct {
	judger *judger
	queue  chan dataset.Split // has room for all of the plan
	quit   chan struct{}
	done   chan struct{}
	failed atomic.Pointer[string] // why it has ended early
}

// begin starts judging, with what is not judged of the splits that were sent
// before.
func (g *judger) begin(ctx context.Context, sent map[int]bool) (*aside, error) {
	if g == nil {
		return nil, nil
	}
	work, err := g.left(ctx, sent)
	if err != nil {
		return nil, err
	}
	w := &aside{judger: g, queue: make(chan dataset.Split, len(g.plan)), quit: make(chan struct{}), done: make(chan struct{})}
	for _, s := range work.Left() {
		w.queue <- s
	}
	go w.work(ctx)
	return w, nil
}

// work judges until there is an error: sending is worth more than a judgement
// that can be made later, so that it does not end for one. What is left is judged
// when all is sent, and what is wrong comes up then.
func (w *aside) work(ctx context.Context) {
	defer close(w.done)
	for ctx.Err() == nil {
		select {
		case <-w.quit:
			return
		default:
		}
		select {
		case <-w.quit:
			return
		case s := <-w.queue:
			if err := w.judger.one(ctx, s); err != nil && !errors.Is(err, exchange.ErrExists) {
				why := err.Error()
				w.failed.Store(&why)
				return
			}
		}
	}
}

// take has a split judged that is committed.
func (w *aside) take(s dataset.Split) {
	if w != nil {
		w.queue <- s
	}
}

// stop waits for the split that is being judged.
func (w *aside) stop() {
	if w != nil {
		close(w.quit)
		<-w.done
	}
}

func (w *aside) view() (v judgedView) {
	if w == nil {
		return v
	}
	v = judgedView{on: true, pairs: w.judger.pairs.Load(), mismatches: w.judger.mismatches.Load()}
	if why := w.failed.Load(); why != nil {
		v.stopped = *why
	}
	return v
}
