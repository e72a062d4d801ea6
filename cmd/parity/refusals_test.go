package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Without this, an endpoint that refuses what the old service refused would be
// asked again and again, and given up, though it is right.
func TestRefusalsOfTheReference(t *testing.T) {
	dir := t.TempDir()
	var lines strings.Builder
	for i := range 40 {
		status := 200
		if i%2 == 0 {
			status = 503
		}
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00Z","model":"m","request":{"path":"/m/%d","body":"{}"},"response":{"status":%d,"body":"{}"}}`+"\n", i, status, status)
	}
	file, recording, run := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "recording"), filepath.Join(dir, "run")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", recording)
	var asked atomic.Int64
	target := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Path == "/m/503" {
			w.WriteHeader(503)
		}
		fmt.Fprint(w, "{}")
	})
	mustParity(t, exitDone, "replay", recording, "--target", target, "--out", run)
	mustParity(t, exitDone, "compare", run)
	if s := readSummary(t, run); asked.Load() != 40 || s.Ledger.Match != 40 {
		t.Errorf("asked %d times, %+v", asked.Load(), s.Ledger)
	}
}
