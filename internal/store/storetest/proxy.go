package storetest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// Fault answers one request in the server's place. next is the server.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Proxy stands in front of the S3 server that S3 started, for the rest of the
// test: the environment points at it from now on. Each request goes to fault.
func Proxy(t testing.TB, fault Fault) {
	t.Helper()
	server, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL_S3"))
	if err != nil {
		t.Fatal(err)
	}
	next := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(server)
			r.Out.Host = r.In.Host // is signed
		},
		ErrorLog: log.New(io.Discard, "", 0), // faults are what it is for
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fault(w, r, next) }))
	t.Cleanup(proxy.Close)
	t.Setenv("AWS_ENDPOINT_URL_S3", proxy.URL)
}

// LoseAnswer has the server do what it is asked, and breaks the connection
// instead of handing on the answer.
func LoseAnswer(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// Refuse answers with an S3 error.
func Refuse(status int, code string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<Error><Code>" + code + "</Code><Message>planted</Message></Error>"))
	}
}

// FirstPut applies fault to the first creation of an object, the store's probe
// aside, and passes on everything else.
func FirstPut(fault Fault) Fault {
	var done atomic.Bool
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPut && !strings.Contains(r.URL.Path, "/.parity/") && done.CompareAndSwap(false, true) {
			fault(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// Stall stops requests in the middle of their bodies.
type Stall struct {
	Reached chan struct{} // is closed when a request has stopped
	Break   chan struct{} // close it to break that request off
	Over    chan struct{} // is closed when the server is done with it
}

// NewStall returns a Stall for one request.
func NewStall() *Stall {
	return &Stall{Reached: make(chan struct{}), Break: make(chan struct{}), Over: make(chan struct{})}
}

// Fault hands the server half of the body, and after Break a broken connection.
func (s *Stall) Fault(w http.ResponseWriter, r *http.Request, next http.Handler) {
	defer close(s.Over)
	half := io.LimitReader(r.Body, r.ContentLength/2)
	r.Body = io.NopCloser(io.MultiReader(half, readerFunc(func([]byte) (int, error) {
		close(s.Reached)
		<-s.Break
		return 0, io.ErrUnexpectedEOF
	})))
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
