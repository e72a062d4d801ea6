package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// answerTwoWays answers as the recording does but for two kinds of difference:
// another number where i is a multiple of 10, an object of names in place of it
// where i is 5 more.
func answerTwoWays(w http.ResponseWriter, r *http.Request) {
	body := readBody(r)
	var i int
	fmt.Sscanf(body, `{"n":%d}`, &i)
	switch i % 10 {
	case 0:
		body = `{"n":-1}`
	case 5:
		body = fmt.Sprintf(`{"n":%d,"by":{"user-%d":1}}`, i, i)
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, body)
}

// signedIDs are the ids of a mismatch set that differ so, read off cat's own deltas.
func signedIDs(t *testing.T, location string, differ func(deltas string) bool) (ids []string) {
	t.Helper()
	err := eachExchange(t.Context(), location, func(e *exchange.Exchange, _ exchange.Sides) error {
		if differ(string(e.Verdict.Deltas)) {
			ids = append(ids, e.ID.String())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(slices.Values(ids))
}

// Without this, who fixed one thing could not try just that again, or would
// take what was not sent for fixed.
func TestReplayBySignature(t *testing.T) {
	recording := makeRecording(t, 200, 20)
	broken, fixed := newEcho(t, answerTwoWays), newEcho(t, answerBack(0))
	eachStore(t, func(t *testing.T, location string) {
		run, again := store.Join(location, "run"), store.Join(location, "again")
		mustParity(t, exitNotShown, "run", recording, "--target", broken.URL, "--out", run)
		shown := mustParity(t, exitDone, "show", run).stdout
		signature := "$.n number"
		if !strings.Contains(shown, signature) || !strings.Contains(shown, "$.by extra") {
			t.Fatalf("show says\n%s", shown)
		}
		fixed.asked.Store(0)
		args := []string{"run", run + "/mismatches", "--signature", signature, "--target", fixed.URL, "--out", again}
		mustParity(t, exitInconclusive, args...)
		if n := fixed.asked.Load(); n != 20 {
			t.Errorf("%d requests were sent, want the 20 that differ so", n)
		}
		want := signedIDs(t, run+"/mismatches", func(deltas string) bool { return strings.Contains(deltas, `"path":"$.n"`) })
		if got := slices.Sorted(slices.Values(ids(t, again))); !slices.Equal(got, want) || len(want) != 20 {
			t.Errorf("sent were\n%v\nwant\n%v", got, want)
		}
		if s := readSummary(t, again); s.Ledger.Planned != 20 || s.Ledger.Match != 20 || !s.Ledger.Balanced {
			t.Errorf("%+v", s.Ledger)
		}
		mustParity(t, exitDone, "fsck", again)
		mustParity(t, exitDone, "show", again, want[0])
		if r := mustParity(t, exitInconclusive, args...); !strings.Contains(r.stderr, "nothing is sent") {
			t.Errorf("the same again says %s", r.stderr)
		}
		args[3] = "$.by extra"
		if r := mustParity(t, exitFailed, args...); !strings.Contains(r.stderr, `was begun with selection --signature "$.n number", not --signature "$.by extra"`) {
			t.Errorf("another signature into the same run says %s", r.stderr)
		}
		both := []string{"replay", run + "/mismatches", "--signature", signature, "--signature", "$.by extra", "--target", fixed.URL, "--out", store.Join(location, "both")}
		if r := mustParity(t, exitDone, both...); !strings.Contains(r.stderr, "planned 40 =") {
			t.Errorf("both signatures: %s", r.stderr)
		}
	})
}

// Without this, a folded name could not be asked for as show prints it.
func TestReplayByFoldedSignature(t *testing.T) {
	recording, run := makeRecording(t, 40, 40), filepath.Join(t.TempDir(), "run")
	one := newEcho(t, func(w http.ResponseWriter, r *http.Request) { // the member is there on both sides, with ids as names
		io.WriteString(w, strings.Replace(readBody(r), "1", "2", 1))
	})
	config := writeConfig(t, `compare: {rules: [{path: "$", fold: true}]}`)
	mustParity(t, exitNotShown, "run", recording, "--target", one.URL, "--out", run, "--config", config)
	shown := mustParity(t, exitDone, "show", run, "--config", config).stdout
	if !strings.Contains(shown, "$[*] number") {
		t.Fatal(shown)
	}
	r := mustParity(t, exitDone, "replay", run+"/mismatches", "--signature", "$[*] number", "--target", one.URL, "--out", run+"2")
	if !strings.Contains(r.stderr, "planned 13 =") {
		t.Error(r.stderr)
	}
}

// Without this, a slip in a signature, or a recording in the place of its
// mismatch set, would send something else than was asked for.
func TestSignatureThatIsNot(t *testing.T) {
	recording, run := brokenRun(t)
	out := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct{ recording, signature, want string }{
		{run + "/mismatches", "$.m number", `differs at "$.m number": it has "$.n number"`},
		{run + "/mismatches", "", "a signature is empty"},
		{recording, "$.n number", "is no mismatch set, and only what differs has signatures: name RUN/mismatches"},
	} {
		r := mustParity(t, exitFailed, "replay", c.recording, "--signature", c.signature, "--target", "http://127.0.0.1:1", "--out", out)
		if !strings.Contains(r.stderr, c.want) {
			t.Errorf("%s of %s says %s", c.signature, c.recording, r.stderr)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a run was begun")
	}
}

// Without this, a replay of one signature that dies would have to be begun anew,
// or would go on with all that differs.
func TestReplayBySignatureKilled(t *testing.T) {
	recording := makeRecording(t, 800, 80) // 10 splits with 8 of each kind
	broken, fixed := newEcho(t, answerTwoWays), newEcho(t, answerBack(0))
	eachStore(t, func(t *testing.T, location string) {
		run, again := store.Join(location, "run"), store.Join(location, "again")
		mustParity(t, exitNotShown, "run", recording, "--target", broken.URL, "--out", run)
		fixed.asked.Store(0)
		args := []string{"replay", run + "/mismatches", "--signature", "$.n number", "--target", fixed.URL, "--out", again, "--concurrency", "1"}
		p := start(t, append(args, "--rate", "100")...)
		p.waitFor(t, "requests", func() bool { return fixed.asked.Load() >= 21 })
		p.Process.Kill()
		<-p.ended
		mustParity(t, exitDone, args...)
		sent := ids(t, again)
		checkNoDuplicates(t, sent)
		if n := fixed.asked.Load(); len(sent) != 80 || n < 80 || n >= 160 {
			t.Errorf("%d exchanges are there, want 80; %d requests were sent", len(sent), n)
		}
		mustParity(t, exitDone, "compare", again)
		if s := readSummary(t, again); s.Ledger.Match != 80 || !s.Ledger.Balanced {
			t.Errorf("%+v", s.Ledger)
		}
		mustParity(t, exitDone, "fsck", again)
	})
}
