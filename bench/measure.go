package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"github.com/modelparity/parity/internal/dataset"
)

// cost is what one process took.
type cost struct {
	cpu    float64 // seconds, user and system
	memory float64 // MB, the peak resident set
}

// measure runs a command to its end and returns what it printed and took.
func measure(ctx context.Context, env []string, name string, args ...string) (stdout []byte, c cost, err error) {
	return measureUntil(ctx, func() error { return nil }, env, name, args...)
}

// errStop ends a command that has done its work and would not end by itself.
var errStop = errors.New("its work is done")

// measureUntil calls watch when the command has begun, and interrupts the command
// where that says errStop.
func measureUntil(ctx context.Context, watch func() error, env []string, name string, args ...string) (stdout []byte, c cost, err error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Start(); err != nil {
		return nil, cost{}, err
	}
	watched := watch()
	if watched != nil {
		cmd.Process.Signal(os.Interrupt)
	}
	if err := cmd.Wait(); err != nil && watched != errStop {
		return nil, cost{}, fmt.Errorf("%s %v: %w\n%s", name, args, err, complaint.Bytes())
	}
	state := cmd.ProcessState
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return nil, cost{}, fmt.Errorf("measure %s: this system has no getrusage", name)
	}
	return out.Bytes(), cost{
		cpu:    (state.UserTime() + state.SystemTime()).Seconds(),
		memory: float64(usage.Maxrss) / 1024, // KiB on Linux
	}, nil
}

// ours measures `parity compare` of a run that is not judged yet.
func (b *bench) ours(ctx context.Context, set string, flags ...string) (mismatches int64, c cost, err error) {
	location := b.path(set)
	if err := os.RemoveAll(b.path(set, "judgements")); err != nil {
		return 0, cost{}, err
	}
	_, c, err = measure(ctx, []string{"GOMAXPROCS=1"}, b.parity, append([]string{"compare", location}, flags...)...)
	if err != nil {
		return 0, cost{}, err
	}
	mismatches, err = countMismatches(ctx, location)
	return mismatches, c, err
}

// countMismatches counts the rows of the mismatch set.
func countMismatches(ctx context.Context, location string) (n int64, err error) {
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return 0, err
	}
	plan, _, err := run.Plan(ctx)
	if err != nil {
		return 0, err
	}
	j, err := run.Judgement(ctx, "")
	if err != nil {
		return 0, err
	}
	for _, s := range plan {
		rows, err := j.MismatchRows(ctx, s)
		if err != nil {
			return 0, err
		}
		n += rows
	}
	return n, nil
}

// duckdb measures the script.
func (b *bench) duckdb(ctx context.Context, how, recording, results string) (mismatches int64, c cost, err error) {
	out, c, err := measure(ctx, nil, "node", b.script, how, recording, results, b.path("out.parquet"))
	if err != nil {
		return 0, cost{}, err
	}
	var said struct {
		Mismatches int64
		Setup      float64
	}
	if err := json.Unmarshal(out, &said); err != nil {
		return 0, cost{}, fmt.Errorf("read what %s printed: %w", b.script, err)
	}
	c.cpu -= said.Setup
	return said.Mismatches, c, nil
}

// median takes CPU and memory apart.
func median(costs []cost) cost {
	pick := func(of func(cost) float64) float64 {
		var all []float64
		for _, c := range costs {
			all = append(all, of(c))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return cost{pick(func(c cost) float64 { return c.cpu }), pick(func(c cost) float64 { return c.memory })}
}
