package telemetry

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withoutDatadog keeps what this machine says of its Datadog agent out of a test.
func withoutDatadog(t *testing.T) {
	for _, name := range []string{"DD_DOGSTATSD_URL", "DD_AGENT_HOST", "DD_ENV", "DD_SERVICE", "DD_VERSION", "DD_ENTITY_ID", "DD_CARDINALITY"} {
		t.Setenv(name, "")
	}
}

// Without this, every caller would have to ask whether metrics are wanted.
func TestStatsdNilSendsNothing(t *testing.T) {
	withoutDatadog(t)
	s, err := OpenStatsd(StatsdOptions{})
	if err != nil || s != nil {
		t.Fatalf("got %v, %v, want nothing", s, err)
	}
	s.Count(CompareFlips, 1, "model:a")
	s.Distribution(CompareError, []WeightedValue{{1, 1}}, "model:a")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Without this, Parity in a pod would not find the agent that every other
// container there finds.
func TestStatsdTakesTheEnvironment(t *testing.T) {
	withoutDatadog(t)
	conn, path := listenUnixgram(t)
	t.Setenv("DD_DOGSTATSD_URL", "unix://"+path)
	t.Setenv("DD_ENV", "test")
	stop := receive(t, conn)
	s, err := OpenStatsd(StatsdOptions{Tags: []string{"run:a,b"}})
	if err != nil {
		t.Fatal(err)
	}
	s.Count(CompareExchanges, 0, "model:m", "kind:match")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	const want = "parity.compare.exchanges:0|c|#run:a_b,env:test,model:m,kind:match\n"
	if got := stop(); len(got) != 1 || string(got[0]) != want {
		t.Errorf("received %q, want %q", got, want)
	}
}

// Without this, a Datadog agent that is gone would be learnt of from an empty
// dashboard, or each metric would wait for it.
func TestStatsdSaysWhatIsLost(t *testing.T) {
	s, err := OpenStatsd(StatsdOptions{Addr: filepath.Join(t.TempDir(), "nobody")})
	if err != nil {
		t.Fatal(err)
	}
	const sent = 1000
	for range sent {
		s.Count(CompareFlips, 1, "model:a")
	}
	err = s.Close()
	if err == nil {
		t.Fatal("no error though nobody listens")
	}
	want := fmt.Sprintf("and %d metrics not sent", sent-flushEvery)
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %q, want %q and why", err, want)
	}
	if again := s.Close(); again == nil {
		t.Error("closing again forgets what was lost")
	}
}

// Without this, a metric could be sent that no dashboard shows and whose tags
// nobody has counted the cost of.
func TestStatsdRefuses(t *testing.T) {
	conn, path := listenUnixgram(t)
	defer conn.Close()
	for want, send := range map[string]func(s *Statsd){
		"no metric is called parity.x": func(s *Statsd) { s.Count("parity.x", 1) },
		"is a count, not a":            func(s *Statsd) { s.Distribution(CompareFlips, nil) },
		"is a distribution, not a":     func(s *Statsd) { s.Count(CompareError, 1) },
		`has no tag "user"`:            func(s *Statsd) { s.Count(CompareFlips, 1, "user:1") },
		"counted down by 1":            func(s *Statsd) { s.Count(CompareFlips, -1) },
		"want a finite value":          func(s *Statsd) { s.Distribution(CompareError, []WeightedValue{{math.NaN(), 1}}) },
		"message too long": func(s *Statsd) {
			s.Count(CompareFlips, 1, slices.Repeat([]string{"model:" + strings.Repeat("x", 200)}, 50)...)
		},
		"2 metrics were refused, the f": func(s *Statsd) { s.Count("a", 1); s.Count("b", 1) },
	} {
		s, err := OpenStatsd(StatsdOptions{Addr: path})
		if err != nil {
			t.Fatal(err)
		}
		send(s)
		if err := s.Close(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, tag := range []string{"prod", ":prod", ""} {
		if _, err := OpenStatsd(StatsdOptions{Addr: path, Tags: []string{tag}}); err == nil {
			t.Errorf("tag %q is taken", tag)
		}
	}
	if _, err := OpenStatsd(StatsdOptions{Addr: "127.0.0.1:no-port"}); err == nil {
		t.Error("an address without a port is taken")
	}
}
