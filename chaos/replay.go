package main

import (
	"context"
	"fmt"
)

// replay sends the recording to a new endpoint that fails now and then, by one
// worker or by three, each of which is killed some times.
func (r *round) replay(ctx context.Context) error {
	endpoint, err := r.newEndpoint()
	if err != nil {
		return err
	}
	defer endpoint.Close()
	args := []string{"replay", r.place.location("recording"), "--target", endpoint.url + "/models/{model}/classify", "--out", r.place.location("run"), "--concurrency", "4"}
	workers := [][]string{args}
	if r.chance(0.5) {
		workers = nil
		for i := range 3 {
			workers = append(workers, append(args[:len(args):len(args)], "--shard", fmt.Sprintf("%d/3", i)))
		}
	}
	err = r.underTrouble(ctx, r.rng.IntN(4), workers...)
	r.sent += int(endpoint.asked.Load())
	return err
}

// compare judges the run, by one worker or by two.
func (r *round) compare(ctx context.Context) error {
	args := []string{"compare", r.place.location("run")}
	if r.chance(0.5) {
		return r.underTrouble(ctx, r.rng.IntN(4), args)
	}
	err := r.underTrouble(ctx, r.rng.IntN(3), append(args[:2:2], "--shard", "0/2"), append(args[:2:2], "--shard", "1/2"))
	if err != nil {
		return err
	}
	_, err = r.must(ctx, args...)
	return err
}

func (r *round) underTrouble(ctx context.Context, kills int, workers ...[]string) error {
	trouble, well := context.WithCancel(ctx)
	troubled := r.trouble(trouble)
	err := r.stubborn(ctx, kills, workers...)
	well()
	<-troubled
	return err
}
