package replay

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"go.uber.org/goleak"
)

// proxy is what HTTP_PROXY names in these tests. net/http reads the environment
// once and never sends loopback through a proxy, so the others don't see it.
var proxy net.Listener

// TestMain makes a goroutine that outlives Split and Close a failure: in a
// night of many splits it would be a leak.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUEST_METHOD"} {
		os.Unsetenv(name)
		os.Unsetenv(strings.ToLower(name))
	}
	var err error
	if proxy, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	os.Setenv("HTTP_PROXY", "http://"+proxy.Addr().String())
	os.Setenv("NO_PROXY", "unresolvable.invalid")
	goleak.VerifyTestMain(m)
}

// source is a split in memory. Like a real one it uses its buffers again: the
// bytes and rows of a batch are ruined at the next Read.
type source struct {
	rows  []exchange.Exchange
	batch int // rows a Read; 0 is 3
	last  []exchange.Exchange
	err   error // comes in place of io.EOF
}

func (s *source) Read(ctx context.Context, b *exchange.Batch) error {
	for i := range s.last {
		for _, p := range [][]byte{s.last[i].Request.Headers, s.last[i].Request.Body} {
			copy(p, bytes.Repeat([]byte{0xEE}, len(p)))
		}
		s.last[i] = exchange.Exchange{Model: "poison", Request: exchange.Request{Method: "POISON", Path: "/poison"}}
	}
	if len(s.rows) == 0 {
		if s.err != nil {
			return s.err
		}
		return io.EOF
	}
	n := min(max(s.batch, 3), len(s.rows))
	s.last = append(s.last[:0], s.rows[:n]...)
	s.rows = s.rows[n:]
	for i := range s.last {
		s.last[i].Request.Headers = bytes.Clone(s.last[i].Request.Headers)
		s.last[i].Request.Body = bytes.Clone(s.last[i].Request.Body)
	}
	b.Rows = s.last
	return ctx.Err()
}

func (s *source) Close() error { return nil }

// sink keeps copies of what is written, as a Sink may keep no bytes.
type sink struct {
	rows []exchange.Exchange
	err  error // of every Write
}

func (s *sink) Write(_ context.Context, b *exchange.Batch) error {
	if s.err != nil {
		return s.err
	}
	for _, e := range b.Rows {
		e.Candidate.Body = bytes.Clone(e.Candidate.Body)
		e.Candidate.Headers = bytes.Clone(e.Candidate.Headers)
		s.rows = append(s.rows, e)
	}
	return nil
}

func (s *sink) Commit(context.Context) error { panic("Split does not commit") }
func (s *sink) Close() error                 { panic("Split does not close") }

// recorded is the i-th of some different exchanges.
func recorded(i int) exchange.Exchange {
	body := fmt.Appendf(nil, `{"n":%d}`, i)
	e := exchange.Exchange{
		ID:           exchange.DeriveID(time.Unix(int64(i), 0), body),
		Time:         exchange.Timestamp(1_000_000 * int64(i+1)),
		Model:        fmt.Sprintf("model-%d", i%3),
		ModelVersion: "7",
		Request: exchange.Request{
			Method: "POST", Path: fmt.Sprintf("/classify?n=%d", i), ContentType: "application/json",
			Headers: exchange.EncodeHeaders(http.Header{"Content-Type": {"application/json"}}), Body: body,
		},
	}
	e.RequestHash = exchange.HashRequest(&e)
	return e
}

func recording(n int) []exchange.Exchange {
	rows := make([]exchange.Exchange, n)
	for i := range rows {
		rows[i] = recorded(i)
	}
	return rows
}

func newSender(t testing.TB, o Options) *Sender {
	t.Helper()
	if o.RunID == "" {
		o.RunID = "run-1"
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// replay sends rows and returns the result rows.
func replay(t testing.TB, s *Sender, rows ...exchange.Exchange) ([]exchange.Exchange, Counts) {
	t.Helper()
	var out sink
	counts, err := s.Split(t.Context(), &source{rows: rows}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.rows, counts
}

// serve runs h on loopback.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

// serveRaw calls talk with each connection and the request that came on it, byte
// for byte, and closes the connection then. It returns the address on loopback.
func serveRaw(t testing.TB, talk func(c net.Conn, request string)) string {
	return serveRawConn(t, func(c net.Conn) { talk(c, readRequest(c)) })
}

func serveRawConn(t testing.TB, talk func(c net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				talk(c)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

// readRequest reads up to the empty line, and the body that Content-Length announces.
func readRequest(r io.Reader) string {
	var head strings.Builder
	in, length := bufio.NewReader(r), 0
	for {
		line, err := in.ReadString('\n')
		head.WriteString(line)
		fmt.Sscanf(line, "Content-Length: %d", &length)
		if err != nil || line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	n, _ := io.ReadFull(in, body)
	return head.String() + string(body[:n])
}
