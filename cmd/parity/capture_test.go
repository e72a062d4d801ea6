package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Without this, a sidecar could not be stopped in order, could say that it is
// well when it is not, or could answer in the old service's place.
func TestCaptureLife(t *testing.T) {
	old := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, r.Method+" "+r.RequestURI)
	})
	dir, address, admin := t.TempDir(), freeAddress(t), freeAddress(t)
	recording := filepath.Join(dir, "recording")
	args := []string{
		"capture", "--upstream", old.URL, "--listen", address, "--admin", admin, "--out", recording,
		"--spool", filepath.Join(dir, "spool"), "--model-from", "const:m",
	}
	p := start(t, args...)
	p.waitFor(t, "it listens", func() bool { return reachable(address) && reachable(admin) })
	get := func(method, url string) string {
		req, err := http.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if method == http.MethodOptions {
			req.URL.Opaque = "*"
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.Status[:3] + " " + string(body)
	}
	for _, c := range [][3]string{
		{http.MethodGet, "http://" + address + "/a?b;c", "418 GET /a?b;c"},
		{http.MethodOptions, "http://" + address + "/", "200 "}, // net/http answers for the old service; the ledger below shows that it was asked
		{http.MethodGet, "http://" + admin + "/readyz", "200 ok\n"},
	} {
		if got := get(c[0], c[1]); !strings.HasPrefix(got, c[2]) {
			t.Errorf("%s %s: %q, want %q", c[0], c[1], got, c[2])
		}
	}
	// What is on its way to the spool is not counted yet.
	p.waitFor(t, "the ledger has both", func() bool {
		return strings.HasPrefix(get(http.MethodGet, "http://"+admin+"/ledger"), `200 {"served":2,"recorded":`)
	})
	if r := mustParity(t, exitFailed, append(args, "--listen", freeAddress(t), "--admin", "")...); !strings.Contains(r.stderr, "spool") {
		t.Errorf("a second sidecar on the spool says %s", r.stderr)
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if !p.ProcessState.Success() {
		t.Errorf("%v: %s", p.ProcessState, p.stderr.String())
	}
	if r := mustParity(t, exitDone, "ls", recording); !strings.Contains(r.stdout, "served 2 = recorded 2") {
		t.Errorf("ls says %s", r.stdout)
	}
	other := mustParity(t, exitFailed, append(args, "--out", recording+"2")...)
	if !strings.Contains(other.stderr, "belongs to recording") {
		t.Errorf("another recording on the spool of this one: %s", other.stderr)
	}
}
