package importer

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// If this fails pairs whose halves are far apart are lost, or memory grows with
// how far that is.
func TestPairsFarApart(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const n = 2000
	found := map[string]string{}
	s := newSink(Options{WindowBytes: 20_000, Add: func(e *exchange.Exchange) error {
		found[e.Request.SourceID] = string(e.Reference.Body)
		return nil
	}})
	most := 0
	put := func(i int, answer bool) {
		h := &half{key: fmt.Sprint(i), answer: answer, place: place{"f", "line", int64(i)}, e: &exchange.Exchange{Time: 1}}
		if answer {
			h.e.Reference.Status, h.e.Reference.Body = 200, []byte(h.key)
		} else {
			h.e.Request.SourceID = h.key
		}
		if err := s.pairs.put(h); err != nil {
			t.Fatal(err)
		}
		most = max(most, s.pairs.bytes)
	}
	for i := range n {
		put(i, i%2 == 0) // half of the answers come before their requests
	}
	for i := n - 1; i >= 0; i-- {
		if i%100 != 0 { // some answers' requests never come
			put(i, i%2 == 1)
		}
	}
	put(1, true) // one answer twice, after the first has met its request or not
	put(n, false)
	if len(s.pairs.runs) < 20 || most > 20_000 {
		t.Errorf("%d runs, at most %d bytes waited", len(s.pairs.runs), most)
	}
	if err := s.pairs.finish(); err != nil {
		t.Fatal(err)
	}
	s.pairs.close()
	l := s.result.Ledger
	if !l.Balanced() || l.Recorded != n-n/100+1 || l.Dropped[NoRequest]+l.Dropped[Duplicate] != n/100+1 || s.result.Unanswered != 1 {
		t.Errorf("%v %v, %d without an answer", l, l.Dropped, s.result.Unanswered)
	}
	for id, body := range found {
		if id != body && id != fmt.Sprint(n) {
			t.Errorf("request %s has the answer %q", id, body)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}

// If this fails what comes back from a temporary file is another request.
func TestHalfRoundTrip(t *testing.T) {
	h := &half{key: "k\x00é", answer: true, place: place{"dir/f", "row", 1 << 40}, e: &exchange.Exchange{
		Time: 7, Model: "m", Defect: exchange.ResponseTruncated, Reference: exchange.Answer{Status: 200, Body: []byte(strings.Repeat("x", 300))},
	}}
	text := h.encode(nil)
	got, err := decodeHalf(text)
	if err != nil || got.key != h.key || !got.answer || got.place != h.place || got.e.Model != "m" || got.e.Time != 7 ||
		got.e.Defect != h.e.Defect || string(got.e.Reference.Body) != string(h.e.Reference.Body) {
		t.Errorf("%+v %+v, %v", got, got.e, err)
	}
	for i := range text {
		if _, err := decodeHalf(text[:i]); err == nil {
			t.Errorf("of %d bytes, %d are enough", len(text), i)
		}
	}
}
