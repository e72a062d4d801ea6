package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// rateSeconds is how long each rate is kept up, at least.
const rateSeconds = 10

// rates shows for some rates how many requests a second were sent, by the times
// that the run keeps and by the server's own count, and how far the due times
// are from where the rate has them.
func (b *replayBench) rates(ctx context.Context) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "--rate\tsent/s\tserver's count/s\tlargest error\tdue off the grid\tsent late, median\tp99\t")
	base := b.dir
	var broken error
	for _, rate := range []int{10, 100, 1000, 10_000} {
		log.Printf("keeping up %d requests a second for %d s", rate, rateSeconds)
		b.dir = fmt.Sprint(base, "/", rate)
		if err := os.MkdirAll(b.dir, 0o755); err != nil {
			return err
		}
		b.requests = rateSeconds*rate + 1
		p, err := b.keepUp(ctx, rate)
		if err != nil {
			return err
		}
		off := max(math.Abs(p.sent/float64(rate)-1), math.Abs(p.met/float64(rate)-1))
		fmt.Fprintf(w, "%d\t%.2f\t%.2f\t%.2f %%\t%d of %d\t%s\t%s\t\n", rate, p.sent, p.met, 100*off, p.astray, b.requests, p.late(0.5), p.late(0.99))
		if off > 0.01 || p.astray > 0 {
			broken = fmt.Errorf("--rate %d does not hold within 1 %%, or not every request was due when it says", rate)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return broken
}

// pace is what came of a rate.
type pace struct {
	sent, met float64 // requests a second, by the run and by the server
	astray    int     // due times that are not where the rate has them
	lateness  []time.Duration
}

// late is a quantile of how long after its due time a request was sent.
func (p *pace) late(q float64) time.Duration { return p.lateness[int(q*float64(len(p.lateness)-1))] }

func (b *replayBench) keepUp(ctx context.Context, rate int) (*pace, error) {
	if err := b.generate(ctx, b.requests); err != nil {
		return nil, err
	}
	if err := b.server.reset(); err != nil {
		return nil, err
	}
	_, _, err := measure(ctx, nil, b.parity, "replay", b.path(recordingFolder), "--target", "http://"+b.server.address,
		"--out", b.path("run"), "--concurrency", connections, "--rate", fmt.Sprint(rate))
	if err != nil {
		return nil, err
	}
	met, err := b.server.counted()
	if err != nil {
		return nil, err
	}
	if met.Requests != int64(b.requests) {
		return nil, fmt.Errorf("%d requests came of %d", met.Requests, b.requests)
	}
	p := &pace{met: met.rate()}
	var due, sent []exchange.Timestamp
	err = eachResult(ctx, b.path("run"), func(e *exchange.Exchange) {
		c := &e.Candidate
		due, sent = append(due, c.Due), append(sent, c.Sent)
		p.lateness = append(p.lateness, time.Duration(c.Sent-c.Due)*time.Microsecond)
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(due)
	slices.Sort(sent)
	slices.Sort(p.lateness)
	p.sent = float64(len(sent)-1) / sent[len(sent)-1].Time().Sub(sent[0].Time()).Seconds()
	for i, at := range due {
		// Whole microseconds are stored.
		if want := float64(due[0]) + float64(i)/float64(rate)*1e6; math.Abs(float64(at)-want) > 1 {
			p.astray++
		}
	}
	return p, nil
}
