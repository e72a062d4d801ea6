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
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// answerBack answers a request {"n":i} as the recording of makeRecording does,
// but differently where i is a multiple of every.
func answerBack(every int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := readBody(r)
		var i int
		fmt.Sscanf(body, `{"n":%d}`, &i)
		if every > 0 && i%every == 0 {
			body = `{"n":-1}`
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}
}

// Without this, judging again could send again, rules could overwrite each
// other's verdicts, and the same rules could be judged twice.
func TestJudgementsStandSideBySide(t *testing.T) {
	target := newEcho(t, answerBack(10))
	recording := makeRecording(t, 100, 10)
	eachStore(t, func(t *testing.T, location string) {
		run := store.Join(location, "run")
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
		target.asked.Store(0)
		strict, loose := writeConfig(t, "compare: {number: {abs: 0, rel: 0}}"), writeConfig(t, "compare: {number: {abs: 1000, rel: 0}}")
		for _, config := range []string{strict, strict, loose, loose} {
			mustParity(t, exitDone, "compare", run, "--config", config)
		}
		if n := target.asked.Load(); n != 0 {
			t.Errorf("comparing sent %d requests", n)
		}
		if n := strings.Count(mustParity(t, exitDone, "ls", run).stdout, "judgement "); n != 2 {
			t.Errorf("%d judgements, want 2", n)
		}
		if s := readSummary(t, run); s.Ledger.Match != 100 {
			t.Errorf("the latest judgement is the loose one and matches %d of 100", s.Ledger.Match)
		}
	})
}

// Without this, budgets could be held against what other, laxer rules found.
func TestGateGoesByItsOwnRules(t *testing.T) {
	target := newEcho(t, answerBack(2))
	run := filepath.Join(t.TempDir(), "run")
	const gate = "\ngate: {budget: 5%, min_samples: 10}"
	strict := writeConfig(t, "compare: {number: {abs: 0, rel: 0}}"+gate)
	lax := writeConfig(t, "compare: {number: {abs: 1000, rel: 0}}"+gate)
	other := writeConfig(t, "compare: {number: {abs: 1, rel: 0}}"+gate)
	mustParity(t, exitNotShown, "run", makeRecording(t, 700, 100), "--target", target.URL, "--out", run, "--config", strict)
	mustParity(t, exitDone, "compare", run, "--config", lax)
	mustParity(t, exitDone, "compare", run, "--config", strict) // there already; the lax one stays the latest
	mustParity(t, exitNotShown, "gate", run, "--config", strict)
	mustParity(t, exitDone, "gate", run, "--config", lax)
	if r := mustParity(t, exitFailed, "gate", run, "--config", other); !strings.Contains(r.stderr, "is not judged yet under the rules of") {
		t.Errorf("gate under rules that nothing was judged by says %s", r.stderr)
	}
	if r := mustParity(t, exitDone, "show", run, "--config", lax); !strings.Contains(r.stdout, "no mismatches") {
		t.Errorf("show says %s", r.stdout)
	}
}

// Without this, a run could not be looked at where only it was kept.
func TestReportWithoutTheRecording(t *testing.T) {
	recording, run := brokenRun(t)
	if err := os.RemoveAll(recording); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "report", run)
	mustParity(t, exitNotShown, "gate", run)
	mustParity(t, exitDone, "show", run)
	if r := mustParity(t, exitDone, "fsck", run); !strings.Contains(r.stdout, "not checked against its recording") {
		t.Errorf("fsck says %s", r.stdout)
	}
	target := newEcho(t, answerBack(0))
	mustParity(t, exitInconclusive, "run", run+"/mismatches", "--target", target.URL, "--out", run+"2")
	if n := target.asked.Load(); n != 10 {
		t.Errorf("%d requests were sent for 10 mismatches", n)
	}
	if r := mustParity(t, exitInconclusive, "run", run+"/mismatches", "--target", target.URL, "--out", run+"2"); !strings.Contains(r.stderr, "nothing is sent") {
		t.Errorf("the same again says %s", r.stderr)
	}
}

// Without this, a mismatch set could not be what people replay after a fix.
func TestReplayMismatches(t *testing.T) {
	recording := makeRecording(t, 100, 10)
	broken, fixed := newEcho(t, answerBack(10)), newEcho(t, answerBack(0))
	eachStore(t, func(t *testing.T, location string) {
		run, again := store.Join(location, "run"), store.Join(location, "run2")
		mustParity(t, exitDone, "replay", recording, "--target", broken.URL, "--out", run)
		mustParity(t, exitDone, "compare", run)
		if s := readSummary(t, run); s.Ledger.Mismatch != 10 {
			t.Fatalf("%d mismatches, want 10", s.Ledger.Mismatch)
		}
		fixed.asked.Store(0)
		mustParity(t, exitInconclusive, "run", run+"/mismatches", "--target", fixed.URL, "--out", again)
		if n := fixed.asked.Load(); n != 10 {
			t.Errorf("%d requests were sent for 10 mismatches", n)
		}
		if s := readSummary(t, again); s.Ledger.Match != 10 || s.Ledger.Planned != 10 {
			t.Errorf("after the fix: %+v", s.Ledger)
		}
		if a, b := slices.Sorted(slices.Values(ids(t, run+"/mismatches"))), slices.Sorted(slices.Values(ids(t, again))); !slices.Equal(a, b) {
			t.Errorf("other exchanges were sent than had differed:\n%v\n%v", a, b)
		}
	})
}

// Without this, a verdict could depend on how many machines judged.
func TestShardsAgree(t *testing.T) {
	target := newEcho(t, answerBack(3))
	recording := makeRecording(t, 500, 20)
	run := filepath.Join(t.TempDir(), "run")
	for i := range 3 { // replay is sharded too
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--shard", fmt.Sprintf("%d/3", i))
	}
	if n := target.asked.Load(); n != 500 {
		t.Fatalf("three shards sent %d requests for 500 exchanges", n)
	}
	judge := func(shards int) map[string]string {
		if err := os.RemoveAll(filepath.Join(run, "judgements")); err != nil {
			t.Fatal(err)
		}
		for i := range shards {
			r := parityWith(t, map[string]string{"JOB_COMPLETION_INDEX": fmt.Sprint(i), "PARITY_SHARDS": fmt.Sprint(shards)}, "compare", run)
			if r.code != exitDone {
				t.Fatal(r.stderr)
			}
		}
		files := map[string]string{"summary": mustParity(t, exitDone, "report", run, "--json", "-").stdout}
		err := filepath.WalkDir(run, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Base(path) == "judgement.json" {
				return err // judgement.json says when it was made
			}
			text, err := os.ReadFile(path)
			files[path] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	one, eight := judge(1), judge(8)
	if !slices.Equal(slices.Sorted(maps.Keys(one)), slices.Sorted(maps.Keys(eight))) || len(one) < 3*25 {
		t.Fatalf("%d and %d files", len(one), len(eight))
	}
	for name := range one {
		if one[name] != eight[name] {
			t.Errorf("%s differs between 1 and 8 shards", name)
		}
	}
}

// Without this, an unfinished run could pass.
func TestUnfinishedRunIsInconclusive(t *testing.T) {
	target := newEcho(t, answerBack(0))
	recording := makeRecording(t, 100, 10)
	run := filepath.Join(t.TempDir(), "run")
	config := writeConfig(t, "gate: {budget: 50%, min_samples: 5}")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--shard", "0/2")
	mustParity(t, exitDone, "compare", run)
	s := readSummary(t, run)
	if s.Ledger.Match != 50 || s.Ledger.Missing != 50 || !s.Ledger.Balanced {
		t.Errorf("%+v", s.Ledger)
	}
	mustParity(t, exitInconclusive, "gate", run, "--config", config)
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	mustParity(t, exitFailed, "gate", run, "--config", config) // sent and not judged yet
	mustParity(t, exitDone, "compare", run)
	mustParity(t, exitDone, "gate", run, "--config", config)
	if n := target.asked.Load(); n != 100 {
		t.Errorf("%d requests for 100 exchanges", n)
	}
}

// Without this, a slip in a model's name would leave it to the general rules
// without a word.
func TestRulesForNoModelAreWarnedOf(t *testing.T) {
	target := newEcho(t, answerBack(0))
	run := filepath.Join(t.TempDir(), "run")
	config := writeConfig(t, "compare: {models: {'nope-*': {number: {abs: 1}}, 'model-1': {number: {abs: 1}}}}\ngate: {models: {legla: {budget: 0}}}")
	r := mustParity(t, exitInconclusive, "run", makeRecording(t, 20, 10), "--target", target.URL, "--out", run, "--config", config)
	for _, want := range []string{`compare.models has "nope-*"`, "legla"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no word of %s in %s", want, r.stdout)
		}
	}
	if strings.Contains(r.stdout, `"model-1", which`) {
		t.Error(r.stdout)
	}
}

// Without this, going on with another target or selection could mix two runs.
func TestRunKeepsItsIdentity(t *testing.T) {
	target := newEcho(t, answerBack(0))
	recording, other := makeRecording(t, 20, 10), makeRecording(t, 20, 10)
	run := filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	for _, args := range [][]string{
		{recording, "--target", "http://127.0.0.1:1"},
		{other, "--target", target.URL},
		{recording, "--target", target.URL, "--model", "model-1"},
	} {
		r := mustParity(t, exitFailed, append([]string{"replay", "--out", run}, args...)...)
		if !strings.Contains(r.stderr, "was begun with") {
			t.Errorf("%v: %s", args, r.stderr)
		}
	}
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--concurrency", "3", "--rate", "1000/s")
}

// Without this, cat could not be imported again, or lose bytes.
func TestCatIsTheImportFormat(t *testing.T) {
	recording := makeRecording(t, 50, 10)
	lines := mustParity(t, exitDone, "cat", recording).stdout
	file, copied := filepath.Join(t.TempDir(), "in.jsonl"), filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", copied)
	dropID := func(text string) string {
		var out []string
		for line := range strings.Lines(text) {
			_, rest, _ := strings.Cut(line, `"source_id"`)
			out = append(out, rest)
		}
		slices.Sort(out)
		return strings.Join(out, "")
	}
	if a, b := dropID(lines), dropID(mustParity(t, exitDone, "cat", copied).stdout); a != b || len(a) < 50*100 {
		t.Errorf("cat, import, cat gives\n%s\nnot\n%s", b, a)
	}
}
