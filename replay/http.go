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
}

// endpoint is the host, and the path where models have paths of their own.
func (h *httpClient) endpoint(e *exchange.Exchange) (string, error) {
	if err := h.target.fillable(e); err != nil {
		return "", err
	}
	return h.target.endpoint(e), nil
}

func (h *httpClient) close() { h.transport.CloseIdleConnections() }

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
func (h *httpClient) send(ctx context.Context, e *exchange.Exchange, c *exchange.Candidate) {
	req, err := h.request(e)
	if err != nil {
		c.Failure, c.Error = exchange.Unsendable, short(err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(ctx, h.options.Timeout)
	defer cancel()
	start := time.Now()
	c.Sent = exchange.At(start)
	if c.Due == 0 {
		c.Due = c.Sent
	}
	// Atomic, as the transport's reader may call late, when we have given up.
	var firstByte atomic.Int64
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotFirstResponseByte: func() { firstByte.Store(time.Since(start).Microseconds()) },
	})
	res, err := h.roundTrip(req.WithContext(ctx))
	if err == nil {
		err = readAnswer(res, h.options.MaxBody, &c.Answer)
	}
	c.LatencyUS = time.Since(start).Microseconds()
	c.FirstByteUS = firstByte.Load()
	if err != nil {
		c.Failure, c.Error = classify(err), short(words(err))
	}
}

var errTooLarge = errors.New("the body of the answer is over the limit")

func readAnswer(res *http.Response, limit int64, a *exchange.Answer) error {
	defer res.Body.Close()
	a.Status = int64(res.StatusCode)
	a.Headers = exchange.EncodeHeaders(res.Header)
	a.ContentType = res.Header.Get("Content-Type")
	var body bytes.Buffer
	if n := min(res.ContentLength, limit); 0 < n && n <= 1<<20 { // above that, an announcement is no reason to allocate
		body.Grow(int(n) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(io.LimitReader(res.Body, limit+1)); err != nil {
		return err
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
