package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
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

// What an endpoint said before it answered is evidence. Without this, it would lie
// in a column that nobody shows, or be obeyed by the terminal that it is shown on.
func TestEarlierAttemptsAreShown(t *testing.T) {
	recording, run := variedRecording(t, 1, 1), filepath.Join(t.TempDir(), "run")
	first := true
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		body := readBody(r)
		if first {
			first = false
			w.WriteHeader(http.StatusTooManyRequests)
			body = "slow \x1b[31mdown"
		}
		io.WriteString(w, body)
	})
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--status", "500")
	id := ids(t, run)[0]
	show := mustParity(t, exitDone, "show", run, id).stdout
	if !strings.Contains(show, "attempt") || !strings.Contains(show, "throttled after") || !strings.Contains(show, "status 429: slow ") || strings.Contains(show, "\x1b[31mdown") {
		t.Error(show)
	}
	var line struct {
		Candidate struct{ Delivery exchange.Delivery }
	}
	if err := json.Unmarshal([]byte(mustParity(t, exitDone, "cat", run).stdout), &line); err != nil {
		t.Fatal(err)
	}
	if a := line.Candidate.Delivery.Attempts; len(a) != 1 || a[0].Failure != exchange.Throttled || a[0].Body != "slow \x1b[31mdown" {
		t.Errorf("%+v", a)
	}
}

// Without this, a token in a target's URL would lie in run.json, in reports and in
// the logs of CI.
func TestTokensInTargetsAreNowhere(t *testing.T) {
	recording, dir := variedRecording(t, 3, 3), t.TempDir()
	run := filepath.Join(dir, "run")
	var asked atomic.Int64
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("token") == "s3cret-token" {
			asked.Add(1)
		}
		right(w, r)
	})
	if r := mustParity(t, exitFailed, "replay", recording, "--target", target.URL+"?token=s3cret-token", "--out", run); strings.Contains(r.stderr, "s3cret-token") || !strings.Contains(r.stderr, "token=${NAME}") {
		t.Error(r.stderr)
	}
	named := target.URL + "?token=${NEW_TOKEN}"
	mustParity(t, exitFailed, "replay", recording, "--target", named, "--out", run)
	said := ""
	for range 2 { // the same command goes on
		r := parityWith(t, map[string]string{"NEW_TOKEN": "s3cret-token"}, "replay", recording, "--target", named, "--out", run)
		if said += r.stderr; r.code != exitDone {
			t.Fatal(said)
		}
	}
	mustParity(t, exitDone, "compare", run)
	said += mustParity(t, exitDone, "show", run, ids(t, run)[0]).stdout + mustParity(t, exitDone, "ls", run).stdout
	if !strings.Contains(said, `token=${NEW_TOKEN}"`) {
		t.Errorf("curl does not ask with the token:\n%s", said)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, _ := os.ReadFile(path)
			said += string(text)
		}
		return err
	})
	if err != nil || strings.Contains(said, "s3cret-token") || asked.Load() == 0 {
		t.Errorf("%v; asked %d times; the token is in what was written or said: %v", err, asked.Load(), strings.Contains(said, "s3cret-token"))
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
