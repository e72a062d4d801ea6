package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store/storetest"
	"github.com/modelparity/parity/replay"
)

// Without this, exchanges could vanish from the sum that people are told.
func TestReplayedLedger(t *testing.T) {
	r := replayed{
		planned: 400, splits: 20, here: 9, elsewhere: 2, theirs: 40, twice: 31, unsent: 180, took: 10 * time.Second,
		counts: replay.Counts{
			Planned: 180, Sent: 170, Answered: 160, Skipped: map[string]int64{"no_answer": 7},
			Failed: map[string]int64{"timeout": 10, "unsendable": 3}, Unavailable: map[string]int64{"throttled": 4},
		},
		progress: replay.Progress{Sent: 220, Retried: 25, PutOff: map[string]int64{"throttled": 20, "reset": 6}, Warmed: 5},
	}
	if want := "planned 400 = answered 160 + failed 13 (timeout 10, unsendable 3) + skipped 7 (no_answer 7) + sent by another worker 40 + not sent yet 180"; r.ledger() != want {
		t.Errorf("%s\nwant\n%s", r.ledger(), want)
	}
	if want := "250 requests in 10s (25/s); 25 of them again, after throttled 20, reset 6; 5 of them to warm up; 31 for splits with which another worker was first; " +
		"19 for splits that are not complete: the same command sends these again"; r.requests() != want {
		t.Errorf("%s\nwant\n%s", r.requests(), want)
	}
	if err := r.balanced(); err != nil {
		t.Error(err)
	}
	r.unsent-- // as if an exchange had been lost
	if err := r.balanced(); err == nil || !strings.Contains(err.Error(), "400 exchanges were planned, and it has 399") {
		t.Errorf("of an exchange that was lost it says %v", err)
	}
	if n := r.unavailable(); n != 14 {
		t.Errorf("%d may be answered another time", n)
	}
}

// Without this, each shard would tell its own count as what the command sends, which
// is the run's.
func TestNextOfAShard(t *testing.T) {
	var stderr strings.Builder
	a := &app{stderr: &stderr}
	s := sent{run: &dataset.Run{Location: "run"}, shard: dataset.Shard{Index: 1, Count: 2}, replayed: replayed{planned: 9}}
	s.counts.Failed = map[string]int64{"timeout": 3}
	if err := a.sayNext(s, nil); err != nil {
		t.Fatal(err)
	}
	if want := "sends 3 again that got no answer, and those of the other shards\n"; !strings.HasSuffix(stderr.String(), want) {
		t.Errorf("%s\nwant %s", stderr.String(), want)
	}
}

// At the recording's pace the rate of a lunch break says nothing of when it ends.
func TestTimeLeft(t *testing.T) {
	for _, c := range []struct {
		exchanges int64
		rate      float64
		due, want time.Duration
	}{
		{1000, 0.1, time.Hour, time.Hour},
		{1000, 0, time.Hour, time.Hour},
		{1000, 10, 0, 100 * time.Second},
		{1000, 10, -time.Minute, 100 * time.Second}, // the last was due, and what is behind goes by its rate
		{1000, 0, 0, 0},
		{0, 10, time.Minute, 0},
	} {
		if got := timeLeft(c.exchanges, c.rate, c.due); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// Without this, the sum of a real replay could be off where requests fail, in
// whichever way, and the command that it proposes could do nothing.
func TestReplayEndsWithALedgerAndWhatIsNext(t *testing.T) {
	recording := makeRecording(t, 350, 50)
	var mu sync.Mutex
	well := false
	failing := map[byte]map[string]bool{} // by how the path ends, four exchanges: fewer than ten failures come in a row
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		last := r.URL.Path[len(r.URL.Path)-1]
		id, ids := r.Header.Get("X-Parity-Exchange"), failing[last]
		if ids == nil {
			ids = map[string]bool{}
			failing[last] = ids
		}
		if len(ids) < 4 {
			ids[id] = true
		}
		switch {
		case well || !ids[id]:
		case last == '3':
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		case last == '4': // an answer begins, or the client would ask again on another connection, if this one was used before
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		answerBack(0)(w, r)
	})
	dir := filepath.Join(t.TempDir(), "a run")
	config := writeConfig(t, "gate: {min_samples: 5}")
	r := mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", dir, "--retries", "1", "--config", config)
	for _, want := range []string{
		"planned 350 = answered 346 + failed 4 (reset 4) + skipped 0\n",
		"of the answers, 4 have a status that says that the endpoint itself did not answer (not_ready 4)\n",
		"replay: 358 requests in ", "; 8 of them again, after not_ready 4, reset 4\n",
		"sends 8 again that got no answer\n",
	} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no word of %q in\n%s", want, r.stderr)
		}
	}
	mu.Lock()
	well = true
	mu.Unlock()
	target.asked.Store(0)
	for i, command := range regexp.MustCompile("`[^`]+`").FindAllString(r.stderr, -1) {
		args := shellWords(t, strings.Trim(command, "`"))
		if args[0] != "parity" || args[len(args)-2] != "--config" && !strings.Contains(command, "--config "+config) {
			t.Errorf("command %d is %q", i, args)
		}
		mustParity(t, exitDone, args[1:]...)
	}
	if n := target.asked.Load(); n != 8 {
		t.Errorf("%d were sent again", n)
	}
	mustParity(t, exitDone, "compare", dir, "--config", config)
	if s := readSummary(t, dir); s.Ledger.Match != 350 {
		t.Errorf("%+v", s.Ledger)
	}
}

// Without this, two workers on the same splits would each claim all of it.
func TestReplayCountsWhatAnotherWorkerDid(t *testing.T) {
	recording, run := makeRecording(t, 60, 20), filepath.Join(t.TempDir(), "run")
	var begun atomic.Bool
	var args []string
	var other result
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		if begun.CompareAndSwap(false, true) { // the first worker waits for its first answer
			other = parity(t, args...)
		}
		answerBack(0)(w, r)
	})
	args = []string{"replay", recording, "--target", target.URL, "--out", run, "--concurrency", "1"}
	first := mustParity(t, exitDone, args...)
	if other.code != exitDone || !strings.Contains(other.stderr, "planned 60 = answered 60 + failed 0 + skipped 0\n") {
		t.Errorf("the other says %s", other.stderr)
	}
	if !strings.Contains(first.stderr, "planned 60 = answered 0 + failed 0 + skipped 0 + sent by another worker 60\n") ||
		!strings.Contains(first.stderr, "; 60 for splits with which another worker was first\n") {
		t.Errorf("the first says %s", first.stderr)
	}
}

// Without this, who interrupts a replay would not know what there is, and could
// not end one whose store hangs.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	recording := makeRecording(t, 100, 20)
	location := storetest.S3(t)
	stall := storetest.NewStall()
	var once sync.Once
	storetest.Proxy(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/results/") {
			once.Do(func() { stall.Fault(w, r, next) })
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	defer close(stall.Break)
	target := newEcho(t, answerBack(0))
	p := start(t, "replay", recording, "--target", target.URL, "--out", location+"/run", "--concurrency", "1")
	p.waitFor(t, "a commit that hangs", func() bool {
		select {
		case <-stall.Reached:
			return true
		default:
			return false
		}
	})
	waitUntil(t, "the end", func() bool {
		select {
		case <-p.ended:
			return true
		default:
			p.Process.Signal(os.Interrupt)
			return false
		}
	})
	if s, ok := p.ProcessState.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGINT {
		t.Errorf("it ends with %v: %s", p.ProcessState, p.stderr.String())
	}
}

// What was committed is said, and is what lies there.
func TestInterruptSaysWhatIsThere(t *testing.T) {
	recording := makeRecording(t, 400, 20)
	target := newEcho(t, answerBack(0))
	run := filepath.Join(t.TempDir(), "run")
	p := start(t, "replay", recording, "--target", target.URL, "--out", run, "--rate", "200")
	p.waitFor(t, "some splits", func() bool { return target.asked.Load() > 70 })
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	n := len(ids(t, run))
	for _, want := range []string{
		fmt.Sprintf("planned 400 = answered %d + failed 0 + skipped 0 + not sent yet %d\n", n, 400-n),
		fmt.Sprintf("not complete: %d of 20 splits committed, with %d exchanges\n", n/20, n),
		"for splits that are not complete: the same command sends these again\n", "the same command goes on from there\n",
	} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("no word of %q in\n%s", want, p.stderr.String())
		}
	}
	if p.ProcessState.ExitCode() != exitInterrupted || strings.Contains(p.stderr.String(), "next: ") {
		t.Errorf("%v\n%s", p.ProcessState, p.stderr.String())
	}
}

// One of something is no "1 splits": who reads that wonders what else is careless.
func TestOneOfEach(t *testing.T) {
	target, recording, run := newEcho(t, answerBack(1)), makeRecording(t, 1, 10), filepath.Join(t.TempDir(), "run")
	var said strings.Builder
	for _, args := range [][]string{
		{"replay", recording, "--target", target.URL, "--dry-run"},
		{"replay", recording, "--target", target.URL, "--try", "1"},
		{"replay", recording, "--target", target.URL, "--out", run},
		{"compare", run},
		{"ls", recording},
		{"ls", run},
		{"fsck", recording},
		{"replay", run, "--again", "mismatched"},
		{"ls", run},
	} {
		r := mustParity(t, exitDone, args...)
		said.WriteString(r.stdout + r.stderr)
	}
	if wrong := regexp.MustCompile(`(?m)^.*\b1 [a-z ]*(exchanges|splits|models|requests|objects|rows|mismatches|problems)\b.*$`).FindAllString(said.String(), -1); len(wrong) > 0 {
		t.Errorf("%s", strings.Join(wrong, "\n"))
	}
	for _, want := range []string{"1 exchange of 1 model in 1 split", "1 request to ", "1 of 1 planned exchange to send, in 1 of 1 split,", "1 object with 1 row read, 0 problems", "1 mismatch"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("no %q in\n%s", want, said.String())
		}
	}
}

// A service that wants another path, or https, answers every request with 308, and
// all of it is a mismatch of the status. Who reads that must learn of the option.
func TestRedirectsAreExplained(t *testing.T) {
	target := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/") {
			http.Redirect(w, r, r.URL.Path+"/", http.StatusPermanentRedirect)
			return
		}
		answerBack(0)(w, r)
	})
	recording, run := makeRecording(t, 30, 10), filepath.Join(t.TempDir(), "run")
	r := mustParity(t, exitDone, "replay", recording, "--target", target, "--out", run)
	if !strings.Contains(r.stderr, "of the answers, 30 are redirects, by status (308 30): give the place that they name as --target, or let `follow_redirects: true` of the config's target") {
		t.Errorf("it says %s", r.stderr)
	}
	r = mustParity(t, exitDone, "replay", recording, "--target", target, "--try", "1")
	if said := strings.Join(strings.Fields(r.stdout), " "); !strings.Contains(said, "redirect to /") || !strings.Contains(said, "`follow_redirects: true`") {
		t.Errorf("--try says %s", r.stdout)
	}
	r = mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", targetConfig(t, target, ", follow_redirects: true"), "--out", run+"2")
	if strings.Contains(r.stderr, "redirect") {
		t.Errorf("followed, it says %s", r.stderr)
	}
	mustParity(t, exitDone, "compare", run+"2")
	if s := readSummary(t, run+"2"); s.Ledger.Match != 30 {
		t.Errorf("%+v", s.Ledger)
	}
}
