package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// faulty answers {"n":i} and, where the fault says so, with another member.
func faulty(t *testing.T, fault func(i int) string) *echo {
	return newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		var i int
		fmt.Sscanf(readBody(r), `{"n":%d}`, &i)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"n":%d%s}`, i, fault(i))
	})
}

// Somebody on call fixes the endpoint, sends the mismatches again and must read
// off what is fixed, what is not, and what broke instead.
func TestWhatIsFixed(t *testing.T) {
	recording := makeRecording(t, 210, 50)
	var repaired atomic.Bool
	target := faulty(t, func(i int) string {
		switch {
		case repaired.Load() && i%10 != 0:
			return ""
		case i%20 == 0 && repaired.Load():
			return `,"other":1`
		case i%2 == 0:
			return `,"extra":1`
		}
		return ""
	})
	eachStore(t, func(t *testing.T, location string) {
		run, again := store.Join(location, "run"), store.Join(location, "run2")
		repaired.Store(false)
		mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run)
		repaired.Store(true)
		mustParity(t, exitNotShown, "run", run+"/mismatches", "--target", target.URL, "--out", again)
		r := mustParity(t, exitDone, "report", again)
		for _, want := range []string{
			"84 of 105 requests that differed are fixed, 21 still differ: ", "since   ",
			"$.extra extra", "$.other extra",
		} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("the report lacks %q:\n%s", want, r.stdout)
			}
		}
		// Whole again, it can be held against the first run too.
		whole := store.Join(location, "run3")
		mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", whole, "--previous", run)
		if r := mustParity(t, exitDone, "report", whole, "--previous", run); !strings.Contains(r.stdout, "84 of 105 requests that differed are fixed, 21 still differ") {
			t.Errorf("the report says\n%s", r.stdout)
		}
		if r := mustParity(t, exitDone, "report", whole); strings.Contains(r.stdout, "since") {
			t.Errorf("nothing to hold it against, and the report says\n%s", r.stdout)
		}
	})
}

// A team that knows of differences gates on what gets worse.
func TestGateAgainstABaseline(t *testing.T) {
	recording, dir := makeRecording(t, 210, 50), t.TempDir()
	var worse atomic.Bool
	target := faulty(t, func(i int) string {
		switch {
		case i%7 == 3 && i%2 == 0:
			return `,"extra":1`
		case i == 5 && worse.Load():
			return `,"extra":1`
		}
		return ""
	})
	config := writeConfig(t, "gate: {budget: 15%, min_samples: 10}")
	base, same, bad := filepath.Join(dir, "base"), filepath.Join(dir, "same"), filepath.Join(dir, "bad")
	mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", base, "--config", config)
	mustParity(t, exitDone, "run", recording, "--target", target.URL, "--out", same, "--config", config, "--baseline", base)
	mustParity(t, exitNotShown, "gate", same, "--config", config)
	if r := mustParity(t, exitDone, "gate", same, "--config", config, "--baseline", base); !strings.Contains(r.stdout, "15 still differ") {
		t.Errorf("the gate says\n%s", r.stdout)
	}
	worse.Store(true)
	zero := writeConfig(t, "gate: {budget: 0, min_samples: 10}")
	r := mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", bad, "--config", zero, "--baseline", base)
	if !strings.Contains(r.stdout, "1 newly differs") {
		t.Errorf("the gate says\n%s", r.stdout)
	}
	for _, wrong := range []struct{ baseline, config, want string }{
		{bad, zero, "is the run itself"},
		{base, writeConfig(t, "compare: {number: {abs: 1, rel: 0}}"), "is not judged under the rules of"},
		{dir, zero, "baseline: "},
	} {
		if wrong.want != "is the run itself" {
			mustParity(t, exitDone, "compare", bad, "--config", wrong.config)
		}
		if r := mustParity(t, exitFailed, "gate", bad, "--config", wrong.config, "--baseline", wrong.baseline); !strings.Contains(r.stderr, wrong.want) {
			t.Errorf("gate --baseline %s says %s", wrong.baseline, r.stderr)
		}
	}
}

// What is accepted must be written where people review it, hold in every verb that
// gives a verdict, and end by itself.
func TestAccept(t *testing.T) {
	recording, dir := makeRecording(t, 210, 50), t.TempDir()
	target := faulty(t, func(i int) string {
		if i%7 == 3 {
			return `,"extra":1`
		}
		return ""
	})
	config := filepath.Join(dir, "parity.yaml")
	const gate = "gate: {budget: 15%, min_samples: 10"
	if err := os.WriteFile(config, []byte(gate+"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run, "--config", config)
	if err := os.WriteFile(config, []byte(gate+", accepted: known.yaml}"), 0o600); err != nil {
		t.Fatal(err)
	}
	accept := func(code int, flags ...string) result {
		return mustParity(t, code, append([]string{"accept", run, "--config", config}, flags...)...)
	}
	if r := mustParity(t, exitFailed, "gate", run, "--config", config); !strings.Contains(r.stderr, "`parity accept` makes the file") {
		t.Errorf("gate says %s", r.stderr)
	}
	for want, flags := range map[string][]string{
		"is over already":             {"--signature", "$.extra extra", "--reason", "x", "--until", "2020-01-01"},
		`write 2026-12-31`:            {"--signature", "$.extra extra", "--reason", "x", "--until", "soon"},
		`no model differs by "$.typo`: {"--signature", "$.typo extra", "--reason", "x", "--until", "2999-01-01"},
		"no request of model other":   {"--signature", "$.extra extra", "--model", "other", "--reason", "x", "--until", "2999-01-01"},
		"it has no reason":            {"--signature", "$.extra extra", "--reason", " ", "--until", "2999-01-01"},
	} {
		if r := accept(exitFailed, flags...); !strings.Contains(r.stderr, want) {
			t.Errorf("accept %v says %s", flags, r.stderr)
		}
	}
	r := accept(exitDone, "--signature", "$.extra extra", "--reason", "agreed: \"TICKET-1\"", "--until", "2999-01-01")
	if !strings.Contains(r.stderr, "of model model-3, 30 distinct requests here") {
		t.Errorf("accept says %s", r.stderr)
	}
	if r := accept(exitFailed, "--signature", "$.extra extra", "--reason", "again", "--until", "2999-01-01"); !strings.Contains(r.stderr, "both accept") {
		t.Errorf("accept says %s", r.stderr)
	}
	known := filepath.Join(dir, "known.yaml")
	if r := mustParity(t, exitDone, "gate", run, "--config", config); !strings.Contains(r.stdout, `agreed: "TICKET-1"`) || !strings.Contains(r.stdout, "accepted  ") {
		t.Errorf("gate says\n%s", r.stdout)
	}
	mustParity(t, exitDone, "run", recording, "--target", target.URL, "--out", run, "--config", config)
	mustParity(t, exitDone, "gate", run, "--accepted", known, "--config", config)
	text, err := os.ReadFile(known)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(known, []byte(strings.Replace(string(text), "2999-01-01", "2020-01-01", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := mustParity(t, exitNotShown, "gate", run, "--config", config); !strings.Contains(r.stdout, "was accepted until 2020-01-01 and counts again") {
		t.Errorf("gate says\n%s", r.stdout)
	}
}

// Without this, a slip in a file's name would be found after a night of sending,
// and the reports of that night would not be written.
func TestRunChecksWhatItIsHeldAgainstFirst(t *testing.T) {
	recording, dir, target := makeRecording(t, 20, 10), t.TempDir(), newEcho(t, answerBack(0))
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("- {model: m}"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := writeConfig(t, "gate: {accepted: nowhere.yaml}")
	for _, flags := range [][]string{{"--accepted", bad}, {"--accepted", bad + "x"}, {"--baseline", dir}, {"--previous", dir}, {"--config", config}} {
		args := append([]string{"run", recording, "--target", target.URL, "--out", filepath.Join(dir, "run")}, flags...)
		if r := mustParity(t, exitFailed, args...); target.asked.Load() > 0 {
			t.Fatalf("%v is found out after sending: %s", flags, r.stderr)
		}
	}
}

// All that differed is right now, by a budget that a handful shows: whoever cuts
// over by that has not seen whether the rest still is.
func TestMismatchesAloneNeverPass(t *testing.T) {
	recording, dir := makeRecording(t, 210, 50), t.TempDir()
	var repaired atomic.Bool
	target := faulty(t, func(i int) string {
		if i%2 == 0 && !repaired.Load() {
			return `,"extra":1`
		}
		return ""
	})
	config := writeConfig(t, "gate: {budget: 20%, min_samples: 1}")
	run, again := filepath.Join(dir, "run"), filepath.Join(dir, "again")
	mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run, "--config", config)
	repaired.Store(true)
	r := mustParity(t, exitInconclusive, "run", run+"/mismatches", "--target", target.URL, "--out", again, "--config", config)
	for _, want := range []string{"Nothing differs any more of the 105 exchanges that did.", "105 of 105 requests that differed are fixed", "parity run " + recording + " --target"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("the gate lacks %q:\n%s", want, r.stdout)
		}
	}
	mustParity(t, exitDone, "run", recording, "--target", target.URL, "--out", filepath.Join(dir, "whole"), "--config", config)
}

// Without this, whoever ignores a member by a new rule would read that all that
// differed in it is fixed.
func TestChangesAreByTheSameRules(t *testing.T) {
	dir := t.TempDir()
	pairs := []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}, {"r2", "m", `{"a":1,"b":1}`, 200, `{"a":1,"b":1}`}}
	before, now := showRunAt(t, filepath.Join(dir, "before"), pairs), showRunAt(t, filepath.Join(dir, "now"), pairs)
	ignoring := writeConfig(t, "compare: {rules: [{path: $.a, ignore: true}]}")
	mustParity(t, exitDone, "compare", before, "--config", ignoring)
	mustParity(t, exitDone, "compare", before)
	mustParity(t, exitDone, "compare", now, "--config", ignoring)
	if r := mustParity(t, exitDone, "report", now, "--config", ignoring, "--previous", before); strings.Contains(r.stdout, "fixed") || !strings.Contains(r.stdout, "nothing differed then") {
		t.Errorf("by the rules of both:\n%s%s", r.stdout, r.stderr)
	}
	mustParity(t, exitDone, "compare", now)
	other := writeConfig(t, "compare: {number: {abs: 9, rel: 0}}")
	mustParity(t, exitDone, "compare", now, "--config", other)
	if r := mustParity(t, exitDone, "report", now, "--config", other, "--previous", before); strings.Contains(r.stdout, "since") || !strings.Contains(r.stderr, "can't be said") {
		t.Errorf("by rules that the other has no judgement of:\n%s%s", r.stdout, r.stderr)
	}
	if r := mustParity(t, exitFailed, "report", now, "--previous", now); !strings.Contains(r.stderr, "is the run itself") {
		t.Error(r.stderr)
	}
	again, target := filepath.Join(dir, "again"), newEcho(t, answerBack(0))
	mustParity(t, exitDone, "replay", before+"/mismatches", "--target", target.URL, "--out", again)
	mustParity(t, exitDone, "compare", again)
	mustParity(t, exitDone, "compare", again, "--config", other)
	if r := mustParity(t, exitDone, "report", again, "--config", other); strings.Contains(r.stdout, "since") || !strings.Contains(r.stderr, "can't be said") {
		t.Errorf("of a mismatch set by other rules:\n%s%s", r.stdout, r.stderr)
	}
}

// Without this, a file that a reviewer emptied, or began, could not be added to.
func TestAcceptIntoAnEmptyFile(t *testing.T) {
	dir := t.TempDir()
	run := showRunAt(t, dir, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	mustParity(t, exitDone, "compare", run)
	file, config := filepath.Join(dir, "known.yaml"), writeConfig(t, "gate: {min_samples: 1}")
	for _, text := range []string{"[]", "# ours\n[ ]  # none yet\n", "---\n# ours\n[\n]\n", "", "# ours\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := mustParity(t, exitDone, "accept", run, "--signature", "$.a number", "--reason", "x", "--until", "2999-01-01", "--accepted", file, "--config", config)
		if !strings.Contains(r.stderr, "--config "+config) {
			t.Errorf("the next step is without the config: %s", r.stderr)
		}
		got := readFile(t, file)
		if list, err := readAccepted(file); err != nil || len(list) != 1 || strings.Contains(text, "# ours") != strings.Contains(got, "# ours") {
			t.Errorf("%q becomes %q: %v", text, got, err)
		}
	}
}

// A recording that has grown since it was sent is not covered by a run of what it
// was.
func TestCoverageOfAGrownRecording(t *testing.T) {
	recording := makeRecording(t, 100, 50)
	target := newEcho(t, answerBack(0))
	config, run := writeConfig(t, "gate: {budget: 30%, min_samples: 1, coverage: {exchanges: 100%}}"), filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "run", recording, "--target", target.URL, "--out", run, "--config", config)
	more := filepath.Join(t.TempDir(), "more.jsonl")
	if err := os.WriteFile(more, []byte(`{"id":"new","time":"2026-11-23T20:00:00Z","model":"new","request":{"path":"/new","body":"{\"n\":1}"},"response":{"status":200,"body":"{\"n\":1}"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", more, "--out", recording)
	if r := mustParity(t, exitInconclusive, "gate", run, "--config", config); !strings.Contains(r.stdout, "100 of 101 exchanges") {
		t.Errorf("the gate says\n%s", r.stdout)
	}
}

// A judgement whose document is lost must not hand its verdict to a laxer one.
func TestLostJudgementIsNoPass(t *testing.T) {
	recording, run := makeRecording(t, 100, 50), filepath.Join(t.TempDir(), "run")
	target := newEcho(t, answerBack(2))
	mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run)
	mustParity(t, exitDone, "compare", run, "--config", writeConfig(t, "compare: {number: {abs: 1000, rel: 0}}"))
	documents, err := filepath.Glob(filepath.Join(run, "judgements", "*", "judgement.json"))
	if err != nil || len(documents) != 2 {
		t.Fatal(documents, err)
	}
	if err := os.Remove(documents[0]); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"gate", "report", "show", "fsck"} {
		if r := mustParity(t, exitFailed, verb, run); !strings.Contains(r.stdout+r.stderr, "bring it back") {
			t.Errorf("%s says %s%s", verb, r.stdout, r.stderr)
		}
	}
}
