package compare

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/exchange"
)

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encoded(contentType, encoding string, body []byte) *exchange.Answer {
	return &exchange.Answer{
		Status: 200, ContentType: contentType, Body: body,
		Headers: exchange.EncodeHeaders(http.Header{"Content-Encoding": {encoding}, "Content-Type": {contentType}}),
	}
}

// An endpoint that now compresses, or writes another charset, says the same.
func TestEncodingsDontCount(t *testing.T) {
	plain := &exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(`{"label":"Grüße"}`)}
	for name, other := range map[string]*exchange.Answer{
		"gzip":                 encoded("application/json", "gzip", gzipped(t, `{"label":"Grüße"}`)),
		"gzip as another type": encoded("text/plain", "gzip", gzipped(t, `{"label":"Grüße"}`)),
		"identity":             encoded("application/json", "identity", []byte(`{"label": "Grüße"}`)),
		"latin-1":              encoded("application/json; charset=ISO-8859-1", "", []byte("{\"label\":\"Gr\xfc\xdfe\"}")),
		"both":                 encoded("Application/JSON;charset=latin1", "x-gzip", gzipped(t, "{\"label\": \"Gr\xfc\xdfe\"}")),
		"+json":                encoded("application/problem+json", "", []byte(`{"label":"Gr\u00fc\u00dfe"}`)),
		"bad type":             encoded("application/json; x", "", []byte(`{"label":"Gr\u00fc\u00dfe"}`)),
	} {
		for _, pair := range [][2]*exchange.Answer{{plain, other}, {other, plain}} {
			d, deltas := compareAnswers(t, Rules{}, pair[0], pair[1])
			if d.outcome != Match || !d.reformatted {
				t.Errorf("%s: %+v %v", name, d, deltas)
			}
		}
	}
}

// What can't be read is told as such, on the right side, and never judged.
func TestUnreadable(t *testing.T) {
	good := &exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(`{"a":1}`)}
	deep := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	for name, bad := range map[string]*exchange.Answer{
		"broken gzip":    encoded("application/json", "gzip", []byte("no gzip")),
		"cut gzip":       encoded("application/json", "gzip", gzipped(t, `{"a":1}`)[:20]),
		"other encoding": encoded("application/json", "br", []byte("?")),
		"other charset":  encoded("application/json; charset=koi8-r", "", []byte(`{"a":2}`)),
		"broken headers": {Status: 200, ContentType: "application/json", Headers: []byte(`["content-encoding"`), Body: []byte("{}")},
		"not UTF-8":      {Status: 200, ContentType: "application/json", Body: []byte("{\"a\":\"\xff\"}")},
		"BOM":            {Status: 200, ContentType: "application/json", Body: []byte("\xef\xbb\xbf{}")},
		"too deep":       {Status: 200, ContentType: "application/json", Body: []byte(deep)},
		"two values":     {Status: 200, ContentType: "application/json", Body: []byte(`{} {}`)},
		"open":           {Status: 200, ContentType: "application/json", Body: []byte(`[1,`)},
		"white space":    {Status: 200, ContentType: "application/json", Body: []byte("\n")},
	} {
		want := map[string][2]*exchange.Answer{
			CandidateUnreadable: {good, bad},
			ReferenceUnreadable: {bad, good},
			BothUnreadable:      {bad, withSpace(bad)},
		}
		for reason, pair := range want {
			if d, deltas := compareAnswers(t, Rules{}, pair[0], pair[1]); d.outcome != Undecided || d.reason != reason || deltas != nil {
				t.Errorf("%s: %+v, want %s", name, d, reason)
			}
		}
		if d, _ := compareAnswers(t, Rules{}, bad, bad); d.outcome != Match {
			t.Errorf("%s: equal bytes are %+v", name, d)
		}
	}
}

// withSpace changes the bytes of what is broken anyway.
func withSpace(a *exchange.Answer) *exchange.Answer {
	b := *a
	b.Body = append([]byte(" "), a.Body...)
	return &b
}

// The same bytes in another charset or encoding are another text: a candidate
// that says latin-1 of its UTF-8 is read as "GrÃ¼Ãe" by its clients.
func TestSameBytesReadAnotherWay(t *testing.T) {
	const text = `{"label":"Grüße"}`
	packed := gzipped(t, text)
	answer := func(contentType, encoding string, body []byte) *exchange.Answer {
		return &exchange.Answer{Status: 200, ContentType: contentType, Body: body, Headers: exchange.EncodeHeaders(http.Header{
			"Content-Encoding": {encoding}, "Date": {contentType + encoding}, // headers are never the same bytes in traffic
		})}
	}
	for _, c := range []struct {
		name string
		a, b *exchange.Answer
		want decision
	}{
		{"charset", answer("application/json", "", []byte(text)), answer("application/json; charset=latin1", "", []byte(text)), decision{outcome: Mismatch}},
		{"charset of ASCII", answer("application/json", "", []byte(`{"a":1}`)), answer("application/json; charset=latin1", "", []byte(`{"a":1}`)), decision{outcome: Match}},
		{"charset by another name", answer("text/plain;charset=utf8", "", []byte("ü")), answer("text/plain", "", []byte("ü")), decision{outcome: Match}},
		{"packed and not said so", answer("application/json", "gzip", packed), answer("application/json", "", packed), decision{outcome: Undecided, reason: CandidateUnreadable}},
		{"packed text", answer("text/plain", "gzip", packed), answer("text/plain", "identity", packed), decision{outcome: Mismatch}},
		{"packed on both sides", answer("text/plain", "gzip", packed), answer("text/plain", "GZIP", packed), decision{outcome: Match}},
		{"unknown on both sides", answer("text/plain", "br", packed), answer("text/plain; x=y", "br", packed), decision{outcome: Match}},
		{"unknown in two ways", answer("text/plain", "br", packed), answer("text/plain", "zstd", packed), decision{outcome: Undecided, reason: BothUnreadable}},
		{"unknown charsets", answer("text/plain; charset=koi8-r", "", []byte("\xd0")), answer("text/plain; charset=koi8-u", "", []byte("\xd0")), decision{outcome: Undecided, reason: BothUnreadable}},
	} {
		if d, deltas := compareAnswers(t, Rules{}, c.a, c.b); d != c.want {
			t.Errorf("%s: %+v %v, want %+v", c.name, d, deltas, c.want)
		}
	}
}

// Most pairs are the same bytes: to see that must cost no allocation.
func TestSameBodyAllocatesNothing(t *testing.T) {
	e := jsonPair(1, "m", `{"a":1}`, `{"a":1}`)
	e.Reference.Headers, e.Candidate.Headers = []byte(`[["date","1"]]`), []byte(`[["date","2"]]`)
	if n := testing.AllocsPerRun(10, func() { sameBody(&e.Reference, &e.Candidate.Answer) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A depth that the tape takes must be one that the walk survives.
func TestDeepestIsCompared(t *testing.T) {
	deep := func(inside string) []byte {
		return []byte(strings.Repeat("[", maxDepth) + inside + strings.Repeat("]", maxDepth))
	}
	d, deltas := compareBodies(t, exact, "application/json", deep("1"), deep("2"))
	if d.outcome != Mismatch || len(deltas) != 1 || deltas[0].Kind != KindNumber || len(deltas[0].Path) > maxLiteral {
		t.Errorf("%+v %v", d, deltas)
	}
}

// A gzip bomb must not take the machine down.
func TestBombs(t *testing.T) {
	bomb := encoded("text/plain", "gzip", gzipped(t, strings.Repeat("0", 1000)))
	if _, err := readBody(bomb, 999); !errors.Is(err, errTooLarge) {
		t.Errorf("1000 bytes where 999 are allowed: %v", err)
	}
	if b, err := readBody(bomb, 1000); err != nil || len(b.text) != 1000 {
		t.Errorf("1000 bytes where 1000 are allowed: %d, %v", len(b.text), err)
	}
	values := encoded("application/json", "gzip", gzipped(t, "["+strings.Repeat("0,", maxNodes)+"0]"))
	small := &exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte("[]")}
	if d, _ := compareAnswers(t, Rules{}, small, values); d.reason != TooLargeDecoded {
		t.Errorf("%d values: %+v", maxNodes+1, d)
	}
}

// Deltas go to terminals, HTML and JSON: they must be short and UTF-8 whatever
// the answer holds.
func TestLiteralsAreCut(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", 2000), "x" + strings.Repeat("é", 2000), strings.Repeat("\xff", 5000), "\xff"} {
		_, deltas := compareBodies(t, Rules{}, "text/plain", []byte(text), []byte(text+"!"))
		if l := deltas[0].Reference; !utf8.ValidString(l) || len(l) > maxLiteral {
			t.Errorf("literal of %d bytes", len(l))
		}
	}
	// A delta of a huge body must not copy it: there may be one for each exchange.
	huge := bytes.Repeat([]byte("a"), 4<<20)
	if n := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			cut(huge, maxLiteral)
		}
	}).AllocedBytesPerOp(); n > 8*maxLiteral {
		t.Errorf("%d bytes are allocated to keep %d", n, maxLiteral)
	}
	short := cut("é"+strings.Repeat("a", 200), 5)
	if short != "é…" {
		t.Errorf("cut to 5 bytes: %q", short)
	}
}
