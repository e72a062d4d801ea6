package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/report"
)

func reportOf(t *testing.T, run string, args ...string) (s report.Summary) {
	t.Helper()
	r := mustParity(t, exitDone, append([]string{"report", run, "--json", "-"}, args...)...)
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Without this, a run of one model of seven could pass for the migration of all,
// and one whose recording is gone for that of whatever was in it.
func TestCoverageOfARun(t *testing.T) {
	recording := makeRecording(t, 700, 50)
	target := newEcho(t, answerBack(0))
	asked := writeConfig(t, "gate: { budget: 5%, min_samples: 50, coverage: { models: 100%, exchanges: 95% } }")
	part, all := filepath.Join(t.TempDir(), "part"), filepath.Join(t.TempDir(), "all")
	mustParity(t, exitDone, "run", recording, "--target", target.URL, "--out", all, "--config", asked)
	r := mustParity(t, exitInconclusive, "run", recording, "--target", target.URL, "--out", part, "--model", "model-3", "--model", "model-6", "--config", asked)
	for _, want := range []string{
		"covers  2 of 7 models (28.5%) and 200 of 700 exchanges (28.5%) of the recording",
		"Nothing was judged of models model-0, model-1, model-2 and 2 more.",
	} {
		if !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the table lacks %q:\n%s", want, r.stdout)
		}
	}
	lax := writeConfig(t, "gate: { budget: 5%, min_samples: 50 }")
	if r := mustParity(t, exitDone, "gate", part, "--config", lax); !strings.Contains(r.stdout, "covers  200 of 700 exchanges (28.5%) of the recording") {
		t.Errorf("where it is not asked:\n%s", r.stdout)
	}
	if err := os.RemoveAll(recording); err != nil {
		t.Fatal(err)
	}
	if r := mustParity(t, exitInconclusive, "gate", part, "--config", asked); !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), "How many models the recording holds is not known") {
		t.Errorf("without the recording:\n%s", r.stdout)
	}
	mustParity(t, exitDone, "gate", part, "--config", lax)
	mustParity(t, exitInconclusive, "gate", all, "--config", asked) // it may have grown since
}

// Without this, what was sampled could count as if all had been recorded, from
// the import to the verdict.
func TestSampledRecording(t *testing.T) {
	var lines bytes.Buffer
	for i := range 900 {
		sampling := ""
		if i >= 300 {
			sampling = `,"sampling_probability":0.1`
		}
		fmt.Fprintf(&lines, `{"id":"r%d","time":"2026-11-22T20:00:00.%06dZ","model":"m"%s,"request":{"path":"/m/%d","headers":{"content-type":"application/json"},"body":"{\"n\":%d}"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"n\":%d}"}}`+"\n", i, i, sampling, i, i, i)
	}
	dir := t.TempDir()
	file, recording := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "recording")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", recording, "--split-rows", "100")
	if cat := mustParity(t, exitDone, "cat", recording).stdout; strings.Count(cat, `"sampling_probability":0.1`) != 600 || strings.Count(cat, "sampling_probability") != 600 {
		t.Error("cat does not say which were sampled, and of which alone")
	}
	run := filepath.Join(dir, "run")
	config := writeConfig(t, "gate: { budget: 0.4%, min_samples: 300 }")
	mustParity(t, exitInconclusive, "run", recording, "--target", newEcho(t, answerBack(0)).URL, "--out", run, "--config", config)
	m := reportOf(t, run, "--config", config).Models[0] // 900 would show 0.4 %, 630 don't
	if m.Requests != 900 || m.Effective != 630 || m.More == 0 || m.ExchangeRate != 0 {
		t.Errorf("%+v", m)
	}
	if table := mustParity(t, exitDone, "report", run, "--config", config).stdout; !strings.Contains(table, "900 (as 630)") {
		t.Errorf("the table is\n%s", table)
	}
}
