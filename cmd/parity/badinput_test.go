package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/store/storetest"
)

// Without this, what goes wrong with a real S3 server would be told in XML.
func TestS3Mistakes(t *testing.T) {
	location := storetest.S3(t)
	in := filepath.Join(t.TempDir(), "in.jsonl")
	line := `{"id":"r1","time":"2026-11-22T20:00:00Z","model":"m","request":{"path":"/"},"response":{"status":200}}`
	if err := os.WriteFile(in, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	expect := func(what string, args ...string) {
		t.Helper()
		r := mustParity(t, exitFailed, args...)
		if !strings.Contains(r.stderr, what) || strings.Contains(r.stderr, "<?xml") {
			t.Errorf("parity %s says %q, want %q", strings.Join(args, " "), r.stderr, what)
		}
	}
	expect(`bucket "no-such-bucket" does not exist: create it`, "import", "jsonl", in, "--out", "s3://no-such-bucket/recording")
	expect(`bucket "no-such-bucket" does not exist: create it`, "ls", "s3://no-such-bucket/recording")
	expect("no recording is there", "replay", location, "--target", "http://127.0.0.1:1", "--out", "run")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	expect("credentials", "import", "jsonl", in, "--out", location)
	expect("credentials", "ls", location)
}

// Without this, a port in use could leave a spool behind, or a process.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	spool := filepath.Join(t.TempDir(), "spool")
	r := mustParity(t, exitFailed, "capture", "--upstream", "http://127.0.0.1:1", "--listen", l.Addr().String(),
		"--out", filepath.Join(t.TempDir(), "recording"), "--spool", spool)
	if !strings.Contains(r.stderr, "address already in use") || !strings.Contains(r.stderr, "--listen "+l.Addr().String()) {
		t.Errorf("it says %q", r.stderr)
	}
	if _, err := os.Stat(spool); err == nil {
		t.Error("it left a spool behind")
	}
}

// Without this, a server that answers a request twice, the second time too late to
// be told from the next answer, would leave a run of mixed-up answers that looks
// like any other.
func TestAServerThatAnswersOutOfTurnIsWarnedOf(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for n := 0; ; n++ {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					body, _ := io.ReadAll(r.Body)
					answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
					io.WriteString(c, answer)
					if n == 3 {
						io.WriteString(c, answer)
					}
				}
			}()
		}
	}()
	recording := makeRecording(t, 200, 50)
	for _, c := range []struct {
		target string
		warns  bool
	}{{"http://" + l.Addr().String(), true}, {newEcho(t, answerBack(0)).URL, false}} {
		run := filepath.Join(t.TempDir(), "run")
		r := mustParity(t, exitDone, "replay", recording, "--target", c.target, "--out", run, "--concurrency", "2")
		if strings.Contains(r.stderr, "the target sent more answers than requests") != c.warns {
			t.Errorf("%s: warned is not %v:\n%s", c.target, c.warns, r.stderr)
		}
		mustParity(t, exitDone, "compare", run)
		if s := readSummary(t, run); !strings.Contains(r.stderr, "committed before") && s.Ledger.Match != 200 {
			t.Errorf("%s: %+v\n%s", c.target, s.Ledger, r.stderr)
		}
	}
}
