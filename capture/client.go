package capture

import (
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"
)

// headDelay is how long an answer's head waits for the first bytes of its body,
// to go out with them in one piece.
const headDelay = time.Millisecond

// client is the side to which the answer goes. Interim answers come from the
// transport's goroutine, and a head that waited long enough goes out from a
// timer's, so it has a lock; ResponseWriter has none.
type client struct {
	control  *http.ResponseController
	request  *http.Request
	draining bool

	mu     sync.Mutex
	w      http.ResponseWriter
	begun  bool // the final answer is at hand
	pieces bool // something of its body was written
	left   bool // the handler has returned; w is net/http's again
}

func newClient(w http.ResponseWriter, r *http.Request, draining bool) *client {
	c := &client{w: w, control: http.NewResponseController(w), request: r, draining: draining}
	// Without this, net/http closes what is unread of the request when the answer
	// begins; the transport, which may still be at it, takes that for a failure
	// and breaks off the answer. HTTP/2 is full-duplex anyway.
	c.control.EnableFullDuplex()
	return c
}

func (c *client) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = true
}

// interim passes a 1xx on. HTTP/1.0 does not know them.
func (c *client) interim(code int, header textproto.MIMEHeader) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.begun || c.left || !c.request.ProtoAtLeast(1, 1) {
		return nil
	}
	h := c.w.Header()
	for name, values := range withoutHops(http.Header(header)) {
		h[name] = values
	}
	c.w.WriteHeader(code)
	clear(h)
	return nil
}

func expectsContinue(r *http.Request) bool { return hasToken(r.Header["Expect"], "100-continue") }

// hangUp tells the client that its connection ends with this answer: where the
// request is not read to its end yet, as in full duplex net/http says nothing
// about it and closes the connection after the answer all the same; and where the
// sidecar is about to stop.
func (c *client) hangUp(unread bool) {
	if (unread || c.draining) && c.request.ProtoMajor == 1 {
		c.w.Header()["Connection"] = []string{"close"}
	}
}

// head takes the answer's head. It goes out with the first piece of the body, or
// after headDelay. unread says that the request has not come to its end.
func (c *client) head(res *http.Response, unread bool) *time.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = true
	h := c.w.Header()
	for name, values := range withoutHops(res.Header) {
		h[name] = values
	}
	// net/http adds these where they are left out, and guesses the type.
	for _, name := range []string{"Date", "Content-Type"} {
		if _, ok := h[name]; !ok {
			h[name] = nil
		}
	}
	if len(res.Trailer) > 0 {
		h["Trailer"] = []string{strings.Join(slices.Sorted(maps.Keys(res.Trailer)), ", ")}
	}
	if res.ContentLength < 0 && c.request.ProtoMajor == 1 && c.request.ProtoAtLeast(1, 1) {
		h["Transfer-Encoding"] = []string{"chunked"} // else net/http would count a short body, and drop its trailers
	}
	c.hangUp(unread)
	c.w.WriteHeader(res.StatusCode)
	if res.Body == http.NoBody {
		return nil
	}
	return time.AfterFunc(headDelay, c.lateHead)
}

// lateHead sends the head that has waited long enough.
func (c *client) lateHead() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.pieces && !c.left {
		c.control.Flush() // an error shows at the next write
	}
}

// write passes a piece on at once. After the last one net/http flushes.
func (c *client) write(p []byte, last bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pieces = true
	if len(p) > 0 {
		if _, err := c.w.Write(p); err != nil {
			return err
		}
	}
	if last {
		return nil
	}
	return c.control.Flush()
}

// trailers go out with the end of the body.
func (c *client) trailers(announced []string, trailer http.Header) {
	h := c.w.Header()
	for name, values := range trailer {
		if !slices.Contains(announced, name) {
			name = http.TrailerPrefix + name
		}
		h[name] = values
	}
}

// fail answers in the old service's place.
func (c *client) fail(status int, say string, unread bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = true
	c.hangUp(unread)
	http.Error(c.w, "parity capture: "+say, status)
}

// switchTo passes the answer 101 on and then bytes, both ways, until both sides
// have ended or one fails.
func (c *client) switchTo(res *http.Response, back io.ReadWriteCloser) {
	c.mu.Lock()
	c.begun = true
	c.mu.Unlock()
	conn, buffered, err := c.control.Hijack()
	if err != nil {
		return // the client is gone
	}
	defer conn.Close()
	res.Body = nil // so that only the head is written
	if res.Write(buffered) != nil || buffered.Flush() != nil {
		return
	}
	ended := make(chan bool, 2)
	go func() {
		ended <- relay(back, io.MultiReader(io.LimitReader(buffered, int64(buffered.Reader.Buffered())), conn))
	}()
	go func() { ended <- relay(conn, back) }()
	if <-ended {
		<-ended
	}
}

// relay copies to the end and passes that on, too. False where it broke off, or
// where the end can't be told.
func relay(to io.Writer, from io.Reader) bool {
	if _, err := io.Copy(to, from); err != nil {
		return false
	}
	half, ok := to.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}
