package capture

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
)

// watched is a client's connection in HTTP/1. It reads along how the requests
// are framed, because net/http resolves some that can be read in two ways and
// does not say so: one with Transfer-Encoding and Content-Length is how requests
// are smuggled past whoever reads it the other way. And it sees what net/http
// refuses before a handler is asked.
//
// It changes nothing. Where it can't follow it stops looking.
type watched struct {
	net.Conn
	refused *refusals

	// What is being read: the reads of a connection follow one another.
	in    func(*watched, []byte) int // takes some of the bytes, and says how many
	line  []byte                     // what is known of the line, at most maxLine
	head  heading
	left  int64 // bytes of the body or of the chunk
	heads int64

	ambiguous atomic.Int64 // the number of the first head that is ambiguous, from 1; 0 for none
	between   atomic.Bool  // no handler has been asked since the last answer
	served    int64        // handlers asked
}

// heading is what a head says of its body.
type heading struct {
	lines                  int
	chunked, sized, oddly  bool // Transfer-Encoding; Content-Length; one of them folded, or in HTTP/1.0
	length                 int64
	old, framing, tooOddly bool // HTTP/1.0; the last line was one of the two; not to be followed
}

type watchedKey struct{}

// maxLine is how much of a line is looked at: the fields in question are short.
const maxLine = 256

func newWatched(c net.Conn, r *refusals) *watched {
	w := &watched{Conn: c, refused: r, in: (*watched).readHead}
	w.between.Store(true)
	return w
}

// serving is called for each request that came to a handler, and says whether
// it is ambiguous.
func (w *watched) serving() bool {
	w.between.Store(false)
	w.served++
	return w.ambiguous.Load() == w.served
}

// arrived says that the body of the request that a handler was asked last was read
// off the connection to its end, where it has a Content-Length. It may be called as
// long as nothing of it was read: from then on net/http may read on meanwhile.
func (w *watched) arrived() bool { return w.in != nil && (w.heads > w.served || w.left == 0) }

// stop looking, for the rest of the connection.
func (w *watched) stop() { w.in = nil }

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	for rest := p[:n]; w.in != nil && len(rest) > 0; {
		rest = rest[w.in(w, rest):]
	}
	return n, err
}

// Write counts what net/http says to a request that no handler has seen: a
// refusal.
func (w *watched) Write(p []byte) (int, error) {
	if w.between.Load() && bytes.HasPrefix(p, []byte("HTTP/1.")) && len(p) >= len("HTTP/1.1 400") {
		w.between.Store(false)
		w.refused.answered(string(p[len("HTTP/1.1 "):len("HTTP/1.1 400")]))
	}
	return w.Conn.Write(p)
}

// CloseWrite is how net/http lets a client read its refusal to the end.
func (w *watched) CloseWrite() error {
	if c, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// ReadFrom lets the upgraded connection's bytes pass by the kernel.
func (w *watched) ReadFrom(r io.Reader) (int64, error) { return io.Copy(w.Conn, r) }

// takeLine gathers a line. Its end is "\n", with or without "\r", as for
// net/http; whole says that it was reached.
func (w *watched) takeLine(p []byte) (n int, whole bool) {
	n = bytes.IndexByte(p, '\n') + 1
	whole = n > 0
	if !whole {
		n = len(p)
	}
	w.line = append(w.line, p[:min(n, maxLine-len(w.line))]...)
	return n, whole
}

func (w *watched) readHead(p []byte) int {
	n, whole := w.takeLine(p)
	if !whole {
		return n
	}
	line := bytes.TrimRight(w.line, "\r\n")
	w.line = w.line[:0]
	switch {
	case len(line) > 0:
		w.head.field(line)
		w.head.lines++
	case w.head.lines > 0: // else an empty line before a request
		w.endHead()
	}
	return n
}

// field takes a line of the head.
func (h *heading) field(line []byte) {
	if h.lines == 0 {
		h.old = bytes.HasSuffix(line, []byte("HTTP/1.0"))
		h.tooOddly = bytes.HasPrefix(line, []byte("PRI * HTTP/2"))
		return
	}
	if line[0] == ' ' || line[0] == '\t' { // folded (RFC 9112, 5.2)
		h.oddly = h.oddly || h.framing
		return
	}
	h.framing = false
	if c := line[0] | 0x20; c != 'c' && c != 't' {
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch strings.ToLower(string(name)) {
	case "transfer-encoding":
		h.framing, h.chunked = true, true
		h.oddly = h.oddly || h.old
	case "content-length":
		h.framing, h.sized = true, true
		length, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		h.tooOddly = h.tooOddly || err != nil || length < 0
		h.length = length
	}
}

func (w *watched) endHead() {
	h := w.head
	w.heads++
	w.head = heading{}
	switch {
	case h.oddly || h.chunked && h.sized:
		w.ambiguous.CompareAndSwap(0, w.heads)
		w.stop()
	case h.tooOddly:
		w.stop()
	case h.chunked:
		w.in = (*watched).readChunkSize
	case h.length > 0:
		w.left, w.in = h.length, (*watched).readBody
	}
}

func (w *watched) readBody(p []byte) int {
	n := min(int64(len(p)), w.left)
	if w.left -= n; w.left == 0 {
		w.in = (*watched).readHead
	}
	return int(n)
}

func (w *watched) readChunkSize(p []byte) int {
	n, whole := w.takeLine(p)
	if !whole {
		return n
	}
	size, _, _ := bytes.Cut(w.line, []byte(";"))
	length, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 62)
	w.line = w.line[:0]
	switch {
	case err != nil:
		w.stop()
	case length == 0:
		w.in = (*watched).readTrailer
	default:
		w.left, w.in = int64(length)+int64(len("\r\n")), (*watched).readChunk
	}
	return n
}

func (w *watched) readChunk(p []byte) int {
	n := w.readBody(p)
	if w.left == 0 {
		w.in = (*watched).readChunkSize
	}
	return n
}

func (w *watched) readTrailer(p []byte) int {
	n, whole := w.takeLine(p)
	if whole {
		if len(bytes.TrimRight(w.line, "\r\n")) == 0 {
			w.in = (*watched).readHead
		}
		w.line = w.line[:0]
	}
	return n
}
