package capture

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

func echo(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }

// post sends n requests from each of so many clients; every one must be answered.
func post(t *testing.T, front string, clients, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for i := range n {
				body := fmt.Sprintf("client %d request %d", c, i)
				res, err := http.Post(front, "text/plain", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := io.ReadAll(res.Body); err != nil || string(got) != body {
					t.Errorf("got %q, %v", got, err)
				}
				res.Body.Close()
			}
		})
	}
	wg.Wait()
}

// If this fails a plain stop loses or repeats exchanges; or one failing upload does.
func TestEveryExchangeOnce(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	store := newStore()
	store.failures = 3
	o := options(t, back.URL, store)
	o.SegmentBytes, o.SyncInterval = 20_000, 5*time.Millisecond
	r := start(t, o)
	post(t, r.url, 8, 100)
	<-store.first // the store is back
	r.stop()
	seen := map[string]bool{}
	for _, e := range store.rows() {
		if string(e.Request.Body) != string(e.Reference.Body) || seen[string(e.Request.Body)] {
			t.Errorf("%q answered %q is wrong or there twice", e.Request.Body, e.Reference.Body)
		}
		seen[string(e.Request.Body)] = true
	}
	balanced(t, store.ledger(), 800)
	if len(seen) != 800 || len(store.committed) < 5 || store.failures != 0 {
		t.Errorf("%d exchanges in %d objects", len(seen), len(store.committed))
	}
	if l := r.Ledger(); !l.Balanced() || l.Served != 800 || !r.Status().idle() {
		t.Errorf("at the end: %s, %+v", l, r.Status())
	}
	if left := must(filepath.Glob(filepath.Join(o.Spool, "*-*"))); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

// If this fails a full queue, a full spool or a broken disk fails live answers,
// or loses exchanges without counting them.
func TestDropsAreCounted(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	tests := map[string]func(*Options){
		"queue_full":  func(o *Options) { o.QueueBytes = 100 },
		"spool_full":  func(o *Options) { o.SpoolBytes = 2000 },
		"spool_error": func(o *Options) {},
	}
	for why, set := range tests {
		t.Run(why, func(t *testing.T) {
			store := newStore()
			o := options(t, back.URL, store)
			set(&o)
			s := must(New(o))
			front := httptest.NewServer(s)
			defer front.Close()
			w := newWriter(s)
			if why == "spool_error" { // a disk without room
				if err := w.open(); err != nil {
					t.Fatal(err)
				}
				w.seg.f.Close()
				w.seg.f = must(os.OpenFile("/dev/full", os.O_RDWR, 0))
			}
			post(t, front.URL, 2, 10)
			w.write(w.queue.take())
			l := s.Ledger()
			if !l.Balanced() || l.Served != 20 || l.Dropped[why] == 0 || l.DroppedTotal() != l.Dropped[why] || s.Status().Pending != 0 {
				t.Errorf("%s, dropped %v", l, l.Dropped)
			}
			if why == "spool_full" && l.Recorded == 0 {
				t.Error("nothing was recorded while there was room")
			}
			if w.seg != nil {
				w.seg.f.Close()
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// If this fails a disk that takes a part of a write costs whole rows, or leaves
// half ones in the middle.
func TestWholeFrames(t *testing.T) {
	ends := []int{10, 25, 40}
	for n, want := range map[int][2]int{0: {0, 0}, 9: {0, 0}, 10: {1, 10}, 39: {2, 25}, 40: {3, 40}} {
		if whole, end := wholeFrames(ends, n); whole != want[0] || end != want[1] {
			t.Errorf("%d bytes: %d frames, end %d", n, whole, end)
		}
	}
}

// If this fails a bug in the recorder takes the sidecar down, and with it the
// old service.
func TestPanicsAreDrops(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	store := newStore()
	o := options(t, back.URL, store)
	var calls atomic.Int64
	o.Model = []Rule{{yield: func(*record) string {
		if calls.Add(1) == 2 {
			panic("a bug")
		}
		return "m"
	}}}
	r := start(t, o)
	post(t, r.url, 1, 3)
	r.stop()
	balanced(t, store.ledger(), 2)
	if l := store.ledger(); l.Dropped["recorder_error"] != 1 {
		t.Errorf("%v", l.Dropped)
	}
}

// If this fails two sidecars write into one another's segments.
func TestOneSidecarASpool(t *testing.T) {
	o := options(t, "http://127.0.0.1:1", newStore())
	s := must(New(o))
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), o.Spool) {
		t.Errorf("a second sidecar: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := must(New(o)).Close(t.Context()); err != nil {
		t.Errorf("after the first has gone: %v", err)
	}
}

// If this fails damage in the spool goes into recordings, stops the sidecar, or
// takes rows with it that could be read.
func TestFlippedBits(t *testing.T) {
	const rows = 4
	for _, suffix := range []string{openSuffix, sealedSuffix} {
		template := t.TempDir()
		crashed(t, template, func(w *writer) {
			w.put(rows)
			w.write(w.queue.take())
			if suffix == sealedSuffix {
				w.seal()
			}
		})
		path := must(filepath.Glob(filepath.Join(template, "*"+suffix)))[0]
		whole := must(os.ReadFile(path))
		for at := 0; at < len(whole); at += 3 {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(template)); err != nil {
				t.Fatal(err)
			}
			flipped := append([]byte(nil), whole...)
			flipped[at] ^= 1 << (at % 8)
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			first := restart(t, dir)
			for _, e := range first.rows() {
				if e.RequestHash != exchange.HashRequest(&e) || string(e.Reference.Body) != "answer" || e.Reference.Status != 200 {
					t.Errorf("byte %d of %s: a damaged row was recorded", at, suffix)
				}
			}
			// What was found when shipping is in the ledger of the next segment.
			l := restart(t, dir).ledger()
			if l.Served == 0 {
				l = first.ledger()
			}
			balanced(t, l, len(first.rows()))
			damaged := must(filepath.Glob(filepath.Join(dir, "*"+damagedSuffix)))
			if l.Served != rows || len(damaged) != 1 {
				t.Errorf("byte %d of %s: %s, set aside %v", at, suffix, l, damaged)
			}
		}
	}
}

// If this fails an idle sidecar fills the store with empty objects, or its last
// drops are in no ledger.
func TestLedgerWithoutRows(t *testing.T) {
	dir := t.TempDir()
	crashed(t, dir, func(w *writer) { w.ledger.drop(queueFull) })
	store := restart(t, dir)
	if l := store.ledger(); l.Dropped["queue_full"] != 1 || len(store.committed) != 1 {
		t.Errorf("%s in %d objects", l, len(store.committed))
	}
	balanced(t, store.ledger(), 0)
	if again := restart(t, dir); len(again.committed) != 0 {
		t.Errorf("%d objects of nothing", len(again.committed))
	}
}

// If this fails a recording gets its last hours only when the sidecar stops, or
// a clock that is set makes an object of every second.
func TestSealedByAge(t *testing.T) {
	o := options(t, "http://127.0.0.1:1", newStore())
	s := must(New(o))
	w := newWriter(s)
	seals := func(after, wall time.Duration) bool {
		w.put(1)
		w.write(w.queue.take())
		w.seg.opened = time.Now()
		w.sealDue(w.seg.opened.Add(after).Round(0).Add(wall))
		return w.seg == nil
	}
	s.opt.SegmentAge = 24 * time.Hour
	if seals(0, 0) || seals(0, -2*time.Hour) || !seals(time.Hour, 0) {
		t.Error("not sealed at the hour, or before it")
	}
	s.opt.SegmentAge = time.Minute
	if !seals(time.Minute, 0) {
		t.Error("not sealed at its age")
	}
	// The clock was two hours ahead when the last segment was opened.
	w.ledger.w.segment.Store(uint64(time.Now().Add(2 * time.Hour).UnixMilli()))
	if seals(0, 0) || !seals(time.Minute, 0) {
		t.Error("not sealed at its age after the clock went back")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// If this fails exchanges of one recording end up in another, and neither
// balances.
func TestOneRecordingASpool(t *testing.T) {
	to := func(dir, recording string) (string, error) {
		o := options(t, "http://127.0.0.1:1", newStore())
		o.Spool, o.Recording = dir, recording
		s, err := New(o)
		if err != nil {
			return "", err
		}
		return s.Instance(), s.Close(t.Context())
	}
	dir := t.TempDir()
	for _, recording := range []string{"/a", "/a"} {
		if _, err := to(dir, recording); err != nil {
			t.Fatal(err)
		}
	}
	want := "spool " + dir + " belongs to recording /a: choose another --spool, or record to /a"
	if _, err := to(dir, "/b"); err == nil || err.Error() != want {
		t.Errorf("another recording: %v", err)
	}
	if _, err := to(t.TempDir(), ""); err == nil || !strings.HasPrefix(err.Error(), "recording") {
		t.Errorf("no recording: %v", err)
	}
}

// If this fails an upgrade keeps a sidecar from starting, or ships what an older
// one left to a recording that it may not belong to.
func TestSpoolOfAnOlderLayout(t *testing.T) {
	write := func(w *writer) { w.put(2); w.write(w.queue.take()) }
	tests := map[string]struct {
		left   func(*writer)
		drain  bool
		adopts bool
	}{
		"new":            {func(*writer) {}, false, true},
		"all shipped":    {write, true, true},
		"open segment":   {write, false, false},
		"sealed segment": {func(w *writer) { write(w); w.seal() }, false, false},
		"only pending":   {func(w *writer) { w.put(1) }, false, false},
		"only drops":     {func(w *writer) { w.ledger.drop(queueFull) }, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			crashed(t, dir, tt.left)
			if tt.drain {
				restart(t, dir)
			}
			if err := os.Remove(filepath.Join(dir, "recording")); err != nil {
				t.Fatal(err)
			}
			o := options(t, "http://127.0.0.1:1", newStore())
			o.Spool = dir
			s, err := New(o)
			if !tt.adopts {
				if err == nil || !strings.Contains(err.Error(), dir) {
					t.Errorf("adopted: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if l := s.Ledger(); l.Served != 0 {
				t.Errorf("it begins with %s", l)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// If this fails a segment that can't be sealed after a crash, as on a full disk,
// keeps the sidecar from starting, and with it the old service from being reached.
func TestStartsThoughASegmentCantBeSealed(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	store := newStore()
	o := options(t, back.URL, store)
	run := func(n int) {
		t.Helper()
		s := must(New(o))
		front := httptest.NewServer(s)
		w := newWriter(s)
		post(t, front.URL, 1, n)
		w.write(w.queue.take())
		front.Close()
		if w.seg != nil {
			w.seg.f.Close() // and is not sealed: it died
		}
		s.spool.close()
	}
	run(5)
	open := must(filepath.Glob(filepath.Join(o.Spool, "*"+openSuffix)))
	if len(open) != 1 {
		t.Fatal(open)
	}
	inTheWay := filepath.Join(strings.TrimSuffix(open[0], openSuffix)+sealedSuffix, "x")
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	run(3)
	if err := os.RemoveAll(filepath.Dir(inTheWay)); err != nil {
		t.Fatal(err)
	}
	s := must(New(o))
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := store.rows()
	balanced(t, store.ledger(), len(rows))
	if len(rows) != 8 {
		t.Errorf("%d of 8 exchanges were recorded", len(rows))
	}
}
