package capture

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// tap follows one exchange. All but the request's copy belongs to the
// goroutine of the handler.
type tap struct {
	record
	sidecar       *Sidecar
	client        *client
	trace         httptrace.ClientTrace
	sent          time.Time // when the request went upstream
	requestLength int64
	answered      bool
	done          bool

	expects chan struct{}   // closed when a 100 came; nil where the client does not wait for one
	over    <-chan struct{} // closed when the handler has returned
	heard   atomic.Int64    // when the first byte of an answer came, since sent; 0 before
	reading atomic.Bool     // the request's body is being read
	badBody atomic.Bool     // the request's chunks could not be read

	// The transport may still send the request while the answer ends already.
	mu     sync.Mutex
	frozen bool // the record is out of our hands
}

func newTap(s *Sidecar, c *client, r *http.Request) *tap {
	now := time.Now()
	t := &tap{sidecar: s, client: c, requestLength: r.ContentLength, sent: now}
	t.record = record{arrival: now, method: r.Method, uri: originForm(r), header: r.Header}
	t.request.ended = r.Body == nil || r.Body == http.NoBody
	t.trace.Got1xxResponse = func(code int, header textproto.MIMEHeader) error {
		if code == http.StatusContinue { // see below; one that nobody waits for ends here
			return nil
		}
		return c.interim(code, header)
	}
	t.trace.GotFirstResponseByte = func() { t.heard.CompareAndSwap(0, max(1, int64(time.Since(t.sent)))) }
	if !t.request.ended && expectsContinue(r) {
		t.expects, t.over = make(chan struct{}), r.Context().Done()
		// Before the transport goes on and reads the body, as net/http's server says
		// 100 at the first read itself.
		t.trace.Got100Continue = sync.OnceFunc(func() {
			if !t.reading.Load() {
				c.interim(http.StatusContinue, nil)
			}
			close(t.expects)
		})
	}
	return t
}

// unread says that the request has not come to its end.
func (t *tap) unread() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.request.ended
}

var pieces = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// pass sends the answer on as it comes. Where it breaks off, the client's
// connection does, too.
func (t *tap) pass(res *http.Response) {
	defer res.Body.Close()
	defer t.finish(exchange.Canceled) // the client did not take it all
	announced := slices.Collect(maps.Keys(res.Trailer))
	t.answer(res)
	if late := t.client.head(res, t.unread()); late != nil {
		defer late.Stop()
	}
	buf := pieces.Get().(*[32 << 10]byte)
	defer pieces.Put(buf)
	read := time.Now()
	for more := res.Body != http.NoBody; more; {
		n, err := res.Body.Read(buf[:])
		read = time.Now()
		t.piece(buf[:n], err, res.ContentLength)
		more = err == nil
		if t.client.write(buf[:n], err == io.EOF) != nil || err != nil && err != io.EOF {
			panic(http.ErrAbortHandler)
		}
	}
	t.client.trailers(announced, res.Trailer)
	t.sidecar.added.add(t.sent.Sub(t.arrival) + time.Since(read))
}

// answer takes the answer's head. One without a body ends with it.
func (t *tap) answer(res *http.Response) {
	t.answered = true
	t.status, t.answerHeader = int64(res.StatusCode), res.Header
	t.firstByte = time.Duration(t.heard.Load())
	if t.firstByte == 0 { // HTTP/2 tells only of the head
		t.firstByte = time.Since(t.sent)
	}
	if res.Body == http.NoBody || res.ContentLength == 0 {
		t.response.ended = true
		t.finish("")
	}
}

// piece copies what came, and finishes the record before the last bytes are
// given out.
func (t *tap) piece(p []byte, err error, length int64) {
	if t.done {
		return
	}
	t.response.add(p, t.sidecar.opt.MaxBody, &t.sidecar.memory)
	switch {
	case err == io.EOF || t.response.seen == length:
		t.response.ended = true
		t.finish("")
	case err != nil:
		t.finish(classify(err))
	}
}

// takeHere takes a body that has come with its head, so that reading it waits for
// nobody; nil where it has not. It is copied once, for the record, and goes out of
// that copy: of a body that it knows to be in memory the transport makes one piece
// with the head, of any other two, each of which wakes the old service up.
func (t *tap) takeHere(r *http.Request) io.ReadCloser {
	n, limit := r.ContentLength, t.sidecar.opt.MaxBody
	c, ok := r.Context().Value(watchedKey{}).(*watched)
	if !ok || n <= 0 || n > limit || t.expects != nil || !c.arrived() || !t.request.grow(int(n), limit, &t.sidecar.memory) {
		return nil
	}
	got, err := io.ReadFull(r.Body, t.request.data[:n])
	t.request.data, t.request.seen = t.request.data[:got], int64(got)
	if err != nil { // net/http reads in another way than we watch
		t.request.failed = true
		return io.NopCloser(io.MultiReader(bytes.NewReader(t.request.data), brokenOff{err}))
	}
	t.request.ended = true
	return io.NopCloser(bytes.NewReader(t.request.data))
}

// brokenOff is what comes of a body after all that came of it.
type brokenOff struct{ error }

func (b brokenOff) Read([]byte) (int, error) { return 0, b.error }

// requestBody copies what the transport reads.
type requestBody struct {
	io.ReadCloser
	tap *tap
}

var errOver = errors.New("the exchange is over")

func (b *requestBody) Read(p []byte) (int, error) {
	t := b.tap
	if !b.hold() {
		return 0, errOver
	}
	t.reading.Store(true)
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && malformed(err) {
		t.badBody.Store(true)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.frozen {
		t.request.add(p[:n], t.sidecar.opt.MaxBody, &t.sidecar.memory)
		t.request.ended = t.request.ended || err == io.EOF || t.request.seen == t.requestLength
		t.request.failed = err != nil && err != io.EOF
	}
	return n, err
}

// hold keeps back a body that the client does not send before it is told to,
// once an answer came in place of that: net/http's transport would read it all the
// same, which tells the client to send it. It returns false when the exchange is
// over.
func (b *requestBody) hold() bool {
	t := b.tap
	if t.expects == nil || t.heard.Load() == 0 {
		return true
	}
	select {
	case <-t.expects:
		return true
	case <-t.over:
		return false
	}
}

// giveUp ends the wait for a body that the client was never told to send.
// net/http's server reads what is left of a body before it closes a connection.
func (t *tap) giveUp() {
	if t.expects != nil && !t.reading.Load() && t.client.request.ProtoMajor == 1 {
		t.client.control.SetReadDeadline(time.Now()) // an error: the connection has gone
	}
}

// Close leaves the body to net/http's server, which closes it when the handler
// has returned; here it would wait for what the client has not sent yet.
func (b *requestBody) Close() error { return nil }

// finish counts the exchange and hands its record over; only the first call
// does anything. The record belongs to the queue from then on. Nothing that goes
// wrong in here may reach the answer.
func (t *tap) finish(failure exchange.Failure) {
	if t.done {
		return
	}
	t.done = true
	defer func() {
		if p := recover(); p != nil {
			t.sidecar.ledger.drop(recorderError)
			t.sidecar.tapPanic.Store(&panicError{p, debug.Stack()})
		}
	}()
	t.latency = time.Since(t.sent)
	t.freeze()
	if t.request.noRoom || t.response.noRoom {
		t.sidecar.ledger.drop(memoryFull)
		return
	}
	t.defect, t.failure = t.judge(failure)
	t.sidecar.queue.put(&t.record)
}

// freeze ends the copying. From here on the queue answers for the memory.
func (t *tap) freeze() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frozen = true
	t.request.release(&t.sidecar.memory)
	t.response.release(&t.sidecar.memory)
}

// judge says what the record lacks.
func (t *tap) judge(failure exchange.Failure) (exchange.Defect, exchange.Failure) {
	if t.response.cut() && failure == "" {
		failure = exchange.TooLarge
	}
	switch {
	case !t.answered:
		return exchange.NoAnswer, failure
	case t.request.cut() || !t.request.ended:
		return exchange.RequestTruncated, failure
	case t.response.cut() || !t.response.ended:
		return exchange.ResponseTruncated, failure
	}
	return "", failure
}
