package telemetry

import (
	"bufio"
	"context"
	"fmt"
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

// exporter is a running statsd_exporter, Prometheus' receiver of DogStatsD. It
// turns counts into counters and distributions into histograms.
type exporter struct {
	udp, unix string
	metrics   string // URL
	sentinels uint64 // packets that flushed sent
}

// Observations on the bounds fall into the buckets that they name.
const mapping = `
defaults:
  observer_type: histogram
  histogram_options:
    buckets: [1, 10, 100, 1000]
mappings: []
`

// startExporter starts the receiver and waits until it answers. It lives as long
// as the test. Without its binary the test is skipped, where PARITY_NO_SKIP is
// set it fails.
func startExporter(t *testing.T) *exporter {
	t.Helper()
	withoutDatadog(t)
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
	e := &exporter{udp: freeAddress(t), unix: filepath.Join(dir, "s"), metrics: "http://" + web + "/metrics"}
	cmd := exec.Command(exporterBinary(t), "--web.listen-address="+web, "--statsd.listen-udp="+e.udp, "--statsd.listen-tcp=",
		"--statsd.listen-unixgram="+e.unix, "--statsd.mapping-config="+config, "--log.level=warn")
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
	await(t, "statsd_exporter answers", func() bool {
		resp, err := http.Get("http://" + web + "/-/healthy")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	return e
}

// exporterBinary finds the binary: PARITY_STATSD_EXPORTER, or where the Makefile
// builds it.
func exporterBinary(t *testing.T) string {
	binary := os.Getenv("PARITY_STATSD_EXPORTER")
	if binary == "" {
		binary = filepath.Join("..", "..", ".cache", "bin", "statsd_exporter")
	}
	if _, err := os.Stat(binary); err != nil {
		const sentence = "no DogStatsD receiver to test against: run make test, which builds it"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatalf("%s: %v", sentence, err)
		}
		t.Skip(sentence)
	}
	return binary
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

// await asks until what is so, for at most a minute.
func await(t *testing.T, what string, so func() bool) {
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

// received returns all series with their values, by name{label="value",…} with
// the labels in order, once everything that was sent before has been counted:
// the receiver keeps order, so it sends one metric more and waits for that.
func (e *exporter) received(t *testing.T, addr string) map[string]float64 {
	t.Helper()
	var series map[string]float64
	await(t, "the last metric has arrived", func() bool {
		s, err := OpenStatsd(StatsdOptions{Addr: addr})
		if err != nil {
			t.Fatal(err)
		}
		s.Count(CompareFlips, 1, "model:sentinel")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		e.sentinels += s.client.GetTelemetry().TotalPayloadsSent
		series = e.scrape(t)
		return series[`parity_compare_flips{model="sentinel"}`] > 0
	})
	return series
}

func (e *exporter) scrape(t *testing.T) map[string]float64 {
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

// dropped returns how many packets the kernel had no room for in the receiver's
// UDP buffer: the last column of /proc/net/udp.
func (e *exporter) dropped(t *testing.T) uint64 {
	t.Helper()
	_, port, err := net.SplitHostPort(e.udp)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		t.Fatal(err)
	}
	local := fmt.Sprintf("0100007F:%04X", n)
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == local {
			drops, err := strconv.ParseUint(f[len(f)-1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return drops
		}
	}
	t.Fatalf("no socket %s in /proc/net/udp:\n%s", local, table)
	return 0
}
