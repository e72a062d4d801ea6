package telemetry

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/telemetry/statsdtest"
)

// exporter is the real receiver, and what flushing it took.
type exporter struct {
	*statsdtest.Exporter
	sentinels uint64 // packets that received sent
}

func startExporter(t *testing.T) *exporter {
	t.Helper()
	withoutDatadog(t)
	return &exporter{Exporter: statsdtest.Start(t)}
}

// received returns all series with their values, by name{label="value",…} with
// the labels in order, once everything that was sent before has been counted:
// the receiver keeps order, so it sends one metric more and waits for that.
func (e *exporter) received(t *testing.T, addr string) map[string]float64 {
	t.Helper()
	var series map[string]float64
	statsdtest.Await(t, "the last metric has arrived", func() bool {
		s, err := OpenStatsd(StatsdOptions{Addr: addr})
		if err != nil {
			t.Fatal(err)
		}
		s.Count(CompareFlips, 1, "model:sentinel")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		e.sentinels += s.client.GetTelemetry().TotalPayloadsSent
		series = e.Scrape(t)
		return series[`parity_compare_flips{model="sentinel"}`] > 0
	})
	return series
}

// dropped returns how many packets the kernel had no room for in the receiver's
// UDP buffer: the last column of /proc/net/udp.
func (e *exporter) dropped(t *testing.T) uint64 {
	t.Helper()
	_, port, err := net.SplitHostPort(e.UDP)
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
