package capture

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// objects is a store in memory.
type objects struct {
	mu        sync.Mutex
	committed map[exchange.ID]object
	failures  int       // Ship fails so many times more
	first     chan bool // closed when something is committed
}

type object struct {
	Segment
	rows []exchange.Exchange
}

var errStore = errors.New("the store is away")

func (o *objects) ship(_ context.Context, s Segment) (exchange.Sink, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures > 0 {
		o.failures--
		return nil, errStore
	}
	return &memorySink{store: o, object: object{Segment: s}}, nil
}

type memorySink struct {
	store *objects
	object
}

func (m *memorySink) Write(_ context.Context, b *exchange.Batch) error {
	for i := range b.Rows {
		var e exchange.Exchange
		if err := exchange.Decode(exchange.Append(nil, &b.Rows[i], exchange.RecordingSides), &e, exchange.RecordingSides); err != nil {
			return err
		}
		m.rows = append(m.rows, e)
	}
	return nil
}

func (m *memorySink) Commit(context.Context) error {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	if _, ok := m.store.committed[m.ID]; ok {
		return exchange.ErrExists
	}
	if len(m.store.committed) == 0 {
		close(m.store.first)
	}
	m.store.committed[m.ID] = m.object
	return nil
}

func (m *memorySink) Close() error { return nil }

// rows are all that was shipped, by arrival.
func (o *objects) rows() []exchange.Exchange {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []exchange.Exchange
	for _, c := range o.committed {
		all = append(all, c.rows...)
	}
	slices.SortFunc(all, func(a, b exchange.Exchange) int { return int(a.Time - b.Time) })
	return all
}

// ledger is that of the newest segment.
func (o *objects) ledger() exchange.Ledger {
	o.mu.Lock()
	defer o.mu.Unlock()
	var newest object
	for _, c := range o.committed {
		if slices.Compare(c.ID[:], newest.ID[:]) > 0 {
			newest = c
		}
	}
	return newest.Ledger
}

// rig is a sidecar in front of a server.
type rig struct {
	*Sidecar
	t     *testing.T
	url   string
	front *httptest.Server
	end   context.CancelFunc
	ran   chan error
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func options(t *testing.T, upstream string, store *objects) Options {
	u, err := url.Parse(upstream)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Upstream: u, Spool: t.TempDir(), Recording: "/recording", Ship: store.ship, Log: quiet()}
}

func newStore() *objects {
	return &objects{committed: map[exchange.ID]object{}, first: make(chan bool)}
}

// start runs a sidecar; stop ends it and ships all.
func start(t *testing.T, o Options) *rig {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	r := &rig{Sidecar: s, t: t, front: httptest.NewServer(s), end: end, ran: make(chan error, 1)}
	r.url = r.front.URL
	go func() { r.ran <- s.Run(ctx) }()
	return r
}

func (r *rig) stop() {
	r.t.Helper()
	r.front.Close()
	r.end()
	if err := <-r.ran; err != nil {
		r.t.Errorf("Run: %v", err)
	}
	if err := r.Close(context.Background()); err != nil {
		r.t.Errorf("Close: %v", err)
	}
}

// recordAll runs f against a sidecar in front of h, and returns the rows.
func recordAll(t *testing.T, h http.HandlerFunc, f func(front string)) []exchange.Exchange {
	t.Helper()
	back := httptest.NewServer(h)
	defer back.Close()
	store := newStore()
	r := start(t, options(t, back.URL, store))
	f(r.url)
	r.stop()
	balanced(t, store.ledger(), len(store.rows()))
	return store.rows()
}

// balanced checks the ledger that a recording ends with against its rows.
func balanced(t *testing.T, l exchange.Ledger, rows int) {
	t.Helper()
	if !l.Balanced() || l.Recorded != int64(rows) {
		t.Errorf("%d rows, and a ledger of %s (dropped: %v)", rows, l, l.Dropped)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// idle says that nothing is under way, waits or is held.
func (st Status) idle() bool {
	return st.InFlight+st.CopyBytes+st.Pending+st.QueueBytes+st.SpoolBytes+int64(st.Unshipped) == 0 && st.Oldest.IsZero()
}
