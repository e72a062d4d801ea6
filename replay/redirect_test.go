package replay

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// A framework that wants a slash at the end of a path redirects to it. Asked to
// follow, Parity must ask there what it was to ask, and nothing else.
func TestRedirectsAreFollowedOnRequest(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if status := 0; r.URL.Path == "/to" {
			fmt.Sscan(r.URL.RawQuery, &status)
			w.Header().Set("Location", "/there?x=%41b#part")
			w.WriteHeader(status)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Authorization"), r.Header.Get(ExchangeHeader)[:1], body)
	})
	s := newSender(t, Options{Target: server.URL, FollowRedirects: true, Headers: http.Header{"Authorization": {"secret"}}})
	ask := func(method string, status int) exchange.Candidate {
		e := recorded(0)
		e.Request.Method, e.Request.Path = method, fmt.Sprintf("/to?%d", status)
		if method == "GET" {
			e.Request.Body = nil
		}
		rows, _ := replay(t, s, e)
		return rows[0].Candidate
	}
	for status, follows := range map[int]bool{307: true, 308: true, 301: false, 302: false, 303: false, 304: false} {
		want := `POST /there?x=%41b secret 0 {"n":0}`
		if !follows { // else a POST would become a GET
			want = ""
		}
		if c := ask("POST", status); string(c.Body) != want || follows != (c.Status == 200) || c.Failure != "" {
			t.Errorf("POST, %d: got %d %q", status, c.Status, c.Body)
		}
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		if c := ask("GET", status); string(c.Body) != "GET /there?x=%41b secret 0 " {
			t.Errorf("GET, %d: got %d %q", status, c.Status, c.Body)
		}
	}
}

// Nobody has said that the traffic may go elsewhere, and credentials must not.
func TestRedirectsStayWithTheServer(t *testing.T) {
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s came with %q", r.URL, r.Header) })
	for _, location := range []string{
		elsewhere.URL + "/a", "//" + strings.TrimPrefix(elsewhere.URL, "http://") + "/a", "http://localhost:1/a", "ftp://127.0.0.1/a", "http://[bad", "",
	} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		rows, _ := replay(t, newSender(t, Options{Target: server.URL, FollowRedirects: true}), recorded(0))
		if c := rows[0].Candidate; c.Status != 307 || c.Failure != "" {
			t.Errorf("%s: got %d %q", location, c.Status, c.Error)
		}
	}
}

// A redirect in a circle ends, and is the answer.
func TestRedirectsEnd(t *testing.T) {
	asked := 0
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/again", http.StatusPermanentRedirect)
	})
	rows, _ := replay(t, newSender(t, Options{Target: server.URL, FollowRedirects: true}), recorded(0))
	if c := rows[0].Candidate; c.Status != 308 || asked != maxRedirects+1 {
		t.Errorf("got %d after %d requests", c.Status, asked)
	}
}

// The one other server that is followed to is the same host by TLS.
func TestSameServer(t *testing.T) {
	for _, c := range []struct {
		from, to string
		same     bool
	}{
		{"http://a/x", "http://A:80/y", true},
		{"http://a/x", "https://a/x", true},
		{"http://a:8080/x", "https://a:8443/x", true},
		{"https://a/x", "https://a:443/y", true},
		{"https://a/x", "http://a/x", false},
		{"https://a/x", "https://a:8443/x", false},
		{"http://a/x", "https://b/x", false},
		{"http://a/x", "http://a.b/x", false},
	} {
		req, err := http.NewRequest("GET", c.from, nil)
		if err != nil {
			t.Fatal(err)
		}
		res := &http.Response{StatusCode: 307, Header: http.Header{"Location": {c.to}}}
		if got := redirected(req, res) != nil; got != c.same {
			t.Errorf("%s to %s: followed %v", c.from, c.to, got)
		}
	}
}
