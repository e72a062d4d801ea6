package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/store"
)

// Without this, nobody could look up what was decided by, a report could be
// another one tomorrow, and a kept report would make fsck call its run damaged.
func TestKeep(t *testing.T) {
	recording, target := makeRecording(t, 200, 50), newEcho(t, answerBack(10))
	strict, lax := writeConfig(t, "gate: {min_samples: 5}"), writeConfig(t, "gate: {min_samples: 5, budget: 60%}")
	eachStore(t, func(t *testing.T, location string) {
		run := store.Join(location, "run")
		r := mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run, "--config", strict, "--keep")
		if !strings.Contains(r.stderr, "kept "+run+"/reports/") || !strings.Contains(r.stdout, "FAIL") {
			t.Errorf("%s%s", r.stdout, r.stderr)
		}
		again := mustParity(t, exitDone, "report", run, "--config", strict, "--keep")
		if !strings.HasSuffix(r.stderr, again.stderr) || !strings.Contains(again.stdout, "FAIL") {
			t.Errorf("the same again is kept as %safter %s", again.stderr, r.stderr)
		}
		listed := func() []string {
			var reports []string
			for line := range strings.Lines(mustParity(t, exitDone, "ls", run).stdout) {
				if strings.HasPrefix(line, "  report ") {
					reports = append(reports, line)
				}
			}
			return reports
		}
		if l := listed(); len(l) != 1 || !strings.Contains(l[0], ".html of 20") || !strings.Contains(l[0], ": FAIL: 7 of 7 models are over budget.") {
			t.Errorf("ls lists %q", l)
		}
		mustParity(t, exitDone, "report", run, "--config", lax, "--keep")
		if l := listed(); len(l) != 2 || strings.Count(strings.Join(l, ""), ": PASS: ") != 1 {
			t.Errorf("under other budgets ls lists %q", l)
		}
		mustParity(t, exitDone, "fsck", run)
		mustParity(t, exitDone, "gate", run, "--config", lax)
	})
}

// Without this, a kept report could say PASS though nothing ever did.
func TestKeptReportIsVerified(t *testing.T) {
	_, run := brokenRun(t)
	mustParity(t, exitDone, "report", run, "--keep")
	for _, kind := range []string{"*.json", "*.html"} {
		file := files(t, run, "reports", kind)[0]
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "FAIL", "PASS")), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := mustParity(t, exitFailed, "fsck", run); !strings.Contains(r.stdout, "do not go with their name") {
			t.Error(r.stdout)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		mustParity(t, exitDone, "fsck", run)
	}
	if err := os.Remove(files(t, run, "reports", "*.json")[0]); err != nil { // killed before it was written
		t.Fatal(err)
	}
	mustParity(t, exitDone, "fsck", run)
	mustParity(t, exitDone, "report", run, "--keep")
	if n := len(files(t, run, "reports", "*")); n != 2 {
		t.Errorf("%d files in %s", n, filepath.Join(run, "reports"))
	}
}

// Without this, the same decision would be kept once for each folder that somebody
// stood in, as several decisions.
func TestKeptOnceFromWhicheverFolder(t *testing.T) {
	dir := t.TempDir()
	run := showRunAt(t, dir, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	base := showRunAt(t, filepath.Join(dir, "base"), []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	config := filepath.Join(dir, "parity.yaml")
	if err := os.WriteFile(config, []byte("gate: {min_samples: 1}"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "compare", run)
	mustParity(t, exitDone, "compare", base)
	for _, held := range []string{"--baseline", "--previous"} {
		before := countKept(t, run)
		for _, from := range []string{dir, filepath.Join(dir, "base")} {
			t.Chdir(from)
			mustParity(t, exitDone, "report", relativeTo(t, from, run), "--config", relativeTo(t, from, config), held, relativeTo(t, from, base), "--keep")
		}
		if n := countKept(t, run) - before; n != 1 {
			t.Errorf("with %s it is kept %d times", held, n)
		}
	}
}

func countKept(t *testing.T, run string) int {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(run, "reports", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func relativeTo(t *testing.T, from, place string) string {
	t.Helper()
	rel, err := filepath.Rel(from, place)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}
