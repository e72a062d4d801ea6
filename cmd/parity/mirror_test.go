package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Without this, a sidecar beside the old service could be stopped with mirrored
// requests that nobody asks any more, and the flags be no more than words.
func TestCaptureMirrors(t *testing.T) {
	held := make(chan struct{})
	old := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		<-held
		answerBack(0)(w, r)
	})
	dir, address := t.TempDir(), freeAddress(t)
	recording := filepath.Join(dir, "recording")
	args := []string{
		"capture", "--mode", "mirror", "--upstream", old.URL, "--listen", address, "--out", recording,
		"--spool", filepath.Join(dir, "spool"), "--model-from", "const:m", "--mirror-concurrency", "2",
	}
	p := start(t, args...)
	p.waitFor(t, "it listens", func() bool { return reachable(address) })
	for range 5 {
		res, err := http.Post("http://"+address+"/x", "application/json", strings.NewReader(`{"n":1}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			t.Errorf("a mirrored request is answered with %s", res.Status)
		}
	}
	http.DefaultClient.CloseIdleConnections()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.waitFor(t, "it stops listening", func() bool { return !reachable(address) })
	close(held)
	<-p.ended
	if r := mustParity(t, exitDone, "ls", recording); !strings.Contains(r.stdout, "served 5 = recorded 5 ") {
		t.Errorf("ls says %s\n%s", r.stdout, p.stderr.String())
	}
	for flag, says := range map[string]string{"--mode=sideways": "write proxy, mirror or ingest", "--mirror-concurrency=0": "must be above 0"} {
		if r := mustParity(t, exitFailed, append(args, flag)...); !strings.Contains(r.stderr, says) {
			t.Errorf("%s says %s", flag, r.stderr)
		}
	}
}
