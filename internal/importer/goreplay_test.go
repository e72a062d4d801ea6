package importer

import (
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// gor writes messages as GoReplay does: pairs of a header line and bytes.
func gor(messages ...string) string {
	var b strings.Builder
	for i := 0; i < len(messages); i += 2 {
		b.WriteString(messages[i] + "\n" + messages[i+1] + "\n🐵🙈🙉\n")
	}
	return b.String()
}

const (
	ask    = "POST /m/a%2Fb?x=%zz;y HTTP/1.1\r\nHost: old\r\nContent-Type: text/plain\r\nAuthorization: secret\r\nContent-Length: 5\r\n\r\na\n\nb\n"
	answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
)

// If this fails bodies are not what they were on the wire, or the wrong answer is
// held against the candidate's.
func TestGoReplay(t *testing.T) {
	packed := zipped(t, "packed")
	text := gor(
		"2 early 1763845200020000000 5000000", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\n\n\r\n0\r\n\r\n",
		"1 early 1763845200000000000 1000", ask,
		"1 old 1763845201000000000", "GET http://old/x HTTP/1.0\r\n\r\n",
		"2 old 1763845201000000000 7000000", "HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n"+packed,
		"1 head 1763845202000000000 0\r", "HEAD / HTTP/1.1\r\n\r\n",
		"2 head 1763845202000000000 0", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
		"1 cut 1763845203000000000 0", ask[:len(ask)-2],
		"2 cut 1763845203000000000 0", answer,
		"1 cut2 1763845203000000000 0", ask,
		"2 cut2 1763845203000000000 0", strings.Replace(answer, "Content-Length: 2", "Transfer-Encoding: chunked", 1),
		"3 early 1763845209000000000 1", answer,
		"1 early 1763845209000000000 1", ask,
		"1 silent 1763845204000000000 0", ask,
		"2 stray 1763845204000000000 0", answer,
		"7 x 1 1", ask, "nonsense", ask, "1 x never 1", ask, "1 x 1 1", "PRI * HTTP/2.0\r\n\r\n", "1 x 1 1", "GET", "2 x 1 1", "200 OK\r\n\r\n",
		"2 x 1 1", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
	) + "1 torn 1763845204000000000 0\nPOST /"
	im := one(t, "goreplay", "x.gor", text, Options{})
	im.wantDrops(t, "replayed", "type", "header of GoReplay", "nanoseconds", "request line", "header", "status line", "another protocol",
		"ends within", "no_request")
	e := im.row(t, "old")
	if e.Request.Path != "/x" || string(e.Reference.Body) != packed || e.Reference.LatencyUS != 7000 || e.Reference.FirstByteUS != 0 {
		t.Errorf("%+v", e)
	}
	for id, want := range map[string]exchange.Defect{
		"old": "", "head": "", "cut": exchange.RequestTruncated, "cut2": exchange.ResponseTruncated, "silent": exchange.NoAnswer,
	} {
		if e := im.row(t, id); e.Defect != want {
			t.Errorf("%s: %q, want %q", id, e.Defect, want)
		}
	}
	for _, e := range im.rows {
		if e.Request.SourceID != "early" || e.Defect != "" {
			continue
		}
		if e.Request.Path != "/m/a%2Fb?x=%zz;y" || string(e.Request.Body) != "a\n\nb\n" || e.Reference.Status != 201 || string(e.Reference.Body) != "abc\n" ||
			e.Reference.FirstByteUS != 20000 || e.Reference.LatencyUS != 25000 || strings.Contains(string(e.Request.Headers), "secret") ||
			strings.Contains(string(e.Reference.Headers), "chunked") {
			t.Errorf("%+v %s", e, e.Request.Headers)
		}
		return
	}
	t.Error("the answer that came before its request is lost")
}

// If this fails a .gor of gigabytes fills memory.
func TestGoReplayStreams(t *testing.T) {
	pad := strings.Repeat("x", 1<<10)
	record := gor("1 a 1763845200000000000 1", "POST /"+pad+" HTTP/1.1\r\n\r\n", "2 a 1763845200000000000 1", answer)
	streams(t, "goreplay", "", record, "", "", 20_000)
}

// If this fails a message can end an import with a panic.
func FuzzGoReplay(f *testing.F) {
	for _, m := range strings.SplitAfter(gor("1 a 1 1", ask, "2 a 1 1", answer, "3 a 1 1", answer), "🐵🙈🙉\n") {
		f.Add([]byte(m))
	}
	f.Add([]byte("2 a 1 1\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, block []byte) {
		h, err := parseGoReplay(block)
		if err == nil && h != nil && h.answer == (h.e.Reference.Status == 0) {
			t.Errorf("%q: %+v", block, h.e)
		}
	})
}
