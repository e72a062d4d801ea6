package sagemakertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// forwarded are the header fields that get to the container, with the greatest
// length of their values. All others are stripped.
var forwarded = map[string]int{
	"Content-Type":                               1024,
	"Accept":                                     1024,
	"X-Amzn-SageMaker-Custom-Attributes":         1024,
	"X-Amzn-SageMaker-Target-Model":              1024,
	"X-Amzn-SageMaker-Target-Variant":            63,
	"X-Amzn-SageMaker-Target-Container-Hostname": 63,
	"X-Amzn-SageMaker-Inference-Id":              64,
	"X-Amzn-SageMaker-Inference-Component":       63,
	"X-Amzn-SageMaker-Enable-Explanations":       64,
	"X-Amzn-SageMaker-Session-Id":                256,
	"X-Amzn-SageMaker-Prefix-Aware-Id":           256,
}

const timedOut = "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."

// forward asks the container on the instance that is held, and gives it back when
// the container is done with it, which may be after the caller has its answer.
func (r *Runtime) forward(w http.ResponseWriter, req *http.Request, name string, e *Endpoint, body []byte) {
	timeout := e.Timeout
	if timeout == 0 {
		timeout = InvocationTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), timeout)
	defer cancel()
	header := http.Header{}
	for field := range forwarded {
		if v := req.Header.Get(field); v != "" {
			header.Set(field, v)
		}
	}
	done := make(chan *answer, 1)
	r.running.Go(func() {
		defer e.release()
		done <- e.call(ctx, http.MethodPost, "/invocations", header, body)
	})
	a := &answer{broken: timedOut}
	select {
	case a = <-done:
		if ctx.Err() != nil {
			a.broken = timedOut // it noticed, and gave up
		}
	case <-ctx.Done():
	}
	switch {
	case a.broken != "":
		r.modelError(w, name, 0, a.broken)
	case a.status/100 != 2:
		r.modelError(w, name, a.status, a.body.String())
	default:
		e.answered(w, a)
	}
}

// answered passes on a container's answer. Of its headers the service knows two.
func (e *Endpoint) answered(w http.ResponseWriter, a *answer) {
	for _, field := range []string{"Content-Type", "X-Amzn-SageMaker-Custom-Attributes"} {
		if v := a.header.Get(field); v != "" {
			w.Header().Set(field, v)
		}
	}
	w.Header().Set("x-Amzn-Invoked-Production-Variant", e.variant())
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(a.body.Bytes())
}

// ping asks until the container is up, for as long as AWS gives it.
func (e *Endpoint) ping(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if e.call(ctx, http.MethodGet, "/ping", http.Header{}, nil).status == http.StatusOK {
			return true
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return false
}

func (e *Endpoint) call(ctx context.Context, method, path string, header http.Header, body []byte) *answer {
	req := (&http.Request{
		Method: method, URL: &url.URL{Path: path}, RequestURI: path, Host: "localhost:8080", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}).WithContext(ctx)
	a := &answer{header: http.Header{}, limit: e.maxPayload()}
	func() {
		defer func() {
			if recover() != nil { // as net/http does: the connection ends
				a.broken = "The container closed the connection."
			}
		}()
		e.Container.ServeHTTP(a, req)
	}()
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a
}

// answer is what a container writes.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
	limit  int64
	broken string // why there is none
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if int64(a.body.Len()+len(p)) > a.limit {
		a.broken = "The response of container primary has an oversize body."
		return 0, errors.New("the answer is over the limit of the payload")
	}
	return a.body.Write(p)
}
