package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/modelparity/parity/internal/telemetry/statsdtest"
)

// Without this, a worker that is killed and repeated would count twice in every
// dashboard: metrics go out with the tally that counts, to a real receiver.
func TestMetricsCountOnce(t *testing.T) {
	for _, name := range []string{"DD_DOGSTATSD_URL", "DD_AGENT_HOST", "DD_ENV", "DD_SERVICE", "DD_VERSION"} {
		t.Setenv(name, "")
	}
	exporter := statsdtest.Start(t)
	target := newEcho(t, answerBack(7)) // all of model-0
	recording, run := makeRecording(t, 700, 100), filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	compare := []string{"compare", run, "--statsd", "unix://" + exporter.Unix, "--statsd-tag", "run:nightly", "--statsd-models", "3"}
	mustParity(t, exitDone, append(compare, "--shard", "0/2")...)
	// A worker that died after its mismatches and before its tally does it again.
	tallies, err := filepath.Glob(filepath.Join(run, "judgements", "*", "tallies", "*"))
	if err != nil || len(tallies) == 0 {
		t.Fatalf("%d tallies, %v", len(tallies), err)
	}
	mustParity(t, exitDone, compare...)
	mustParity(t, exitDone, compare...)
	series := func(kind string) string {
		return fmt.Sprintf(`parity_compare_exchanges{kind=%q,model="model-1",run="nightly"}`, kind)
	}
	var got map[string]float64
	statsdtest.Await(t, "all exchanges have arrived", func() bool {
		got = exporter.Scrape(t)
		return sumOf(got, "parity_compare_exchanges{") >= 700
	})
	if n := sumOf(got, "parity_compare_exchanges{"); n != 700 {
		t.Errorf("%v exchanges of 700 are counted", n)
	}
	if n := sumOf(got, "parity_compare_mismatches{"); n != 100 || got[series("match")] != 100 {
		t.Errorf("%v mismatches, %v matches of model-1; want 100 of each: %v", n, got[series("match")], got)
	}
	// The first worker met four models, one of them past the three that it may
	// name; the second met three.
	other := 0.0
	for name, n := range got {
		if strings.HasPrefix(name, "parity_compare_exchanges{") && strings.Contains(name, `model="other"`) {
			other += n
		}
	}
	if other != 100 {
		t.Errorf("%v exchanges of other models, want 100", other)
	}
	if n := sumOf(got, "parity_compare_latency_reference_count{"); n != 700 {
		t.Errorf("%v latencies of 700", n)
	}
	if n := sumOf(got, "parity_compare_error_count{"); n != 100 {
		t.Errorf("%v errors of 100", n)
	}
}

func sumOf(series map[string]float64, prefix string) (sum float64) {
	for name, value := range series {
		if strings.HasPrefix(name, prefix) {
			sum += value
		}
	}
	return sum
}

// Without this, an agent that is not there could fail a gate.
func TestMetricsReceiverIsGone(t *testing.T) {
	target := newEcho(t, answerBack(0))
	recording, run := makeRecording(t, 10, 10), filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run)
	r := mustParity(t, exitDone, "compare", run, "--statsd", "unix://"+filepath.Join(os.TempDir(), "no-agent-here"))
	if !strings.Contains(r.stderr, "warning: metrics:") {
		t.Errorf("compare says %s", r.stderr)
	}
}

// Without this, a sidecar's dashboard would show less than was served or dropped, or
// count what went before once more with each start.
func TestCaptureMetricsCountOnce(t *testing.T) {
	for _, name := range []string{"DD_DOGSTATSD_URL", "DD_AGENT_HOST", "DD_ENV", "DD_SERVICE", "DD_VERSION"} {
		t.Setenv(name, "")
	}
	exporter := statsdtest.Start(t)
	old := newEcho(t, sayBack)
	dir, address := t.TempDir(), freeAddress(t)
	for range 2 {
		p := start(t, "capture", "--upstream", old.URL, "--listen", address, "--out", filepath.Join(dir, "recording"),
			"--spool", filepath.Join(dir, "spool"), "--statsd", "unix://"+exporter.Unix, "--max-body", "100")
		p.waitFor(t, "it listens", func() bool { return reachable(address) })
		for i := range 20 {
			if err := askOnce(address, fmt.Sprint("body ", i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-p.ended
		if !p.ProcessState.Success() || strings.Contains(p.stderr.String(), "warning") {
			t.Fatalf("%v: %s", p.ProcessState, p.stderr.String())
		}
	}
	var got map[string]float64
	statsdtest.Await(t, "all exchanges have arrived", func() bool {
		got = exporter.Scrape(t)
		return got["parity_capture_served"] >= 40 && got["parity_capture_objects"] >= 2
	})
	for name, want := range map[string]float64{
		"parity_capture_served": 40, "parity_capture_recorded": 40, "parity_capture_unknown_model": 40, "parity_capture_added_count": 40,
		"parity_capture_lost": 0, "parity_capture_spool_bytes": 0, "parity_capture_upload_lag": 0, `parity_capture_dropped{reason="spool_full"}`: 0,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s is %v, want %v", name, n, want)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}
