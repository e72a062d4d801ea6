package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Without this, --pace original could send the models one after the other, as
// splits have them, or two workers could each begin the recording's clock anew.
func TestPaceOfTheRecording(t *testing.T) {
	recording := makeRecording(t, 400, 40)
	target := newEcho(t, answerBack(0))
	run := filepath.Join(t.TempDir(), "run")
	mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--pace", "0.01x", "--warm", "1", "--concurrency", "auto")
	var first exchange.Exchange
	n := 0
	each := func(see func(e *exchange.Exchange)) {
		n = 0
		err := eachExchange(context.Background(), run, func(e *exchange.Exchange, _ exchange.Sides) error { see(e); n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	each(func(e *exchange.Exchange) {
		if n == 0 || e.Time < first.Time {
			first = *e
		}
	})
	late := 0
	each(func(e *exchange.Exchange) {
		// A due time may lie later than planned only where the machine stood still for
		// more than a second, and then all that come after it are moved.
		if want := first.Candidate.Due + 100*(e.Time-first.Time); e.Candidate.Due < want-1 {
			t.Errorf("recorded at %d: due at %d, want %d", e.Time, e.Candidate.Due, want)
		} else if e.Candidate.Due > want+1 {
			late++
		}
		if e.Candidate.Sent < e.Candidate.Due {
			t.Errorf("sent %d µs before it was due", e.Candidate.Due-e.Candidate.Sent)
		}
	})
	if n != 400 || late == n {
		t.Errorf("%d of %d are later than they should be", late, n)
	}
	mustParity(t, exitFailed, "replay", recording, "--target", target.URL, "--out", run, "--pace", "2x", "--rate", "5")
}

// Without this, a misspelt glob would let an endpoint have all that it must be spared.
func TestRateOfNoModel(t *testing.T) {
	recording := makeRecording(t, 6, 6)
	config := writeConfig(t, `targets: { new: { url: "http://127.0.0.1:1", rates: { "no-such-*": 5/s, "*": 9/s } } }`)
	said := mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", config, "--dry-run").stderr
	if !strings.Contains(said, `no model of the plan matches the config's rate of "no-such-*"`) || strings.Contains(said, `"*"`) {
		t.Error(said)
	}
}
