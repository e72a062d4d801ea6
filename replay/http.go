package replay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// httpClient sends requests over HTTP as they were recorded.
type httpClient struct {
	options   Options
	target    *target
	transport *http.Transport
	http1     *http1 // in place of transport where it is enough
}

func newHTTPClient(o Options, t *target) *httpClient {
	h := &httpClient{options: o, target: t, transport: newTransport(o)}
	h.http1 = newHTTP1(h)
	return h
}

// asker sends one request and returns the answer, whose body is still to be read
// and then closed. It gives up at first's deadline.
type asker interface {
	ask(ctx context.Context, first *firstByte) (*http.Response, error)
}

// asker makes what sends e. An error says why e can't be sent.
func (h *httpClient) asker(e *exchange.Exchange) (asker, error) {
	if h.http1 != nil {
		return h.http1.request(e)
	}
	return h.request(e)
}

// endpoint is the host, and the path where models have paths of their own.
func (h *httpClient) endpoint(e *exchange.Exchange) (string, error) {
	if err := h.target.fillable(e); err != nil {
		return "", err
	}
	return h.target.endpoint(e), nil
}

func (h *httpClient) connections() *pool {
	if h.http1 == nil {
		return nil
	}
	return &h.http1.idle
}

func (h *httpClient) close() {
	h.transport.CloseIdleConnections()
	if h.http1 != nil {
		h.http1.idle.close()
	}
}

// newTransport makes the one that all splits share. It is used without an
// http.Client: so redirects are answers like any other, but for what roundTrip
// follows.
func newTransport(o Options) *http.Transport {
	return &http.Transport{
		TLSClientConfig:     o.TLS.Clone(),
		Protocols:           Protocols(o.HTTP2),
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: o.Timeout}).DialContext,
		TLSHandshakeTimeout: o.Timeout,
		DisableCompression:  true, // bodies as they are on the wire
		MaxIdleConnsPerHost: o.Concurrency,
		IdleConnTimeout:     30 * time.Second, // below what servers and balancers usually have
	}
}

// Protocols are those of Options.HTTP2.
func Protocols(http2 *bool) *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(http2 == nil || !*http2)
	p.SetHTTP2(http2 == nil || *http2)
	p.SetUnencryptedHTTP2(http2 != nil && *http2)
	return p
}

// send does the request and fills in c: an answer, or the class of failure.
// Status and headers stay where the failure came after them; a body that is not
// whole does not. All times count from the call, so that dialling is in them,
// as it is for any client.
func (h *httpClient) send(ctx context.Context, e *exchange.Exchange, c *exchange.Candidate, o *overflow) {
	ask, err := h.asker(e)
	if err != nil {
		c.Failure, c.Error = exchange.Unsendable, short(err.Error())
		return
	}
	start := time.Now()
	c.Sent = exchange.At(start)
	if c.Due == 0 {
		c.Due = c.Sent
	}
	first := newFirstByte(start, h.options.Timeout)
	res, err := ask.ask(ctx, first)
	c.Delivery = exchange.Delivery{Attempts: first.again.attempts}.String()
	if err == nil {
		err = readAnswer(res, h.options.MaxBody, &c.Answer, o)
	}
	c.LatencyUS = time.Since(start).Microseconds()
	c.FirstByteUS = max(first.us.Load(), 0)
	if err != nil {
		c.Failure, c.Error = classify(err), short(words(err))
		o.ours(err)
	}
}

// firstByte is when the answer began, in microseconds after start; -1 is not yet.
// It is atomic, as the transport's reader may call late, when we have given up.
type firstByte struct {
	start    time.Time
	deadline time.Time // of the whole answer
	us       atomic.Int64
	again    resent
}

func newFirstByte(start time.Time, timeout time.Duration) *firstByte {
	f := &firstByte{start: start, deadline: start.Add(timeout)}
	f.us.Store(-1)
	return f
}

func (f *firstByte) mark()      { f.us.Store(time.Since(f.start).Microseconds()) }
func (f *firstByte) came() bool { return f.us.Load() >= 0 }

// netRequest goes through net/http's transport.
type netRequest struct {
	*http.Request
	client *httpClient
}

func (r netRequest) ask(ctx context.Context, first *firstByte) (*http.Response, error) {
	ctx, cancel := context.WithDeadline(ctx, first.deadline)
	ctx = httptrace.WithClientTrace(ctx, first.again.traced(&httptrace.ClientTrace{GotFirstResponseByte: first.mark}))
	res, err := r.client.roundTrip(r.WithContext(ctx), &first.again)
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = timedBody{res.Body, cancel}
	return res, nil
}

// timedBody lets go of its deadline when it is closed.
type timedBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b timedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

var errNoStatus = errors.New("the answer's status is none")

var errTooLarge = errors.New("the body of the answer is over the limit")

func readAnswer(res *http.Response, limit int64, a *exchange.Answer, o *overflow) error {
	defer res.Body.Close()
	if res.StatusCode < 100 {
		return errNoStatus
	}
	a.Status = int64(res.StatusCode)
	a.Headers = exchange.EncodeHeaders(res.Header)
	a.ContentType = res.Header.Get("Content-Type")
	n := res.ContentLength
	switch {
	case n > largeBody && n <= limit && o != nil:
		_, err := o.receive(res.Body, n)
		return err
	case 0 < n && n <= limit:
		return readBody(res.Body, n, a)
	}
	if res.ContentLength > limit { // there is no use in reading it, unless it is that of a HEAD
		if n, err := io.ReadFull(res.Body, make([]byte, 1)); n == 0 && err == io.EOF {
			return nil
		}
		return errTooLarge
	}
	most := limit + 1
	if o != nil {
		most = min(most, largeBody)
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(io.LimitReader(res.Body, most)); err != nil {
		return err
	}
	if o != nil && body.Len() == largeBody && limit >= largeBody {
		return receiveUnknown(io.MultiReader(&body, res.Body), limit, o)
	}
	if int64(body.Len()) > limit {
		return errTooLarge
	}
	a.Body = body.Bytes()
	if cap(a.Body) > 2*len(a.Body) {
		a.Body = bytes.Clone(a.Body) // the queue's bound counts lengths; the rest of the buffer would come on top
	}
	return nil
}

// receiveUnknown receives a large body whose length is not known before.
func receiveUnknown(body io.Reader, limit int64, o *overflow) error {
	size, err := o.receive(io.LimitReader(body, limit+1), limit+1)
	if err == nil && size > limit {
		o.place, err = stored{}, errTooLarge
	}
	return err
}

// readBody reads a body of n bytes. It takes no more memory than that, and less
// until a first part has come: an announcement alone is no reason to allocate.
func readBody(r io.Reader, n int64, a *exchange.Answer) error {
	body := make([]byte, min(n, 1<<20))
	if _, err := io.ReadFull(r, body); err == io.EOF { // of HEAD: the length is all there is
		body, n = []byte{}, 0
	} else if err != nil {
		return err
	}
	if first := body; n > int64(len(first)) {
		body = make([]byte, n)
		if _, err := io.ReadFull(r, body[copy(body, first):]); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // its end, or the connection can't be used again
		return err
	}
	a.Body = body
	return nil
}
