package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/replay"
)

// pingTimeout is for one step on the way to a target.
const pingTimeout = 10 * time.Second

// way is how far a request came. A connection may still be tried, beside the one
// that is taken, after the answer.
type way struct {
	mu        sync.Mutex
	connected bool
	secured   *tls.ConnectionState
	proxy     bool
}

func (w *way) connects() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connected = true
}

func (w *way) isConnected() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.connected
}

// named puts a target's name in the config before what is said of it.
func named(name, said string) string { return strings.TrimLeft(name+" "+said, " ") }

// target asks an endpoint for GET /ping, as the tools of inference servers do,
// and says how far that came. name is "" for one that is not of the config.
func (x *examination) target(ctx context.Context, name string, t config.Target, header http.Header) {
	address := t.URL
	if err := (replay.Options{Target: address, RunID: "doctor"}).Validate(); err != nil {
		x.find(wrong, "target", named(name, err.Error()), "")
		return
	}
	if replay.IsSageMaker(address) {
		x.sageMaker(ctx, name, address)
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		x.find(wrong, "target", named(name, "its URL can't be parsed"), "")
		return
	}
	secured, err := x.tlsOf(t)
	if err != nil {
		x.find(wrong, "target", named(name, err.Error()), "correct the file, or its name in the config, which is relative to the config's folder")
		return
	}
	place := named(name, u.Scheme+"://"+u.Host)
	asked := time.Now()
	w, res, err := ping(ctx, u.Scheme+"://"+u.Host+"/ping", header, secured, t.HTTP2)
	answered := time.Now()
	if err != nil {
		x.noTarget(place, w, err)
		return
	}
	x.answered(place, w, res)
	x.clockOf(u.Host, res, asked, answered)
}

func (x *examination) clockOf(host string, res *http.Response, asked, answered time.Time) {
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil && res.Header.Get("Age") == "" { // which a cache adds
		x.clock("the clock of "+host, skew(date, asked, answered))
	}
}

// skew is how far a server's Date, which is in whole seconds, is from when it may
// have been written: a slow answer is no wrong clock.
func skew(date, asked, answered time.Time) time.Duration {
	switch earliest, latest := asked.Add(-time.Second), answered.Add(time.Second); {
	case date.Before(earliest):
		return date.Sub(earliest)
	case date.After(latest):
		return date.Sub(latest)
	}
	return 0
}

// ping does the request, following nothing.
func ping(ctx context.Context, address string, header http.Header, secured *tls.Config, http2 *bool) (*way, *http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	w := &way{}
	trace := &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				w.connects()
			}
		},
	}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodGet, address, nil)
	if err != nil {
		return w, nil, err
	}
	for name, values := range header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set(replay.RunHeader, "doctor")
	transport := &http.Transport{TLSClientConfig: secured, Protocols: replay.Protocols(http2), Proxy: func(r *http.Request) (*url.URL, error) {
		proxy, err := http.ProxyFromEnvironment(r)
		if err != nil {
			return nil, errors.New("HTTP_PROXY or HTTPS_PROXY is no URL of a proxy") // err may hold its password
		}
		w.proxy = proxy != nil
		return proxy, nil
	}}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		return w, nil, err
	}
	w.secured = res.TLS
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	return w, res, nil
}

// noTarget says at which step a request failed.
func (x *examination) noTarget(place string, w *way, err error) {
	var dns *net.DNSError
	var unknown *tls.CertificateVerificationError
	via := ""
	if w.proxy {
		via = ", by way of the proxy of HTTP_PROXY or HTTPS_PROXY"
	}
	switch {
	case errors.As(err, &dns):
		x.find(wrong, "target", fmt.Sprintf("%s: its name does not resolve (%s)%s", place, dns.Err, via), "correct the name, or look at this machine's DNS (in a pod: its namespace and dnsPolicy)")
	case errors.As(err, &unknown):
		x.find(wrong, "target", fmt.Sprintf("%s connects, and its certificate is not trusted: %v", place, unknown.Err), "name the authority that signed it by the target's tls: { ca: FILE } in the config, or SSL_CERT_FILE; where it has another name, by tls: { server_name: NAME }")
	case errors.Is(err, context.DeadlineExceeded):
		x.find(wrong, "target", fmt.Sprintf("%s: %s within %s%s", place, cmp.Or(map[bool]string{true: "it connects, and does not answer"}[w.isConnected()], "no connection"), pingTimeout, via), "look at firewalls and security groups between here and there, and whether it is up")
	case !w.isConnected():
		x.find(wrong, "target", fmt.Sprintf("%s does not connect: %v%s", place, err, via), "start it, or correct host and port")
	case strings.HasPrefix(place, "https") || strings.Contains(place, " https"):
		x.find(wrong, "target", fmt.Sprintf("%s connects, and there is no TLS: %v", place, err), "is it http://?")
	default:
		x.find(wrong, "target", fmt.Sprintf("%s connects, and what it says is not HTTP: %v", place, err), "is it https://?")
	}
}

// answered says what the status of /ping means.
func (x *examination) answered(place string, w *way, res *http.Response) {
	how := "connects"
	if w.secured != nil {
		how += " by " + tls.VersionName(w.secured.Version)
		if len(w.secured.PeerCertificates) > 0 {
			if left := time.Until(w.secured.PeerCertificates[0].NotAfter); left < 14*24*time.Hour {
				x.find(notable, "target", fmt.Sprintf("%s: its certificate ends in %s", place, left.Round(time.Hour)), "")
			}
		}
	}
	found := fmt.Sprintf("%s %s; GET /ping is answered %d", place, how, res.StatusCode)
	switch code := res.StatusCode; {
	case code < 300:
		x.find(fine, "target", found, "")
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		x.find(wrong, "target", found+": it refuses the credentials", "give it some by the headers of the config's target, as in Authorization: \"Bearer $TOKEN\"")
	case code == http.StatusTooManyRequests:
		x.find(notable, "target", found+": it throttles", "replay with a lower --rate or --concurrency")
	case code >= 500:
		x.find(wrong, "target", found+": it is not ready", "look at its logs; a replay now would find it unavailable")
	case code < 400:
		x.find(notable, "target", found+", to "+res.Header.Get("Location"), "replay does not follow: name that place as the target if it is the one")
	default:
		x.find(fine, "target", found+": it has no such page, which is no harm", "")
	}
}
