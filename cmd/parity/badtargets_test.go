package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// answerRaw accepts connections, reads a request off each, says these bytes, and
// does what comes then.
func answerRaw(t *testing.T, says string, then func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					io.Copy(io.Discard, r.Body)
					io.WriteString(c, says)
					then(c)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// waits says no more, until the other side has gone.
func waits(c net.Conn) { io.Copy(io.Discard, c) }

// breaksOff closes with a reset.
func breaksOff(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }

// gibibyte sends so much, unless the other side goes.
func gibibyte(c net.Conn) {
	chunk := []byte("10000\r\n" + strings.Repeat("x", 1<<16) + "\r\n")
	for range 1 << 14 {
		if _, err := c.Write(chunk); err != nil {
			return
		}
	}
}

// Whatever a target does, each exchange becomes a row with a class, the ledger
// balances, and the command comes to its end: a night must not hang on one endpoint,
// nor end by it, and nobody should have to look through logs for why.
func TestBadTargets(t *testing.T) {
	const exchanges = 6 // too few for a breaker to open
	recording := makeRecording(t, exchanges, 3)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that clients end
	secure.StartTLS()
	t.Cleanup(secure.Close)
	ok := newEcho(t, answerBack(0))
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, c := range map[string]struct {
		target, more string
		class        exchange.Failure
		says         string // in the row
	}{
		"down from the start":     {"http://" + freeAddress(t), "", exchange.Refused, "connection refused"},
		"no such host":            {"http://unresolvable.invalid", "", exchange.DNS, "unresolvable.invalid"},
		"another's certificate":   {secure.URL, "", exchange.TLS, "certificate"},
		"plain where TLS is said": {"https" + strings.TrimPrefix(ok.URL, "http"), "", exchange.TLS, "TLS"},
		"never answers":           {answerRaw(t, "", waits), "", exchange.Timeout, "deadline"},
		"never ends":              {answerRaw(t, chunked+"1\r\nx\r\n", waits), "", exchange.Timeout, "deadline"},
		"1 GiB announced":         {answerRaw(t, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", gibibyte), "", exchange.TooLarge, "over the limit"},
		"1 GiB in chunks":         {answerRaw(t, chunked, gibibyte), ", timeout: 2m", exchange.TooLarge, "over the limit"},
		"reset midway":            {answerRaw(t, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc", breaksOff), "", exchange.Reset, ""},
		"closed midway":           {answerRaw(t, chunked+"9\r\nabc", func(net.Conn) {}), "", exchange.Reset, "unexpected EOF"},
		"malformed chunk":         {answerRaw(t, chunked+"xyz\r\n", waits), "", exchange.Protocol, "chunk"},
		"no HTTP":                 {answerRaw(t, "220 mail.example ESMTP\r\n", waits), "", exchange.Protocol, "malformed"},
		"jq that loops":           {ok.URL, ", request: 'def f: f; f'", exchange.Unsendable, "worked too long"},
		"jq that says no":         {ok.URL, ", request: 'error(\"no\")'", exchange.Unsendable, "the program says: no"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(c.more, "timeout") { // what has to be read up to a limit takes its time on a busy machine
				c.more += ", timeout: 2s"
			}
			run, config := filepath.Join(t.TempDir(), "run"), targetConfig(t, c.target, c.more)
			r := mustParity(t, exitDone, "replay", recording, "--target", "new", "--config", config, "--out", run, "--retries", "0")
			if want := fmt.Sprintf("planned %d = answered 0 + failed %d (%s %d) + skipped 0", exchanges, exchanges, c.class, exchanges); !strings.Contains(r.stderr, want) {
				t.Errorf("it does not say %q: %s", want, r.stderr)
			}
			rows := 0
			err := eachExchange(t.Context(), run, func(e *exchange.Exchange, _ exchange.Sides) error {
				rows++
				if e.Candidate.Failure != c.class || !strings.Contains(e.Candidate.Error, c.says) || len(e.Candidate.Body) > 0 {
					return fmt.Errorf("%s: %q, %q, %d bytes", e.ID, e.Candidate.Failure, e.Candidate.Error, len(e.Candidate.Body))
				}
				return nil
			})
			if err != nil || rows != exchanges {
				t.Errorf("%d rows, %v", rows, err)
			}
			mustParity(t, exitDone, "compare", run, "--config", config)
			if l := readSummary(t, run, "--config", config).Ledger; l.Match+l.Mismatch != 0 || !l.Balanced || l.Missing != 0 {
				t.Errorf("ledger %+v", l)
			}
		})
	}
}
