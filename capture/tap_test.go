package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// raw sends text as it stands and returns all of the answer; what it says goes
// past every client that would tidy it up.
func raw(t *testing.T, front, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(front, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, text)
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// If this fails the old service sees other requests than without the sidecar,
// and what is replayed is not what clients sent.
func TestRequestsPassUnchanged(t *testing.T) {
	targets := []string{
		"/models/a/classify", "/a%2fb%2Fc", "/a|b^c", "/a?x=1;y=2", "/a?", "/?q=%zz&a=b+c", "//double/slash", "/a/../b", "/caf\xc3\xa9", "/%",
	}
	for _, target := range targets {
		var saw []string
		rows := recordAll(t, func(w http.ResponseWriter, r *http.Request) {
			saw = append(saw, r.Method+" "+r.RequestURI+" "+r.Host+" "+r.Header.Get("X-Forwarded-For")+" "+r.Header.Get("Accept-Encoding"))
		}, func(front string) {
			raw(t, front, "PATCH "+target+" HTTP/1.1\r\nHost: old.example\r\nConnection: close\r\n\r\n")
			raw(t, front, "PATCH http://old.example"+target+" HTTP/1.1\r\nHost: old.example\r\nX-Forwarded-For: 10.0.0.1\r\nConnection: close\r\n\r\n")
		})
		if target == "/%" { // net/http's server refuses this one itself
			continue
		}
		want := "PATCH " + target + " old.example "
		if len(saw) != 2 || saw[0] != want+" " || saw[1] != want+"10.0.0.1 " {
			t.Errorf("%s: the old service saw %q", target, saw)
		}
		for _, e := range rows {
			if e.Request.Path != target || e.Request.Method != "PATCH" {
				t.Errorf("%s: recorded %s %s", target, e.Request.Method, e.Request.Path)
			}
		}
		if len(rows) != 2 {
			t.Errorf("%s: %d rows", target, len(rows))
		}
	}
}

// If this fails an upstream below a path can't be put behind a sidecar.
func TestUpstreamWithPath(t *testing.T) {
	var saw string
	back := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { saw = r.RequestURI }))
	defer back.Close()
	store := newStore()
	r := start(t, options(t, back.URL+"/base/", store))
	must(http.Get(r.url + "/m%2Fn?q=1")).Body.Close()
	r.stop()
	if saw != "/base/m%2Fn?q=1" || store.rows()[0].Request.Path != "/m%2Fn?q=1" {
		t.Errorf("sent to %s, recorded %s", saw, store.rows()[0].Request.Path)
	}
}

// If this fails clients get other answers than without the sidecar, or the
// recording holds other bytes than they got.
func TestAnswersPassUnchanged(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, `{"label":"spam"}`)
	z.Close()
	handler := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(zipped.Bytes())
		case "/none":
			w.WriteHeader(204)
		case "/chunked":
			for range 3 {
				io.WriteString(w, "piece ")
				http.NewResponseController(w).Flush()
			}
		case "/trailer":
			w.Header().Set("Trailer", "X-Sum")
			io.WriteString(w, "body")
			w.Header().Set("X-Sum", "7")
		default:
			w.Header()["X-Two"] = []string{"a", "b"}
			w.Header().Set("Set-Cookie", "secret")
			w.WriteHeader(422)
			io.Copy(w, r.Body)
		}
	}
	tests := []struct {
		method, path, body string
		status             int64
		answer             string
	}{
		{"POST", "/echo", "some\x00bytes\xff", 422, "some\x00bytes\xff"},
		{"GET", "/gzip", "", 200, zipped.String()},
		{"HEAD", "/gzip", "", 200, ""},
		{"DELETE", "/none", "", 204, ""},
		{"GET", "/chunked", "", 200, "piece piece piece "},
		{"GET", "/trailer", "", 200, "body"},
		{"PUT", "/echo", "", 422, ""},
	}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	rows := recordAll(t, handler, func(front string) {
		for _, tt := range tests {
			req := must(http.NewRequest(tt.method, front+tt.path, strings.NewReader(tt.body)))
			req.Header.Set("Authorization", "secret")
			req.Header.Set("X-Request-Id", "r1")
			res := must(client.Do(req))
			got := must(io.ReadAll(res.Body))
			res.Body.Close()
			if string(got) != tt.answer || int64(res.StatusCode) != tt.status {
				t.Errorf("%s %s: %d %q", tt.method, tt.path, res.StatusCode, got)
			}
			if tt.path == "/trailer" && res.Trailer.Get("X-Sum") != "7" {
				t.Errorf("the trailer is gone: %v", res.Trailer)
			}
		}
	})
	if len(rows) != len(tests) {
		t.Fatalf("%d rows of %d", len(rows), len(tests))
	}
	for i, tt := range tests {
		e := rows[i]
		if e.Defect != "" || e.Reference.Failure != "" || e.Reference.Status != tt.status ||
			string(e.Reference.Body) != tt.answer || string(e.Request.Body) != tt.body {
			t.Errorf("%s %s: recorded %+v", tt.method, tt.path, e)
		}
		if e.Request.SourceID != "r1" || e.RequestHash != exchange.HashRequest(&e) || e.Reference.LatencyUS < e.Reference.FirstByteUS {
			t.Errorf("%s %s: key %q %d, latency %d, first byte %d", tt.method, tt.path, e.Request.SourceID, e.RequestHash, e.Reference.LatencyUS, e.Reference.FirstByteUS)
		}
		if strings.Contains(string(e.Request.Headers)+string(e.Reference.Headers), "secret") {
			t.Errorf("%s %s: a credential was recorded", tt.method, tt.path)
		}
	}
}

// If this fails a client of a streaming answer waits for its end.
func TestPiecesAreFlushed(t *testing.T) {
	next := make(chan bool)
	recordAll(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "first\n")
		http.NewResponseController(w).Flush()
		<-next
		io.WriteString(w, "last\n")
	}, func(front string) {
		res := must(http.Get(front))
		defer res.Body.Close()
		lines := bufio.NewReader(res.Body)
		if got := must(lines.ReadString('\n')); got != "first\n" {
			t.Errorf("%q", got)
		}
		close(next)
		if got := must(io.ReadAll(lines)); string(got) != "last\n" {
			t.Errorf("%q", got)
		}
	})
}

// If this fails large bodies are cut for clients, or fill the memory, or a
// recorded half passes for a whole.
func TestBodiesOverTheLimit(t *testing.T) {
	large := strings.Repeat("x", 300_000)
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := must(io.Copy(io.Discard, r.Body))
		if r.URL.Path == "/large" {
			io.WriteString(w, large)
			return
		}
		fmt.Fprint(w, n)
	}))
	defer back.Close()
	store := newStore()
	o := options(t, back.URL, store)
	o.MaxBody = 1000
	r := start(t, o)
	for path, want := range map[string]string{"/large": large, "/count": "300000"} {
		body := ""
		if path == "/count" {
			body = large
		}
		res := must(http.Post(r.url+path, "text/plain", strings.NewReader(body)))
		if got := must(io.ReadAll(res.Body)); string(got) != want {
			t.Errorf("%s: the client got %d bytes of %d", path, len(got), len(want))
		}
		res.Body.Close()
	}
	r.stop()
	for _, e := range store.rows() {
		want := exchange.ResponseTruncated
		if e.Request.Path == "/count" {
			want = exchange.RequestTruncated
		}
		if e.Defect != want || len(e.Request.Body) > 1000 || len(e.Reference.Body) > 1000 {
			t.Errorf("%s: defect %q, %d and %d bytes", e.Request.Path, e.Defect, len(e.Request.Body), len(e.Reference.Body))
		}
	}
	balanced(t, store.ledger(), 2)
}

// If this fails many large bodies at once take the memory, and with it the
// sidecar; or exchanges without a copy are recorded as if they had none.
func TestMemoryIsBounded(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(must(io.ReadAll(r.Body))) }))
	defer back.Close()
	store := newStore()
	o := options(t, back.URL, store)
	o.CopyBytes = 200_000
	r := start(t, o)
	for _, size := range []int{50_000, 300_000, 150_000, 50_000} { // twice: request and answer
		body := strings.Repeat("x", size)
		res := must(http.Post(r.url, "text/plain", strings.NewReader(body)))
		if got := must(io.ReadAll(res.Body)); string(got) != body {
			t.Errorf("the client got %d bytes of %d", len(got), size)
		}
		res.Body.Close()
	}
	r.stop()
	for _, e := range store.rows() {
		if e.Defect != "" || len(e.Request.Body) != 50_000 || len(e.Reference.Body) != 50_000 {
			t.Errorf("defect %q, %d and %d bytes", e.Defect, len(e.Request.Body), len(e.Reference.Body))
		}
	}
	balanced(t, store.ledger(), 2)
	if l := store.ledger(); l.Dropped["memory_full"] != 2 {
		t.Errorf("%v", l.Dropped)
	}
	if left := r.memory.left.Load(); left != o.CopyBytes {
		t.Errorf("%d bytes of memory are left of %d", left, o.CopyBytes)
	}
}

// stuck is a log whose reader has stopped reading.
type stuck struct{ slog.Handler }

func (stuck) Handle(context.Context, slog.Record) error { select {} }

// If this fails a bug in the recorder breaks an answer off, or a log that
// nobody reads holds it up.
func TestTapPanics(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	o := options(t, back.URL, newStore())
	o.Log = slog.New(stuck{quiet().Handler()})
	s := must(New(o))
	s.queue = nil
	front := httptest.NewServer(s)
	defer front.Close()
	post(t, front.URL, 2, 2)
	if l := s.Ledger(); !l.Balanced() || l.Dropped["recorder_error"] != 4 || s.tapPanic.Load() == nil {
		t.Errorf("%s, dropped %v, to be logged: %v", l, l.Dropped, s.tapPanic.Load())
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// If this fails an outage of the old service looks like missing traffic.
func TestUpstreamDown(t *testing.T) {
	back := httptest.NewServer(nil)
	store := newStore()
	r := start(t, options(t, back.URL, store))
	back.Close()
	res := must(http.Post(r.url+"/x", "text/plain", strings.NewReader("body")))
	res.Body.Close()
	r.stop()
	rows := store.rows()
	if res.StatusCode != 502 || len(rows) != 1 || rows[0].Defect != exchange.NoAnswer ||
		rows[0].Reference.Failure != exchange.Refused || rows[0].Reference.Status != 0 {
		t.Errorf("status %d, rows %+v", res.StatusCode, rows)
	}
	balanced(t, store.ledger(), 1)
}

// If this fails an answer that the old service broke off passes for a whole one.
func TestUpstreamBreaksOff(t *testing.T) {
	rows := recordAll(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/before" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "only this")
	}, func(front string) {
		res := must(http.Get(front + "/amid"))
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Error("the client can't tell that the answer is not whole")
		}
		res.Body.Close()
		res = must(http.Post(front+"/before", "text/plain", strings.NewReader("body")))
		res.Body.Close()
		if res.StatusCode != 502 {
			t.Errorf("status %d", res.StatusCode)
		}
	})
	if len(rows) != 2 || rows[0].Defect != exchange.ResponseTruncated || rows[0].Reference.Failure != exchange.Reset ||
		rows[1].Defect != exchange.NoAnswer || rows[1].Reference.Failure != exchange.Reset {
		t.Errorf("%+v", rows)
	}
}

// If this fails exchanges whose clients left are missing from the ledger, or
// their halves are judged.
func TestClientGoesAway(t *testing.T) {
	began, gone := make(chan bool), make(chan bool)
	rows := recordAll(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/amid" {
			io.WriteString(w, "first")
			http.NewResponseController(w).Flush()
		}
		began <- true
		<-r.Context().Done()
		gone <- true
	}, func(front string) {
		for _, path := range []string{"/amid", "/before"} {
			ctx, leave := context.WithCancel(context.Background())
			req := must(http.NewRequestWithContext(ctx, "GET", front+path, nil))
			go func() {
				<-began
				if path == "/before" {
					leave()
				}
			}()
			if res, err := http.DefaultClient.Do(req); err == nil {
				io.ReadFull(res.Body, make([]byte, len("first")))
				leave()
				res.Body.Close()
			}
			<-gone
		}
	})
	if len(rows) != 2 || rows[0].Defect != exchange.ResponseTruncated || rows[0].Reference.Failure != exchange.Canceled ||
		rows[1].Defect != exchange.NoAnswer || rows[1].Reference.Failure != exchange.Canceled {
		t.Errorf("%+v", rows)
	}
}

// If this fails WebSocket clients of the old service can't connect any more.
func TestUpgradePasses(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := rw.ReadString('\n')
		io.WriteString(c, line)
	}))
	defer back.Close()
	store := newStore()
	r := start(t, options(t, back.URL, store))
	c := must(net.Dial("tcp", strings.TrimPrefix(r.url, "http://")))
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	in := bufio.NewReader(c)
	res := must(http.ReadResponse(in, nil))
	io.WriteString(c, "hello\n")
	if echo, err := in.ReadString('\n'); res.StatusCode != 101 || echo != "hello\n" {
		t.Errorf("%d, %q, %v", res.StatusCode, echo, err)
	}
	c.Close()
	r.stop()
	if l := store.ledger(); l.Dropped["upgrade"] != 1 || l.Served != 1 {
		t.Errorf("%s %v", l, l.Dropped)
	}
	balanced(t, store.ledger(), 0)
}

// If this fails an answer that begins while the last of the request is still
// being read breaks off: net/http closes the request's body then, and the
// transport takes that for a failure of the whole. It shows within a few dozen
// exchanges under the race detector.
func TestAnswerWhileTheRequestEnds(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(must(io.ReadAll(r.Body))) }))
	defer back.Close()
	store := newStore()
	r := start(t, options(t, back.URL, store))
	const rounds = 60
	for range rounds {
		for _, size := range []int{50_000, 300_000, 150_000} {
			body := strings.Repeat("x", size)
			res := must(http.Post(r.url, "text/plain", strings.NewReader(body)))
			got, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || string(got) != body {
				t.Fatalf("the client got %d bytes of %d: %v", len(got), size, err)
			}
		}
	}
	r.stop()
	balanced(t, store.ledger(), 3*rounds)
}

// If this fails an answer that comes before the request is sent whole is cut,
// or its client waits for ever.
func TestEarlyAnswer(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		io.WriteString(w, strings.Repeat("no", 50_000))
	}))
	defer back.Close()
	store := newStore()
	r := start(t, options(t, back.URL, store))
	whole := 0
	for range 20 {
		res, err := http.Post(r.url, "text/plain", strings.NewReader(strings.Repeat("x", 5_000_000)))
		if err != nil {
			continue // the old service hung up on the client's upload, as it would without us
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err == nil && (res.StatusCode != http.StatusRequestEntityTooLarge && res.StatusCode != http.StatusBadGateway) {
			t.Errorf("status %d, %d bytes", res.StatusCode, len(got))
		}
		whole++
	}
	if whole == 0 {
		t.Error("no answer came at all")
	}
	r.stop()
	if l := store.ledger(); !l.Balanced() || l.Served < int64(whole) {
		t.Errorf("%d answers; %s", whole, l)
	}
}

// If this fails a client whose request was answered early takes its connection
// for one that it can go on with, and its next request dies.
func TestEarlyAnswerEndsTheConnection(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	}))
	defer back.Close()
	store := newStore()
	r := start(t, options(t, back.URL, store))
	said, answered := 0, 0
	for range 20 {
		conn := must(net.Dial("tcp", r.front.Listener.Addr().String()))
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil && res.StatusCode == http.StatusRequestEntityTooLarge {
			answered++
			if res.Close {
				said++
			}
			res.Body.Close()
		}
		conn.Close()
	}
	r.stop()
	if answered == 0 || said != answered {
		t.Errorf("of %d early answers %d said that the connection ends", answered, said)
	}
	for _, e := range store.rows() {
		if bytes.Contains(e.Reference.Headers, []byte("close")) {
			t.Errorf("the recording has our own header: %s", e.Reference.Headers)
		}
	}
}
