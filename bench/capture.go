package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// captureBench is what `bench capture` was told, and where things are.
type captureBench struct {
	dir, parity  string
	seconds      time.Duration // of each measurement
	server, sink *server
	pin          []string // before the command of a proxy: it has a core to itself
}

// captureMain measures `parity capture` beside nginx and a bare ReverseProxy, all
// in front of the same fast server and one at a time: at saturation, and at
// fixed rates in an open loop. Where there are two cores or more the proxy has one
// to itself, and the load and the server share the others. It fails where capture
// misses what it must.
func captureMain(ctx context.Context, args []string) error {
	flag := flag.NewFlagSet("bench capture", flag.ExitOnError)
	b := &captureBench{}
	flag.DurationVar(&b.seconds, "for", 5*time.Second, "how long each measurement takes")
	flag.StringVar(&b.parity, "parity", "bin/parity", "the binary to measure")
	repeats := flag.Int("repeats", 3, "how often to measure; the medians count")
	only := flag.String("only", strings.Join(proxyNames, ","), "whom to measure")
	rates := flag.String("rates", "0,2000,10000", "requests a second; 0 is as many as 64 connections get through")
	proxyTo := flag.String("proxy", "", "be the bare ReverseProxy to this address at -listen, and measure nothing")
	listen := flag.String("listen", "", "see -proxy")
	sink := flag.Bool("sink", false, "be the server that answers 204, and measure nothing")
	load := flag.String("load", "", "send the load of -rates, one number, to this address, and print what came of it")
	pinned := flag.Bool("pinned", false, "the process is pinned already")
	flag.Parse(args)
	switch {
	case *proxyTo != "":
		return bareProxy(*listen, *proxyTo)
	case *sink:
		return sinkMain()
	case *load != "":
		return loadMain(*load, *rates, b.seconds)
	}
	if err := b.pinBeside(*pinned, args); err != nil {
		return err
	}
	loads, err := parseRates(*rates)
	if err != nil {
		return err
	}
	end, err := b.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return b.byTurns(ctx, b.proxies(strings.Split(*only, ",")), loads, *repeats)
}

// pinBeside begins this process anew on all cores but the first, which is the
// proxies'. What it starts inherits that.
func (b *captureBench) pinBeside(pinned bool, args []string) error {
	taskset, err := exec.LookPath("taskset")
	if pinned {
		b.pin = []string{taskset, "-c", "0"}
		return nil
	}
	cores := runtime.NumCPU()
	if cores < 2 || err != nil {
		log.Print("there are no two cores, or no taskset: all share what there is, and the figures say little")
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := append([]string{taskset, "-c", fmt.Sprint("1-", cores-1), self, "capture", "-pinned"}, args...)
	return unix.Exec(taskset, command, os.Environ())
}

// begin starts the servers and makes a folder; end removes it all.
func (b *captureBench) begin(ctx context.Context) (end func(), err error) {
	if b.dir, err = os.MkdirTemp("", "parity-bench-*"); err != nil {
		return nil, err
	}
	if b.server, err = startServer(ctx, "replay", "-serve"); err != nil {
		return nil, err
	}
	if b.sink, err = startServer(ctx, "capture", "-sink"); err != nil {
		return nil, err
	}
	return func() { b.server.stop(); b.sink.stop(); os.RemoveAll(b.dir) }, nil
}

// byTurns measures all contenders under each load, one after the other, so
// that what the machine does besides meets them alike.
func (b *captureBench) byTurns(ctx context.Context, all []proxy, rates []int, repeats int) error {
	taken := map[int][]turns{}
	for _, rate := range rates {
		for _, c := range all {
			taken[rate] = append(taken[rate], turns{name: c.name})
		}
	}
	for round := range repeats {
		log.Printf("measuring, %d of %d", round+1, repeats)
		for _, rate := range rates {
			for i := range all {
				m, err := b.measure(ctx, &all[i], rate)
				if err != nil {
					return fmt.Errorf("%s at %d a second: %w", all[i].name, rate, err)
				}
				taken[rate][i].measured = append(taken[rate][i].measured, m)
			}
		}
	}
	var missed []string
	for _, rate := range rates {
		t := newTable(rate, taken[rate])
		if err := t.print(os.Stdout); err != nil {
			return err
		}
		missed = append(missed, t.missed()...)
	}
	if len(missed) > 0 {
		return fmt.Errorf("capture misses what it must: %s", strings.Join(missed, "; "))
	}
	return nil
}

// measured is what a contender did under one load.
type measured struct {
	result
	cpu     float64 // µs a request, of the proxy's process until it ended
	busy    float64 // share of one core that it took while it was asked
	memory  float64 // MiB, the peak resident set
	dropped int64   // answered and not recorded
}

// measure starts the contender, asks it, and ends it.
func (b *captureBench) measure(ctx context.Context, c *proxy, rate int) (m measured, err error) {
	dir, err := os.MkdirTemp(b.dir, c.name)
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(dir)
	p, err := b.start(ctx, c, dir)
	if err != nil {
		return m, err
	}
	defer p.kill()
	before := p.cpu()
	if m.result, err = runLoad(ctx, p.address, rate, b.seconds); err != nil {
		return m, err
	}
	m.busy = (p.cpu() - before).Seconds() / m.Took.Seconds()
	if err := p.end(); err != nil {
		return m, err
	}
	m.cpu = float64((p.took - before).Nanoseconds()) / 1e3 / float64(m.Answered)
	m.memory = float64(p.peak) / 1024
	if c.recorded != nil {
		rows, err := c.recorded(ctx, filepath.Join(dir, recordingFolder))
		if err != nil {
			return m, err
		}
		m.dropped = m.Answered - rows
	}
	return m, nil
}

// turns are a contender's measurements under one load.
type turns struct {
	name     string
	measured []measured
}

// middle is the median of one figure.
func (t *turns) middle(of func(*measured) float64) float64 {
	var all []float64
	for i := range t.measured {
		all = append(all, of(&t.measured[i]))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
