package replay

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// IsRedirect says whether an answer of that status names another place for the
// request.
func IsRedirect(status int64) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// maxRedirects is how many an answer may be away; the last one is the answer then.
const maxRedirects = 10

// roundTrip asks once or, where redirects are followed, on as they lead.
func (h *httpClient) roundTrip(req *http.Request, again *resent) (*http.Response, error) {
	for hops := 0; ; hops++ {
		start := time.Now()
		res, err := h.transport.RoundTrip(req)
		again.round(start)
		if err != nil || !h.options.FollowRedirects || hops == maxRedirects {
			return res, err
		}
		next := redirected(req, res)
		if next == nil {
			return res, nil
		}
		_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
		res.Body.Close()
		req = next
	}
}

// redirected is the request that res asks for, nil where it is an answer. The
// request stays what it is, or it would say nothing of the model: 307 and 308 keep
// method and body, the others those of a GET. And it stays with its server,
// because it carries real traffic, and credentials.
func redirected(req *http.Request, res *http.Response) *http.Request {
	switch res.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			return nil
		}
	default:
		return nil
	}
	location := res.Header.Get("Location")
	from, err := url.Parse(req.URL.Scheme + "://" + req.URL.Host + strings.TrimPrefix(req.URL.RequestURI(), req.URL.Scheme+"://"+req.URL.Host))
	if location == "" || err != nil {
		return nil
	}
	to, err := from.Parse(location)
	if err != nil || !sameServer(from, to) {
		return nil
	}
	to.User, to.Fragment = nil, ""
	next := req.Clone(req.Context())
	next.URL = to
	if req.GetBody != nil {
		if next.Body, err = req.GetBody(); err != nil {
			return nil
		}
	}
	return next
}

// sameServer says that both URLs are of one server, or the second is of the same
// host by TLS where the first is not.
func sameServer(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	return from.Scheme == "http" && to.Scheme == "https" || from.Scheme == to.Scheme && port(from) == port(to)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
