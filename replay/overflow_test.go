package replay

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Large answers go to the disk while they are read. Without this they could come
// back cut or mixed up, and an endpoint would be blamed for it. That memory stays
// small is bench-memory's.
func TestLargeAnswers(t *testing.T) {
	sizes := []int{1, largeBody - 1, largeBody, largeBody + 1, 3*largeBody + 7, 1 << 20, 1<<20 + 1}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		size := sizes[n/2%len(sizes)]
		if n%2 == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(size))
		} else {
			w.(http.Flusher).Flush() // so that it is chunked
		}
		w.Write(bytes.Repeat([]byte{byte('a' + n)}, size))
	}))
	defer server.Close()
	s := newSender(t, Options{Target: server.URL, MaxBody: 1 << 20, Concurrency: 4})
	got, counts := replay(t, s, recording(2*len(sizes))...)
	for n, e := range got {
		want, class := bytes.Repeat([]byte{byte('a' + n)}, sizes[n/2]), exchange.Failure("")
		if len(want) > 1<<20 {
			want, class = nil, exchange.TooLarge
		}
		if c := &e.Candidate; c.Status != 200 || c.Failure != class || !bytes.Equal(c.Body, want) {
			t.Errorf("answer %d: status %d, %q, %d bytes of %d", n, c.Status, c.Failure, len(c.Body), len(want))
		}
	}
	if counts.Planned != int64(len(got)) {
		t.Errorf("%+v", counts)
	}
	if n := s.memory.taken.Load(); n != 0 {
		t.Errorf("%d bytes are still counted", n)
	}
}

// A large answer that is tried again leaves its beginning as evidence, and nothing
// of it in the answer that counts.
func TestLargeAnswerIsRetried(t *testing.T) {
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		said := []byte("ok")
		once.Do(func() {
			w.WriteHeader(http.StatusServiceUnavailable)
			said = bytes.Repeat([]byte("busy "), largeBody)
		})
		w.Write(said)
	}))
	defer server.Close()
	s := newSender(t, Options{Target: server.URL, Retries: 1})
	got, _ := replay(t, s, recording(1)...)
	d, err := got[0].Candidate.HowDelivered()
	if err != nil || len(d.Attempts) != 1 || d.Attempts[0].Body != string(bytes.Repeat([]byte("busy "), exchange.MaxAttemptBody/5)) {
		t.Errorf("%+v, %v", d, err)
	}
	if b := got[0].Candidate.Body; string(b) != "ok" {
		t.Errorf("%d bytes", len(b))
	}
}
