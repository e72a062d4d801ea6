package capture

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// ServeHTTP passes the request to the old service and its answer back, and
// copies both on the way. The traffic stays as it is but for the hop-by-hop
// headers of HTTP: path, query and Host go on as they came, no X-Forwarded-*
// is added, nothing is decompressed, and every piece is flushed at once. If the
// old service can't be reached the client gets 502.
//
// An exchange is counted before the last byte of its answer goes to the client:
// whatever a client got whole is in the ledger, whenever the process dies. An
// exchange whose client got only a part when the process died may be in it too.
func (s *Sidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := &tap{sidecar: s, client: w, requestLength: r.ContentLength, sent: time.Now()}
	t.record = record{arrival: t.sent, method: r.Method, uri: originForm(r), header: r.Header}
	// Where the proxy returns without an answer or an error, or panics, the
	// exchange still counts.
	defer t.finish(exchange.Protocol)
	// Without this, net/http closes what is unread of the request when the answer
	// begins; the transport, which may still be at it, takes that for a failure
	// and breaks off the answer. HTTP/2 is full-duplex anyway.
	http.NewResponseController(w).EnableFullDuplex()
	out := r.WithContext(context.WithValue(r.Context(), tapKey{}, t))
	if r.Body != nil && r.Body != http.NoBody {
		out.Body = &requestBody{r.Body, t}
	} else {
		t.request.ended = true
	}
	s.proxy.ServeHTTP(w, out)
}

type tapKey struct{}

// tap follows one exchange. All but the request's copy belongs to the
// goroutine of the handler.
type tap struct {
	record
	sidecar       *Sidecar
	client        http.ResponseWriter
	sent          time.Time // when the request went upstream
	requestLength int64
	answered      bool
	done          bool

	// The transport may still send the request while the answer ends already.
	mu     sync.Mutex
	frozen bool // the record is out of our hands
}

func newProxy(o *Options) *httputil.ReverseProxy {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil               // the upstream was named; nothing belongs in between
	transport.DisableCompression = true // else it would ask for gzip and unpack it
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 1024
	return &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite:       func(pr *httputil.ProxyRequest) { rewrite(pr, o) },
		ModifyResponse: func(res *http.Response) error {
			res.Request.Context().Value(tapKey{}).(*tap).answer(res)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			t := r.Context().Value(tapKey{}).(*tap)
			t.hangUp()
			t.finish(t.classify(r.Context(), err))
			w.WriteHeader(http.StatusBadGateway)
		},
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
}

// rewrite aims the request at the upstream. ReverseProxy drops queries that it
// can't parse and X-Forwarded headers before it calls this; both come back.
func rewrite(pr *httputil.ProxyRequest, o *Options) {
	u := pr.Out.URL
	path, query, hasQuery := strings.Cut(originForm(pr.In), "?")
	u.Scheme, u.Host, u.User = o.Upstream.Scheme, o.Upstream.Host, nil
	u.RawQuery, u.ForceQuery = query, hasQuery && query == ""
	path = strings.TrimSuffix(o.Upstream.EscapedPath(), "/") + path
	// Opaque goes out byte for byte, where Path would be escaped anew. Only a
	// path that begins with // can't be put there: it would be read as a host.
	if !strings.HasPrefix(path, "//") {
		u.Opaque = path
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v, ok := pr.In.Header[name]; ok {
			pr.Out.Header[name] = v
		}
	}
	pr.Out.Context().Value(tapKey{}).(*tap).sent = time.Now()
}

// originForm is the request's target as it came, path and query, without the
// scheme and host that a client may send to a proxy.
func originForm(r *http.Request) string {
	uri := r.RequestURI
	if uri == "*" || strings.HasPrefix(uri, "/") {
		return uri
	}
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		at := strings.IndexAny(rest, "/?")
		switch {
		case at < 0:
			return "/"
		case rest[at] == '?':
			return "/" + rest[at:]
		}
		return rest[at:]
	}
	return r.URL.RequestURI()
}

// answer takes the answer's head and waits for its body. An upgraded
// connection is no exchange any more: it is counted, not recorded.
func (t *tap) answer(res *http.Response) {
	if res.StatusCode == http.StatusSwitchingProtocols {
		t.done = true
		t.freeze()
		t.sidecar.ledger.drop(upgrade)
		return
	}
	t.hangUp()
	t.answered = true
	t.status, t.answerHeader = int64(res.StatusCode), res.Header
	t.firstByte = time.Since(t.sent)
	if res.Body == nil || res.Body == http.NoBody || res.ContentLength == 0 {
		t.response.ended = true
		t.finish("")
		return
	}
	res.Body = &responseBody{res.Body, t, res.ContentLength}
}

// hangUp tells the client that its connection ends with this answer, where the
// request is not read to its end yet: in full duplex net/http says nothing about
// it, and closes the connection after the answer all the same.
func (t *tap) hangUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.request.ended {
		t.client.Header().Set("Connection", "close")
	}
}

// requestBody copies what the transport reads.
type requestBody struct {
	io.ReadCloser
	tap *tap
}

func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	t := b.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.frozen {
		t.request.add(p[:n], t.sidecar.opt.MaxBody, &t.sidecar.memory)
		t.request.ended = t.request.ended || err == io.EOF || t.request.seen == t.requestLength
		t.request.failed = err != nil && err != io.EOF
	}
	return n, err
}

// responseBody copies what the proxy reads, and finishes the record before it
// gives the last bytes out.
type responseBody struct {
	io.ReadCloser
	tap    *tap
	length int64 // -1 where it is not known
}

func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	t := b.tap
	if t.done {
		return n, err
	}
	t.response.add(p[:n], t.sidecar.opt.MaxBody, &t.sidecar.memory)
	switch {
	case err == io.EOF || t.response.seen == b.length:
		t.response.ended = true
		t.finish("")
	case err != nil:
		t.finish(classify(err))
	}
	return n, err
}

// Close without an end before it means that the client did not take it all.
func (b *responseBody) Close() error {
	b.tap.finish(exchange.Canceled)
	return b.ReadCloser.Close()
}

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
