// Package sagemakertest is a stand-in of the Amazon SageMaker Runtime, for tests
// and demonstrations: InvokeEndpoint over HTTP, in front of containers that are
// http.Handlers. It is built to what AWS documents:
//
//   - API reference, InvokeEndpoint and Common Errors: path, header fields,
//     limits of their values, errors and their statuses
//   - service model sagemaker-runtime 2017-05-13: bindings of fields to headers
//   - Developer Guide, "Invoke a serverless endpoint", "Deploy models with
//     Serverless Inference", "Custom inference code with hosting services": 4 MB
//     each way, 60 s, /ping and /invocations, concurrency, cold starts
//   - IAM User Guide, "Signature Version 4": every request is verified
//
// What AWS does and does not document is taken from the texts of real errors in
// bug reports: a throttle is a 400 with {"message":null}; a container that takes
// too long is a ModelError with OriginalStatusCode 0; a request over a serverless
// limit is a ValidationError ("has oversize body"). For what comes in place of an
// answer over the limit there is no source: it is a ModelError of status 0 here.
package sagemakertest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Limits of AWS.
const (
	MaxPayload        = 4 << 20 // each way, of a serverless endpoint
	MaxBody           = 6 << 20 // of a request to the API itself
	MaxConcurrency    = 200     // of one endpoint
	InvocationTimeout = 60 * time.Second
)

// Runtime serves InvokeEndpoint for one account in one region. Fill it in before
// it serves. Close it after.
type Runtime struct {
	Region    string               // "" is us-east-1
	Account   string               // "" is 123456789012
	Keys      map[string]Key       // by access key id: who may call
	Endpoints map[string]*Endpoint // by name
	// MaxConcurrency is how many invocations all endpoints may have under way,
	// the quota of the account; 0 means 1000.
	MaxConcurrency int

	mu       sync.Mutex
	inFlight int
	running  sync.WaitGroup // what outlives the requests that began it
	begin    sync.Once
	life     context.Context // ends with Close
	end      context.CancelFunc
}

// Key is what belongs to an access key id.
type Key struct {
	Secret  string
	Token   string      // of temporary credentials
	Expired func() bool // nil: never
	Denied  bool        // authentic, and no policy lets it invoke anything
}

// Close ends the provisioning of instances, and waits for that and for containers
// that are under way. The server that serves must be closed before.
func (r *Runtime) Close() {
	r.alive()
	r.end()
	r.running.Wait()
}

func (r *Runtime) alive() context.Context {
	r.begin.Do(func() { r.life, r.end = context.WithCancel(context.Background()) })
	return r.life
}

var (
	nameForm     = regexp.MustCompile(`^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$`)
	operationURI = regexp.MustCompile(`^/endpoints/([^/]+)/invocations$`)
)

// ServeHTTP answers POST /endpoints/{EndpointName}/invocations.
func (r *Runtime) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id := requestID()
	w.Header().Set("x-amzn-RequestId", id)
	match := operationURI.FindStringSubmatch(req.URL.Path)
	if match == nil || req.Method != http.MethodPost {
		fail(w, http.StatusNotFound, "UnknownOperationException", "")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, MaxBody))
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		fail(w, http.StatusRequestEntityTooLarge, "413", fmt.Sprintf("HTTP content length exceeded %d bytes.", MaxBody))
		return
	}
	if err != nil {
		return // the client is gone
	}
	if problem := r.authenticate(req, body, time.Now()); problem != nil {
		fail(w, problem.status, problem.code, problem.message)
		return
	}
	r.invoke(w, req, match[1], id, body)
}

func (r *Runtime) invoke(w http.ResponseWriter, req *http.Request, name, id string, body []byte) {
	e := r.Endpoints[name]
	if why := invalid(name, req.Header); why != "" {
		fail(w, http.StatusBadRequest, "ValidationError", why)
		return
	}
	if e == nil {
		fail(w, http.StatusBadRequest, "ValidationError", fmt.Sprintf("Endpoint %s of account %s not found.", name, r.account()))
		return
	}
	if v := req.Header.Get("X-Amzn-SageMaker-Target-Variant"); v != "" && v != e.variant() {
		fail(w, http.StatusBadRequest, "ValidationError", fmt.Sprintf("Variant %s not found for endpoint %s.", v, name))
		return
	}
	if int64(len(body)) > e.maxPayload() {
		fail(w, http.StatusBadRequest, "ValidationError", fmt.Sprintf("Request %s has oversize body.", id))
		return
	}
	if e.Fault != nil {
		if code := e.Fault(); code != "" {
			fail(w, faults[code], code, "Please try again.")
			return
		}
	}
	if !r.enter() {
		throttle(w)
		return
	}
	defer r.leave()
	switch e.acquire(req.Context(), r) {
	case full:
		throttle(w)
	case notReady:
		fail(w, http.StatusTooManyRequests, "ModelNotReadyException", "The resources of this endpoint are still being provisioned. Please try again later.")
	case ready:
		r.forward(w, req, name, e, body)
	}
}

// faults are the errors of the service itself.
var faults = map[string]int{"InternalFailure": 500, "ServiceUnavailable": 503, "InternalDependencyException": 530}

// invalid says which value is outside of what the service model allows.
func invalid(name string, h http.Header) string {
	const form = "1 validation error detected: Value at '%s' failed to satisfy constraint: %s"
	if !nameForm.MatchString(name) {
		return fmt.Sprintf(form, "endpointName", "Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9])*")
	}
	for header, limit := range forwarded {
		v := h.Get(header)
		if len(v) > limit {
			return fmt.Sprintf(form, header, fmt.Sprintf("Member must have length less than or equal to %d", limit))
		}
		if strings.ContainsFunc(v, func(c rune) bool { return c > 0x7e || c < ' ' }) {
			return fmt.Sprintf(form, header, `Member must satisfy regular expression pattern: \p{ASCII}*`)
		}
	}
	return ""
}

func (r *Runtime) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := r.MaxConcurrency
	if limit == 0 {
		limit = 1000
	}
	if r.inFlight >= limit {
		return false
	}
	r.inFlight++
	return true
}

func (r *Runtime) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight--
}

func (r *Runtime) account() string {
	if r.Account == "" {
		return "123456789012"
	}
	return r.Account
}

func (r *Runtime) region() string {
	if r.Region == "" {
		return "us-east-1"
	}
	return r.Region
}

func requestID() string {
	var b [16]byte
	rand.Read(b[:])
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
