package statsdtest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Exporter is a running statsd_exporter, Prometheus' receiver of DogStatsD. It
// turns counts into counters and distributions into histograms.
type Exporter struct {
	UDP, Unix string // where it listens
	metrics   string // URL
}

// Observations on the bounds fall into the buckets that they name.
const mapping = `
defaults:
  observer_type: histogram
  histogram_options:
    buckets: [1, 10, 100, 1000]
mappings: []
`

// Start starts the receiver and waits until it answers. It lives as long
// as the test. Without its binary the test is skipped, where PARITY_NO_SKIP is
// set it fails.
func Start(t *testing.T) *Exporter {
	t.Helper()
	dir, err := os.MkdirTemp("", "statsd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "mapping.yaml")
	if err := os.WriteFile(config, []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	web := freeAddress(t)
	e := &Exporter{UDP: freeAddress(t), Unix: filepath.Join(dir, "s"), metrics: "http://" + web + "/metrics"}
	cmd := exec.Command(binary(t), "--web.listen-address="+web, "--statsd.listen-udp="+e.UDP, "--statsd.listen-tcp=",
		"--statsd.listen-unixgram="+e.Unix, "--statsd.mapping-config="+config, "--log.level=warn")
	cmd.Stderr = t.Output()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	Await(t, "statsd_exporter answers", func() bool {
		resp, err := http.Get("http://" + web + "/-/healthy")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	return e
}

// binary finds the binary: PARITY_STATSD_EXPORTER, or where the Makefile
// builds it.
func binary(t *testing.T) string {
	path := os.Getenv("PARITY_STATSD_EXPORTER")
	for _, up := range []string{"../..", "../../.."} {
		if path == "" {
			if _, err := os.Stat(filepath.Join(up, "go.mod")); err == nil {
				path = filepath.Join(up, ".cache", "bin", "statsd_exporter")
			}
		}
	}
	if _, err := os.Stat(path); err != nil {
		const sentence = "no DogStatsD receiver to test against: run make test, which builds it"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatalf("%s: %v", sentence, err)
		}
		t.Skip(sentence)
	}
	return path
}

// freeAddress finds an address that is free for both TCP and UDP.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	return l.Addr().String()
}

// Await asks until what is so, for at most a minute.
func Await(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// Scrape returns all series with their values, by name{label="value",…} with
// the labels in order.
func (e *Exporter) Scrape(t *testing.T) map[string]float64 {
	t.Helper()
	resp, err := http.Get(e.metrics)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	series := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		end := strings.LastIndexByte(lines.Text(), ' ')
		value, err := strconv.ParseFloat(lines.Text()[end+1:], 64)
		if err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		series[lines.Text()[:end]] = value
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return series
}
