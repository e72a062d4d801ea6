package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// place is where the datasets of a round are: a folder, or versitygw behind a
// proxy that makes it fail. versitygw keeps objects as files, so the checker reads
// both as folders.
type place struct {
	folder string // of the objects
	base   string // as parity names it
	env    []string
	mode   atomic.Pointer[string] // what the proxy does; nil where there is none
	failed atomic.Bool            // it has failed a request of late
	ends   []func()
}

func (p *place) String() string {
	if p.mode.Load() == nil {
		return "a folder"
	}
	return "S3"
}

func (p *place) location(name string) string { return p.base + "/" + name }

func (p *place) close() {
	for _, end := range p.ends {
		end()
	}
}

const wellMode = "well"

func (r *round) openPlace(ctx context.Context, s3 bool) (*place, error) {
	p := &place{folder: filepath.Join(r.dir, "store"), base: filepath.Join(r.dir, "store")}
	if err := os.MkdirAll(p.folder, 0o700); err != nil || !s3 {
		return p, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	bucket := filepath.Join(p.folder, "bucket")
	if err := os.Mkdir(bucket, 0o700); err != nil {
		return nil, err
	}
	gateway := exec.Command(r.gateway, "--quiet", "--keep-alive", "--health", "/health", "--port", address, "posix", p.folder)
	gateway.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID=chaos", "ROOT_SECRET_ACCESS_KEY=chaos-secret")
	gateway.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := gateway.Start(); err != nil {
		return nil, fmt.Errorf("start the S3 server: %w: build it with `make .cache/bin/versitygw`", err)
	}
	p.ends = append(p.ends, func() { gateway.Process.Kill(); gateway.Wait() })
	if err := awaitAddress(ctx, address); err != nil {
		return nil, err
	}
	proxy, err := p.serveFaults(r, "http://"+address)
	if err != nil {
		return nil, err
	}
	p.ends = append(p.ends, func() { proxy.Close() })
	p.folder, p.base = bucket, "s3://bucket"
	p.env = []string{
		"AWS_ENDPOINT_URL_S3=" + proxy.url, "AWS_ACCESS_KEY_ID=chaos", "AWS_SECRET_ACCESS_KEY=chaos-secret", "AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
	}
	return p, nil
}

// storeModes are the ways in which the store fails, and the S3 error code of those
// that are an answer.
var storeModes = map[string]struct {
	status int
	code   string
}{
	"store answers 500":       {500, "InternalError"},
	"store answers 503":       {503, "SlowDown"},
	"store answers 409":       {409, "ConditionalRequestConflict"},
	"store cuts connections":  {},
	"store loses its answers": {},
	"store is away":           {},
}

// serveFaults is the proxy in front of the S3 server. In a mode that fails, it
// fails half of the requests, and all where the store is away.
func (p *place) serveFaults(r *round, server string) (*service, error) {
	target, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	next := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // is signed
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
	well := wellMode
	p.mode.Store(&well)
	var n atomic.Uint64
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{url: "http://" + l.Addr().String()}
	s.Server = &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mode := *p.mode.Load()
		if mode == wellMode || mode != "store is away" && n.Add(1)%2 == 0 {
			next.ServeHTTP(w, req)
			return
		}
		p.failed.Store(true)
		r.fault(mode)
		fail(w, req, mode, next)
	})}
	go s.Serve(l)
	return s, nil
}

func fail(w http.ResponseWriter, req *http.Request, mode string, next http.Handler) {
	switch m := storeModes[mode]; {
	case m.status == http.StatusConflict && req.Method != http.MethodPut:
		next.ServeHTTP(w, req)
	case m.status > 0:
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(m.status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>planted</Message></Error>", m.code)
	case mode == "store loses its answers":
		next.ServeHTTP(nowhere{}, req)
		panic(http.ErrAbortHandler)
	case mode == "store cuts connections":
		io.CopyN(io.Discard, req.Body, req.ContentLength/2)
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
}

// nowhere is an answer that nobody reads.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// faulty says that the store has failed, so that commands may give up.
func (p *place) faulty() bool { return p.failed.Load() }

// trouble makes the store fail now and then until the context ends, and leaves it
// well. The channel is closed then.
func (r *round) trouble(ctx context.Context) <-chan struct{} {
	over := make(chan struct{})
	if r.place.mode.Load() == nil {
		close(over)
		return over
	}
	kinds := slices.Sorted(maps.Keys(storeModes))
	rng := newRand(r.rng.Uint64())
	set := func(mode string, most int) bool {
		r.place.mode.Store(&mode)
		r.pause(ctx, time.Duration(50+rng.IntN(most))*time.Millisecond)
		return ctx.Err() == nil
	}
	go func() {
		defer close(over)
		for set(wellMode, 1500) && set(kinds[rng.IntN(len(kinds))], 700) {
		}
		well := wellMode
		r.place.mode.Store(&well)
	}()
	return over
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// awaitAddress waits until somebody listens there.
func awaitAddress(ctx context.Context, address string) error {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(2 * time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return nil
		}
	}
	return errors.New("nobody listens on " + address)
}
