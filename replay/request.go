package replay

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// The header fields by which the other side knows a replayed request.
const (
	RunHeader      = "X-Parity-Run"      // Options.RunID
	ExchangeHeader = "X-Parity-Exchange" // the exchange's id
)

// requestURL is where e goes, if it can be asked.
func (c *httpClient) requestURL(e *exchange.Exchange) (*url.URL, error) {
	if !isToken(e.Request.Method) {
		return nil, fmt.Errorf("%q is no method", e.Request.Method)
	}
	return c.target.url(e)
}

// request makes the request that e recorded. An error says why e can't be sent.
func (c *httpClient) request(e *exchange.Exchange) (asker, error) {
	u, err := c.requestURL(e)
	if err != nil {
		return nil, err
	}
	fields, err := c.header(e)
	if err != nil {
		return nil, err
	}
	if _, ok := fields["X-Idempotency-Key"]; !ok {
		// It is not written, and says that the transport may ask again where the
		// server closed an idle connection.
		fields["X-Idempotency-Key"] = nil
	}
	req := &http.Request{Method: e.Request.Method, URL: u, Header: fields, Body: http.NoBody}
	if len(e.Request.Body) == 0 {
		return netRequest{req, c}, nil
	}
	body := e.Request.Body
	req.ContentLength = int64(len(body))
	// With GetBody the transport sends again where an idle connection turns
	// out to be closed before anything was written.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body, err = req.GetBody()
	return netRequest{req, c}, err
}

// header is what was recorded, without what belonged to the old connection,
// with Options.Headers and the markers.
func (c *httpClient) header(e *exchange.Exchange) (http.Header, error) {
	fields, err := exchange.DecodeHeaders(e.Request.Headers)
	if err != nil {
		return nil, err
	}
	h := make(http.Header, len(fields)+3)
	for _, f := range fields {
		if !isToken(f.Name) || !validValue(f.Value) {
			return nil, fmt.Errorf("the header field %q can't be written", f.Name)
		}
		h.Add(f.Name, f.Value)
	}
	dropConnection(h)
	for name, values := range c.options.Headers {
		h[textproto.CanonicalMIMEHeaderKey(name)] = values
	}
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = nil // or net/http invents one
	}
	h[RunHeader] = []string{c.options.RunID}
	h[ExchangeHeader] = []string{e.ID.String()}
	return h, nil
}

// dropConnection removes the fields that were about the old connection, those
// that Connection names among them (RFC 9110, section 7.6.1).
func dropConnection(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			h.Del(textproto.TrimString(name))
		}
	}
	for name := range h {
		if ofConnection(name) {
			delete(h, name)
		}
	}
}

// ofConnection says whether a field is about one connection or is written by
// net/http from the request itself.
func ofConnection(name string) bool {
	switch name = textproto.CanonicalMIMEHeaderKey(name); name {
	case "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Content-Length":
		return true
	}
	return strings.HasPrefix(name, "Proxy-")
}
