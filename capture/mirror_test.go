package capture

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// mirrored is a sidecar that takes mirrored requests.
func mirrored(t *testing.T, h http.HandlerFunc, change func(*Options)) (*rig, *objects) {
	t.Helper()
	back := httptest.NewServer(h)
	t.Cleanup(back.Close)
	store := newStore()
	o := options(t, back.URL, store)
	o.Mirror = 2
	if change != nil {
		change(&o)
	}
	return start(t, o), store
}

func mirrorTo(t *testing.T, url, body string) *http.Response {
	t.Helper()
	req := must(http.NewRequest(http.MethodPost, url, strings.NewReader(body)))
	req.Header.Set("X-Model", "spam")
	req.Header.Set("Authorization", "secret")
	req.Host = "old.example-shadow:80"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res
}

// Without this, a mirroring proxy would wait for the old service a second time, or
// what is recorded would be another exchange than the client's.
func TestMirrorAnswersAtOnceAndRecordsThePair(t *testing.T) {
	held := make(chan struct{})
	r, store := mirrored(t, func(w http.ResponseWriter, r *http.Request) {
		<-held
		body := must(io.ReadAll(r.Body))
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.Host, r.RequestURI, body, r.Header.Get("Authorization"))
	}, nil)
	for i := range 3 {
		if res := mirrorTo(t, r.url+"/classify;a?q=%20&;", fmt.Sprint("body ", i)); res.StatusCode != http.StatusNoContent {
			t.Errorf("a mirrored request is answered with %s", res.Status)
		}
	}
	close(held)
	if err := r.mirror.wait(context.Background()); err != nil {
		t.Error(err)
	}
	r.stop()
	rows := store.rows()
	balanced(t, store.ledger(), 3)
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, e := range rows {
		want := fmt.Sprintf("POST old.example:80 /classify;a?q=%%20&; %s secret", e.Request.Body)
		if string(e.Reference.Body) != want || e.Defect != "" || e.Reference.Status != 200 || e.Request.Path != "/classify;a?q=%20&;" {
			t.Errorf("recorded %q %q, want %q", e.Defect, e.Reference.Body, want)
		}
	}
}

// Without this, a slow old service would make mirroring take memory without end,
// and what is not asked would be missing without a word.
func TestMirrorDropsWhatItHasNoRoomFor(t *testing.T) {
	held := make(chan struct{})
	var asked atomic.Int64
	r, store := mirrored(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-held
	}, func(o *Options) { o.MaxBody, o.CopyBytes = 1000, 100_000 })
	mirrorTo(t, r.url, strings.Repeat("x", 1001))
	const mirroredRequests = mirrorWaiting + 50
	for range mirroredRequests {
		mirrorTo(t, r.url, strings.Repeat("x", 100))
	}
	if got := asked.Load(); got > 2 {
		t.Errorf("%d were asked at a time", got)
	}
	close(held)
	if err := r.mirror.wait(context.Background()); err != nil {
		t.Error(err)
	}
	r.stop()
	l := store.ledger()
	balanced(t, l, len(store.rows()))
	if l.Served != mirroredRequests+1 || l.Dropped["mirror_full"] == 0 || l.Dropped["mirror_too_large"] != 1 {
		t.Errorf("%s: %v", l, l.Dropped)
	}
	if left := r.memory.left.Load(); left != 100_000 {
		t.Errorf("%d bytes of memory were not given back", 100_000-left)
	}
}

// Without this, an old service that does not answer mirrored requests, or breaks
// off, would end the sidecar, or look as if it had not been asked.
func TestMirrorRecordsFailures(t *testing.T) {
	r, store := mirrored(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cut" {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	}, nil)
	mirrorTo(t, r.url+"/cut", "a")
	mirrorTo(t, r.url+"/gone", "b")
	r.mirror.wait(context.Background())
	r.stop()
	defects := map[string]exchange.Defect{}
	for _, e := range store.rows() {
		defects[e.Request.Path] = e.Defect
	}
	if defects["/cut"] != exchange.ResponseTruncated || defects["/gone"] != exchange.NoAnswer {
		t.Errorf("defects are %v", defects)
	}
}
