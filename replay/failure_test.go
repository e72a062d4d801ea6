package replay

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// The class decides whom somebody on call wakes up. Each one is brought about
// here by its real cause. A body that is not whole must never be kept: it would
// be judged.
func TestFailureClasses(t *testing.T) {
	self := httptest.NewUnstartedServer(http.NotFoundHandler())
	self.Config.ErrorLog = log.New(io.Discard, "", 0)
	self.StartTLS()
	t.Cleanup(self.Close)
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	big := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1001)) })

	for _, c := range []struct {
		name, target string
		options      Options
		class        exchange.Failure
		status       int64
		words        string // of Error
	}{
		{name: "closed port", target: closedPort(t), class: exchange.Refused, words: "connection refused"},
		{name: "unresolvable", target: "http://unresolvable.invalid", class: exchange.DNS, words: "lookup unresolvable.invalid"},
		{name: "self-signed", target: self.URL, class: exchange.TLS, words: "certificate signed by unknown authority"},
		{name: "TLS to a plain port", target: "https" + strings.TrimPrefix(plain.URL, "http"), class: exchange.TLS, words: "does not look like a TLS handshake"},
		{name: "alert", target: "https://" + serveAlert(t), class: exchange.TLS, words: "remote error: tls: internal error"},
		{name: "hangs", target: answer(t, "", hang), options: Options{Timeout: 50 * time.Millisecond}, class: exchange.Timeout},
		{name: "closes at once", target: answer(t, "", leave), class: exchange.Reset, words: "EOF"},
		{name: "resets", target: answer(t, "", reset), class: exchange.Reset, words: "read: connection reset by peer"},
		{name: "truncated", target: answer(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", leave), class: exchange.Reset, status: 200, words: "unexpected EOF"},
		{name: "truncated chunk", target: answer(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", leave), class: exchange.Reset, status: 200, words: "unexpected EOF"},
		{name: "not HTTP", target: answer(t, "220 mail.example ESMTP secret\r\n", leave), class: exchange.Protocol, words: "malformed HTTP"},
		{name: "malformed header", target: answer(t, "HTTP/1.1 200 OK\r\n secret\r\n\r\n", leave), class: exchange.Protocol, words: "malformed"},
		{name: "malformed chunk", target: answer(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", leave), class: exchange.Protocol, status: 200, words: "chunk"},
		{name: "endless header", target: flood(t, "HTTP/1.1 200 OK\r\n", "X-Secret: secret\r\n"), class: exchange.Protocol, words: "headers exceeded"},
		{name: "endless header line", target: flood(t, "HTTP/1.1 200 OK\r\nX: ", "secret "), class: exchange.Protocol, words: "headers exceeded"},
		{name: "endless interim answers", target: flood(t, "", "HTTP/1.1 103 Early Hints\r\nX-Secret: secret\r\n\r\n"), class: exchange.Protocol, words: "headers exceeded"},
		{name: "endless chunk line", target: flood(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1"), class: exchange.Protocol, status: 200, words: "line too long"},
		{name: "1 GiB", target: flood(t, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", "secret "), options: Options{MaxBody: 1 << 20}, class: exchange.TooLarge, status: 200, words: "over the limit"},
		{name: "1 GiB and no more of it", target: answer(t, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\nabc", leave), class: exchange.TooLarge, status: 200, words: "over the limit"},
		{name: "1 MiB and no more of it", target: answer(t, "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\nabc", leave), class: exchange.Reset, status: 200, words: "unexpected EOF"},
		{name: "status 000", target: answer(t, "HTTP/1.1 000 Wat\r\nContent-Length: 3\r\n\r\nabc", leave), class: exchange.Protocol, words: "status"},
		{name: "endless body", target: flood(t, "HTTP/1.1 200 OK\r\n\r\n", "secret "), options: Options{MaxBody: 1 << 20}, class: exchange.TooLarge, status: 200, words: "over the limit"},
		{name: "endless empty chunks", target: flood(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1;x=secret\r\n \r\n"), options: Options{MaxBody: 1 << 20}, class: exchange.TooLarge, status: 200, words: "over the limit"},
		{name: "never ends", target: answer(t, "HTTP/1.1 200 OK\r\n\r\nabc", hang), options: Options{Timeout: 50 * time.Millisecond}, class: exchange.Timeout, status: 200},
		{name: "header never ends", target: answer(t, "HTTP/1.1 200 OK\r\nX: ", hang), options: Options{Timeout: 50 * time.Millisecond}, class: exchange.Timeout},
		{name: "no TLS handshake", target: "https://" + serveRawConn(t, hang), options: Options{Timeout: 50 * time.Millisecond}, class: exchange.Timeout},
		{name: "too large", target: big.URL, options: Options{MaxBody: 1000}, class: exchange.TooLarge, status: 200, words: "over the limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Target = c.target
			overBoth(t, func(t *testing.T, newSender func(testing.TB, Options) *Sender) {
				rows, counts := replay(t, newSender(t, c.options), recorded(0))
				got := rows[0].Candidate
				if got.Failure != c.class || got.Status != c.status || !strings.Contains(got.Error, c.words) {
					t.Errorf("got %q, status %d, %q; want %q, %d, %q", got.Failure, got.Status, got.Error, c.class, c.status, c.words)
				}
				if got.Body != nil || got.Sent == 0 || got.LatencyUS == 0 {
					t.Errorf("got %+v", got)
				}
				if strings.Contains(got.Error, "read: read") || strings.Contains(got.Error, "secret") || strings.Contains(got.Error, "127.0.0.1:") || len(got.Error) > 200 {
					t.Errorf("the error says too much: %q", got.Error)
				}
				if counts.Sent != 1 || counts.Failed[string(c.class)] != 1 {
					t.Errorf("counts %+v", counts)
				}
			})
		})
	}
}

// A reset midway is one whether or not the headers came through before it.
func TestResetInTheBody(t *testing.T) {
	target := answer(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("a", 500000), reset)
	rows, _ := replay(t, newSender(t, Options{Target: target}), recorded(0))
	if c := rows[0].Candidate; c.Failure != exchange.Reset || c.Body != nil {
		t.Errorf("got %q, %d bytes, %s", c.Failure, len(c.Body), c.Error)
	}
}

// By HTTP/2 one connection carries many requests: one that is broken off must be
// a failure of its own, and no other's.
func TestFailuresByHTTP2(t *testing.T) {
	a := newAuthority(t)
	server := a.serve(t, nil, nil, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RawQuery {
		case "n=1":
			panic(http.ErrAbortHandler)
		case "n=2":
			io.WriteString(w, "abc")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "n=3":
			for r.Context().Err() == nil {
				w.Write(make([]byte, 10_000))
			}
		}
	})
	s := newSender(t, Options{Target: server.URL, TLS: a.load(t, TLSFiles{CA: "ca.pem"}), MaxBody: 1 << 20})
	rows, counts := replay(t, s, recording(6)...)
	for i, want := range []exchange.Failure{"", exchange.Reset, exchange.Reset, exchange.TooLarge, "", ""} {
		if c := rows[i].Candidate; c.Failure != want || want != "" && c.Body != nil {
			t.Errorf("request %d: got %q, %d: %s", i, c.Failure, c.Status, c.Error)
		}
	}
	if counts.Answered != 3 {
		t.Errorf("counts %+v", counts)
	}
}

// An answer is data whatever its status says, and one of just the limit is
// whole: neither may be counted as a failure of the connection.
func TestAnswersThatAreNoFailures(t *testing.T) {
	for _, status := range []int{201, 204, 301, 400, 429, 500, 503} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, "12345")
		})
		rows, counts := replay(t, newSender(t, Options{Target: server.URL, MaxBody: 5}), recorded(0))
		c, want := rows[0].Candidate, "12345"
		if status == http.StatusNoContent {
			want = ""
		}
		if c.Status != int64(status) || c.Failure != "" || string(c.Body) != want || counts.Answered != 1 {
			t.Errorf("%d: got %d %q %q", status, c.Status, c.Failure, c.Body)
		}
	}
}

// A target that sends its caller elsewhere must not make Parity reach into the
// network that it runs in; and the redirect is what the client would have got.
func TestRedirectsAreNotFollowed(t *testing.T) {
	inside := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("followed to %s", r.URL) })
	for _, location := range []string{inside.URL + "/metadata", "http://[bad"} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		rows, _ := replay(t, newSender(t, Options{Target: server.URL}), recorded(0))
		c := rows[0].Candidate
		if c.Status != 307 || c.Failure != "" || !strings.Contains(string(c.Headers), location) {
			t.Errorf("got %d %q %s", c.Status, c.Failure, c.Headers)
		}
	}
}

func closedPort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

// serveAlert is a TLS server that no handshake succeeds with.
func serveAlert(t *testing.T) string {
	return serveRawConn(t, func(c net.Conn) {
		tls.Server(c, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return nil, fmt.Errorf("none")
		}}).Handshake()
	})
}

// How a server ends a connection.
func hang(c net.Conn)  { io.Copy(io.Discard, c) } // until the client gives up
func leave(net.Conn)   {}
func reset(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }

// flood serves a beginning and then the same again until the client has enough.
func flood(t *testing.T, begin, again string) string {
	again = strings.Repeat(again, 64<<10/len(again))
	return answer(t, begin, func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, again); err != nil {
				return
			}
		}
	})
}

// answer serves bytes and ends, once it has read the request.
func answer(t *testing.T, text string, end func(net.Conn)) string {
	return "http://" + serveRaw(t, func(c net.Conn, _ string) {
		io.WriteString(c, text)
		end(c)
	})
}
