package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rehearseCapture asks a sidecar on its dry run, and returns what it says once it has
// ended by itself.
func rehearseCapture(t *testing.T, requests int, args ...string) string {
	t.Helper()
	old := newEcho(t, sayBack)
	address := freeAddress(t)
	p := start(t, append([]string{
		"capture", "--upstream", old.URL, "--listen", address, "--model-from", "json:/model", "--dry-run", fmt.Sprint(requests),
	}, args...)...)
	p.waitFor(t, "it listens", func() bool { return reachable(address) })
	for i := range requests {
		body := fmt.Sprintf(`{"model":"m%d","author":{"email":"eve@example.com"},"n":%d}`, i%2, i)
		if i == 0 {
			body = `no json \u001b[31m`
		}
		req, err := http.NewRequest(http.MethodPost, "http://"+address+"/classify?token=s3cret&n=1", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer s3cret")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		got.ReadFrom(res.Body)
		res.Body.Close()
		if got.String() != body {
			t.Errorf("request %d got %q: a dry run must serve as any other", i, got.String())
		}
	}
	<-p.ended
	if !p.ProcessState.Success() {
		t.Errorf("%v: %s", p.ProcessState, p.stderr.String())
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "parity-dry-run-*")); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
	return p.stdout.String()
}

// Without this, who sets a sidecar up learns after a day that it recorded every
// model as _unknown, or what should have been hidden.
func TestCaptureDryRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("PARITY_REDACT_KEY", "0123456789abcdef0123456789abcdef")
	config := filepath.Join(t.TempDir(), "parity.yaml")
	text := "capture: { sample: { m1: 1/m }, redact: { query: [token], json: [/author/email], key_env: PARITY_REDACT_KEY } }\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	said := rehearseCapture(t, 7, "--config", config)
	for _, want := range []string{
		"_unknown  POST ", "m0  POST /classify?token=hmac:", "hidden     something in request and answer", "not kept   authorization: credentials",
		"left out   unredactable", "left out   sampled_out", "WOULD BE RECORDED",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if strings.Contains(said, "s3cret") || strings.Contains(said, "eve@example.com") || strings.Contains(said, "\x1b") {
		t.Error("it shows what is hidden, or obeys what clients send")
	}
	if t.Failed() {
		t.Log(said)
	}
}

// Without this, scripts could not look at what would be recorded.
func TestCaptureDryRunAsJSON(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	lines := strings.Split(strings.TrimSpace(rehearseCapture(t, 3, "--json")), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for i, line := range lines {
		var e struct {
			Model   string
			LeftOut []string `json:"headers_left_out"`
			Request struct{ Path string }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || len(e.LeftOut) != 1 || e.Request.Path == "" || i > 0 && e.Model != fmt.Sprint("m", i%2) {
			t.Errorf("line %d: %v %+v", i, err, e)
		}
	}
}

// Without this, a dry run could be taken for a recording.
func TestCaptureDryRunRecordsNowhere(t *testing.T) {
	for _, args := range [][]string{{"--dry-run", "2", "--out", "x"}, {"--dry-run", "2", "--spool", "x"}, {"--dry-run", "0"}, {"--out", "x", "--json"}, nil} {
		r := mustParity(t, exitFailed, append([]string{"capture", "--upstream", "http://127.0.0.1:1", "--listen", freeAddress(t)}, args...)...)
		if !strings.Contains(r.stderr, "dry-run") {
			t.Errorf("%q: %s", args, r.stderr)
		}
	}
}
