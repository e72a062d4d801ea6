package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// recordTruncated records 8 exchanges with a limit of 1000 bytes a body: 2 whole ones,
// one of them exactly at the limit, 3 with a request over it (one of these with such an
// answer too), 2 with an answer over it, and 1 whose answer broke off.
func recordTruncated(t *testing.T) (recording string) {
	t.Helper()
	old := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		size, _ := strconv.Atoi(r.URL.Query().Get("answer"))
		if r.URL.Query().Has("broken") {
			w.Header().Set("Content-Length", "500")
			io.WriteString(w, "half of")
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, strings.Repeat("a", size))
	})
	dir, address := t.TempDir(), freeAddress(t)
	recording = filepath.Join(dir, "recording")
	p := start(t, "capture", "--upstream", old.URL, "--listen", address, "--out", recording, "--spool", filepath.Join(dir, "spool"),
		"--model-from", "path:/{model}", "--max-body", "1000")
	p.waitFor(t, "it listens", func() bool { return reachable(address) })
	for _, x := range []struct{ request, answer int }{{10, 10}, {1000, 1000}, {1001, 10}, {3000, 10}, {3000, 2000}, {20, 1001}, {20, 5000}} {
		res, err := http.Post(fmt.Sprintf("http://%s/m?answer=%d", address, x.answer), "text/plain", strings.NewReader(strings.Repeat("q", x.request)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if res.Body.Close(); err != nil || len(body) != x.answer {
			t.Errorf("a client got %d bytes of %d: %v", len(body), x.answer, err)
		}
	}
	if res, err := http.Get("http://" + address + "/m?broken"); err == nil {
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	return recording
}

// Without this, half a request could be sent as a whole one, half an answer be judged
// as a mismatch, or either be missing from a ledger.
func TestTruncatedIsNeverJudged(t *testing.T) {
	recording := recordTruncated(t)
	const skipped = "request_truncated 3, response_truncated 2, no_answer 1"
	said(t, mustParity(t, exitDone, "ls", recording).stdout, "can't be judged: ("+skipped+")", "served 8 = recorded 8 ")
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		if n := len(readBody(r)); n != 10 && n != 1000 {
			t.Errorf("a request of %d bytes was sent", n)
		}
		io.WriteString(w, strings.Repeat("a", 10))
	})
	run := filepath.Join(t.TempDir(), "run")
	to := []string{"replay", recording, "--target", target.URL, "--out", run}
	said(t, mustParity(t, exitDone, append(to, "--dry-run")...).stdout, "to send 2 requests", "skipped 6 ("+skipped+")")
	said(t, mustParity(t, exitDone, to...).stderr, "planned 8 = answered 2 + failed 0 + skipped 6 ("+skipped+")")
	if n := target.asked.Load(); n != 2 {
		t.Errorf("%d requests were sent, want the 2 whole ones", n)
	}
	mustParity(t, exitDone, "compare", run)
	said(t, mustParity(t, exitDone, "report", run).stdout, "8 planned = 1 match + 1 mismatch + 6 skipped ("+skipped+")",
		"75% of its exchanges were skipped ("+skipped+") and are not judged", "2 of 8 exchanges (25%) of the recording")
	if l := reportOf(t, run).Models[0].Ledger; !l.Balanced || l.Skipped["request_truncated"] != 3 || l.Skipped["response_truncated"] != 2 {
		t.Errorf("the ledger is %+v", l)
	}
	said(t, mustParity(t, exitDone, "show", run).stdout, "3 m skipped request_truncated", "2 m skipped response_truncated")
	mustParity(t, exitDone, "fsck", run)
	showTruncated(t, run)
}

// showTruncated looks at a run's exchanges one by one: there must be no line that
// sends half a request as if it were all.
func showTruncated(t *testing.T, run string) {
	t.Helper()
	for _, line := range strings.Split(mustParity(t, exitDone, "cat", run).stdout, "\n") {
		_, rest, _ := strings.Cut(line, `"id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		switch {
		case strings.Contains(line, `"defect":"request_truncated"`):
			shown := mustParity(t, exitDone, "show", run, id).stdout
			said(t, shown, "skipped (request_truncated)", "(it can't be sent: the recorded request was over the recording limit")
			if strings.Contains(shown, "curl -s") {
				t.Errorf("there is a line that sends it:\n%.3000s", shown)
			}
		case strings.Contains(line, `"defect":"response_truncated"`):
			said(t, mustParity(t, exitDone, "show", run, id).stdout, "skipped (response_truncated)", "curl -s")
		}
	}
}

// said looks for texts, whatever the white space.
func said(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), w) {
			t.Errorf("%q is not said:\n%.3000s", w, text)
		}
	}
}
