package capture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// recordHandled runs f against h behind the middleware, and returns the rows.
func recordHandled(t *testing.T, h http.HandlerFunc, f func(url string)) ([]exchange.Exchange, exchange.Ledger) {
	t.Helper()
	store := newStore()
	o := options(t, "http://unused", store)
	o.Upstream = nil
	r := start(t, o)
	server := httptest.NewServer(r.Middleware(h))
	server.Config.ErrorLog = nil
	f(server.URL)
	server.Close()
	r.stop()
	balanced(t, store.ledger(), len(store.rows()))
	return store.rows(), store.ledger()
}

// Without this, a service in Go that records itself would answer otherwise than
// without it, or what is recorded be another exchange than the client's.
func TestMiddlewareRecordsWhatClientsGet(t *testing.T) {
	large := strings.Repeat("0123456789", 100_000)
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"silent", func(http.ResponseWriter, *http.Request) {}},
		{"short", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"label":"spam"}`) }},
		{"typed", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, "{}")
			w.WriteHeader(http.StatusOK) // too late
		}},
		{"interim", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			io.WriteString(w, "after")
		}},
		{"echo", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }},
		{"copied from a file", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.(io.ReaderFrom).ReadFrom(strings.NewReader(large))
		}},
		{"flushed", func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			for i := range 10 {
				fmt.Fprintf(w, "%d\n", i)
				w.(http.Flusher).Flush()
			}
		}},
		{"decoded", func(w http.ResponseWriter, r *http.Request) { // which does not read to the end
			var v any
			json.NewDecoder(r.Body).Decode(&v)
			fmt.Fprint(w, v)
		}},
		{"changed later", func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("X-Model", "changed")
			w.Write([]byte("a"))
			w.Header().Set("X-Late", "too late")
		}},
	} {
		for _, method := range []string{http.MethodPost, http.MethodHead} {
			t.Run(c.name+" "+method, func(t *testing.T) {
				const body = `{"text":"hi"}   `
				var got []byte
				var res *http.Response
				rows, _ := recordHandled(t, c.handler, func(url string) {
					req := must(http.NewRequest(method, url+"/m;x?a;b", io.MultiReader(strings.NewReader(body)))) // of unknown length
					req.Header.Set("X-Model", "spam")
					res = must(http.DefaultClient.Do(req))
					got = must(io.ReadAll(res.Body))
					res.Body.Close()
				})
				if len(rows) != 1 {
					t.Fatalf("%d rows", len(rows))
				}
				e := rows[0]
				if e.Reference.Status != int64(res.StatusCode) || !bytes.Equal(e.Reference.Body, got) || e.Defect != "" || e.Request.Path != "/m;x?a;b" {
					t.Errorf("recorded %d %.40q %q %s; the client got %d %.40q", e.Reference.Status, e.Reference.Body, e.Defect, e.Request.Path, res.StatusCode, got)
				}
				if method == http.MethodPost && e.Reference.ContentType != res.Header.Get("Content-Type") {
					t.Errorf("recorded as %s; the client got %s", e.Reference.ContentType, res.Header.Get("Content-Type"))
				}
				if string(e.Request.Body) != body || !bytes.Contains(e.Request.Headers, []byte(`["x-model","spam"]`)) || bytes.Contains(e.Reference.Headers, []byte("x-late")) {
					t.Errorf("recorded %s %s", e.Request.Headers, e.Request.Body)
				}
			})
		}
	}
}

// Without this, a handler that answers while its client still sends could hang by
// being recorded.
func TestMiddlewareLeavesFullDuplexAlone(t *testing.T) {
	rows, _ := recordHandled(t, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		r.Body.Read(make([]byte, 1))
		io.WriteString(w, "enough")
	}, func(url string) {
		in, out := io.Pipe()
		go out.Write([]byte("a")) // and the rest only after the answer
		req := must(http.NewRequest(http.MethodPost, url, in))
		res := must(http.DefaultClient.Do(req))
		defer res.Body.Close()
		if got := must(io.ReadAll(res.Body)); string(got) != "enough" {
			t.Errorf("the client got %q", got)
		}
		out.Close()
	})
	if len(rows) != 1 || rows[0].Defect != exchange.RequestTruncated || string(rows[0].Reference.Body) != "enough" {
		t.Errorf("recorded %+v", rows)
	}
}

// Without this, an answer that broke off would be judged, or a connection that
// left HTTP be taken for an exchange.
func TestMiddlewareRecordsWhatIsNoAnswer(t *testing.T) {
	rows, ledger := recordHandled(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panics":
			panic(http.ErrAbortHandler)
		case "/breaks-off":
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/hijacks":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		case "/waits":
			w.WriteHeader(http.StatusForbidden) // instead of 100
		}
	}, func(url string) {
		for _, path := range []string{"/panics", "/breaks-off", "/hijacks"} {
			if res, err := http.Get(url + path); err == nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		}
		conn := must(net.Dial("tcp", strings.TrimPrefix(url, "http://")))
		defer conn.Close()
		io.WriteString(conn, "POST /waits HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
		if line := must(bufio.NewReader(conn).ReadString('\n')); !strings.Contains(line, "403") {
			t.Errorf("a client that waits for a 100 got %s", line)
		}
	})
	got := map[string]string{}
	for _, e := range rows {
		got[e.Request.Path] = fmt.Sprint(e.Defect, " ", e.Reference.Failure)
	}
	want := map[string]string{"/panics": "no_answer reset", "/breaks-off": "response_truncated reset", "/waits": "request_truncated "}
	if fmt.Sprint(got) != fmt.Sprint(want) || ledger.Dropped["upgrade"] != 1 {
		t.Errorf("recorded %v, want %v; %v", got, want, ledger.Dropped)
	}
}
