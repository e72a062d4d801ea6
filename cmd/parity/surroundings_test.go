package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Without this, `parity replay … 2>&1 | head -1` would send a part and be killed by
// the first line that nobody reads.
func TestNobodyReads(t *testing.T) {
	recording, target, run := variedRecording(t, 400, 40), newEcho(t, right), filepath.Join(t.TempDir(), "run")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	for _, args := range [][]string{{"replay", recording, "--target", target.URL, "--out", run}, {"compare", run}} {
		cmd := exec.Command("parity", args...)
		cmd.Stdout, cmd.Stderr = w, w
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: %v", args[0], err)
		}
	}
	if s := readSummary(t, run); s.Ledger.Planned != 400 || s.Ledger.Missing > 0 {
		t.Errorf("%+v", s.Ledger)
	}
}

// Without this, who has a TMPDIR that is gone reads of a file that they never
// asked for, and not what to do.
func TestTMPDIRThatIsGone(t *testing.T) {
	recording, target, run := variedRecording(t, 10, 10), newEcho(t, right), filepath.Join(t.TempDir(), "run")
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
	r := mustParity(t, exitFailed, "replay", recording, "--target", target.URL, "--out", run)
	if !strings.Contains(r.stderr, "set TMPDIR to a folder that exists") || target.asked.Load() > 0 {
		t.Errorf("%d requests, and\n%s", target.asked.Load(), r.stderr)
	}
}
