package capture

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/felixge/httpsnoop"

	"github.com/modelparity/parity/internal/exchange"
)

// What a handler does not read of its request is read for the record: at most as
// much as net/http reads itself before it answers, and for a moment. It is there
// already, but where handler and client talk in full duplex.
const (
	maxUnread  = 256 << 10
	unreadWait = 5 * time.Millisecond
)

// Middleware records what next is asked and answers, by the same recorder as the
// proxy, for a service in Go that records itself. next meets the request and the
// ResponseWriter as without it, optional interfaces included.
//
// An exchange is counted when next returns. Of a short answer that is before it
// goes out; of one that next flushed before, its client may have it when the
// process dies and the ledger does not.
func (s *Sidecar) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := &handled{tap: tap{sidecar: s, requestLength: r.ContentLength, sent: time.Now()}, w: w, head: r.Method == http.MethodHead}
		h.record = record{arrival: h.sent, method: r.Method, uri: originForm(r), header: r.Header.Clone()}
		h.request.ended = r.Body == nil || r.Body == http.NoBody
		// Where next panics its answer breaks off. The exchange still counts.
		defer h.finish(exchange.Reset)
		if !h.request.ended {
			r = r.WithContext(r.Context()) // a copy: the caller's is not to be changed
			r.Body = &requestBody{r.Body, &h.tap}
		}
		next.ServeHTTP(httpsnoop.Wrap(w, h.hooks()), r)
		h.readOn(r)
		h.end()
	})
}

// handled is an exchange that a handler of this process answers.
type handled struct {
	tap
	w    http.ResponseWriter
	head bool // net/http throws away what is written
}

// hooks follow what the handler does to its ResponseWriter.
func (h *handled) hooks() httpsnoop.Hooks {
	return httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(code int) {
				if code >= 200 { // not an interim answer
					h.begin(code, nil)
				}
				next(code)
			}
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(p []byte) (int, error) {
				h.begin(http.StatusOK, p)
				n, err := next(p)
				h.wrote(p[:n])
				return n, err
			}
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(src io.Reader) (int64, error) { return next(io.TeeReader(src, wroteTo{h})) }
		},
		Hijack: func(next httpsnoop.HijackFunc) httpsnoop.HijackFunc {
			return func() (net.Conn, *bufio.ReadWriter, error) {
				conn, buffered, err := next()
				if err == nil && !h.done { // no exchange any more: it is counted, not recorded
					h.done = true
					h.freeze()
					h.sidecar.ledger.drop(upgrade)
				}
				return conn, buffered, err
			}
		},
	}
}

// begin takes the answer's head. first are the first bytes of its body, by which
// net/http tells its type where the handler does not.
func (h *handled) begin(status int, first []byte) {
	if h.answered {
		return
	}
	h.answered, h.status, h.firstByte = true, int64(status), time.Since(h.sent)
	h.answerHeader = h.w.Header().Clone()
	if _, said := h.answerHeader["Content-Type"]; !said && len(first) > 0 && h.answerHeader.Get("Content-Encoding") == "" {
		h.answerHeader.Set("Content-Type", http.DetectContentType(first))
	}
}

func (h *handled) wrote(p []byte) {
	if !h.done && !h.head {
		h.response.add(p, h.sidecar.opt.MaxBody, &h.sidecar.memory)
	}
}

// wroteTo is a Writer of what a handler writes by ReadFrom.
type wroteTo struct{ h *handled }

func (w wroteTo) Write(p []byte) (int, error) {
	w.h.begin(http.StatusOK, p)
	w.h.wrote(p)
	return len(p), nil
}

// readOn reads what the handler left of the request. A client that waits for a 100
// was never told to send.
func (h *handled) readOn(r *http.Request) {
	if h.done || !h.unread() || expectsContinue(r) && !h.reading.Load() {
		return
	}
	read := make(chan struct{})
	go func() {
		io.CopyN(io.Discard, r.Body, maxUnread)
		close(read)
	}()
	select {
	case <-read:
	case <-time.After(unreadWait): // the rest ends when net/http closes the body
	}
}

// end is that of an answer which did not break off.
func (h *handled) end() {
	if h.done {
		return
	}
	h.begin(http.StatusOK, nil) // net/http says so for a handler that says nothing
	h.response.ended = true
	h.finish("")
}
