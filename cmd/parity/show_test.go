package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/modelparity/parity/internal/store"
)

// hostile would clear a terminal, and turn the writing direction.
const hostile = "\x1b[2J\u202e\x00"

// pairOf is one exchange to import, and what the candidate answers.
type pairOf struct {
	id, model, reference string
	status               int
	candidate            string
}

// showRun replays pairs, each a split of its own, and returns the run.
func showRun(t *testing.T, pairs []pairOf) string {
	t.Helper()
	return showRunAt(t, t.TempDir(), pairs)
}

// showRunAt makes recording and run below a place.
func showRunAt(t *testing.T, place string, pairs []pairOf) string {
	t.Helper()
	var lines bytes.Buffer
	answers := map[string]pairOf{}
	for i, p := range pairs {
		answers["/"+p.id] = p
		line, err := json.Marshal(map[string]any{
			"id": p.id, "time": fmt.Sprintf("2026-11-22T20:00:00.%06dZ", i), "model": p.model,
			"request":  map[string]any{"path": "/" + p.id, "headers": map[string]string{"content-type": "text/plain"}, "body": "x"},
			"response": map[string]any{"status": 200, "headers": map[string]string{"content-type": "application/json"}, "body": p.reference},
		})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	file, recording, run := filepath.Join(t.TempDir(), "in.jsonl"), store.Join(place, "recording"), store.Join(place, "run")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		p := answers[r.URL.Path]
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(p.status)
		io.WriteString(w, p.candidate)
	})
	mustParity(t, exitDone, "import", "jsonl", file, "--out", recording, "--split-rows", "1")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	return run
}

var showPairs = []pairOf{
	{"same", "m", `{"a":1}`, 200, `{"a":1}`},
	{"spelt", "m", `{"a":1,"b":2}`, 200, `{"b":2.0,"a":1}`},
	{"near", "m", `{"a":0.5}`, 200, `{"a":0.50000001}`},
	{"ignored", "m", `{"took_ms":3}`, 200, `{"took_ms":9}`},
	{"differs", "m", `{"a":0.5,"n":{"` + hostile + `":1}}`, 200, `{"a":0.75,"n":{"` + hostile + `":2}}`},
	{"broken", "m", `{"a":1}`, 200, `{"a":1`},
	{"throttled", "m", `{"a":1}`, 429, `{}`},
	{"long", "m" + hostile + strings.Repeat("x", 200), `{"` + strings.Repeat("long", 60) + `":"` + strings.Repeat("a", 300) + `"}`, 200, `{"` + strings.Repeat("long", 60) + `":"` + strings.Repeat("a", 299) + `b"}`},
}

// Without this, a verdict could be something to believe or not.
func TestShowSaysWhy(t *testing.T) {
	run := showRun(t, escaped(showPairs))
	config := writeConfig(t, `compare: {rules: [{path: "$.took_ms", ignore: true}]}`)
	for _, judged := range []bool{false, true} {
		by := "none yet by the rules of"
		if judged {
			mustParity(t, exitDone, "compare", run, "--config", config)
			by = "judgement  "
		}
		for id, want := range map[string][]string{
			"same":      {"verdict    match: both answers are the same bytes"},
			"spelt":     {"verdict    match: the same values written differently"},
			"near":      {"match: what differs does not count: 1 place within the tolerance, at most 1e-08 apart", "by default number (abs 1e-09, rel 1e-06): 1 place"},
			"ignored":   {"1 place that a rule hides", "by $.took_ms ignore: 1 place", "= $.took_ms"},
			"differs":   {"verdict    mismatch: 2 differences", "! $.a", "over       default number (abs 1e-09, rel 1e-06): 1 place"},
			"broken":    {"undecided (candidate_unreadable)", "candidate  read as json: JSON at byte 6: it ends where"},
			"throttled": {"unavailable (throttled): status 429, the reference has 200"},
			"long":      {"verdict    mismatch: 1 difference", `…aaaaaaaaa"`, `…aaaaaaaab"`},
		} {
			r := mustParity(t, exitDone, "show", run, id, "--config", config)
			for _, want := range append(want, by) {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("show %s lacks %q:\n%s", id, want, r.stdout)
				}
			}
			checkScreen(t, r.stdout)
		}
	}
	r := mustParity(t, exitDone, "show", run)
	for _, want := range []string{"$.a number", "0.5 → 0.75", "undecided candidate_unreadable", "JSON at byte 6: it ends", "unavailable throttled", "status 429"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("show lacks %q:\n%s", want, r.stdout)
		}
	}
	checkScreen(t, r.stdout)
}

// Without this, a member that moved or one element more would make all that
// follows look different, and a long answer would hide the one value that is.
func TestShowAlignsAnswers(t *testing.T) {
	long := strings.Repeat("1,", 1000)
	run := showRun(t, []pairOf{
		{"moved", "m", `{"a":0.5,"b":[1,2],"c":"x"}`, 200, `{"c":"x","b":[1,2,3],"d":null,"a":0.75}`},
		{"long", "m", `{"v":[` + long + `0.5]}`, 200, `{"v":[` + long + `0.75]}`},
		{"status", "m", `{"a":1}`, 500, `{"error":"boom"}`},
	})
	for id, want := range map[string][]string{
		"moved": {
			"!   a        0.25   0.5", "!   b               [ 2 elements ]", ">     [2]                                                    3", "    c               \"x\"", ">   d   ",
			"last byte", "recorded, sent", "> content-length", "  content-type",
		},
		"long":   {"… 988 equal\n!     [1000]    0.25   0.5"},
		"status": {"! status", "the bodies were not compared"},
	} {
		r := mustParity(t, exitDone, "show", run, id)
		for _, want := range want {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("show %s lacks %q:\n%s", id, want, r.stdout)
			}
		}
		checkScreen(t, r.stdout)
	}
}

// escaped writes what JSON can't hold as it is.
func escaped(pairs []pairOf) (out []pairOf) {
	replace := strings.NewReplacer("\x1b", `\u001b`, "\x00", `\u0000`)
	for _, p := range pairs {
		p.reference, p.candidate = replace.Replace(p.reference), replace.Replace(p.candidate)
		out = append(out, p)
	}
	return out
}

// checkScreen wants what a terminal shows and 100 columns have room for, but for
// commands, which are whole, so that they can be pasted.
func checkScreen(t *testing.T, out string) {
	t.Helper()
	out, _, _ = strings.Cut(out, "\nsend it again:")
	out, _, _ = strings.Cut(out, "\nwhy one has its verdict:")
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if w := text.StringWidthWithoutEscSequences(line); w > screenWidth || printable(line) != line {
			t.Errorf("%d columns: %q", w, line)
		}
	}
}

// Without this, noise could hide a regression from whoever looks for one: the
// control's numbers stand beside it.
func TestShowSaysWhatTheControlHas(t *testing.T) {
	pairs := []pairOf{
		{"r1", "m", `{"s":0.5}`, 200, `{"s":0.5001}`},
		{"r2", "m", `{"s":0.5}`, 200, `{"s":0.75}`},
	}
	run := showRun(t, pairs)
	summary := readInfo(t, run)
	control := filepath.Join(t.TempDir(), "control")
	old := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"s":0.502}`)
	})
	mustParity(t, exitDone, "replay", summary.Recording, "--target", old.URL, "--out", control)
	mustParity(t, exitDone, "compare", run, "--control", control)
	r := mustParity(t, exitDone, "show", run, "r1")
	for _, want := range []string{"noise by the control", "verdict    noise: 1 difference, which the control shows", "~ $.s", "of 2 pairs of the old system's own answers", "~ $.s number: 2 that differ, at most 0.002 apart"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("lacks %q:\n%s", want, r.stdout)
		}
	}
	if r := mustParity(t, exitDone, "show", run, "r2"); !strings.Contains(r.stdout, "! $.s number: 2 that differ, at most 0.002 apart") {
		t.Errorf("a mismatch says\n%s", r.stdout)
	}
	if err := os.RemoveAll(summary.Recording); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "show", run, "r2") // a mismatch set has all that it takes
}

// Without this, an answer that is another one each time would look like a fault
// of the one exchange that is looked at.
func TestShowSaysThatARequestIsAnsweredInSeveralWays(t *testing.T) {
	run, none := filepath.Join(t.TempDir(), "run"), func(int) float64 { return 0 }
	mustParity(t, exitDone, "replay", noisyRecording(t, 4, 3), "--target", noisy(t, 2, none, 1).URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	if r := mustParity(t, exitDone, "show", run, "r5"); !strings.Contains(r.stdout, "repeated   the old system answered this request in several ways itself") {
		t.Error(r.stdout)
	}
}

func readInfo(t *testing.T, run string) (info struct{ Recording string }) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(run, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Body json.RawMessage }
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(document.Body, &info); err != nil {
		t.Fatal(err)
	}
	return info
}

// Without this, who looks for an exchange that is not sent yet, not there, or
// in another judgement than the one named, would be shown something else.
func TestShowOfWhatIsNotThere(t *testing.T) {
	recording := makeRecording(t, 30, 10)
	target, run := newEcho(t, answerBack(10)), filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--model", "!model-3", "--shard", "0/2")
	if r := mustParity(t, exitDone, "show", run, sentOrNot(t, run, false)); !strings.Contains(r.stdout, "verdict    missing: not sent yet") || !strings.Contains(r.stdout, "judgement  none yet\n") {
		t.Errorf("an exchange that is not sent says\n%s", r.stdout)
	}
	for _, args := range [][]string{{"r3"}, {"r99"}} { // not planned, and nowhere
		if r := mustParity(t, exitFailed, "show", run, args[0]); !strings.Contains(r.stderr, "has no exchange") {
			t.Errorf("%s says %s", args, r.stderr)
		}
	}
	mustParity(t, exitDone, "compare", run)
	if r := mustParity(t, exitFailed, "show", run, sentOrNot(t, run, true), "--judgement", "0123"); !strings.Contains(r.stderr, "is not judged yet as 0123") {
		t.Errorf("a judgement that is not there says %s", r.stderr)
	}
}

// sentOrNot is the id of an exchange of the run that was sent, or was not.
func sentOrNot(t *testing.T, run string, sent bool) string {
	t.Helper()
	out := mustParity(t, exitDone, "cat", run).stdout
	for i := range 30 {
		if id := fmt.Sprintf("r%d", i); i%7 != 3 && strings.Contains(out, `"`+id+`"`) == sent {
			return id
		}
	}
	t.Fatal("there is none")
	return ""
}
