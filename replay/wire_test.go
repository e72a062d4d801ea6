package replay

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// onWire sends e and returns the bytes that came, with the target's address
// replaced by HOST. They must be the same whichever way they go.
func onWire(t *testing.T, e exchange.Exchange, o Options) (sent string) {
	t.Helper()
	overBoth(t, func(t *testing.T, newSender func(testing.TB, Options) *Sender) {
		text := wired(t, e, o, newSender)
		if sent != "" && text != sent {
			t.Errorf("one way is\n%q\nand the other\n%q", sent, text)
		}
		sent = text
	})
	return sent
}

func wired(t *testing.T, e exchange.Exchange, o Options, newSender func(testing.TB, Options) *Sender) string {
	t.Helper()
	got := make(chan string, 1)
	address := serveRaw(t, func(c net.Conn, request string) {
		got <- request
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	o.Target = "http://" + address + o.Target
	rows, _ := replay(t, newSender(t, o), e)
	if c := rows[0].Candidate; c.Failure != "" {
		t.Fatalf("%s: %s", c.Failure, c.Error)
	}
	return strings.ReplaceAll(<-got, address, "HOST")
}

// A request that is not the recorded one gets another answer, which would be
// blamed on the candidate. This is all that may be on the wire.
func TestRequestOnTheWire(t *testing.T) {
	e := recorded(0)
	e.Request.Body = []byte("{\"text\": \"\x00\xff\r\n\"}")
	e.Request.Headers = exchange.EncodeHeaders(http.Header{
		"Accept-Encoding":     {"br;q=1.0, gzip"},
		"Content-Type":        {"application/json; charset=latin1"},
		"X-Twice":             {"b", "a"},
		"X-Latin":             {"caf\xe9"},
		"X-Token":             {"recorded"},
		"X-Parity-Run":        {"an earlier one"},
		"Host":                {"old.example"},
		"Content-Length":      {"999"},
		"Connection":          {"close, X-Hop", "x-other"},
		"X-Hop":               {"1"},
		"X-Other":             {"1"},
		"Keep-Alive":          {"timeout=5"},
		"Proxy-Authenticate":  {"Basic"},
		"Proxy-Connection":    {"keep-alive"},
		"Te":                  {"trailers"},
		"Trailer":             {"X-Sum"},
		"Transfer-Encoding":   {"chunked"},
		"Upgrade":             {"websocket"},
		"Expect":              {"100-continue"},
		"Proxy-Authorization": {"never recorded anyway"},
	})
	got := onWire(t, e, Options{RunID: "run 7", Headers: http.Header{"x-token": {"fresh"}, "Authorization": {"Bearer t"}}})
	head, body, _ := strings.Cut(got, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	slices.Sort(lines[2:])
	want := []string{
		"POST /classify?n=0 HTTP/1.1",
		"Host: HOST",
		"Accept-Encoding: br;q=1.0, gzip",
		"Authorization: Bearer t",
		"Content-Length: 16",
		"Content-Type: application/json; charset=latin1",
		"Expect: 100-continue",
		"X-Latin: caf\xe9",
		"X-Parity-Exchange: " + e.ID.String(),
		"X-Parity-Run: run 7",
		"X-Token: fresh",
		"X-Twice: a",
		"X-Twice: b",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("head:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if b, a := strings.Index(head, "X-Twice: b"), strings.Index(head, "X-Twice: a"); b > a {
		t.Error("repeated fields changed places")
	}
	if body != string(e.Request.Body) {
		t.Errorf("body %q, want %q", body, e.Request.Body)
	}
}

// Nothing may be invented where little was recorded: a User-Agent or an
// Accept-Encoding changes what some servers answer.
func TestBareRequestOnTheWire(t *testing.T) {
	e := recorded(0)
	e.Request = exchange.Request{Method: "GET", Path: "/"}
	want := "GET / HTTP/1.1\r\nHost: HOST\r\nX-Parity-Exchange: " + e.ID.String() + "\r\nX-Parity-Run: run-1\r\n\r\n"
	if got := onWire(t, e, Options{}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Servers route by the path's bytes: escapes must not be made, undone or
// changed in case on the way.
func TestPathOnTheWire(t *testing.T) {
	for _, path := range []string{
		"/", "/?", "/a?b=1;c=2&d", "/a%2fb/%41%2F?x=%zz", "/ä|\"<>^`{}[]\\", "/a//b/../c/./d", "//double/slash?q=//", "//d%2f/%41?",
		"/q?a=b?c#d", "/+%20+", "/%", "*", "/http://elsewhere.example/",
	} {
		e := recorded(0)
		e.Request.Method, e.Request.Path = "OPTIONS", path
		line, _, _ := strings.Cut(onWire(t, e, Options{}), "\r\n")
		if want := "OPTIONS " + path + " HTTP/1.1"; line != want {
			t.Errorf("got %q, want %q", line, want)
		}
	}
}

// The same holds over HTTP/2, which endpoints behind balancers speak.
func TestHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if _, ok := r.Header["User-Agent"]; ok || r.ProtoMajor != 2 || r.Header.Get(RunHeader) != "run-1" {
			t.Errorf("%s with %v", r.Proto, r.Header)
		}
		io.WriteString(w, r.RequestURI+string(body))
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of dials that were not needed in the end
	server.StartTLS()
	t.Cleanup(server.Close)
	s := newSender(t, Options{Target: server.URL})
	s.client.(*httpClient).transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	s.client.(*httpClient).transport.TLSClientConfig.NextProtos = nil
	rows := recording(50)
	rows[7].Request.Path = "/a%2fb|c?x;y"
	got, _ := replay(t, s, rows...)
	for i, e := range got {
		if want := rows[i].Request.Path + string(rows[i].Request.Body); string(e.Candidate.Body) != want {
			t.Errorf("got %q %s, want %q", e.Candidate.Body, e.Candidate.Error, want)
		}
	}
}

// Behind a proxy of plain HTTP the request line must hold the whole URL, or
// the proxy does not know where to go. The path's bytes stay as they are.
func TestThroughAProxy(t *testing.T) {
	proxy.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute)) // should nothing come
	done := make(chan string, 1)
	go func() {
		c, err := proxy.Accept()
		if err != nil {
			done <- err.Error()
			return
		}
		defer c.Close()
		line, _, _ := strings.Cut(readRequest(c), "\r\n")
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		done <- line
	}()
	e := recorded(0)
	e.Request.Path = "//a%2fb|c?x"
	rows, _ := replay(t, newSender(t, Options{Target: "http://models.invalid:8080"}), e)
	if c := rows[0].Candidate; c.Status != 200 {
		t.Errorf("got %+v", c)
	}
	if got, want := <-done, "POST http://models.invalid:8080//a%2fb|c?x HTTP/1.1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
