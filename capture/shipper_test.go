package capture

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// faulty is a sink that panics where it is told to.
type faulty struct {
	exchange.Sink
	at   string
	when func() bool
	bad  bool
}

func (f *faulty) Write(ctx context.Context, b *exchange.Batch) error {
	f.bad = f.when()
	f.panics("write")
	return f.Sink.Write(ctx, b)
}

func (f *faulty) Commit(ctx context.Context) error {
	f.panics("commit")
	err := f.Sink.Commit(ctx)
	f.panics("committed")
	return err
}

func (f *faulty) panics(at string) {
	if f.bad && f.at == at {
		panic("a bug in the sink")
	}
}

// sealed leaves a spool with so many segments of two rows each.
func sealed(t *testing.T, segments int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	crashed(t, dir, func(w *writer) {
		for range segments {
			w.put(2)
			w.write(w.queue.take())
			w.seal()
		}
	})
	return dir
}

// shipAll ships until the spool is empty, so many failures on the way.
func shipAll(t *testing.T, s *Sidecar, failures int) {
	t.Helper()
	shipper, got := s.shipper(), 0
	for s.spool.unshipped() > 0 {
		n, _ := s.spool.oldest()
		if err := shipper.ship(t.Context(), n); err != nil {
			if got++; got > failures {
				t.Fatal(err)
			}
		}
	}
	if got != failures {
		t.Errorf("%d failures, want %d", got, failures)
	}
}

// last seals the ledger as it is, ships it, and checks it against the rows.
func last(t *testing.T, s *Sidecar, store *objects, rows int) {
	t.Helper()
	w := newWriter(s)
	if err := w.sealNow(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(store.rows()); got != rows {
		t.Errorf("%d rows, want %d", got, rows)
	}
	balanced(t, store.ledger(), rows)
}

// If this fails rows that make the sink panic take the old service down, or
// hold up all later ones; or what was committed is counted as dropped.
func TestSinkPanics(t *testing.T) {
	tests := []struct {
		at              string
		times, failures int
		rows, damaged   int
	}{
		{"write", 1, 1, 4, 0},
		{"write", 100, maxPanics - 1, 2, 1},
		{"commit", 1, 1, 4, 0},
		{"commit", 100, maxPanics - 1, 2, 1},
		{"committed", 1, 1, 4, 0},
		{"committed", 100, maxPanics - 1, 4, 1},
	}
	for _, tt := range tests {
		store := newStore()
		o := options(t, "http://127.0.0.1:1", store)
		o.Spool = sealed(t, 2)
		var first exchange.ID
		o.Ship = func(ctx context.Context, seg Segment) (exchange.Sink, error) {
			if first == (exchange.ID{}) {
				first = seg.ID
			}
			sink, err := store.ship(ctx, seg)
			return &faulty{Sink: sink, at: tt.at, when: func() bool { tt.times--; return seg.ID == first && tt.times >= 0 }}, err
		}
		s := must(New(o))
		shipAll(t, s, tt.failures)
		last(t, s, store, tt.rows)
		if aside, _ := filepath.Glob(filepath.Join(o.Spool, "*"+damagedSuffix)); len(aside) != tt.damaged {
			t.Errorf("%s: set aside %v, want %d", tt.at, aside, tt.damaged)
		}
	}
}

// If this fails a bug that makes every upload panic throws away what the spool
// has, instead of waiting for a sidecar without it.
func TestBrokenSinkLosesNothing(t *testing.T) {
	store := newStore()
	o := options(t, "http://127.0.0.1:1", store)
	o.Spool = sealed(t, 2)
	broken := true
	o.Ship = func(ctx context.Context, seg Segment) (exchange.Sink, error) {
		if broken {
			panic("a bug in the store")
		}
		return store.ship(ctx, seg)
	}
	s := must(New(o))
	shipper := s.shipper()
	for range 3 * maxPanics {
		n, _ := s.spool.oldest()
		if err := shipper.ship(t.Context(), n); err == nil {
			t.Fatal("shipped")
		}
	}
	broken = false
	shipAll(t, s, 0)
	last(t, s, store, 4)
}

// If this fails one file that the disk can't read holds up all later ones, or
// its rows are missing from the ledger.
func TestUnreadableSegment(t *testing.T) {
	for _, before := range []bool{true, false} { // the sidecar's start
		for _, at := range []int{0, 2} {
			store := newStore()
			o := options(t, "http://127.0.0.1:1", store)
			o.Spool = sealed(t, 3)
			// Reading a folder fails as a bad sector does.
			spoil := func() {
				path := must(filepath.Glob(filepath.Join(o.Spool, "*"+sealedSuffix)))[at]
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if before {
				spoil()
			}
			s := must(New(o))
			if !before {
				spoil()
			}
			shipAll(t, s, 0)
			last(t, s, store, 4)
			if aside, _ := filepath.Glob(filepath.Join(o.Spool, "*"+damagedSuffix)); len(aside) != 1 {
				t.Errorf("set aside: %v", aside)
			}
		}
	}
}

// If this fails somebody who makes room in the spool by hand leaves a ledger that
// does not balance, and a spool that stays full.
func TestSegmentTakenOut(t *testing.T) {
	store := newStore()
	o := options(t, "http://127.0.0.1:1", store)
	o.Spool = sealed(t, 3)
	s := must(New(o))
	taken := must(filepath.Glob(filepath.Join(o.Spool, "*"+sealedSuffix)))[1]
	if err := os.Remove(taken); err != nil {
		t.Fatal(err)
	}
	shipAll(t, s, 0)
	if st := s.Status(); !st.idle() {
		t.Errorf("an empty spool is %+v", st)
	}
	last(t, s, store, 4)
	if l := store.ledger(); l.Dropped["spool_damaged"] != 2 {
		t.Errorf("%s, dropped %v", l, l.Dropped)
	}
}

// If this fails a bug in the writer takes the sidecar down, and with it the
// old service.
func TestWriterPanics(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	s := must(New(options(t, back.URL, newStore())))
	s.opt.SyncInterval = -1 // time.NewTicker panics
	front := httptest.NewServer(s)
	defer front.Close()
	ctx, end := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- s.Run(ctx) }()
	post(t, front.URL, 2, 10)
	end()
	if err := <-ran; err == nil {
		t.Error("Run does not tell")
	}
	if l := s.Ledger(); !l.Balanced() {
		t.Errorf("%s", l)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// If this fails the ids of what is shipped are not those of the files, oldest first.
func TestOldestFirst(t *testing.T) {
	store := newStore()
	o := options(t, "http://127.0.0.1:1", store)
	o.Spool = sealed(t, 3)
	var order []exchange.ID
	o.Ship = func(ctx context.Context, seg Segment) (exchange.Sink, error) {
		order = append(order, seg.ID)
		return store.ship(ctx, seg)
	}
	s := must(New(o))
	shipAll(t, s, 0)
	if len(order) != 3 || !slices.IsSortedFunc(order, func(a, b exchange.ID) int { return slices.Compare(a[:], b[:]) }) {
		t.Errorf("%v", order)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// If this fails, rows that turn out damaged while a sidecar ends are counted as
// recorded by the recording, which nobody will go on with.
func TestDamageFoundAtTheEndIsCounted(t *testing.T) {
	store := newStore()
	o := options(t, "http://127.0.0.1:1", store)
	o.Spool = sealed(t, 2)
	files, err := filepath.Glob(filepath.Join(o.Spool, "*"+sealedSuffix))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	data[frameHead+5] ^= 1
	if err := os.WriteFile(files[1], data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	balanced(t, store.ledger(), 3)
	if l := store.ledger(); len(store.rows()) != 3 || l.Dropped["spool_damaged"] != 1 {
		t.Errorf("%d rows, ledger %+v; want 3 rows, and one damaged", len(store.rows()), l)
	}
}
