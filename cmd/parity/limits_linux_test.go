package main

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Without this, a limit of the machine that replays would stand in the rows as the
// endpoint's failure, or be put down to the folder for temporary files.
func TestNoFilesLeft(t *testing.T) {
	recording, run := makeRecording(t, 300, 300), filepath.Join(t.TempDir(), "run")
	target := newEcho(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done() // so that all are in flight together
	})
	out, err := exec.Command("sh", "-c", `ulimit -n 64; exec parity "$@"`, "sh",
		"replay", recording, "--target", target.URL, "--out", run, "--concurrency", "200").CombinedOutput()
	said := string(out)
	if err == nil || !strings.Contains(said, "too many open files: raise the limit") || strings.Contains(said, "TMPDIR") || strings.Contains(said, "refused") {
		t.Errorf("%v: %s", err, said)
	}
	if ls := mustParity(t, exitDone, "ls", run).stdout; !strings.Contains(ls, "sent       0 splits") {
		t.Error(ls)
	}
}
