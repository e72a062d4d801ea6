package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkCompare judges the datasets of `bench -generate DIR`, DIR in
// PARITY_BENCH. `make profile` takes from it what the compiler should know of
// judging.
func BenchmarkCompare(b *testing.B) {
	dir := os.Getenv("PARITY_BENCH")
	if dir == "" {
		b.Skip("PARITY_BENCH names no folder")
	}
	for _, set := range []string{"identical", "reformatted"} {
		b.Run(set, func(b *testing.B) {
			for b.Loop() {
				if err := os.RemoveAll(filepath.Join(dir, set, "judgements")); err != nil {
					b.Fatal(err)
				}
				a := &app{stdout: io.Discard, stderr: os.Stderr, getenv: os.Getenv}
				if code := a.run(b.Context(), []string{"compare", filepath.Join(dir, set)}); code != exitDone {
					b.Fatalf("exit code %d", code)
				}
			}
		})
	}
}
