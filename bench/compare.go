package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
)

// set is one kind of run over the generated recording.
type set struct {
	name string
	body func(a *answer, dst []byte) []byte // how a candidate writes an answer
}

var sets = []set{
	{"identical", (*answer).compact},
	{"reformatted", (*answer).reformatted},
}

// bench is where things are.
type bench struct {
	dir    string // of the generated datasets
	parity string // the binary
	script string // tools/duckdb/compare.mjs
}

// compareMain measures `parity compare` beside DuckDB: a million pairs of 300-byte
// answers, one in a hundred different, from zstd Parquet to the counts and the
// mismatch set, each on one core and in processes of its own. With -line it shows
// instead how time and memory grow with the pairs.
func compareMain(ctx context.Context, args []string) error {
	flag := flag.NewFlagSet("bench compare", flag.ExitOnError)
	pairs := flag.Int("pairs", 1_000_000, "how many pairs to compare")
	repeats := flag.Int("repeats", 3, "how often to measure; the medians count")
	line := flag.Bool("line", false, "show how time and memory grow from 10,000 pairs to ten times -pairs")
	only := flag.String("generate", "", "write the datasets to this folder, and measure nothing")
	parity := flag.String("parity", "bin/parity", "the binary to measure")
	script := flag.String("duckdb", "tools/duckdb/compare.mjs", "the script that compares with DuckDB")
	flag.Parse(args)
	return compare(ctx, *pairs, *repeats, *line, *only, bench{parity: *parity, script: *script})
}

func compare(ctx context.Context, pairs, repeats int, line bool, only string, b bench) error {
	if pairs < mismatchEvery || repeats < 1 {
		return fmt.Errorf("%d pairs, %d repeats: at least %d pairs and one repeat", pairs, repeats, mismatchEvery)
	}
	if only != "" {
		return generate(ctx, only, pairs)
	}
	dir, err := os.MkdirTemp("", "parity-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if line {
		return b.line(ctx, dir, pairs, repeats)
	}
	b.dir = dir
	if err := b.generate(ctx, pairs); err != nil {
		return err
	}
	return b.besideDuckDB(ctx, pairs, repeats)
}

// generate makes the datasets in a process of its own: a process that is
// started by a large one counts that one's memory as its own peak.
func (b *bench) generate(ctx context.Context, pairs int) error {
	log.Printf("generating %d pairs", pairs)
	return again(ctx, "compare", "-generate", b.dir, "-pairs", fmt.Sprint(pairs))
}

// again runs this program once more, in a process of its own.
func again(ctx context.Context, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

func (b *bench) path(elem ...string) string {
	return filepath.Join(append([]string{b.dir}, elem...)...)
}
