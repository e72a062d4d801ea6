package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/report"
)

// noisy answers {"n":i} with a score that wanders by up to 1e-3 each time it is
// asked, as a sum in another order does, an id that is always new, and a label.
// shift moves the score of a request, spread widens the wandering.
func noisy(t *testing.T, seed int64, shift func(i int) float64, spread float64) *echo {
	random, mu := rand.New(rand.NewSource(seed)), sync.Mutex{}
	return newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		var i int
		fmt.Sscanf(readBody(r), `{"n":%d}`, &i)
		mu.Lock()
		answer := noisyAnswer(random, i, shift(i), spread)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, answer)
	})
}

func noisyAnswer(random *rand.Rand, i int, shift, spread float64) string {
	return fmt.Sprintf(`{"id":"%016x","label":"l%d","score":%v}`, random.Uint64(), i%3, float64(i%10)+shift+spread*1e-3*(2*random.Float64()-1))
}

// noisyRecording is of one model; each request is there repeats times, in splits
// that are not the same.
func noisyRecording(t *testing.T, n, repeats int) string {
	t.Helper()
	random := rand.New(rand.NewSource(1))
	var lines bytes.Buffer
	for i := range n * repeats {
		answer, err := json.Marshal(noisyAnswer(random, i%n, 0, 1))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00.%06dZ","model":"m","request":{"path":"/m","headers":{"content-type":"application/json"},"body":"{\"n\":%d}"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":%s},"latency_us":1000}`+"\n",
			i, i, i%n, answer)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", filepath.Join(dir, "recording"), "--split-rows", "100")
	return filepath.Join(dir, "recording")
}

// Without this, an old system that differs from itself could never be migrated,
// or a regression could hide behind its noise: what the control shows is noise,
// what is larger is a mismatch, and what is within it and has grown fails too.
func TestControl(t *testing.T) {
	recording := noisyRecording(t, 1000, 1)
	none := func(int) float64 { return 0 }
	control := filepath.Join(t.TempDir(), "control")
	mustParity(t, exitDone, "replay", recording, "--target", noisy(t, 2, none, 1).URL, "--out", control)
	config := writeConfig(t, "gate: {budget: 2%, min_samples: 300}")
	for _, c := range []struct {
		name     string
		target   *echo
		code     int
		mismatch int64
		reason   string
	}{
		{"the same noise", noisy(t, 3, none, 1), exitDone, 0, "PASS"},
		{"one in ten drifts", noisy(t, 4, every(10, 0.5), 1), exitNotShown, 100, "number $.score"},
		{"the noise has grown within its bounds", noisy(t, 5, every(1, 0.8e-3), 0.01), exitNotShown, 0, "$.score"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := filepath.Join(t.TempDir(), "run")
			args := []string{"run", recording, "--target", c.target.URL, "--out", run, "--config", config}
			mustParity(t, exitNotShown, args...) // without the control everything differs
			if s := readSummary(t, run); s.Ledger.Mismatch != 1000 {
				t.Errorf("without a control %d of 1000 differ", s.Ledger.Mismatch)
			}
			r := mustParity(t, c.code, append(args, "--control", control)...)
			if s := readSummary(t, run); s.Ledger.Mismatch > c.mismatch+10 || s.Ledger.Mismatch < c.mismatch || !s.Ledger.Balanced {
				t.Errorf("with the control %+v, want %d mismatches", s.Ledger, c.mismatch)
			}
			if !strings.Contains(r.stdout, c.reason) {
				t.Errorf("no %q in\n%s", c.reason, r.stdout)
			}
			mustParity(t, c.code, "gate", run, "--config", config)
			mustParity(t, exitDone, "fsck", run)
		})
	}
}

func every(n int, shift float64) func(i int) float64 {
	return func(i int) float64 {
		if i%n == 0 {
			return shift
		}
		return 0
	}
}

// Without this, workers that share a run could go by different noise, or wait
// for each other for ever.
func TestControlShards(t *testing.T) {
	recording := noisyRecording(t, 1000, 1)
	none := func(int) float64 { return 0 }
	oldURL, newURL := noisy(t, 2, none, 1).URL, noisy(t, 3, every(10, 0.5), 1).URL
	eachStore(t, func(t *testing.T, location string) {
		control, run := store.Join(location, "control"), store.Join(location, "run")
		mustParity(t, exitDone, "replay", recording, "--target", oldURL, "--out", control)
		mustParity(t, exitDone, "replay", recording, "--target", newURL, "--out", run)
		for i := range 2 {
			r := mustParity(t, exitFailed, "compare", run, "--control", control, "--shard", fmt.Sprintf("%d/3", i))
			if !strings.Contains(r.stderr, "the control is not judged whole yet") {
				t.Errorf("a shard that is ahead of the others says %s", r.stderr)
			}
		}
		for _, shard := range []string{"2/3", "0/3", "1/3"} {
			mustParity(t, exitDone, "compare", run, "--control", control, "--shard", shard)
		}
		sharded := mustParity(t, exitDone, "report", run, "--json", "-").stdout
		if r := mustParity(t, exitDone, "compare", run, "--control", control); !strings.Contains(r.stderr, "nothing is left to judge") {
			t.Errorf("one worker more says %s", r.stderr)
		}
		if again := mustParity(t, exitDone, "report", run, "--json", "-").stdout; again != sharded {
			t.Error("another summary")
		}
	})
}

// Without this, a recording that holds requests twice could not tell noise
// without anybody asking the old system again.
func TestControlByRepeats(t *testing.T) {
	recording := noisyRecording(t, 500, 2)
	run := filepath.Join(t.TempDir(), "run")
	config := writeConfig(t, "gate: {budget: 2%, min_samples: 300}")
	target := noisy(t, 3, every(10, 0.5), 1)
	mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run, "--control", recording, "--config", config)
	if s := readSummary(t, run); s.Ledger.Mismatch < 100 || s.Ledger.Mismatch > 110 {
		t.Errorf("%+v, want the 100 mismatches that were planted", s.Ledger)
	}
}

// Without this, a control of something else could make noise of anything.
func TestWrongControls(t *testing.T) {
	recording := noisyRecording(t, 100, 1)
	none := func(int) float64 { return 0 }
	target := noisy(t, 2, none, 1)
	dir := t.TempDir()
	run, part, other := filepath.Join(dir, "run"), filepath.Join(dir, "part"), filepath.Join(dir, "other")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", part, "--shard", "1/2")
	mustParity(t, exitDone, "replay", makeRecording(t, 10, 10), "--target", target.URL, "--out", other)
	for control, want := range map[string]string{
		run:                       "is the run itself",
		other:                     "a control is a run of the same recording",
		part:                      "a control is a run against the old system", // it was sent where the run was
		makeRecording(t, 10, 10):  "is neither a run nor the recording of",
		filepath.Join(dir, "nix"): "is neither a run nor the recording of",
	} {
		if r := mustParity(t, exitFailed, "compare", run, "--control", control); !strings.Contains(r.stderr, want) {
			t.Errorf("--control %s says %s, want %q", control, r.stderr, want)
		}
	}
}

// Without this, a model that differs everywhere could fill the store with its
// mismatches, or shards could keep different ones.
func TestMaxMismatches(t *testing.T) {
	target := newEcho(t, answerBack(1))
	recording, run := makeRecording(t, 700, 100), filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	for _, shard := range []string{"1/2", "0/2"} {
		mustParity(t, exitDone, "compare", run, "--max-mismatches", "3", "--shard", shard)
	}
	kept := ids(t, run+"/mismatches")
	if s := readSummary(t, run); s.Ledger.Mismatch != 700 || len(kept) != 7*3 {
		t.Errorf("%d mismatches are counted and %d kept, want 700 and 3 of each of 7 models, each in one split", s.Ledger.Mismatch, len(kept))
	}
	mustParity(t, exitDone, "fsck", run)
	mustParity(t, exitDone, "compare", run, "--max-mismatches", "4")
	more := ids(t, run+"/mismatches")
	if len(more) != 7*4 {
		t.Errorf("%d kept, want 4 of each", len(more))
	}
	for _, id := range kept {
		if !strings.Contains(strings.Join(more, " "), id) {
			t.Errorf("%s is among 3 and not among 4", id)
		}
	}
}

// wavering is a recording of requests 0 to n-1, each twice, with the second time in
// another split, and a candidate of it that answers some otherwise the second time:
// always wrong but in two ways (0), right and then wrong (1), the same but for the
// spelling (2), wrong both times alike (3), else right.
func wavering(t *testing.T, n int) (recording string, target *echo, config string) {
	t.Helper()
	var lines strings.Builder
	for i := range 2 * n {
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00.%06dZ","model":"m","request":{"path":"/m","body":"%d"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"a\":1,\"b\":2}"}}`+"\n", i, i, i%n)
	}
	dir, asked, mu := t.TempDir(), map[string]int{}, sync.Mutex{}
	file := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", filepath.Join(dir, "recording"), "--split-rows", "10")
	answers := [][2]string{
		{`{"a":3,"b":2}`, `{"a":4,"b":2}`},
		{`{"a":1,"b":2}`, `{"a":1,"b":5}`},
		{`{"a":1,"b":2}`, `{"b": 2.0, "a": 1}`},
		{`{"a":9,"b":2}`, `{"a":9,"b":2}`},
	}
	target = newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, answer := readBody(r), `{"a":1,"b":2}`
		var i int
		if fmt.Sscan(body, &i); i < len(answers) {
			answer = answers[i][asked[body]%2]
		}
		asked[body]++
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, answer)
	})
	return filepath.Join(dir, "recording"), target, writeConfig(t, "gate: {budget: 50%, min_samples: 10}")
}

// Without this, a candidate that answers a request in one way now and in another
// way in an hour would look like one that is always wrong, or never: most repeats
// lie in other splits.
func TestUnstableAcrossSplits(t *testing.T) {
	recording, target, config := wavering(t, 50)
	run := filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "run", recording, "--target", target.URL, "--out", run, "--config", config)
	var s report.Summary
	if err := json.Unmarshal([]byte(mustParity(t, exitDone, "report", run, "--json", "-").stdout), &s); err != nil {
		t.Fatal(err)
	}
	m := s.Models[0]
	if m.Unstable != 2 || m.Restless != 0 || m.BothWays != 0 {
		t.Errorf("%d unstable, %d restless, %d both ways, want 2 unstable", m.Unstable, m.Restless, m.BothWays)
	}
	var paths []string
	for _, s := range m.Signatures {
		if s.Kind == "unstable" {
			paths = append(paths, fmt.Sprint(s.Path, s.Exchanges))
		}
	}
	slices.Sort(paths)
	if want := []string{"$.a1", "$.b1"}; !slices.Equal(paths, want) {
		t.Errorf("unstable at %v, want %v", paths, want)
	}
	r := mustParity(t, exitDone, "gate", run, "--config", config)
	if want := "the candidate answered 2 repeated requests in several ways where the old system did not"; !strings.Contains(flat(r.stdout), want) {
		t.Errorf("the gate does not warn of it:\n%s", r.stdout)
	}
	wavers := 0
	for _, id := range ids(t, run+"/mismatches") {
		if r := mustParity(t, exitDone, "show", run, id); strings.Contains(flat(r.stdout), "the candidate answered this request in several ways") {
			wavers++
		}
	}
	if wavers != 3 { // both answers to 0, and one to 1
		t.Errorf("show says it of %d exchanges, want 3", wavers)
	}
	mustParity(t, exitDone, "fsck", run)
}

func flat(text string) string { return strings.Join(strings.Fields(text), " ") }

// Workers that share a run must say the same of it as one alone, whoever is the
// last, and whatever was killed in between; until all is judged there is no word
// of it, and until it is said there is no verdict.
func TestUnstableShardsAndResumes(t *testing.T) {
	recording, target, config := wavering(t, 50)
	eachStore(t, func(t *testing.T, location string) {
		run := store.Join(location, "run")
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
		compare := func(flags ...string) {
			mustParity(t, exitDone, append([]string{"compare", run, "--config", config}, flags...)...)
		}
		for _, shard := range []string{"2/3", "0/3"} {
			compare("--shard", shard)
		}
		if r := mustParity(t, exitFailed, "report", run); !strings.Contains(r.stderr, "lacks split") {
			t.Errorf("a report of what is not judged says %s", r.stderr)
		}
		compare("--shard", "1/3")
		sharded := mustParity(t, exitDone, "report", run, "--json", "-").stdout
		if !strings.Contains(sharded, `"unstable_requests": 2`) {
			t.Errorf("sharded: %s", sharded)
		}
		mustParity(t, exitDone, "fsck", run)
	})

	// As it is after a kill: with some tallies, or with all but the last word.
	run := filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	said := files(t, run, "judgements", "*", "repeats.json")[0]
	want, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	for _, lost := range [][]string{nil, files(t, run, "judgements", "*", "tallies", "00000[25].json")} {
		for _, path := range append(lost, said) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		if r := mustParity(t, exitFailed, "gate", run); !strings.Contains(r.stderr, "lacks") || !strings.Contains(r.stderr, "parity compare") {
			t.Errorf("a gate without it says %s", r.stderr)
		}
		mustParity(t, exitDone, "fsck", run)
		mustParity(t, exitDone, "compare", run)
		if got, err := os.ReadFile(said); err != nil || !bytes.Equal(got, want) {
			t.Errorf("after %v were lost: %s, %v, want %s", lost, got, err, want)
		}
	}
}
