package replay

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// target says which URL an exchange is sent to.
type target struct {
	scheme, host string
	path, query  string // templates; "" keeps the recorded one
	filled       string // the query with what its references stand for; "" where there are none
	direct       bool   // no proxy is in between
	absolute     bool   // an HTTP proxy is in between and needs the whole URL
}

var errNotWire = errors.New("the recorded path is not what a request line can hold")

const targetForm = "must be http(s)://host[:port][/path][?query]"

// parseTarget reads Options.Target.
func parseTarget(text string) (*target, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("target %q: %s", harmless(text), targetForm)
	}
	switch {
	case u.User != nil:
		return nil, fmt.Errorf("target %q: must not hold a user or password; set an Authorization header", harmless(text))
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "", strings.Contains(text, "#"):
		return nil, fmt.Errorf("target %q: %s", harmless(text), targetForm)
	case !isPort(u.Port()):
		return nil, fmt.Errorf("target %q: port %s: must be from 1 to 65535", harmless(text), u.Port())
	}
	t := &target{scheme: u.Scheme, host: u.Host}
	// The text itself, as u has path and query decoded.
	if _, rest, _ := strings.Cut(text, "://"); strings.ContainsAny(rest, "/?") {
		t.path, t.query, _ = strings.Cut(rest[strings.IndexAny(rest, "/?"):], "?")
	}
	if t.path == "/" {
		t.path = ""
	}
	if rest := expand(t.path+reference.ReplaceAllString(t.query, ""), &exchange.Exchange{}, url.PathEscape); strings.ContainsAny(rest, "{}") {
		return nil, fmt.Errorf("target %q: {model} and {version} are all that is filled in, and ${NAME} in a query", harmless(text))
	}
	if !isWire(t.path + t.query) {
		return nil, fmt.Errorf("target %q: spaces and control characters must be escaped, a space as %%20", harmless(text))
	}
	return t, t.findProxy()
}

// isPort says whether a URL's port is one, or the scheme's.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil && n > 0
}

// harmless leaves out of a target what may be secret: user and password, and the
// query.
func harmless(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 { // a password may hold / and ? that are not escaped
		rest = "…" + rest[at:]
	}
	rest, _, asks := strings.Cut(rest, "?")
	if asks {
		rest += "?…"
	}
	return scheme + rest
}

// findProxy asks the environment, as the transport will do.
func (t *target) findProxy() error {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: t.scheme, Host: t.host}})
	if err != nil {
		// err holds the proxy's URL, which may hold a password.
		return errors.New("HTTP_PROXY or HTTPS_PROXY in the environment is no URL of a proxy")
	}
	t.direct = proxy == nil
	t.absolute = proxy != nil && t.scheme == "http" && strings.HasPrefix(proxy.Scheme, "http")
	return nil
}

// url is where e goes. What its RequestURI says is what will be on the wire:
// the bytes of the recording or of the template, escaped as they are there.
func (t *target) url(e *exchange.Exchange) (*url.URL, error) {
	if err := t.fillable(e); err != nil {
		return nil, err
	}
	path, query, hasQuery := strings.Cut(e.Request.Path, "?")
	if t.path != "" {
		path = expand(t.path, e, url.PathEscape)
	}
	if t.query != "" {
		query, hasQuery = expand(cmp.Or(t.filled, t.query), e, url.QueryEscape), true
	}
	wire := path
	if hasQuery {
		wire += "?" + query
	}
	if !strings.HasPrefix(wire, "/") && wire != "*" || !isWire(wire) {
		return nil, errNotWire
	}
	u := &url.URL{Scheme: t.scheme, Host: t.host, Opaque: wire}
	switch {
	case t.absolute:
		u.Opaque = "//" + t.host + wire
	case strings.HasPrefix(wire, "//"):
		// An opaque part with two slashes would be taken for a host.
		decoded, err := url.PathUnescape(path)
		if err != nil {
			return nil, errNotWire
		}
		u.Opaque, u.Path, u.RawPath, u.RawQuery, u.ForceQuery = "", decoded, path, query, hasQuery
		if u.RequestURI() != wire {
			return nil, errNotWire
		}
	}
	return u, nil
}

// fillable refuses names that would leave the template's path: they come
// from traffic, and servers resolve dots.
func (t *target) fillable(e *exchange.Exchange) error {
	for _, fill := range [][2]string{{"{model}", e.Model}, {"{version}", e.ModelVersion}} {
		place, value := fill[0], fill[1]
		if strings.Contains(t.path+t.query, place) && (value == "" || value == "." || value == "..") {
			return fmt.Errorf("the target wants %s, which is %q in this exchange", place, value)
		}
	}
	return nil
}

// endpoint is the host, with what the target makes of the model: where it says
// nothing of models, all are one endpoint.
func (t *target) endpoint(e *exchange.Exchange) string {
	name := t.host + expand(t.path, e, url.PathEscape)
	if strings.Contains(t.query, "{model}") || strings.Contains(t.query, "{version}") { // else it may be a secret, and names are shown
		name += "?" + expand(t.query, e, url.QueryEscape)
	}
	return name
}

func expand(template string, e *exchange.Exchange, escape func(string) string) string {
	if !strings.Contains(template, "{") { // most have none, and a Replacer takes longer than all else that is done for a request
		return template
	}
	return strings.NewReplacer("{model}", escape(e.Model), "{version}", escape(e.ModelVersion)).Replace(template)
}

// isWire says whether a request line can hold s.
func isWire(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}
