package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// targetConfig is a config with one target.
func targetConfig(t *testing.T, url, more string) string {
	t.Helper()
	return writeConfig(t, fmt.Sprintf("targets: { new: { url: %q%s } }\n", url, more))
}

// What was asked in one way must not be finished in another: the run would be of
// two kinds of requests, and nothing would say which row is of which.
func TestMappingIdentifiesARun(t *testing.T) {
	target, recording := newEcho(t, answerBack(0)), makeRecording(t, 30, 10)
	run := filepath.Join(t.TempDir(), "run")
	mapped, other := targetConfig(t, target.URL, ", request: '{n, x: (1 < 2)}'"), targetConfig(t, target.URL, ", request: '{n}'")
	mustParity(t, exitDone, "replay", recording, "--target", "new", "--out", run, "--config", mapped)
	for _, c := range []struct{ args, words []string }{
		{[]string{"--target", "new", "--config", other}, []string{"was begun with request mapping", `{"program":"{n}"}`}},
		{[]string{"--target", target.URL}, []string{"was begun with request mapping", "not none"}},
	} {
		r := mustParity(t, exitFailed, append([]string{"replay", recording, "--out", run}, c.args...)...)
		for _, want := range c.words {
			if !strings.Contains(r.stderr, want) {
				t.Errorf("%v says %s", c.args, r.stderr)
			}
		}
	}
	for _, args := range [][]string{{"--target", "new"}, {"--target", target.URL}} { // the same target by name and by URL
		if r := mustParity(t, exitDone, append([]string{"replay", recording, "--out", run, "--config", mapped}, args...)...); !strings.Contains(r.stderr, "nothing is sent") {
			t.Errorf("the same again says %s", r.stderr)
		}
	}
	if r := mustParity(t, exitFailed, "replay", run, "--again", "r1", "--config", other); !strings.Contains(r.stderr, "was begun with request mapping") {
		t.Errorf("sending again by another mapping says %s", r.stderr)
	}
}

// Sending again asks as the run did, though no config says how.
func TestAgainIsMapped(t *testing.T) {
	var asked []string
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, readBody(r))
		io.WriteString(w, "{}")
	})
	recording, run := makeRecording(t, 1, 1), filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", "new", "--out", run, "--config", targetConfig(t, target.URL, ", request: '[.n]'"))
	mustParity(t, exitDone, "replay", run, "--again", "r0")
	if len(asked) != 2 || asked[0] != "[0]" || asked[1] != "[0]" {
		t.Errorf("asked %q", asked)
	}
}

// Answers are judged by the config's mapping, whatever it was when they came, and
// a mapping that is another one, or missing, is said: else a forgotten --config
// makes a mismatch of every answer, and nobody knows why.
func TestAnswersAreJudgedByTheConfigsMapping(t *testing.T) {
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"deep":%s}`, readBody(r))
	})
	recording, run := makeRecording(t, 30, 10), filepath.Join(t.TempDir(), "run")
	fits, wrong, none := targetConfig(t, target.URL, ", response: .deep"), targetConfig(t, target.URL, ", response: .shallow"), targetConfig(t, target.URL, "")
	elsewhere := targetConfig(t, "http://elsewhere.invalid", "")
	mustParity(t, exitDone, "replay", recording, "--target", "new", "--out", run, "--config", fits)
	target.asked.Store(0)
	for _, c := range []struct {
		args  []string
		match int64
		said  string
	}{
		{nil, 30, ""},
		{[]string{"--config", fits}, 30, ""},
		{[]string{"--config", elsewhere}, 30, ""}, // which says nothing of the run's target
		{[]string{"--config", wrong}, 0, `{"program":".shallow"}; when it was begun that was {"program":".deep"}`},
		{[]string{"--config", none}, 0, `, none; when it was begun that was {"program":".deep"}`},
	} {
		r := mustParity(t, exitDone, append([]string{"compare", run}, c.args...)...)
		if said := strings.Contains(r.stderr, "go through the mapping of"); said != (c.said != "") || !strings.Contains(r.stderr, c.said) {
			t.Errorf("%v says %s", c.args, r.stderr)
		}
		if len(c.args) == 0 {
			continue // the latest may be any
		}
		if s := readSummary(t, run, c.args...); s.Ledger.Match != c.match || s.Ledger.Match+s.Ledger.Mismatch != 30 {
			t.Errorf("%v: ledger %+v", c.args, s.Ledger)
		}
	}
	if out := mustParity(t, exitDone, "ls", run).stdout; strings.Count(out, "judgement ") != 3 || !strings.Contains(out, `answers mapped by {"program":".shallow"}`) {
		t.Errorf("want a judgement for each mapping, and which it is:\n%s", out)
	}
	if n := target.asked.Load(); n != 0 {
		t.Errorf("judging sent %d requests", n)
	}
	mustParity(t, exitDone, "fsck", run)
}

// Of a mapping that fails it must be said which one of the config it is, at which
// place of what, and what it says: from the row of the run to the report's example.
func TestMappingErrorsSayWhere(t *testing.T) {
	target, recording := newEcho(t, answerBack(0)), makeRecording(t, 20, 10)
	for field, c := range map[string]struct{ config, verb, want string }{
		"request": {
			`, models: { "model-*": { request: '{inputs: [.n | ascii_downcase]}' } }`, "cat",
			"map the request: targets.new.models.'model-*'.request: at $.n: the program says: ascii_downcase cannot be applied to: number (0)",
		},
		"response": {`, response: '{label: .n.label}'`, "show", "targets.new.response: at $.n: the program says: expected an object but got: number ("},
	} {
		t.Run(field, func(t *testing.T) {
			run, config := filepath.Join(t.TempDir(), "run"), targetConfig(t, target.URL, c.config)
			mustParity(t, exitDone, "replay", recording, "--target", "new", "--out", run, "--config", config)
			mustParity(t, exitDone, "compare", run, "--config", config)
			out := mustParity(t, exitDone, c.verb, run).stdout
			if !strings.Contains(strings.Join(strings.Fields(out), " "), c.want) {
				t.Errorf("no %q in\n%s", c.want, out)
			}
			out = mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", config, "--try", "1").stdout
			if want, _, _ := strings.Cut(c.want, " number ("); !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
				t.Errorf("--try has no %q in\n%s", want, out)
			}
		})
	}
}

// A slip in a glob leaves a model to the general mapping, or to none.
func TestMappingOfNoModelIsWarnedOf(t *testing.T) {
	target, recording, run := newEcho(t, answerBack(0)), makeRecording(t, 20, 10), filepath.Join(t.TempDir(), "run")
	config := targetConfig(t, target.URL, `, models: { "model-*": { response: . }, "modle-*": { request: ., response: . } }`)
	mustParity(t, exitDone, "replay", recording, "--target", "new", "--out", run, "--config", config)
	mustParity(t, exitDone, "compare", run, "--config", config)
	out := mustParity(t, exitDone, "report", run, "--config", config, "--json", "-").stdout
	if n := strings.Count(out, `for models \"modle-*\", which matches no model`); n != 2 || strings.Contains(out, `\"model-*\", which`) {
		t.Errorf("%d warnings in %s", n, out)
	}
}

// Two targets at one address may want other mappings: the run knows which it was.
func TestMappingIsOfTheTargetByName(t *testing.T) {
	target, recording, run := newEcho(t, answerBack(0)), makeRecording(t, 20, 10), filepath.Join(t.TempDir(), "run")
	config := writeConfig(t, fmt.Sprintf("targets:\n  a: { url: %q, response: '{n: -1}' }\n  b: { url: %q, response: . }\n", target.URL, target.URL))
	mustParity(t, exitDone, "replay", recording, "--target", "b", "--out", run, "--config", config)
	mustParity(t, exitDone, "compare", run, "--config", config)
	if s := readSummary(t, run, "--config", config); s.Ledger.Match != 20 {
		t.Errorf("ledger %+v", s.Ledger)
	}
}

// Without this, whoever looks for why an answer differs would see places that the
// endpoint never gave, or a request that it was never asked.
func TestShowOfWhatIsMapped(t *testing.T) {
	need(t, "curl")
	for name, text := range map[string]string{"small": "hi [31m", "large": strings.Repeat("it's \\ ", 3000)} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.Header.Get("Content-Type")+" "+readBody(r))
				io.WriteString(w, "{\"deep\":{\"label\":\"\u202etext\"}}")
			})
			dir := t.TempDir()
			line, err := jsonLine(fmt.Sprintf(`{"text":%q}`, text))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "in.jsonl"), line, 0o600); err != nil {
				t.Fatal(err)
			}
			config, run := targetConfig(t, target.URL, ", request: '{inputs: [.text]}', response: .deep"), filepath.Join(dir, "run")
			mustParity(t, exitDone, "import", "jsonl", filepath.Join(dir, "in.jsonl"), "--out", filepath.Join(dir, "rec"))
			mustParity(t, exitDone, "replay", filepath.Join(dir, "rec"), "--target", "new", "--out", run, "--config", config)
			mustParity(t, exitDone, "compare", run, "--config", config)
			out := mustParity(t, exitDone, "show", run, "r1").stdout
			for _, want := range []string{"mapping    of the candidate's answers", "before the mapping:", `    {"deep":{"label":"\u202etext"}}`} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			checkScreen(t, out)
			command := curlLines(t, run)[0]
			if strings.Contains(command, "jq ") {
				need(t, "jq")
			}
			cmd := exec.Command("bash", "-c", command)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, text, command)
			}
			if len(asked) != 2 || asked[0] != asked[1] || !strings.HasPrefix(asked[0], `application/json {"inputs":["`) {
				t.Errorf("replay and curl sent %.200q", asked)
			}
		})
	}
}
