package sagemakertest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Endpoint is a serverless endpoint with one variant.
type Endpoint struct {
	// Container answers POST /invocations, and GET /ping with 200 once it is up.
	Container http.Handler
	Variant   string // "" is AllTraffic
	// MaxConcurrency is how many invocations may be under way, each on an instance
	// of its own: 1 to 200; 0 means 200.
	MaxConcurrency int
	// Provision takes as long as it takes to start an instance, unless its context
	// ends; nil is no time.
	Provision func(context.Context)
	// Patience is how long an invocation waits for an instance before it is
	// answered with ModelNotReadyException; 0 means 60 s, less not at all.
	Patience time.Duration
	// Idle is how long an instance is kept without invocations; 0 means for ever.
	Idle time.Duration
	// Timeout is how long the container may take; 0 means InvocationTimeout.
	Timeout time.Duration
	// MaxPayload is how many bytes request and answer may have; 0 means MaxPayload.
	MaxPayload int64
	// Fault may name an error of the service, InternalFailure, ServiceUnavailable
	// or InternalDependencyException, that the next invocation gets.
	Fault func() string

	mu      sync.Mutex
	held    int             // invocations that wait for an instance or have one
	idle    []time.Time     // instances that do nothing, since when; the oldest first
	coming  int             // instances being provisioned
	waiting []chan struct{} // invocations without an instance, the first first
	started int
}

// Cool lets go of all idle instances, as the service does after a while.
func (e *Endpoint) Cool() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idle = nil
}

// Started is how many instances there have been: cold starts.
func (e *Endpoint) Started() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.started
}

func (e *Endpoint) variant() string {
	if e.Variant == "" {
		return "AllTraffic"
	}
	return e.Variant
}

func (e *Endpoint) maxPayload() int64 {
	if e.MaxPayload == 0 {
		return MaxPayload
	}
	return e.MaxPayload
}

func (e *Endpoint) concurrency() int {
	if e.MaxConcurrency < 1 || e.MaxConcurrency > MaxConcurrency {
		return MaxConcurrency
	}
	return e.MaxConcurrency
}

// availability is what an invocation meets.
type availability int

const (
	ready    availability = iota // release must follow
	full                         // the concurrency is used up
	notReady                     // no instance within Patience
)

// acquire takes an idle instance, or waits for one that is provisioned for it or
// becomes free before. Provisioning goes on when the invocation no longer waits.
func (e *Endpoint) acquire(ctx context.Context, r *Runtime) availability {
	e.mu.Lock()
	if e.held >= e.concurrency() {
		e.mu.Unlock()
		return full
	}
	e.held++
	if n := len(e.idle); e.Idle > 0 && n > 0 {
		e.idle = slices.DeleteFunc(e.idle, func(since time.Time) bool { return time.Since(since) > e.Idle })
	}
	if n := len(e.idle); n > 0 {
		e.idle = e.idle[:n-1] // the last one, so that others get to be idle
		e.mu.Unlock()
		return ready
	}
	turn := make(chan struct{})
	e.waiting = append(e.waiting, turn)
	if e.coming < len(e.waiting) {
		e.coming++
		r.running.Go(func() { e.provision(r.alive()) })
	}
	e.mu.Unlock()
	if e.wait(ctx, turn) {
		return ready
	}
	return notReady
}

// wait says whether an instance came in time.
func (e *Endpoint) wait(ctx context.Context, turn chan struct{}) bool {
	patience := e.Patience
	if patience == 0 {
		patience = InvocationTimeout
	}
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-turn:
			return true
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	at := slices.Index(e.waiting, turn)
	if at < 0 { // handed over meanwhile
		return true
	}
	e.waiting = slices.Delete(e.waiting, at, at+1)
	e.held--
	return false
}

// provision starts an instance, which is used once its container answers /ping.
func (e *Endpoint) provision(ctx context.Context) {
	if e.Provision != nil {
		e.Provision(ctx)
	}
	up := e.ping(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.coming--
	if up {
		e.started++
		e.free()
	}
}

// release gives an instance back.
func (e *Endpoint) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.held--
	e.free()
}

func (e *Endpoint) free() {
	if len(e.waiting) == 0 {
		e.idle = append(e.idle, time.Now())
		return
	}
	close(e.waiting[0])
	e.waiting = e.waiting[1:]
}
