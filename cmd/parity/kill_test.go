package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// process is parity as a process of its own.
type process struct {
	*exec.Cmd
	stdout bytes.Buffer // to be read when it has ended
	stderr bytes.Buffer
	ended  chan struct{}
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command("parity", args...), ended: make(chan struct{})}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.Wait(); close(p.ended) }()
	t.Cleanup(func() { p.Process.Kill(); <-p.ended })
	return p
}

// waitFor waits for something that p does while it lives.
func (p *process) waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	waitUntil(t, what, func() bool {
		select {
		case <-p.ended:
			t.Fatalf("parity ended before %s: %s", what, p.stderr.String())
		default:
		}
		return ok()
	})
}

// waitUntil polls for a condition that another process makes true.
func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// Without this, a replay that dies on a Friday would have to be begun anew, or
// would hold exchanges twice or not at all.
func TestReplayKilled(t *testing.T) {
	const exchanges, rows, kills = 1000, 40, 5 // 25 splits
	recording := makeRecording(t, exchanges, rows)
	eachStore(t, func(t *testing.T, location string) {
		target := newEcho(t, answerBack(0))
		run := store.Join(location, "run")
		args := []string{"replay", recording, "--target", target.URL, "--out", run, "--concurrency", "2"}
		for kill := range kills {
			// Inside a split: so many answers are never a multiple of rows.
			until := target.asked.Load() + rows + rows/2 + int64(kill)
			p := start(t, args...)
			p.waitFor(t, "requests", func() bool { return target.asked.Load() >= until })
			if err := p.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatalf("it had ended before kill %d: %s", kill, p.stderr.String())
			}
			<-p.ended
			checkNoDuplicates(t, ids(t, run))
		}
		before := target.asked.Load()
		mustParity(t, exitDone, args...)
		if target.asked.Load() == before {
			t.Error("nothing was left to send after the last kill: the kills came too late to show anything")
		}
		sent := ids(t, run)
		checkNoDuplicates(t, sent)
		if !slices.Equal(slices.Sorted(slices.Values(sent)), slices.Sorted(slices.Values(ids(t, recording)))) {
			t.Errorf("the run has %d exchanges, the recording %d", len(sent), exchanges)
		}
		mustParity(t, exitDone, "compare", run)
		if s := readSummary(t, run); s.Ledger.Match != exchanges {
			t.Errorf("%+v", s.Ledger)
		}
		mustParity(t, exitDone, "fsck", run)
		// What was sent more than once is counted, and no less than it was.
		twice := mustParity(t, exitDone, "ls", run).stdout
		found := regexp.MustCompile(`twice +up to (\d+) exchanges`).FindStringSubmatch(twice)
		if found == nil {
			t.Fatalf("ls says nothing of what was sent twice: %s", twice)
		}
		if n, _ := strconv.ParseInt(found[1], 10, 64); n < target.asked.Load()-exchanges || n > int64(kills*8*rows) {
			t.Errorf("up to %d were sent twice, and %d were", n, target.asked.Load()-exchanges)
		}
	})
}

// Without this, workers of an array job that die and are started anew could leave
// exchanges out, or send some into the run twice.
func TestShardsKilled(t *testing.T) {
	const exchanges, rows, shards = 1600, 40, 4
	recording := makeRecording(t, exchanges, rows)
	eachStore(t, func(t *testing.T, location string) {
		target := newEcho(t, answerBack(0))
		run := store.Join(location, "run")
		random := rand.New(rand.NewPCG(5, 5))
		worker := func(shard int) *process {
			return start(t, "replay", recording, "--target", target.URL, "--out", run, "--concurrency", "2", "--shard", fmt.Sprintf("%d/%d", shard, shards))
		}
		var workers [shards]*process
		for i := range workers {
			workers[i] = worker(i)
		}
		for range 8 {
			until := target.asked.Load() + 20 + random.Int64N(60)
			waitUntil(t, "requests, or all workers' end", func() bool {
				return target.asked.Load() >= until || !slices.ContainsFunc(workers[:], (*process).running)
			})
			i := random.IntN(shards)
			workers[i].Process.Kill()
			<-workers[i].ended
			workers[i] = worker(i)
		}
		workers[0].Process.Kill()
		twin := worker(1) // and one index runs twice
		for i, w := range append(workers[1:], twin) {
			if <-w.ended; w.ProcessState.ExitCode() != exitDone {
				t.Errorf("worker %d exits with %d: %s", i+1, w.ProcessState.ExitCode(), w.stderr.String())
			}
		}
		mustParity(t, exitDone, "replay", recording, "--target", target.URL, "--out", run, "--shard", fmt.Sprintf("0/%d", shards))
		sent := slices.Sorted(slices.Values(ids(t, run)))
		if !slices.Equal(sent, slices.Sorted(slices.Values(ids(t, recording)))) {
			t.Errorf("the run has %d exchanges, the recording %d", len(sent), exchanges)
		}
		mustParity(t, exitDone, "compare", run)
		if s := readSummary(t, run); s.Ledger.Match != exchanges {
			t.Errorf("%+v", s.Ledger)
		}
	})
}

// running says that p has not ended.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Without this, workers that are started at once could refuse each other's run.
func TestShardsBeginTogether(t *testing.T) {
	recording := makeRecording(t, 400, 20)
	eachStore(t, func(t *testing.T, location string) {
		target := newEcho(t, answerBack(0))
		for round := range 3 {
			var workers []*process
			for shard := range 6 {
				workers = append(workers, start(t, "replay", recording, "--target", target.URL, "--out", store.Join(location, fmt.Sprint("run", round)), "--shard", fmt.Sprintf("%d/6", shard)))
			}
			for _, w := range workers {
				if <-w.ended; w.ProcessState.ExitCode() != exitDone {
					t.Errorf("exits with %d: %s", w.ProcessState.ExitCode(), w.stderr.String())
				}
			}
		}
	})
}

// Without this, what was written to a disk that went away could pass for a run.
func TestRunThatWentAway(t *testing.T) {
	recording := makeRecording(t, 400, 20)
	run := filepath.Join(t.TempDir(), "run")
	var moved atomic.Bool
	target := newEcho(t, answerBack(0))
	front := serveFunc(t, func(w http.ResponseWriter, r *http.Request) {
		if target.asked.Load() > 200 && moved.CompareAndSwap(false, true) {
			if err := os.Rename(run, run+"-elsewhere"); err != nil {
				t.Error(err)
			}
		}
		target.Config.Handler.ServeHTTP(w, r)
	})
	if r := parity(t, "replay", recording, "--target", front, "--out", run, "--concurrency", "2"); r.code != exitFailed {
		t.Errorf("it exits with %d: %s", r.code, r.stderr)
	}
}

func serveFunc(t *testing.T, h http.HandlerFunc) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// Without this, an interrupted replay could look done, or lose what it had.
func TestInterrupt(t *testing.T) {
	recording := makeRecording(t, 400, 20)
	target := newEcho(t, answerBack(0))
	run := filepath.Join(t.TempDir(), "run")
	args := []string{"replay", recording, "--target", target.URL, "--out", run, "--rate", "200"}
	p := start(t, args...)
	p.waitFor(t, "some splits", func() bool { return target.asked.Load() > 70 })
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if code := p.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(p.stderr.String(), "the same command goes on") {
		t.Errorf("it exits with %d and says %s", code, p.stderr.String())
	}
	if n := len(ids(t, run)); n < 20 || n == 400 || n%20 != 0 {
		t.Errorf("%d exchanges are there: whole splits were committed, and not all", n)
	}
	mustParity(t, exitDone, args[:len(args)-2]...)
	if n := len(ids(t, run)); n != 400 {
		t.Errorf("%d of 400 exchanges are there in the end", n)
	}
}

func checkNoDuplicates(t *testing.T, ids []string) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(ids))
	if n := len(slices.Compact(slices.Clone(sorted))); n != len(sorted) {
		t.Errorf("%d of %d exchanges are there twice", len(sorted)-n, len(sorted))
	}
}

// Without this, a sidecar that dies could lose exchanges unnoticed, or record
// some twice, and nobody would know what the recording stands for.
func TestCaptureKilled(t *testing.T) {
	eachStore(t, func(t *testing.T, location string) {
		old := newEcho(t, answerBack(0))
		recording := store.Join(location, "recording")
		address := freeAddress(t)
		args := []string{
			"capture", "--upstream", old.URL, "--listen", address, "--out", recording, "--spool", filepath.Join(t.TempDir(), "spool"),
			"--model-from", "path:/models/{model}/classify", "--segment-bytes", "20000", "--split-rows", "50",
		}
		var whole atomic.Int64 // answers that clients got whole
		const clients, rounds = 8, 4
		for round := range rounds {
			p := start(t, args...)
			p.waitFor(t, "the sidecar", func() bool { return reachable(address) })
			load(t, address, clients, round, &whole, func() bool { return old.asked.Load() >= int64(400*(round+1)) }, func() {
				if round < rounds-1 {
					p.Process.Signal(syscall.SIGKILL)
				} else {
					p.Process.Signal(syscall.SIGTERM)
				}
			})
			<-p.ended
			if round == rounds-1 && !p.ProcessState.Success() {
				t.Fatalf("%v\n%s", p.ProcessState, p.stderr.String())
			}
		}
		checkCaptured(t, recording, whole.Load(), clients*rounds)
	})
}

// load runs clients until enough is so, then ends the server in mid-flight.
func load(t *testing.T, address string, clients, round int, whole *atomic.Int64, enough func() bool, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			for i := 0; ctx.Err() == nil; i++ {
				url := fmt.Sprintf("http://%s/models/m%d/classify?q=%d.%d.%d", address, i%5, round, c, i)
				req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(`{"n":7}`))
				if err != nil {
					t.Error(err)
					return
				}
				res, err := transport.RoundTrip(req)
				if err != nil {
					return // the server is gone
				}
				_, err = io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil {
					return
				}
				whole.Add(1)
			}
		})
	}
	waitUntil(t, "enough load", enough)
	end()
	waitUntil(t, "the sidecar to be gone", func() bool { return !reachable(address) })
	cancel()
	wg.Wait()
}

// checkCaptured holds the recording against what the clients counted. An
// answer may be counted as served that the client did not get whole, because
// the kill came in between: at most one for each client and round.
func checkCaptured(t *testing.T, recording string, whole, unsure int64) {
	t.Helper()
	recorded := ids(t, recording)
	checkNoDuplicates(t, recorded)
	rec, err := dataset.OpenRecording(t.Context(), recording)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := rec.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(stats.Instances) != 1 {
		t.Fatalf("%d instances wrote it, want 1: the spool stayed the same", len(stats.Instances))
	}
	for _, in := range stats.Instances {
		l := in.Ledger
		t.Logf("clients got %d whole; %s", whole, l)
		if !l.Balanced() || l.Recorded != int64(len(recorded)) || l.Served < whole || l.Served > whole+unsure {
			t.Errorf("clients got %d whole; %d rows are there; the ledger says: %s", whole, len(recorded), l)
		}
	}
	paths := map[string]bool{}
	err = rec.Rows(t.Context(), func(e *exchange.Exchange, _ exchange.Sides) error {
		paths[e.Request.Path] = true
		if e.Defect == "" && (string(e.Request.Body) != `{"n":7}` || string(e.Reference.Body) != `{"n":7}`) {
			t.Errorf("%s: request %q, answer %q", e.Request.Path, e.Request.Body, e.Reference.Body)
		}
		return nil
	})
	if err != nil || len(paths) != len(recorded) {
		t.Errorf("%d different requests in %d rows: %v", len(paths), len(recorded), err)
	}
	mustParity(t, exitDone, "ls", recording)
	mustParity(t, exitDone, "fsck", recording)
}

func reachable(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	c.Close()
	return true
}
