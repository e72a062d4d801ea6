package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// live is what the clients of the sidecar saw.
type live struct {
	mu       sync.Mutex
	answered map[string][]byte // the body of the request by its name, of those that got their whole answer
	asked    map[string][]byte // of all
	failed   []failure
	quiet    []time.Duration
	faulty   []time.Duration
	wrong    error

	down     []span // when no sidecar was there
	kills    int
	dropping bool // the disk was made too small: what is dropped is counted
	damaged  int  // exchanges that damage to the spool may have cost, at most
}

// span is a time; to is zero while it lasts.
type span struct{ from, to time.Time }

type failure struct {
	span
	err error
}

const clients = 8

// capture runs the sidecar between clients and the old service, for some seconds,
// and has things go wrong after the first.
func (r *round) capture(ctx context.Context) (*live, error) {
	old, err := serve(func(w http.ResponseWriter, _ *http.Request, body []byte) {
		status, answer := oldAnswer(body)
		reply(w, status, answer)
	})
	if err != nil {
		return nil, err
	}
	defer old.Close()
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	l := &live{answered: map[string][]byte{}, asked: map[string][]byte{}}
	spool, free, err := r.spool(l)
	if err != nil {
		return nil, err
	}
	defer free()
	args := []string{
		"capture", "--upstream", old.url, "--listen", address, "--out", r.place.location("recording"), "--spool", spool,
		"--model-from", "path:/models/{model}/classify", "--segment-bytes", "300000", "--segment-age", "1s", "--split-rows", "100", "--grace", "60s",
	}
	p, err := r.startSidecar(ctx, address, args)
	if err != nil {
		return nil, err
	}
	quit, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	for c := range clients {
		seed := r.rng.Uint64()
		wg.Go(func() { l.client(quit, "http://"+address, fmt.Sprintf("%s-%d", r.name, c), newRand(seed)) })
	}
	r.pause(ctx, time.Second)
	l.isFaulty()
	trouble, well := context.WithCancel(ctx)
	troubled := r.trouble(trouble)
	p, err = r.killSidecars(ctx, l, p, address, args, spool)
	stop()
	wg.Wait()
	well()
	<-troubled
	if err != nil {
		return nil, err
	}
	if err := r.stopSidecar(ctx, p, address, args); err != nil {
		return nil, err
	}
	return l, l.wrong
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

func (r *round) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// spool is a folder, now and then on a disk that is too small.
func (r *round) spool(l *live) (dir string, free func(), err error) {
	dir = filepath.Join(r.dir, "spool")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", nil, err
	}
	if !r.chance(0.25) {
		return dir, func() {}, nil
	}
	err = syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=400000")
	if errors.Is(err, syscall.EPERM) {
		r.fault("full disk left out: only root may mount one")
		return dir, func() {}, nil
	}
	if err == nil {
		l.dropping = true
		r.fault("full disk")
	}
	return dir, func() { syscall.Unmount(dir, syscall.MNT_DETACH) }, err
}

func (r *round) startSidecar(ctx context.Context, address string, args []string) (*process, error) {
	p, err := r.start(args...)
	if err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { ready <- awaitAddress(waiting, address) }()
	select {
	case err := <-ready:
		return p, err
	case <-p.ended:
		return nil, fmt.Errorf("the sidecar does not start\n%s", p.tail())
	}
}

// killSidecars kills the sidecar some times, damages what it left, and starts it
// anew. It returns the one that runs.
func (r *round) killSidecars(ctx context.Context, l *live, p *process, address string, args []string, spool string) (*process, error) {
	for range r.rng.IntN(5) {
		r.pause(ctx, r.between(100, 1200))
		l.begin()
		if !p.kill() {
			return nil, fmt.Errorf("the sidecar ended by itself\n%s", p.tail())
		}
		r.fault("kill -9")
		l.kills++
		if err := r.damageSpool(l, spool); err != nil {
			return nil, err
		}
		r.pause(ctx, r.between(0, 200))
		next, err := r.startSidecar(ctx, address, args)
		if err != nil {
			return nil, err
		}
		p = next
		l.end()
	}
	r.pause(ctx, r.between(300, 1500))
	return p, nil
}

// damageSpool tears the tail of the segment that was written last, or flips a bit
// in it, as often as not.
func (r *round) damageSpool(l *live, spool string) error {
	segments, err := filepath.Glob(filepath.Join(spool, "*.open"))
	if err != nil || len(segments) == 0 || r.chance(0.5) {
		return err
	}
	slices.Sort(segments)
	name := segments[len(segments)-1]
	data, err := os.ReadFile(name)
	if err != nil || len(data) < 1000 {
		return err
	}
	// Frames are over 300 bytes. A bit in a frame's head costs what follows it.
	if r.chance(0.5) {
		n := 1 + r.rng.IntN(1000)
		l.damaged += 1 + n/300
		r.fault("spool torn")
		return os.Truncate(name, int64(len(data)-n))
	}
	at := len(data) - 1 - r.rng.IntN(len(data)/2)
	l.damaged += 1 + (len(data)-at)/300
	r.fault("bit flipped in the spool")
	data[at] ^= 1 << r.rng.IntN(8)
	return os.WriteFile(name, data, 0o600)
}

// stopSidecar ends it as systemd would. What it could not ship in time, because the
// store had failed until now, the next one does.
func (r *round) stopSidecar(ctx context.Context, p *process, address string, args []string) error {
	var said []byte
	for range 5 {
		p.cmd.Process.Signal(syscall.SIGTERM)
		code, err := p.wait(ctx)
		if err != nil || code == 0 {
			return err
		}
		if said = p.tail(); !bytes.Contains(said, []byte("for the next start")) {
			return fmt.Errorf("the sidecar ends with exit code %d\n%s", code, said)
		}
		if p, err = r.startSidecar(ctx, address, args); err != nil {
			return err
		}
	}
	return fmt.Errorf("the sidecar can't ship what it has\n%s", said)
}

// client asks one thing after the other and holds each answer against what the old
// service says.
func (l *live) client(ctx context.Context, url, name string, rng *rand.Rand) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("%s-%d", name, n)
		words := 5 + rng.IntN(60)
		if rng.IntN(200) == 0 {
			words = 4000
		}
		body := fmt.Appendf(nil, `{"id":%q,"text":%q}`, id, strings.Repeat("word ", words))
		began := time.Now()
		status, answer, err := ask(transport, fmt.Sprintf("%s/models/m%d/classify", url, rng.IntN(7)), body)
		l.note(id, body, span{began, time.Now()}, status, answer, err)
		time.Sleep(time.Duration(2+rng.IntN(5)) * time.Millisecond)
	}
}

func ask(transport *http.Transport, url string, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

func (l *live) note(id string, body []byte, s span, status int, answer []byte, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[id] = body
	if err != nil {
		l.failed = append(l.failed, failure{s, err})
		return
	}
	if wantStatus, want := oldAnswer(body); status != wantStatus || !bytes.Equal(answer, want) {
		l.wrong = errors.Join(l.wrong, fmt.Errorf("request %s got %d %.200q, not %d %.200q", id, status, answer, wantStatus, want))
	}
	l.answered[id] = body
	if took := s.to.Sub(s.from); l.faulty == nil {
		l.quiet = append(l.quiet, took)
	} else {
		l.faulty = append(l.faulty, took)
	}
}

// isFaulty ends the quiet time.
func (l *live) isFaulty() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faulty = []time.Duration{}
}

// names are the answered requests'.
func (l *live) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.answered))
}

// begin and end say since and until when there is no sidecar.
func (l *live) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = append(l.down, span{from: time.Now()})
}

func (l *live) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down[len(l.down)-1].to = time.Now()
}

// whileUp are the failures that no missing sidecar explains.
func (l *live) whileUp() (unexplained []failure) {
	for _, f := range l.failed {
		if !slices.ContainsFunc(l.down, func(d span) bool { return f.from.Before(d.to) && d.from.Before(f.to) }) {
			unexplained = append(unexplained, f)
		}
	}
	return unexplained
}
