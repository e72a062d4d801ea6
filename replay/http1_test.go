package replay

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// overBoth runs a test with each of the two ways to the wire: plain HTTP goes the
// one, TLS and proxies the other, and an answer must not depend on which.
func overBoth(t *testing.T, test func(t *testing.T, newSender func(testing.TB, Options) *Sender)) {
	t.Run("http1", func(t *testing.T) { test(t, newSender) })
	t.Run("net-http", func(t *testing.T) {
		test(t, func(t testing.TB, o Options) *Sender {
			s := newSender(t, o)
			s.client.(*httpClient).http1 = nil
			return s
		})
	})
}

// What is unusual and right must be kept as it came, and what is wrong must have
// its class: a body that is cut, or that belongs to another answer, would be judged.
func TestHostileAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, method, answer string
		end                  func(net.Conn)
		status               int64
		class                exchange.Failure
		body                 string
		headers              string
	}{
		{name: "early hints", answer: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", status: 200, body: "hi", headers: `[["content-length","2"]]`},
		{name: "continue", answer: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9) + ok + "Content-Length: 2\r\n\r\nhi", status: 200, body: "hi", headers: `[["content-length","2"]]`},
		{name: "continue and no more", answer: "HTTP/1.1 100 Continue\r\n\r\n", status: 0, class: exchange.Reset},
		{name: "HEAD", method: "HEAD", answer: ok + "Content-Length: 99\r\n\r\n", status: 200, headers: `[["content-length","99"]]`},
		{name: "HEAD in chunks", method: "HEAD", answer: ok + "Transfer-Encoding: chunked\r\n\r\n", status: 200, headers: `[]`},
		{name: "chunks and trailers", answer: ok + "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n", status: 200, body: "hi", headers: `[]`},
		{name: "chunks and a length", answer: ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", status: 200, body: "hi", headers: `[]`},
		{name: "trailer cut", answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-S", status: 200, class: exchange.Protocol, headers: `[]`},
		{name: "until it closes", answer: ok + "\r\nhi", status: 200, body: "hi", headers: `[]`},
		{name: "HTTP/1.0", answer: "HTTP/1.0 200 OK\r\n\r\nhi", status: 200, body: "hi", headers: `[]`},
		{name: "says it closes", answer: ok + "Connection: close\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi", headers: `[["content-length","2"]]`},
		{name: "more than it said", answer: ok + "Content-Length: 2\r\n\r\nhi there", status: 200, body: "hi", headers: `[["content-length","2"]]`},
		{name: "nothing", answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, headers: `[]`},
		{name: "not modified", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status: 304, headers: `[["content-length","5"]]`},
		{name: "order and repeats", answer: ok + "X-B: 2\r\nx-b: 1\r\nX-A: \r\nSet-Cookie: s\r\nContent-Length: 0\r\n\r\n", status: 200, headers: `[["content-length","0"],["x-a",""],["x-b","2"],["x-b","1"]]`},
		{name: "line feeds only", answer: "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", status: 200, body: "hi", headers: `[["content-length","2"]]`},
		{name: "no reason", answer: "HTTP/1.1 299\r\nContent-Length: 2\r\n\r\nhi", status: 299, body: "hi", headers: `[["content-length","2"]]`},
		{name: "another protocol", answer: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi", status: 101, body: "hi", headers: `[["connection","Upgrade"],["upgrade","x"]]`},
		{name: "two lengths", answer: ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", class: exchange.Protocol},
		{name: "length of no number", answer: ok + "Content-Length: -2\r\n\r\nhi", class: exchange.Protocol},
		{name: "unknown encoding", answer: ok + "Transfer-Encoding: zip\r\n\r\nhi", class: exchange.Protocol},
		{name: "status of no number", answer: "HTTP/1.1 2x0 OK\r\n\r\n", class: exchange.Protocol},
		{name: "head cut", answer: ok + "Content-Le", class: exchange.Protocol},
		{name: "head too large", answer: ok + "X: " + strings.Repeat("a", maxHead) + "\r\n\r\n", class: exchange.Protocol},
		{name: "head reset", answer: ok, end: reset, class: exchange.Reset},
		{name: "body reset", answer: ok + "Content-Length: 9\r\n\r\nhi", end: reset, class: exchange.Reset, status: 200, headers: `[["content-length","9"]]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, newSender func(testing.TB, Options) *Sender) {
				end := c.end
				if end == nil {
					end = leave
				}
				e := recorded(0)
				if c.method != "" {
					e.Request.Method = c.method
				}
				rows, _ := replay(t, newSender(t, Options{Target: answer(t, c.answer, end)}), e)
				got := rows[0].Candidate
				// Of a reset, the kernel may drop what came before it.
				lost := c.name == "body reset" && got.Status == 0 && got.Headers == nil
				if got.Failure != c.class || string(got.Body) != c.body || !lost && (got.Status != c.status || string(got.Headers) != c.headers) {
					t.Errorf("got %q (%s), status %d, %q, %s", got.Failure, got.Error, got.Status, got.Body, got.Headers)
				}
			})
		})
	}
}

// A server that refuses what is too long for it answers before it has read it
// all, and reads no further. That is its answer; to wait until all is written
// would end in a timeout.
func TestAnswerBeforeTheRequestIsRead(t *testing.T) {
	overBoth(t, func(t *testing.T, newSender func(testing.TB, Options) *Sender) {
		done := make(chan bool)
		address := serveRawConn(t, func(c net.Conn) {
			io.ReadFull(c, make([]byte, 100))
			io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!")
			<-done
		})
		e := recorded(0)
		e.Request.Body = make([]byte, 32<<20)
		rows, _ := replay(t, newSender(t, Options{Target: "http://" + address, Timeout: 20 * time.Second}), e)
		close(done)
		if c := rows[0].Candidate; c.Status != 413 || string(c.Body) != "no!" || c.Failure != "" {
			t.Errorf("got %d %q %s", c.Status, c.Failure, c.Error)
		}
	})
}

// A large request must go out whole, and its connection be used again.
func TestLargeRequests(t *testing.T) {
	overBoth(t, func(t *testing.T, newSender func(testing.TB, Options) *Sender) {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			n, _ := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n)
		})
		rows := recording(20)
		for i := range rows {
			rows[i].Request.Body = make([]byte, i*i*1000)
		}
		got, _ := replay(t, newSender(t, Options{Target: server.URL, Concurrency: 2}), rows...)
		for i, e := range got {
			if string(e.Candidate.Body) != fmt.Sprint(i*i*1000) {
				t.Errorf("row %d: %q %s", i, e.Candidate.Body, e.Candidate.Error)
			}
		}
	})
}

// Servers close idle connections as they please, also just when the next request
// is on its way: such a request must be asked on a new connection and not be
// counted against the endpoint, but each time that it may have come through counts
// as sent: a service that bills has billed twice. Where the endpoint does the same on a new
// connection, it is the endpoint.
func TestIdleConnectionsThatClose(t *testing.T) {
	overBoth(t, func(t *testing.T, newSender func(testing.TB, Options) *Sender) {
		var conns, requests atomic.Int64
		address := serveRawConn(t, func(c net.Conn) {
			n := conns.Add(1)
			readRequest(c)
			requests.Add(1)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
			if n%2 == 0 && readRequest(c) != "" { // and closes without a word
				requests.Add(1)
			}
		})
		s := newSender(t, Options{Target: "http://" + address, Concurrency: 1})
		rows, _ := replay(t, s, recording(50)...)
		for i, e := range rows {
			if c := e.Candidate; string(c.Body) != "hi" {
				t.Fatalf("row %d: %q %s", i, c.Failure, c.Error)
			}
		}
		if n := conns.Load(); n < 25 || n > 50 {
			t.Errorf("%d connections for 50 requests", n)
		}
		again := int64(0)
		for _, e := range rows {
			again += int64(len(e.Candidate.Attempts()))
		}
		p := s.Progress()
		if p.Sent != 50 || p.Sent+p.Retried < requests.Load() || again != p.Retried || p.PutOff["reset"] != again {
			t.Errorf("%d requests came, and %d were sent, %d of them again (%v), by the rows %d", requests.Load(), p.Sent, p.Retried, p.PutOff, again)
		}
	})
}

// What a server says on a connection that waits is no answer to the next
// request: a 408 for being idle would be blamed on it.
func TestWordsOnAnIdleConnection(t *testing.T) {
	said, speak := make(chan bool), make(chan bool)
	var conns atomic.Int64
	address := serveRawConn(t, func(c net.Conn) {
		first := conns.Add(1) == 1
		for readRequest(c) != "" {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
			if !first {
				continue
			}
			<-speak
			io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			close(said)
			return
		}
	})
	s := newSender(t, Options{Target: "http://" + address})
	replay(t, s, recorded(0))
	close(speak)
	<-said
	replay(t, s, recorded(1))
	rows, _ := replay(t, s, recorded(2)) // it closes by that, and says nothing that it was not asked
	if c := rows[0].Candidate; c.Status != 200 || conns.Load() != 2 {
		t.Errorf("got %d %s, over %d connections", c.Status, c.Error, conns.Load())
	}
}

// An answer that nobody asked for must not be taken for the next request's: each
// later one would be judged as the exchange's before it. Where it comes together
// with the right one nobody knows which is which, and that is a failure; and who
// has said what it was not asked once does so again, at a worse moment.
func TestAnswersThatNobodyAskedFor(t *testing.T) {
	const extra = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nextra"
	serve := func(t *testing.T, conns *atomic.Int64, second func(c net.Conn, answer string)) string {
		return "http://" + serveRawConn(t, func(c net.Conn) {
			conns.Add(1)
			for n := 0; ; n++ {
				request := readRequest(c)
				if request == "" {
					return
				}
				_, body, _ := strings.Cut(request, "\r\n\r\n")
				answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				if n == 1 {
					second(c, answer)
					continue
				}
				io.WriteString(c, answer)
			}
		})
	}
	check := func(t *testing.T, rows []exchange.Exchange, lost int) {
		failed := 0
		for i, e := range rows {
			if e.Candidate.Failure == exchange.Protocol {
				failed++
			} else if string(e.Candidate.Body) != string(recorded(i).Request.Body) {
				t.Errorf("row %d has the answer %q (%s)", i, e.Candidate.Body, e.Candidate.Error)
			}
		}
		if failed != lost {
			t.Errorf("%d failed, want %d", failed, lost)
		}
	}
	t.Run("before the right one", func(t *testing.T) {
		var conns atomic.Int64
		s := newSender(t, Options{Concurrency: 1, Target: serve(t, &conns, func(c net.Conn, answer string) { io.WriteString(c, extra+answer) })})
		if _, err := s.Split(t.Context(), &source{rows: recording(10)}, &sink{}); err != ErrOutOfTurn {
			t.Fatalf("%v", err)
		}
		before := conns.Load()
		rows, _ := replay(t, s, recording(10)...)
		check(t, rows, 0)
		if n := conns.Load() - before; n < 10 { // each its own
			t.Errorf("%d connections for 10 requests", n)
		}
		if p := s.Progress(); !p.OutOfTurn || p.Done != 10 {
			t.Errorf("%+v", p)
		}
	})
	t.Run("while it waits", func(t *testing.T) {
		var conns atomic.Int64
		speak, said := make(chan bool), make(chan bool)
		s := newSender(t, Options{Concurrency: 1, Target: serve(t, &conns, func(c net.Conn, answer string) {
			io.WriteString(c, answer)
			<-speak
			io.WriteString(c, extra)
			close(said)
		})})
		rows, _ := replay(t, s, recording(2)...)
		close(speak)
		<-said
		more, _ := replay(t, s, recording(10)[2:]...)
		check(t, append(rows, more...), 0)
		if n := conns.Load(); n != 9 {
			t.Errorf("%d connections for 10 requests", n)
		}
	})
}

// A second answer that comes when the connection has the next request already is
// taken for that one's, and so on. Once it is noticed, nothing of the split counts,
// and what is sent again is right. Nothing else would tell: each row has an answer.
func TestLateSecondAnswerSpoilsNoSplit(t *testing.T) {
	address := serveRawConn(t, func(c net.Conn) {
		var late string
		for n := 0; ; n++ {
			_, body, _ := strings.Cut(readRequest(c), "\r\n\r\n")
			if body == "" {
				return
			}
			answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			switch {
			case n < 2:
				late = answer // is sent once more when the next one is there
				io.WriteString(c, answer)
			case n < 20:
				io.WriteString(c, late)
				late = answer
			default: // in the end it is heard
				io.WriteString(c, late+answer)
				late = ""
			}
		}
	})
	s := newSender(t, Options{Concurrency: 1, Target: "http://" + address})
	if _, err := s.Split(t.Context(), &source{rows: recording(100)}, &sink{}); err != ErrOutOfTurn {
		t.Fatalf("the answers are mixed up: %v", err)
	}
	rows, counts := replay(t, s, recording(100)...)
	for i, e := range rows {
		if string(e.Candidate.Body) != string(recorded(i).Request.Body) {
			t.Errorf("row %d has the answer %q (%s)", i, e.Candidate.Body, e.Candidate.Error)
		}
	}
	if counts.Answered != 100 {
		t.Errorf("%+v", counts)
	}
}

// A connection that waited longer than balancers allow must not be used, and not
// be held either.
func TestIdleConnectionsAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t, Options{Target: "http://127.0.0.1", Concurrency: 3})
		servePipes(t, s, func(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Second) })
		replay(t, s, recording(3)...)
		idle := &s.client.(*httpClient).http1.idle
		if n := len(idle.idle); n != 3 {
			t.Errorf("%d connections wait, want 3", n)
		}
		time.Sleep(maxIdle + time.Second) // of the bubble
		replay(t, s, recorded(0))
		if n := len(idle.idle); n != 1 {
			t.Errorf("%d connections wait, want the one that is new", n)
		}
	})
}

// What both ways write must be the same bytes in the same order: a recording is
// sent to one endpoint over http and to the next over https.
func TestBothWriteTheSame(t *testing.T) {
	odd := recorded(1)
	odd.Request = exchange.Request{Method: "PATCH", Path: "//a?b", Headers: exchange.EncodeHeaders(http.Header{
		"user-agent": {" b "}, "x-z": {" z\t", "y"}, "x-parity-other": {"X-Parity-Exchange: 1"}, "accept": {""}, "x_y": {"caf\xe9"},
		"x-idempotency-key": {"k"},
	})}
	bare := recorded(2)
	bare.Request = exchange.Request{Method: "POST", Path: "/"}
	connect := recorded(3)
	connect.Request = exchange.Request{Method: "CONNECT", Path: "/x?y"}
	remove := recorded(4)
	remove.Request = exchange.Request{Method: "DELETE", Path: "*"}
	for _, e := range []exchange.Exchange{recorded(0), odd, bare, connect, remove} {
		onWire(t, e, Options{Headers: http.Header{"x-k": {"v"}}})
	}
}
