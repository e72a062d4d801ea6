package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// judgementFiles are what a run's judgements have, without when they were made.
func judgementFiles(t *testing.T, run string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(filepath.Join(run, "judgements"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "judgement.json" {
			return err
		}
		files[path] = readFile(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Without this, judging as it goes could say something else than judging later,
// with or without a control, or would wait for all to be sent.
func TestReplayComparesAsItGoes(t *testing.T) {
	recording := makeRecording(t, 400, 20)
	dir := t.TempDir()
	run, control := filepath.Join(dir, "run"), filepath.Join(dir, "control")
	mustParity(t, exitDone, "replay", recording, "--target", newEcho(t, answerBack(40)).URL, "--out", control)
	var hold sync.WaitGroup
	hold.Add(1)
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/m/399" {
			hold.Wait() // as long as there is nothing that is judged
		}
		answerBack(10)(w, r)
	})
	for _, flags := range [][]string{nil, {"--control", control}, {"--control", recording}, {"--max-mismatches", "1"}} {
		ended := make(chan result)
		if err := os.RemoveAll(run); err != nil {
			t.Fatal(err)
		}
		go func() {
			ended <- parity(t, append([]string{"replay", recording, "--target", target.URL, "--out", run, "--concurrency", "4", "--compare"}, flags...)...)
		}()
		waitUntil(t, "tallies while requests are under way", func() bool {
			tallies, _ := filepath.Glob(filepath.Join(run, "judgements", "*", "tallies", "*"))
			return len(tallies) > 0 || flags != nil
		})
		if flags == nil {
			hold.Done()
		}
		if r := <-ended; r.code != exitDone || !strings.Contains(r.stderr, "next: `parity report "+run+"`") || strings.Contains(r.stderr, " 0 mismatches") {
			t.Fatalf("%v: %s", flags, r.stderr)
		}
		along := judgementFiles(t, run)
		if r := mustParity(t, exitDone, append([]string{"compare", run}, flags...)...); !strings.Contains(r.stderr, "nothing is left to judge") {
			t.Errorf("%v: compare says %s", flags, r.stderr)
		}
		if err := os.RemoveAll(filepath.Join(run, "judgements")); err != nil {
			t.Fatal(err)
		}
		mustParity(t, exitDone, append([]string{"compare", run}, flags...)...)
		later := judgementFiles(t, run)
		if len(along) < 20 || len(along) != len(later) {
			t.Errorf("%v: %d files, and %d when judged later", flags, len(along), len(later))
		}
		for name := range later {
			if along[name] != later[name] {
				t.Errorf("%v: %s differs when it is judged later", flags, name)
			}
		}
	}
}

// Without this, what was sent and not judged before would never be, or a part
// that is sent again be judged by halves.
func TestReplayCompareGoesOn(t *testing.T) {
	recording := makeRecording(t, 400, 20)
	target := newEcho(t, answerBack(10))
	eachStore(t, func(t *testing.T, location string) {
		run := store.Join(location, "run")
		args := []string{"replay", recording, "--target", target.URL, "--out", run}
		mustParity(t, exitDone, append(args, "--shard", "0/4")...)
		mustParity(t, exitDone, append(args, "--shard", "1/4", "--compare")...)
		r := mustParity(t, exitDone, append(args, "--compare")...)
		if s := readSummary(t, run); s.Ledger.Mismatch != 40 || s.Ledger.Match != 360 || !strings.Contains(r.stderr, "mismatches in what was left to judge") {
			t.Errorf("%+v, and it says %s", s.Ledger, r.stderr)
		}
		if r := mustParity(t, exitDone, append(args, "--compare")...); !strings.Contains(r.stderr, "nothing is sent") || !strings.Contains(r.stderr, "nothing is left to judge") {
			t.Errorf("once more: %s", r.stderr)
		}
		mustParity(t, exitDone, "replay", run, "--again", "mismatched", "--concurrency", "1", "--compare")
		if sum := rechecks(t, run); sum.Mismatch != 40 {
			t.Errorf("%+v", sum)
		}
		if n := strings.Count(mustParity(t, exitDone, "ls", run).stdout, "\n  judgement "); n != 2 {
			t.Errorf("%d judgements, want one of each generation", n)
		}
		mustParity(t, exitDone, "fsck", run)
	})
}

// Without this, a judgement that can't be written would end a night's sending, or
// pass in silence.
func TestReplayOutlivesItsJudge(t *testing.T) {
	recording := makeRecording(t, 200, 20)
	target := newEcho(t, answerBack(10))
	dir := t.TempDir()
	first, run := filepath.Join(dir, "first"), filepath.Join(dir, "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", first, "--compare")
	judgements, err := filepath.Glob(filepath.Join(first, "judgements", "*"))
	if err != nil || len(judgements) != 1 {
		t.Fatalf("%v, %v", judgements, err)
	}
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--shard", "0/10")
	inTheWay := filepath.Join(run, "judgements", filepath.Base(judgements[0]), "tallies")
	if err := os.MkdirAll(filepath.Dir(inTheWay), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := mustParity(t, exitFailed, "replay", recording, "--target", target.URL, "--out", run, "--compare")
	if !strings.Contains(r.stderr, "planned 180 = answered 180") || !strings.Contains(r.stderr, "parity: split ") || !strings.Contains(r.stderr, "tallies") {
		t.Errorf("it says %s", r.stderr)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	target.asked.Store(0)
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--compare")
	if s := readSummary(t, run); s.Ledger.Mismatch != 20 || target.asked.Load() != 0 {
		t.Errorf("%+v, %d requests", s.Ledger, target.asked.Load())
	}
}

// Without this, a control that is none would be found out when all was sent.
func TestReplayCompareRefusesBeforeSending(t *testing.T) {
	recording := makeRecording(t, 40, 20)
	target := newEcho(t, answerBack(0))
	run := filepath.Join(t.TempDir(), "run")
	for _, c := range []struct {
		flags []string
		want  string
	}{
		{[]string{"--compare", "--control", makeRecording(t, 20, 10)}, "is neither a run nor the recording"},
		{[]string{"--control", recording}, "--control is of judging: add --compare"},
		{[]string{"--max-mismatches", "3"}, "--max-mismatches is of judging: add --compare"},
		{[]string{"--compare", "--max-mismatches", "-1"}, "max mismatches"},
		{[]string{"--compare", "--statsd", "nowhere"}, "--statsd nowhere"},
	} {
		r := mustParity(t, exitFailed, append([]string{"replay", recording, "--target", target.URL, "--out", run}, c.flags...)...)
		if !strings.Contains(r.stderr, c.want) {
			t.Errorf("%v: %s", c.flags, r.stderr)
		}
	}
	if n := target.asked.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
