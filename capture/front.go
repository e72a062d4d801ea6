package capture

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// Front is what clients connect to. It speaks HTTP/1.1 and HTTP/2, both in
// cleartext, or both by TLS where it has a certificate.
type Front struct {
	sidecar *Sidecar
	server  *http.Server
	tls     *tls.Config

	mu        sync.Mutex
	listeners []net.Listener
	open      int
	stopping  bool
	empty     chan struct{} // closed when stopping and no connection is open
}

// NewFront makes the front of s. Without a TLS config it is cleartext.
func NewFront(s *Sidecar, tls *tls.Config) *Front {
	f := &Front{sidecar: s, empty: make(chan struct{})}
	if tls != nil {
		f.tls = tls.Clone()
		f.tls.NextProtos = []string{"h2", "http/1.1"}
	}
	f.server = &http.Server{
		Handler: s, ReadHeaderTimeout: time.Minute, MaxHeaderBytes: maxHeadBytes,
		DisableGeneralOptionsHandler: true, // OPTIONS * is the old service's to answer
		Protocols:                    new(http.Protocols),
		ConnState:                    f.connState,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if w, ok := c.(*watched); ok {
				return context.WithValue(ctx, watchedKey{}, w)
			}
			return ctx
		},
		ErrorLog: slog.NewLogLogger(s.opt.Log.Handler(), slog.LevelDebug),
	}
	f.server.Protocols.SetHTTP1(true)
	f.server.Protocols.SetHTTP2(true)
	f.server.Protocols.SetUnencryptedHTTP2(true)
	return f
}

// Serve takes connections from l until Stop. A listener that fails ends it
// with an error; what is connected is served on.
func (f *Front) Serve(l net.Listener) error {
	f.mu.Lock()
	if f.stopping {
		f.mu.Unlock()
		return l.Close()
	}
	f.listeners = append(f.listeners, l)
	f.mu.Unlock()
	err := f.server.Serve(f.listener(l))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopping {
		return nil
	}
	return err
}

// Stop takes no more connections, and ends those that there are as their
// clients can bear it: a connection in HTTP/1.1 is told with its next answer
// that it ends with it, and closed without a word only after linger. Requests
// under way are served to their end, until ctx is done; then they are cut off and
// the error says so.
func (f *Front) Stop(ctx context.Context, linger time.Duration) error {
	f.mu.Lock()
	f.stopping = true
	f.sidecar.draining.Store(true)
	for _, l := range f.listeners {
		l.Close() // that it is closed is all that matters
	}
	f.closeEmpty()
	f.mu.Unlock()
	wait := time.NewTimer(linger)
	defer wait.Stop()
	select {
	case <-f.empty:
	case <-wait.C:
	case <-ctx.Done():
	}
	// That its listeners are closed already is no news.
	if err := f.server.Shutdown(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
		f.server.Close() // what is left goes with it
		return err
	}
	if f.sidecar.ingest != nil {
		f.sidecar.ingest.pairs.end()
	}
	if f.sidecar.mirror != nil {
		return f.sidecar.mirror.wait(ctx)
	}
	return nil
}

func (f *Front) connState(c net.Conn, state http.ConnState) {
	if w, ok := c.(*watched); ok && state == http.StateIdle {
		w.between.Store(true)
	}
	opens, closes := state == http.StateNew, state == http.StateClosed || state == http.StateHijacked
	if !opens && !closes { // at every request; it must not wait for the lock
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if opens {
		f.open++
		return
	}
	f.open--
	f.closeEmpty()
}

// closeEmpty tells Stop when the last connection has gone. It holds mu.
func (f *Front) closeEmpty() {
	if f.stopping && f.open == 0 {
		select {
		case <-f.empty:
		default:
			close(f.empty)
		}
	}
}

// listener makes connections watched ones. With TLS, those in HTTP/1: net/http
// must see the others as they are, to speak HTTP/2.
func (f *Front) listener(l net.Listener) net.Listener {
	if f.tls == nil {
		return &cleartext{l, &f.sidecar.refused}
	}
	return newEncrypted(l, f.tls, &f.sidecar.refused)
}

type cleartext struct {
	net.Listener
	refused *refusals
}

func (l *cleartext) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newWatched(c, l.refused), nil
}

// encrypted shakes hands before it gives a connection out, as only then it is
// known what is spoken.
type encrypted struct {
	net.Listener
	config  *tls.Config
	refused *refusals
	ready   chan net.Conn
	failed  chan struct{} // closed when the listener is
	err     error
}

func newEncrypted(l net.Listener, config *tls.Config, r *refusals) *encrypted {
	e := &encrypted{Listener: l, config: config, refused: r, ready: make(chan net.Conn), failed: make(chan struct{})}
	go e.run()
	return e
}

func (e *encrypted) run() {
	defer close(e.failed)
	for {
		c, err := e.Listener.Accept()
		switch {
		case err == nil:
			go e.shake(c)
		case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ECONNABORTED):
			time.Sleep(10 * time.Millisecond) // it passes, as net/http's own server knows
		default:
			e.err = err
			return
		}
	}
}

// shake gives a client ten seconds. What it says wrong is its own affair.
func (e *encrypted) shake(c net.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	t := tls.Server(c, e.config)
	if t.HandshakeContext(ctx) != nil {
		c.Close()
		return
	}
	var ready net.Conn = t
	if t.ConnectionState().NegotiatedProtocol != "h2" {
		ready = newWatched(t, e.refused)
	}
	select {
	case e.ready <- ready:
	case <-e.failed:
		c.Close()
	}
}

func (e *encrypted) Accept() (net.Conn, error) {
	select {
	case c := <-e.ready:
		return c, nil
	case <-e.failed:
		return nil, e.err
	}
}
