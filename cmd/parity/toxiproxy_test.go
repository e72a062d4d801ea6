package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// toxiproxy is Shopify's, a process of its own, in front of a target.
type toxiproxy struct {
	t      *testing.T
	api    string
	listen string // what stands for the target
}

func newToxiproxy(t *testing.T, upstream string) *toxiproxy {
	t.Helper()
	binary, err := filepath.Abs(filepath.Join("..", "..", ".cache", "bin", "toxiproxy-server"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		const sentence = "no toxiproxy to make the network bad: run make test, which builds it"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatalf("%s: %v", sentence, err)
		}
		t.Skip(sentence)
	}
	port := func() string { return freeAddress(t)[len("127.0.0.1:"):] }
	api := port()
	cmd := exec.Command(binary, "-host", "127.0.0.1", "-port", api, "-seed", "1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	p := &toxiproxy{t: t, api: "http://127.0.0.1:" + api, listen: "127.0.0.1:" + port()}
	waitUntil(t, "toxiproxy", func() bool {
		res, err := http.Get(p.api + "/version")
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	})
	p.post("/proxies", map[string]any{"name": "target", "listen": p.listen, "upstream": upstream, "enabled": true})
	return p
}

func (p *toxiproxy) post(path string, body any) {
	p.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.Post(p.api+path, "application/json", bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		said, _ := io.ReadAll(res.Body)
		p.t.Fatalf("toxiproxy %s: %d %s", path, res.StatusCode, said)
	}
}

// poison adds a toxic to a share of the connections.
func (p *toxiproxy) poison(kind, stream string, share float64, attributes map[string]any) {
	p.t.Helper()
	p.post("/proxies/target/toxics", map[string]any{"name": kind, "type": kind, "stream": stream, "toxicity": share, "attributes": attributes})
}

func (p *toxiproxy) heal() { p.t.Helper(); p.post("/reset", nil) }

// Without this, a bad network could lose exchanges, pass for differences of the
// model, or have a replay hang.
func TestBadNetwork(t *testing.T) {
	const exchanges = 300
	target := newEcho(t, answerBack(0))
	p := newToxiproxy(t, strings.TrimPrefix(target.URL, "http://"))
	recording := makeRecording(t, exchanges, 60)
	for _, c := range []struct {
		name    string
		poison  func()
		classes []exchange.Failure // that may occur
		some    bool               // and at least one does
	}{
		{"slow", func() { p.poison("latency", "downstream", 1, map[string]any{"latency": 5, "jitter": 5}) }, nil, false},
		{"sliced", func() {
			p.poison("slicer", "downstream", 1, map[string]any{"average_size": 7, "size_variation": 3, "delay": 1})
		}, nil, false},
		{"narrow", func() { p.poison("bandwidth", "upstream", 1, map[string]any{"rate": 50}) }, nil, false},
		{"reset", func() { p.poison("reset_peer", "downstream", 0.5, map[string]any{"timeout": 0}) }, []exchange.Failure{exchange.Reset}, true},
		{"cut", func() { p.poison("limit_data", "downstream", 0.5, map[string]any{"bytes": 90}) }, []exchange.Failure{exchange.Reset, exchange.Protocol}, true},
		{"silent", func() { p.poison("timeout", "downstream", 0.5, map[string]any{"timeout": 0}) }, []exchange.Failure{exchange.Timeout, exchange.EndpointDown}, true},
		{"away", func() { p.post("/proxies/target", map[string]any{"enabled": false}) }, []exchange.Failure{exchange.Refused, exchange.EndpointDown}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p.heal()
			c.poison()
			run := filepath.Join(t.TempDir(), "run")
			mustParity(t, exitDone, "replay", recording, "--target", "http://"+p.listen, "--out", run, "--retries", "0", "--timeout", "1s", "--abort-after", "100%")
			failed := checkNetwork(t, run, exchanges, c.classes)
			if c.some != (failed > 0) {
				t.Errorf("%d failed", failed)
			}
			p.heal()
			if failed > 0 {
				mustParity(t, exitDone, "replay", run, "--again", "unavailable")
			}
			mustParity(t, exitDone, "compare", run)
			if s := readSummary(t, run); s.Ledger.Match != exchanges {
				t.Errorf("%d failed, and in the end: %+v", failed, s.Ledger)
			}
		})
	}
	t.Run("retries", func(t *testing.T) {
		p.heal()
		p.poison("reset_peer", "downstream", 0.3, map[string]any{"timeout": 0})
		run := filepath.Join(t.TempDir(), "run")
		mustParity(t, exitDone, "replay", recording, "--target", "http://"+p.listen, "--out", run, "--retries", "20")
		if failed := checkNetwork(t, run, exchanges, []exchange.Failure{exchange.EndpointDown}); failed > 0 {
			t.Errorf("%d failed for good", failed)
		}
	})
}

// checkNetwork wants each exchange once, right or with a class that is allowed,
// and counts the latter.
func checkNetwork(t *testing.T, run string, exchanges int, allowed []exchange.Failure) (failed int) {
	t.Helper()
	seen := map[string]bool{}
	err := eachExchange(t.Context(), run, func(e *exchange.Exchange, _ exchange.Sides) error {
		seen[e.ID.String()] = true
		c := &e.Candidate
		switch {
		case slices.Contains(allowed, c.Failure):
			failed++
		case c.Failure != "" || c.Status != 200 || !bytes.Equal(c.Body, e.Request.Body):
			return fmt.Errorf("%s: %s %d %q, %s", e.ID, c.Failure, c.Status, c.Body, c.Error)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if len(seen) != exchanges {
		t.Errorf("%d of %d exchanges are there", len(seen), exchanges)
	}
	return failed
}
