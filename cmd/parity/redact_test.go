package main

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Without this, what the config says is to be hidden could lie on the disk all the
// same, after a crash of the sidecar too, or nobody know which rows lack something.
func TestCaptureRedacts(t *testing.T) {
	const secret = "u-1234@example.org"
	config := writeConfig(t, "capture: { redact: { headers: [X-Client], query: [token], json: [/author/email], key_env: REDACT_KEY } }")
	old := newEcho(t, sayBackBody)
	dir, address := t.TempDir(), freeAddress(t)
	recording := filepath.Join(dir, "recording")
	args := []string{
		"capture", "--upstream", old.URL, "--listen", address, "--out", recording, "--spool", filepath.Join(dir, "spool"),
		"--model-from", "const:m", "--config", config,
	}
	if r := mustParity(t, exitFailed, args...); !strings.Contains(r.stderr, "REDACT_KEY is not set") {
		t.Errorf("without a key it says %s", r.stderr)
	}
	t.Setenv("REDACT_KEY", "0123456789abcdef0123456789abcdef")
	for range 2 {
		p := start(t, args...)
		p.waitFor(t, "it listens", func() bool { return reachable(address) })
		for _, body := range []string{`{"author":{"email":"` + secret + `"},"text":"hi"}`, `{"text":"hi"}`} {
			req, err := http.NewRequest(http.MethodPost, "http://"+address+"/?token="+secret, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Client", secret)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}
		http.DefaultClient.CloseIdleConnections()
		p.waitFor(t, "the spool has them", func() bool { return spooled(t, dir) })
		p.Process.Kill()
		<-p.ended
		noneHolds(t, dir, secret)
	}
	last := start(t, args...)
	last.waitFor(t, "it listens", func() bool { return reachable(address) })
	if err := last.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-last.ended
	noneHolds(t, dir, secret)
	if cat := mustParity(t, exitDone, "cat", recording).stdout; strings.Contains(cat, secret) || strings.Count(cat, `"origin":{"redacted":`) != 4 {
		t.Errorf("cat says\n%s", cat)
	}
	redactedDownstream(t, recording, filepath.Join(dir, "run"))
	if ls := mustParity(t, exitDone, "ls", recording).stdout; !strings.Contains(ls, "redacted: something of 4 of 4 (both 2, request 2)") {
		t.Errorf("ls says\n%s", ls)
	}
}

// redactedDownstream holds what is said to whoever replays and judges such a recording.
func redactedDownstream(t *testing.T, recording, run string) {
	t.Helper()
	rejects := newEcho(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such client", http.StatusForbidden+13) })
	to := []string{"replay", recording, "--target", rejects.URL, "--out", run}
	const plan = "something of 4 of 4 requests: the candidate may need what is hidden"
	dry := mustParity(t, exitDone, append(to, "--dry-run")...).stdout
	asJSON := mustParity(t, exitDone, append(to, "--dry-run", "--json")...).stdout
	sent := mustParity(t, exitDone, to...).stderr
	again := mustParity(t, exitDone, append(to, "--dry-run")...).stdout // by the plan that is frozen
	mustParity(t, exitDone, "compare", run)
	const hint = "of 4 of 4 mismatched exchanges the request was redacted: the candidate may have needed what was hidden; of 2 of 4 mismatched exchanges the recorded answer was redacted"
	m := reportOf(t, run).Models[0]
	if m.Redacted["both"] != 2 || m.Redacted["request"] != 2 {
		t.Errorf("the report counts %v", m.Redacted)
	}
	page := filepath.Join(t.TempDir(), "page.html")
	table := mustParity(t, exitDone, "report", run, "--html", page).stdout + mustParity(t, exitDone, "report", run).stdout
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(strings.Split(mustParity(t, exitDone, "cat", run+"/mismatches").stdout, `"id":"`)[1], `"`)
	for _, said := range []struct{ by, text, want string }{
		{"dry-run", dry, plan},
		{"dry-run of a run", again, plan},
		{"dry-run --json", asJSON, `"redacted": 4`},
		{"replay", sent, plan},
		{"show", mustParity(t, exitDone, "show", run).stdout, hint},
		{"show ID", mustParity(t, exitDone, "show", run, id).stdout, "redacted something of the request"},
		{"report", table, "model m: " + hint},
		{"page", string(html), "model m: " + hint},
	} {
		if !strings.Contains(strings.Join(strings.Fields(said.text), " "), said.want) {
			t.Errorf("%s lacks %q:\n%.3000s", said.by, said.want, said.text)
		}
	}
}

func sayBackBody(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answerBack(0)(w, r)
}

// spooled says that both exchanges are in the spool, with all that was hidden.
func spooled(t *testing.T, dir string) bool {
	files, err := filepath.Glob(filepath.Join(dir, "spool", "*.open"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && bytes.Count(text, []byte("hmac:")) >= 6 {
			return true
		}
	}
	return false
}

// noneHolds looks for a text in the bytes of all files.
func noneHolds(t *testing.T, dir, text string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		held, err := os.ReadFile(file)
		if bytes.Contains(held, []byte(text)) {
			t.Errorf("%s holds what is to be hidden", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
