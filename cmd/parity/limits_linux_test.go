package main

import (
	"io"
	"net/http"
	"os"
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

// Without this, a list that a full disk has cut short would be taken for all.
func TestStdoutIsFull(t *testing.T) {
	recording := makeRecording(t, 3, 3)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range [][]string{{"ls", recording}, {"ls", filepath.Dir(recording)}, {"fsck", recording}, {"cat", recording}, {"--help"}} {
		var stderr strings.Builder
		a := &app{stdout: full, stderr: &stderr, getenv: func(string) string { return "" }}
		if code := a.run(t.Context(), args); code != exitFailed || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("parity %s exits with %d and says %q", strings.Join(args, " "), code, stderr.String())
		}
	}
}
