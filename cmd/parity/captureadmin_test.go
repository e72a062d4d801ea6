package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/store/storetest"
)

// scrape is what Prometheus would see, by name and labels.
func scrape(t *testing.T, admin string) map[string]string {
	t.Helper()
	res, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(line, "#") {
			seen[name] = value
		}
	}
	return seen
}

// Without this, a drop, a refusal or a store that is away for days would be seen by
// nobody but who reads logs.
func TestCaptureMetrics(t *testing.T) {
	location := storetest.S3(t)
	away := make(chan struct{})
	storetest.Proxy(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		select {
		case <-away:
			next.ServeHTTP(w, r)
		default:
			storetest.Refuse(http.StatusServiceUnavailable, "SlowDown")(w, r, next)
		}
	})
	old := newEcho(t, answerBack(0))
	dir, address, admin := t.TempDir(), freeAddress(t), freeAddress(t)
	recording := store.Join(location, "recording")
	p := start(t, "capture", "--upstream", old.URL, "--listen", address, "--admin", admin, "--out", recording,
		"--spool", filepath.Join(dir, "spool"), "--model-from", "const:m", "--segment-bytes", "1")
	p.waitFor(t, "it listens", func() bool { return reachable(address) && reachable(admin) })
	for range 3 {
		res, err := http.Post("http://"+address+"/", "application/json", strings.NewReader(`{"n":1}`))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	io.Copy(io.Discard, conn)
	conn.Close()
	p.waitFor(t, "the store is found to be away", func() bool { return scrape(t, admin)["parity_capture_upload_failures_total"] > "0" })
	got := scrape(t, admin)
	for name, want := range map[string]string{
		"parity_capture_served_total": "^3$", "parity_capture_recorded_total": "^3$", "parity_capture_in_flight": "^0$",
		`parity_capture_refused_total{reason="ambiguous_framing"}`: "^1$", `parity_capture_refused_total{reason="connect"}`: "^0$",
		`parity_capture_dropped_total{reason="queue_full"}`: "^0$", "parity_capture_spool_segments": "^[1-3]$",
		"parity_capture_spool_bytes": "^[1-9]", "parity_capture_upload_lag_seconds": "[1-9]", "parity_capture_unknown_model_total": "^0$", "parity_capture_objects_total": "^0$",
		"parity_capture_added_seconds_count": "^3$", "go_goroutines": "^[1-9]", "process_resident_memory_bytes": "^[1-9]",
	} {
		if !regexp.MustCompile(want).MatchString(got[name]) {
			t.Errorf("%s is %q, want %s", name, got[name], want)
		}
	}
	// A store that is away must not take the old service out of rotation.
	res, err := http.Get("http://" + admin + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("/readyz says %s while the store is away", res.Status)
	}
	close(away)
	p.waitFor(t, "all is shipped", func() bool {
		got := scrape(t, admin)
		return got["parity_capture_spool_segments"] == "0" && got["parity_capture_objects_total"] > "0" && got["parity_capture_upload_lag_seconds"] == "0"
	})
	http.DefaultClient.CloseIdleConnections()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if said := p.stderr.String(); !strings.Contains(said, "requests that were refused, and not passed on (ambiguous_framing 1)") {
		t.Errorf("at the end it says\n%s", said)
	}
	if r := mustParity(t, exitDone, "ls", recording); !strings.Contains(r.stdout, "served 3 = recorded 3") {
		t.Errorf("ls says %s", r.stdout)
	}
}

// Without this, names, units or help could be what Prometheus's conventions are
// not, and docs/capture.md could tell of others.
func TestCaptureMetricsAreConventional(t *testing.T) {
	s, err := capture.New(capture.Options{
		Ingest: true, Spool: t.TempDir(), Recording: "/r",
		Ship: func(_ context.Context, _ capture.Segment) (exchange.Sink, error) { return nil, io.EOF },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	problems, err := testutil.CollectAndLint(captureMetrics{s})
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %+v", err, problems)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "capture.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{"dropped_total": true, "refused_total": true, "added_seconds": true}
	for _, g := range captureGauges {
		names[regexp.MustCompile(`parity_capture_(\w+)`).FindStringSubmatch(g.desc.String())[1]] = true
	}
	for name := range names {
		if !strings.Contains(string(text), "`parity_capture_"+name+"`") {
			t.Errorf("docs/capture.md does not mention parity_capture_%s", name)
		}
	}
	for _, reason := range append(capture.DropReasons(), capture.RefusalReasons()...) {
		if !strings.Contains(string(text), "`"+reason+"`") {
			t.Errorf("docs/capture.md does not mention %s", reason)
		}
	}
}
