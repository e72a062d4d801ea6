// Command chaos drives the real binary through its whole path, captures, replays
// and compares, and breaks things meanwhile: it kills processes with -9, damages
// what lies on the disk, fills it, and has the store and the endpoints fail. After
// each round a checker of its own, which shares no code with Parity, holds what the
// clients really sent and got against what the datasets say.
//
// The seed chooses the faults of each round, so `-seed S -round N` makes one again;
// when in the round each of them hits depends on the machine.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("chaos: ")
	var o options
	flag.DurationVar(&o.time, "time", 2*time.Minute, "begin rounds for so long")
	flag.Uint64Var(&o.seed, "seed", 1, "chooses the faults")
	flag.IntVar(&o.round, "round", -1, "make this one round alone")
	flag.IntVar(&o.flips, "flips", 60, "flip a single bit so often in each kind of object, at the end")
	flag.BoolVar(&o.keep, "keep", false, "keep the datasets of a round that failed")
	flag.StringVar(&o.parity, "parity", "bin/parity", "the binary")
	flag.StringVar(&o.gateway, "versitygw", ".cache/bin/versitygw", "the S3 server")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	time            time.Duration
	seed            uint64
	round, flips    int
	keep            bool
	parity, gateway string
}

func (o *options) run(ctx context.Context) (err error) {
	if o.parity, err = filepath.Abs(o.parity); err != nil {
		return err
	}
	total := newTotals()
	began := time.Now()
	for n := 0; time.Since(began) < o.time && ctx.Err() == nil; n++ {
		if o.round >= 0 {
			n, o.time = o.round, 0
		}
		if err := o.one(ctx, n, total); err != nil {
			total.print()
			return fmt.Errorf("round %d: %w\nfaults alike: go run ./chaos -seed %d -round %d", n, err, o.seed, n)
		}
	}
	if o.round < 0 && ctx.Err() == nil {
		if err := o.flipBits(ctx, total); err != nil {
			total.print()
			return err
		}
	}
	total.print()
	return ctx.Err()
}

// one makes a round in a folder of its own. Every other one is on S3.
func (o *options) one(ctx context.Context, n int, total *totals) (err error) {
	dir, err := os.MkdirTemp("", "parity-chaos-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil && o.keep {
			log.Printf("kept %s", dir)
			return
		}
		os.RemoveAll(dir)
	}()
	r := &round{options: o, rng: rand.New(rand.NewPCG(o.seed, uint64(n))), dir: dir, totals: total, name: fmt.Sprintf("r%d", n)}
	if r.place, err = r.openPlace(ctx, n%2 == 1); err != nil {
		return err
	}
	defer r.place.close()
	return r.run(ctx)
}

// round is one way from clients to a verdict.
type round struct {
	*options
	*totals
	rng   *rand.Rand
	dir   string
	name  string
	place *place
}

func (r *round) run(ctx context.Context) error {
	r.rounds++
	live, err := r.capture(ctx)
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	rows, err := r.checkCapture(ctx, live)
	if err != nil {
		return fmt.Errorf("the recording: %w", err)
	}
	if err := r.replay(ctx); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	results, err := r.checkReplay(rows)
	if err != nil {
		return fmt.Errorf("the run: %w", err)
	}
	if err := r.compare(ctx); err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	if err := r.checkCompare(ctx, rows, results); err != nil {
		return fmt.Errorf("the judgement: %w", err)
	}
	log.Printf("%s, %s: %d exchanges are told of truly, whatever failed: %d kills, %d other faults so far", r.name, r.place, len(rows), r.kills, r.others())
	return nil
}

// chance is true with the probability p.
func (r *round) chance(p float64) bool { return r.rng.Float64() < p }

// between is a time between two, in milliseconds.
func (r *round) between(from, to int) time.Duration {
	return time.Duration(from+r.rng.IntN(to-from)) * time.Millisecond
}
