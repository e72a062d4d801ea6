package capture

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What a mirrored request may take.
const (
	mirrorTimeout = time.Minute // until the old service's whole answer is there
	mirrorWaiting = 1024        // that wait for their turn
)

// mirror takes requests that somebody in front of the old service sends here
// beside the real ones. Each is answered at once, before anybody is asked: what the
// mirroring proxy waits for, its clients would wait for, too. The old service is
// asked afterwards, by way of the same proxy and tap, with nobody to hear the
// answer but the record.
type mirror struct {
	sidecar *Sidecar
	slots   chan struct{}
	waiting atomic.Int64
	asking  sync.WaitGroup
}

func newMirror(s *Sidecar, concurrency int) *mirror {
	return &mirror{sidecar: s, slots: make(chan struct{}, concurrency)}
}

// serve reads the request, says 204, and has the old service asked. What there is
// no room for is dropped: mirroring must not become a queue.
func (m *mirror) serve(w http.ResponseWriter, r *http.Request) {
	body, err := m.read(r.Body)
	w.WriteHeader(http.StatusNoContent) // net/http sends it when this returns
	release := func() { body.release(&m.sidecar.memory) }
	switch {
	case err != nil: // the proxy broke off, or talks nonsense: there is nothing to ask
		if malformed(err) {
			m.sidecar.refused.add(badChunk)
		}
	case body.noRoom:
		m.sidecar.ledger.drop(mirrorFull)
	case body.cut():
		m.sidecar.ledger.drop(mirrorTooLarge)
	case !m.queue():
		m.sidecar.ledger.drop(mirrorFull)
	default:
		asked := askedAgain(r, body.data)
		m.asking.Go(func() {
			defer release()
			m.ask(asked)
		})
		return
	}
	release()
}

// queue says whether there is room for one more that waits.
func (m *mirror) queue() bool {
	if m.waiting.Add(1) <= mirrorWaiting {
		return true
	}
	m.waiting.Add(-1)
	return false
}

// read takes a body, with memory for it.
func (m *mirror) read(from io.Reader) (body copied, err error) {
	buf := pieces.Get().(*[32 << 10]byte)
	defer pieces.Put(buf)
	for {
		n, err := from.Read(buf[:])
		body.add(buf[:n], m.sidecar.opt.MaxBody, &m.sidecar.memory)
		if err == io.EOF {
			return body, nil
		}
		if err != nil {
			return body, err
		}
	}
}

// askedAgain is the request as the old service's client would have sent it.
func askedAgain(r *http.Request, body []byte) *http.Request {
	out := r.WithContext(context.Background()) // the mirroring connection may be gone by then
	out.Body, out.ContentLength, out.TransferEncoding = http.NoBody, int64(len(body)), nil
	if len(body) > 0 {
		out.Body = io.NopCloser(bytes.NewReader(body))
	}
	out.Header.Del("Expect")
	out.Host = unshadowed(r.Host)
	return out
}

// unshadowed is a host without what Envoy puts behind its name in mirrored
// requests.
func unshadowed(host string) string {
	name, port, hasPort := strings.Cut(host, ":")
	name = strings.TrimSuffix(name, "-shadow")
	if hasPort {
		return name + ":" + port
	}
	return name
}

func (m *mirror) ask(r *http.Request) {
	m.slots <- struct{}{}
	m.waiting.Add(-1)
	defer func() { <-m.slots }()
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { // the answer broke off, which the record says
			m.sidecar.tapPanic.Store(&panicError{p, debug.Stack()})
		}
	}()
	ctx, cancel := context.WithTimeout(r.Context(), mirrorTimeout)
	defer cancel()
	m.sidecar.exchange(nobody{http.Header{}}, r.WithContext(ctx))
}

// wait returns when nobody is asked any more, or ctx is done.
func (m *mirror) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() { m.asking.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// nobody hears the answer.
type nobody struct{ header http.Header }

func (n nobody) Header() http.Header         { return n.header }
func (n nobody) Write(p []byte) (int, error) { return len(p), nil }
func (n nobody) WriteHeader(int)             {}
func (n nobody) Flush()                      {}
