package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// Without this, CI could not tell an endpoint that is wrong from one that can't
// do two things at a time, or would send more with each attempt.
func TestRunRechecks(t *testing.T) {
	endpoint, target := newNotThreadSafe(t)
	recording, run := makeRecording(t, 700, 100), filepath.Join(t.TempDir(), "run")
	args := []string{"run", recording, "--target", target.URL, "--out", run, "--config", writeConfig(t, againGate), "--concurrency", "8", "--recheck"}
	for range 2 {
		r := mustParity(t, exitNotShown, args...)
		if !wrongTogether.MatchString(r.stdout) {
			t.Errorf("it says %s", r.stdout)
		}
		if times := endpoint.timesAsked(); times[1] != 640 || times[2] != 60 {
			t.Errorf("requests by how often they were sent: %v", times)
		}
	}
}

// Without this, a model that is wrong whatever the load would be rechecked at
// every attempt, or be excused.
func TestRecheckOfWhatIsWrongAnyway(t *testing.T) {
	target := newEcho(t, answerBack(10))
	recording, run := makeRecording(t, 700, 100), filepath.Join(t.TempDir(), "run")
	args := []string{"run", recording, "--target", target.URL, "--out", run, "--config", writeConfig(t, againGate), "--recheck"}
	mustParity(t, exitNotShown, args...)
	if r := mustParity(t, exitNotShown, args...); !strings.Contains(r.stderr, "generation g1 was one; 70 mismatches stay") {
		t.Errorf("it says %s", r.stderr)
	}
	if n := target.asked.Load(); n != 770 {
		t.Errorf("%d requests", n)
	}
	if sum := rechecks(t, run); sum.Mismatch != 70 || sum.Sensitive+sum.Flaky != 0 {
		t.Errorf("%+v", sum)
	}
	clean := filepath.Join(t.TempDir(), "run")
	target2 := newEcho(t, answerBack(0))
	mustParity(t, exitDone, "run", recording, "--target", target2.URL, "--out", clean, "--config", writeConfig(t, againGate), "--recheck")
	if _, err := os.Stat(filepath.Join(clean, "generations")); err == nil || target2.asked.Load() != 700 {
		t.Error("a run without mismatches was sent again")
	}
}

// Without this, a recheck that dies would send everything once more, or leave
// exchanges out, or be judged by halves.
func TestAgainKilled(t *testing.T) {
	const rows = 40
	recording := makeRecording(t, 1000, rows)
	eachStore(t, func(t *testing.T, location string) {
		var stop atomic.Int64 // no answers to more requests than these
		var asked atomic.Int64
		stop.Store(1 << 40)
		release := make(chan struct{})
		target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
			body := readBody(r)
			if asked.Add(1) > stop.Load() {
				select {
				case <-release:
				case <-r.Context().Done():
				}
				panic(http.ErrAbortHandler)
			}
			if asked.Load() <= 1000 && number(body)%2 == 0 {
				body = `{"n":-1}`
			}
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, body)
		})
		defer close(release)
		run := store.Join(location, "run")
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--concurrency", "1")
		mustParity(t, exitDone, "compare", run)
		args := []string{"replay", run, "--again", "mismatched", "--concurrency", "2"}
		for range 3 {
			stop.Store(asked.Load() + rows + 7) // within a split
			p := start(t, args...)
			p.waitFor(t, "requests", func() bool { return asked.Load() > stop.Load() })
			if err := p.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-p.ended
		}
		stop.Store(1 << 40)
		before := mustParity(t, exitDone, "compare", run)
		if !strings.Contains(before.stderr, "generation g1 of "+run+" is not complete and not looked at") || !strings.Contains(before.stderr, "nothing is left to judge") {
			t.Errorf("compare says %s", before.stderr)
		}
		if sum := rechecks(t, run); sum.Mismatch != 500 {
			t.Errorf("half a generation was looked at: %+v", sum)
		}
		r := mustParity(t, exitFailed, "replay", run, "--again", "unavailable")
		if !strings.Contains(r.stderr, "is not complete and sends mismatched of judgement") || !strings.Contains(r.stderr, "not unavailable: go on with it first") {
			t.Errorf("another choice: %s", r.stderr)
		}
		mustParity(t, exitDone, args...)
		if r := mustParity(t, exitDone, args...); !strings.Contains(r.stderr, "nothing is sent: generation g1") {
			t.Errorf("the same once more: %s", r.stderr)
		}
		mustParity(t, exitDone, "compare", run)
		if sum := rechecks(t, run); sum.Match != 1000 || sum.Flaky != 500 {
			t.Errorf("%+v", sum)
		}
		sent := ids(t, run)
		checkNoDuplicates(t, sent)
		if len(sent) != 1000 {
			t.Errorf("%d exchanges", len(sent))
		}
		mustParity(t, exitDone, "fsck", run)
	})
}

// Without this, what sending again shows could depend on how many machines did
// it, and how many judged it.
func TestAgainInShards(t *testing.T) {
	recording := makeRecording(t, 500, 20)
	target := firstTime(t, failing)
	run := filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	target.asked.Store(0)
	for i := range 3 { // each begins it, or goes on with it
		mustParity(t, exitDone, "replay", run, "--again", "mismatched", "--concurrency", "1", "--shard", fmt.Sprintf("%d/3", i))
	}
	mustParity(t, exitDone, "replay", run, "--again", "mismatched", "--concurrency", "1", "--shard", "0/3") // and one comes late
	if n := target.asked.Load(); n != 50 {
		t.Errorf("%d requests for 50 mismatches", n)
	}
	judge := func(shards int) map[string]string {
		if err := os.RemoveAll(filepath.Join(run, "judgements")); err != nil {
			t.Fatal(err)
		}
		for i := range shards {
			mustParity(t, exitDone, "compare", run, "--shard", fmt.Sprintf("%d/%d", i, shards))
		}
		files := map[string]string{"summary": mustParity(t, exitDone, "report", run, "--json", "-").stdout}
		tallies, err := filepath.Glob(filepath.Join(run, "judgements", "*", "tallies", "*"))
		if err != nil || len(tallies) != 25 {
			t.Fatalf("%d tallies, %v", len(tallies), err)
		}
		for _, path := range tallies {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[path] = string(text)
		}
		return files
	}
	if one, four := judge(1), judge(4); !maps.Equal(one, four) {
		t.Errorf("1 and 4 shards judge differently: %v and %v", slices.Sorted(maps.Keys(one)), slices.Sorted(maps.Keys(four)))
	}
	// Three workers with one request each are three in flight: nothing is shown of concurrency.
	if sum := rechecks(t, run); sum.Flaky != 50 || sum.Sensitive != 0 || sum.Match != 500 {
		t.Errorf("%+v", sum)
	}
}

// Without this, a run whose mismatches were sent again all at once would never be
// asked one by one.
func TestRecheckAfterSendingAllAtOnce(t *testing.T) {
	target := newEcho(t, answerBack(10))
	recording, run := makeRecording(t, 100, 10), filepath.Join(t.TempDir(), "run")
	args := []string{"run", recording, "--target", target.URL, "--out", run}
	mustParity(t, exitNotShown, args...)
	mustParity(t, exitDone, "replay", run, "--again", "mismatched", "--concurrency", "16")
	mustParity(t, exitDone, "compare", run)
	for _, want := range []int64{10, 0} { // the second time it was done
		before := target.asked.Load()
		mustParity(t, exitNotShown, append(args, "--recheck")...)
		if sent := target.asked.Load() - before; sent != want {
			t.Errorf("%d are sent again, want %d", sent, want)
		}
	}
}
