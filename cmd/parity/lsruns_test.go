package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// Without this, nobody could see whether the new endpoint gets better from one
// fix to the next, or a run of another recording could be taken for one of this.
func TestLsRunsOverTime(t *testing.T) {
	eachStore(t, func(t *testing.T, place string) {
		showRunAt(t, place, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}, {"r2", "n", `{"a":1}`, 200, `{"a":1}`}})
		recording := store.Join(place, "recording")
		showRunAt(t, store.Join(place, "other"), []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
		if r := mustParity(t, exitDone, "ls", recording, "--runs"); !strings.Contains(r.stdout, "–") || !strings.Contains(r.stderr, "is not judged yet") {
			t.Errorf("a run that is not judged is listed as\n%s%s", r.stdout, r.stderr)
		}
		mustParity(t, exitDone, "compare", store.Join(place, "run"))
		target := newEcho(t, answerBack(0))
		config := writeConfig(t, "compare: {rules: [{path: $.a, ignore: true}]}\ngate: {min_samples: 1, budget: 99%}")
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", store.Join(place, "run2"))
		mustParity(t, exitDone, "compare", store.Join(place, "run2"))
		mustParity(t, exitDone, "compare", store.Join(place, "run"), "--config", config)

		lines := strings.Split(strings.TrimSpace(mustParity(t, exitDone, "ls", recording, "--runs").stdout), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], "BEGUN") || !strings.HasSuffix(lines[1], "/run") || !strings.HasSuffix(lines[2], "/run2") || !strings.Contains(lines[2], target.URL) {
			t.Errorf("got\n%s", strings.Join(lines, "\n"))
		}
		if !regexp.MustCompile(`[0-9a-f]{8}  \d +\d +\d +0 of 2 `).MatchString(lines[1]) {
			t.Errorf("the latest judgement's rules hide the difference: %s", lines[1])
		}
		out := mustParity(t, exitDone, "ls", recording, "--runs", "--config", config)
		if !strings.Contains(out.stdout, "–") || !strings.Contains(out.stderr, "run2 has no verdict") {
			t.Errorf("by the config's rules:\n%s%s", out.stdout, out.stderr)
		}
		empty := t.TempDir()
		if r := mustParity(t, exitFailed, "ls", recording, "--runs", "--store", empty); !strings.Contains(r.stderr, "say by --store where the runs are") {
			t.Error(r.stderr)
		}
		mustParity(t, exitFailed, "ls", place, "--store", empty)
	})
}

// Without this, a script that looks for the last verdict would take a damaged run
// for one that is not judged yet.
func TestLsRunsSaysWhatIsBroken(t *testing.T) {
	place := t.TempDir()
	run := showRunAt(t, place, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	recording, whole, target := store.Join(place, "recording"), store.Join(place, "whole"), newEcho(t, answerBack(0))
	mustParity(t, exitDone, "compare", run)
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", whole)
	mustParity(t, exitDone, "compare", whole)
	if err := os.WriteFile(firstTally(t, run), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := mustParity(t, exitFailed, "ls", recording, "--runs")
	if strings.Count(r.stdout, "\n") != 3 || !strings.Contains(r.stderr, "/run has no verdict") || strings.Contains(r.stderr, "/whole") {
		t.Errorf("got\n%s%s", r.stdout, r.stderr)
	}
}
