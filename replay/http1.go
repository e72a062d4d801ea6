package replay

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// http1 asks over plain HTTP/1.1, without TLS and without a proxy. net/http's
// transport takes three goroutines and a dozen hand-overs for a request; here the
// goroutine that sends also reads, which takes half the CPU (make bench-replay).
// It writes the bytes that net/http writes, and net/http reads the answers.
type http1 struct {
	client  *httpClient
	host    string // as the Host field says it
	address string // where to dial
	idle    pool
	heads   heads
}

// newHTTP1 returns nil where it is not for the client's target.
func newHTTP1(h *httpClient) *http1 {
	t := h.target
	if !canHear || t.scheme != "http" || !t.direct || h.options.FollowRedirects || h.options.HTTP2 != nil && *h.options.HTTP2 {
		return nil
	}
	u := &url.URL{Scheme: t.scheme, Host: t.host}
	host, ok := hostField(u)
	if !ok {
		return nil
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return &http1{client: h, host: host, address: net.JoinHostPort(u.Hostname(), port)}
}

// hostField is what net/http makes of a target's host. A name that it has to
// spell differently to dial it is left to it.
func hostField(u *url.URL) (string, bool) {
	for _, r := range u.Host {
		if r >= 0x80 {
			return "", false
		}
	}
	var head bytes.Buffer
	if err := (&http.Request{Method: http.MethodGet, URL: u}).Write(&head); err != nil {
		return "", false
	}
	_, rest, _ := bytes.Cut(head.Bytes(), []byte("\r\nHost: "))
	host, _, ok := bytes.Cut(rest, []byte("\r\n"))
	return string(host), ok
}

// request makes what sends e. An error says why e can't be sent.
func (p *http1) request(e *exchange.Exchange) (asker, error) {
	u, err := p.client.requestURL(e)
	if err != nil {
		return nil, err
	}
	head, err := p.heads.of(p.client, e)
	if err != nil {
		return nil, err
	}
	return &message{wire: p, method: e.Request.Method, uri: requestURI(e.Request.Method, u), head: head, id: e.ID, body: e.Request.Body}, nil
}

// requestURI is what net/http writes, which makes an exception of CONNECT.
func requestURI(method string, u *url.URL) string {
	if method == http.MethodConnect && u.Path == "" {
		return u.Opaque
	}
	return u.RequestURI()
}

// ask sends m and returns the answer, whose body is still to be read. Where a
// connection that was used before fails before any byte of an answer came, the
// server had closed it meanwhile, and m goes out on a new one; that counts as an
// attempt, since m may have come through.
func (m *message) ask(ctx context.Context, first *firstByte) (*http.Response, error) {
	if c := m.wire.idle.take(first.deadline); c != nil {
		res, err := c.ask(ctx, m, first)
		if err == nil || first.came() || ctx.Err() != nil || err == context.DeadlineExceeded {
			return res, err
		}
		first.again.add(first.start, err)
	}
	c, err := m.wire.dial(ctx, first.deadline)
	if err != nil {
		return nil, err
	}
	return c.ask(ctx, m, first)
}

func (p *http1) dial(ctx context.Context, deadline time.Time) (*conn, error) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	raw, err := p.client.transport.DialContext(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	c := newConn(raw)
	c.SetDeadline(deadline)
	return c, nil
}
