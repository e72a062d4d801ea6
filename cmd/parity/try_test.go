package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who writes a mapping needs to see what it does before ten million requests go
// out; and what it shows must be what replay and compare will do.
func TestTry(t *testing.T) {
	server, recording := v2Server(t, oldLabel), labelled(t, 60)
	config := v2Config(t, server)
	r := mustParity(t, exitDone, "replay", recording, "--target", "v2", "--config", config, "--try", "3")
	for _, want := range []string{
		"model      m0", "model      m1", "model      m2",
		`    {"text":"text `,
		"sent       to " + server.URL + "/v2/models/m1/infer  (application/json, ",
		`    {"inputs":[{"data":["text `,
		"answer     200 after ", `"model_name":"m1"`,
		"mapped     to be compared with the recorded one  (application/json, ",
		"recorded   200 after 1.0 ms", "verdict    match: ",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
	checkScreen(t, r.stdout)
	if n := server.asked.Load(); n != 3 || strings.Count(r.stdout, "exchange   ") != 3 {
		t.Errorf("%d requests were sent for 3", n)
	}
	again := mustParity(t, exitDone, "replay", recording, "--target", "v2", "--config", config, "--try", "3")
	for line := range strings.Lines(r.stdout) {
		if strings.HasPrefix(line, "exchange ") && !strings.Contains(again.stdout, line) {
			t.Errorf("another time it is not %s", line)
		}
	}
	lines := mustParity(t, exitDone, "replay", recording, "--target", "v2", "--config", config, "--try", "2", "--json").stdout
	var tried struct {
		Request, Response, Candidate, Sent, Mapped struct{ URL, Body string }
		Verdict                                    string
	}
	if err := json.Unmarshal([]byte(strings.SplitAfter(lines, "\n")[1]), &tried); err != nil || strings.Count(lines, "\n") != 2 {
		t.Fatalf("%v in %s", err, lines)
	}
	if tried.Sent.URL != server.URL+"/v2/models/m1/infer" || !strings.HasPrefix(tried.Sent.Body, `{"inputs":`) || !strings.HasPrefix(tried.Request.Body, `{"text":`) ||
		tried.Mapped.Body != tried.Response.Body || !strings.Contains(tried.Candidate.Body, `"outputs"`) || tried.Verdict != "match" {
		t.Errorf("as JSON it is %+v", tried)
	}
	server.asked.Store(0)
	mustParity(t, exitDone, "replay", recording, "--target", "v2", "--config", config, "--try", "7", "--model", "m2")
	if n := server.asked.Load(); n != 7 {
		t.Errorf("of one model %d requests were sent for 7", n)
	}
	if names, err := os.ReadDir(filepath.Dir(recording)); err != nil || len(names) != 2 { // the import's file and the recording
		t.Errorf("it wrote %v, %v", names, err)
	}
}

// What goes wrong is shown at the step where it does, and harms no terminal.
func TestTryOfWhatGoesWrong(t *testing.T) {
	hostile := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html\u202e")
		io.WriteString(w, "\x1b[2J</script>\x00\n"+strings.Repeat("é\u202e", 5_000))
	})
	recording := labelled(t, 6)
	for name, c := range map[string]struct {
		url, mapping string
		words        []string
	}{
		"request": {hostile.URL, `, request: 'error("no " + .text[:4])'`, []string{"not sent   to ", "map the request: targets.new.request: at $: the program says: no text", "unavailable (unsendable)"}},
		"loop":    {hostile.URL, `, request: 'def f: f; f'`, []string{"not sent", "worked too long"}},
		"refused": {"http://127.0.0.1:1", "", []string{"answer     refused after", "connection refused", "verdict    unavailable (refused)"}},
		"answer":  {hostile.URL, ", response: .label", []string{"mapped     it can't be: targets.new.response: no JSON document", `\x1b[2J</script>\x00\n`, "… of 24.4 KiB", "verdict    undecided (candidate_unmapped)"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", targetConfig(t, c.url, c.mapping), "--try", "1")
			for _, want := range c.words {
				if !strings.Contains(r.stdout, want) {
					t.Errorf("no %q in\n%s", want, r.stdout)
				}
			}
			checkScreen(t, r.stdout)
		})
	}
}

// A flag that means a run must not be passed over in silence.
func TestTryStandsAlone(t *testing.T) {
	recording, run := labelled(t, 3), filepath.Join(t.TempDir(), "run")
	for _, c := range []struct{ args, words string }{
		{"--try 3 --out " + run, "--out does not go with --try"},
		{"--try 3 --again mismatched", "--again does not go with --try"},
		{"--try 3 --shard 0/2", "--shard does not go with --try"},
		{"--try 3 --dry-run", "--dry-run does not go with --try"},
		{"--try 0", "must be from 1 to 100"},
		{"--try 1000", "must be from 1 to 100"},
		{"--try 1 --model nothing", "there is nothing to try"},
	} {
		args := append([]string{"replay", recording, "--target", "http://127.0.0.1:1"}, strings.Fields(c.args)...)
		if r := mustParity(t, exitFailed, args...); !strings.Contains(r.stderr, c.words) {
			t.Errorf("%s says %s", c.args, r.stderr)
		}
	}
	if _, err := os.Stat(run); err == nil {
		t.Error("a run was begun")
	}
}
