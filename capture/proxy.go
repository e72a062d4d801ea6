package capture

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// ServeHTTP passes the request to the old service and its answer back, and
// copies both on the way. docs/capture.md lists all that this changes of the
// traffic. If the old service can't be reached the client gets 502.
//
// An exchange is counted before the last byte of its answer goes to the client:
// whatever a client got whole is in the ledger, whenever the process dies. An
// exchange whose client got only a part when the process died may be in it too.
func (s *Sidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if why, refused := refusal(r); refused {
		s.refused.add(why)
		w.Header().Set("Connection", "close")
		http.Error(w, "parity capture: refused this request: "+why.String(), why.status())
		return
	}
	if s.ingest != nil {
		s.ingest.mux.ServeHTTP(w, r)
		return
	}
	if s.upstream == nil {
		http.Error(w, "parity capture: there is no upstream to pass this on to", http.StatusBadGateway)
		return
	}
	if s.mirror != nil {
		s.mirror.serve(w, r)
		return
	}
	s.exchange(w, r)
}

// exchange passes the request on, and the answer back.
func (s *Sidecar) exchange(w http.ResponseWriter, r *http.Request) {
	s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	c := newClient(w, r, s.draining.Load())
	t := newTap(s, c, r)
	// Where this returns without an answer or an error, or panics, the exchange
	// still counts.
	defer t.finish(exchange.Protocol)
	defer c.leave()
	defer t.giveUp()
	out := s.outgoing(t, r)
	t.sent = time.Now()
	res, err := s.upstream.roundTripper(r).RoundTrip(out)
	switch {
	case err != nil:
		t.noAnswer(r, err)
	case res.StatusCode == http.StatusSwitchingProtocols:
		t.upgrade(r, res)
	case res.StatusCode < 200 || res.StatusCode > 999: // net/http's server panics at what is no status
		res.Body.Close()
		t.noAnswer(r, fmt.Errorf("%d is no HTTP status", res.StatusCode))
	default:
		t.pass(res)
	}
}

// outgoing is the request as the old service gets it.
func (s *Sidecar) outgoing(t *tap, r *http.Request) *http.Request {
	out := r.WithContext(httptrace.WithClientTrace(r.Context(), &t.trace))
	out.URL, out.Header, out.Close = s.upstream.url(r), outgoingHeader(r.Header), false
	out.Host = r.Host
	if out.Host == "" && r.ProtoAtLeast(1, 1) && r.ProtoMajor == 1 {
		// An empty Host is valid, and the transport writes one for a host that can't
		// be; without this it would put in the upstream's name.
		out.Host = " "
	}
	out.Body = http.NoBody
	if t.request.ended {
		if r.Header["Content-Length"] != nil {
			out.TransferEncoding = []string{"identity"} // keeps Content-Length: 0
		}
		return out
	}
	if body := t.takeHere(r); body != nil {
		out.Body = body
		return out
	}
	out.Body = &requestBody{r.Body, t}
	if r.ContentLength < 0 {
		// Where this is left out the transport waits for a body of a GET before it
		// sends the head.
		out.TransferEncoding = []string{"chunked"}
	}
	if r.ProtoMajor == 1 && r.ContentLength < 0 && r.Trailer == nil {
		// Trailers that were not announced are put here, too; the map is shared.
		r.Trailer = http.Header{}
	}
	out.Trailer = r.Trailer
	return out
}

// hopByHop are the fields that are about one connection (RFC 9110, 7.6.1), and
// end at it. Those of Proxy-Authorization are for whoever asks for them, which
// we don't, and go on.
var hopByHop = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Te", "Transfer-Encoding", "Upgrade"}

// outgoingHeader is h without what ends here. It is h itself where that has
// nothing of the kind, as the record holds h, too.
func outgoingHeader(h http.Header) http.Header {
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = nil // else the transport would write its own
	}
	upgrade, trailers := upgradeType(h), hasToken(h["Te"], "trailers")
	h = withoutHops(h)
	if upgrade != "" {
		h["Connection"], h["Upgrade"] = []string{"Upgrade"}, []string{upgrade}
	}
	if trailers {
		h["Te"] = []string{"trailers"}
	}
	return h
}

// withoutHops returns h, or a copy where something has to go.
func withoutHops(h http.Header) http.Header {
	out := h
	drop := func(name string) {
		if _, ok := out[name]; !ok {
			return
		}
		if len(out) == len(h) {
			out = make(http.Header, len(h))
			for k, v := range h {
				out[k] = v
			}
		}
		delete(out, name)
	}
	for _, list := range h["Connection"] {
		for name := range strings.SplitSeq(list, ",") {
			drop(http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	for _, name := range hopByHop {
		drop(name)
	}
	return out
}

// upgradeType is the protocol that the message wants to go on with.
func upgradeType(h http.Header) string {
	if !hasToken(h["Connection"], "upgrade") {
		return ""
	}
	return h.Get("Upgrade")
}

func hasToken(lists []string, token string) bool {
	for _, list := range lists {
		for t := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

// upstream is the old service: where it is and how it is spoken to.
type upstream struct {
	at *url.URL
	// To http:// requests go on in the protocol in which they came, so that no
	// setting has to say what the old service speaks; to https:// in what is
	// negotiated; to h2c:// in HTTP/2. Upgrades are HTTP/1.1's.
	http1, http2, negotiated *http.Transport
}

func newUpstream(o *Options) *upstream {
	u := &upstream{at: o.Upstream, http1: newTransport(o), http2: newTransport(o), negotiated: newTransport(o)}
	u.http1.Protocols.SetHTTP1(true)
	u.http2.Protocols.SetUnencryptedHTTP2(true)
	u.negotiated.Protocols.SetHTTP1(true)
	u.negotiated.Protocols.SetHTTP2(true)
	return u
}

func newTransport(o *Options) *http.Transport {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Protocols:   new(http.Protocols),
		DialContext: dialer.DialContext,
		// No Proxy: the upstream was named; nothing belongs in between.
		DisableCompression:     true, // else it would ask for gzip and unpack it
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        o.UpstreamIdle,
		TLSClientConfig:        o.UpstreamTLS.Clone(),
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeadBytes,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second},
	}
}

func (u *upstream) roundTripper(r *http.Request) *http.Transport {
	switch {
	case u.at.Scheme == "h2c":
		return u.http2
	case upgradeType(r.Header) != "":
		return u.http1
	case u.at.Scheme == "https":
		return u.negotiated
	case r.ProtoMajor == 2 && r.TLS == nil:
		return u.http2
	}
	return u.http1
}

func (u *upstream) close() {
	u.http1.CloseIdleConnections()
	u.http2.CloseIdleConnections()
	u.negotiated.CloseIdleConnections()
}

// url is the request's target at the upstream: path and query as they came.
func (u *upstream) url(r *http.Request) *url.URL {
	path, query, hasQuery := strings.Cut(originForm(r), "?")
	out := &url.URL{Scheme: u.at.Scheme, Host: u.at.Host, RawQuery: query, ForceQuery: hasQuery && query == ""}
	if out.Scheme == "h2c" {
		out.Scheme = "http"
	}
	if path != "*" {
		path = strings.TrimSuffix(u.at.EscapedPath(), "/") + path
	}
	// Opaque goes out byte for byte, where Path would be escaped anew. Only a
	// path that begins with // can't be put there: it would be read as a host.
	if !strings.HasPrefix(path, "//") {
		out.Opaque = path
		return out
	}
	out.RawPath, out.Path = path, path
	if decoded, err := url.PathUnescape(path); err == nil {
		out.Path = decoded
	}
	return out
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

// noAnswer tells the client that none came.
func (t *tap) noAnswer(r *http.Request, err error) {
	failure := t.classify(r.Context(), err)
	t.finish(failure)
	status, say := http.StatusBadGateway, "the old service did not answer: "+string(failure)
	if t.badBody.Load() {
		t.sidecar.refused.add(badChunk)
		status, say = badChunk.status(), "refused this request: "+badChunk.String()
	}
	t.client.fail(status, say, t.unread())
}

// upgrade passes on what the two sides say from here on. It is no exchange any
// more: it is counted, not recorded.
func (t *tap) upgrade(r *http.Request, res *http.Response) {
	back, ok := res.Body.(io.ReadWriteCloser)
	if !ok || !strings.EqualFold(upgradeType(r.Header), upgradeType(res.Header)) {
		res.Body.Close()
		t.noAnswer(r, errors.New("the old service switched to a protocol that nobody asked for"))
		return
	}
	defer back.Close()
	t.done = true
	t.freeze()
	t.sidecar.ledger.drop(upgrade)
	t.client.switchTo(res, back)
}
