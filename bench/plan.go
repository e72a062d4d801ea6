package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// planMain measures how long `parity replay --dry-run` takes to plan a recording of
// many small exchanges from a local disk: by nothing, by columns of the key, by such
// as are not, and to find where a cap ends. Each plan is made twice, the first time
// from files of which the system has nothing in memory.
func planMain(ctx context.Context, args []string) error {
	flag := flag.NewFlagSet("bench plan", flag.ExitOnError)
	n := flag.Int("exchanges", 10_000_000, "how many exchanges the recording has")
	models := flag.Int("models", 400, "and of how many models")
	parity := flag.String("parity", "bin/parity", "the binary to measure")
	only := flag.String("generate", "", "write the recording to this folder, and measure nothing")
	flag.Parse(args)
	if *n < planObjectRows || *models < 1 {
		return fmt.Errorf("-exchanges %d -models %d: at least %d and 1", *n, *models, planObjectRows)
	}
	if *only != "" {
		return manyExchanges(ctx, *only, *n, *models)
	}
	dir, err := os.MkdirTemp("", "parity-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// In a process of its own: one that is started by a large process counts that
	// one's memory as its own peak.
	if err := planGenerate(ctx, dir, *n, *models); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.parquet"))
	if err != nil {
		return err
	}
	fmt.Printf("%d exchanges of %d models in %d objects\n%-44s %10s %10s %8s %8s %12s\n",
		*n, *models, len(files), "", "cold s", "warm s", "CPU s", "MB", "planned")
	for _, flags := range [][]string{
		nil, {"--model", "model-1*", "--sample", "10%"}, {"--since", "2026-11-22T20:00:02Z"}, {"--status", "2xx"}, {"--id", "r77"}, {"--max-requests", "100000"},
	} {
		if err := measurePlan(ctx, *parity, dir, files, flags); err != nil {
			return err
		}
	}
	return nil
}

func planGenerate(ctx context.Context, dir string, n, models int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "plan", "-generate", dir, "-exchanges", fmt.Sprint(n), "-models", fmt.Sprint(models))
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

func measurePlan(ctx context.Context, parity, dir string, files, flags []string) error {
	if err := forget(files); err != nil {
		return err
	}
	var seconds [2]float64
	var c cost
	var plan struct{ Planned int64 }
	for i := range seconds {
		began := time.Now()
		out, took, err := measure(ctx, nil, parity, append([]string{"replay", dir, "--target", "http://127.0.0.1:1", "--dry-run", "--json"}, flags...)...)
		if err != nil {
			return err
		}
		seconds[i], c = time.Since(began).Seconds(), took
		if err := json.Unmarshal(out, &plan); err != nil {
			return err
		}
	}
	fmt.Printf("%-44s %10.2f %10.2f %8.2f %8.0f %12d\n", fmt.Sprint(flags), seconds[0], seconds[1], c.cpu, c.memory, plan.Planned)
	return nil
}

// forget takes files out of the system's memory, so that they are read from disk.
func forget(files []string) error {
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close()); err != nil {
			return fmt.Errorf("forget %s: %w", name, err)
		}
	}
	return nil
}

// planObjectRows is how many exchanges an object has: it takes some 30 MB.
const planObjectRows = 100_000

// manyExchanges writes an object and as many copies of it as it takes.
func manyExchanges(ctx context.Context, dir string, n, models int) error {
	b, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	info := dataset.ObjectInfo{Hour: start, Instance: "bench", ID: exchange.DeriveID(start, []byte("0"))}
	if err := writeSmall(ctx, b, info, models); err != nil {
		return err
	}
	bytes, err := os.ReadFile(filepath.Join(dir, info.Key()))
	for i := 1; i < n/planObjectRows && err == nil; i++ {
		info.ID = exchange.DeriveID(start, fmt.Append(nil, i))
		err = os.WriteFile(filepath.Join(dir, info.Key()), bytes, 0o600)
	}
	return err
}

// writeSmall writes an object of exchanges with bodies of 40 bytes.
func writeSmall(ctx context.Context, b store.Bucket, info dataset.ObjectInfo, models int) (err error) {
	w, err := dataset.NewObject(b, info, dataset.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for i := range planObjectRows {
		at := start.Add(time.Duration(i) * 36 * time.Microsecond)
		e := exchange.Exchange{ID: exchange.DeriveID(at, fmt.Append(nil, i)), Time: exchange.At(at), Model: fmt.Sprintf("model-%d", i%models), ModelVersion: "3"}
		e.Request = exchange.Request{SourceID: fmt.Sprintf("r%d", i), Method: "POST", Path: "/", Body: fmt.Appendf(nil, `{"text":"exchange %020d"}`, i)}
		e.Reference = exchange.Answer{Status: 200, Body: fmt.Appendf(nil, `{"score":%d}`, i)}
		if i%100 == 0 {
			e.Reference.Status = 500
		}
		e.RequestHash = exchange.HashRequest(&e)
		if err := w.Write(ctx, &exchange.Batch{Rows: []exchange.Exchange{e}}); err != nil {
			return err
		}
	}
	return w.Commit(ctx)
}
