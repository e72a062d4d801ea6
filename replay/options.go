// Package replay sends the recorded requests of a split to a target and hands
// on the candidate's answers in the split's order. A send that fails is a row
// with a class of failure, never an error.
package replay

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

// DefaultRetries is what people get who do not say: some ten seconds of patience.
const DefaultRetries = 5

// What an Options field means where it is zero.
const (
	DefaultConcurrency = 16
	DefaultAdaptive    = 256 // Concurrency where it is Adaptive
	DefaultTimeout     = 60 * time.Second
	DefaultMaxBody     = 64 << 20
)

// Options say where a Sender sends, what, and how fast. Target and RunID are
// required.
type Options struct {
	// Target is http(s)://host[:port][/path][?query]. With no path, or "/",
	// the recorded path is kept; any other path takes its place. A query takes
	// the place of the recorded one, which is kept otherwise. In path and query
	// {model} and {version} stand for the exchange's, escaped. Credentials
	// belong in Headers, or in Variables: ${NAME} in the query.
	//
	// Or it is sagemaker://endpoint-name[?variant=…&model=…&component=…&region=…],
	// where they are filled in too (docs/sagemaker.md). Region and credentials are
	// the environment's, as every AWS tool has them.
	Target string
	// Variables are what ${NAME} stands for in the query of an HTTP target. They are
	// no part of what identifies a run, and are not shown.
	Variables map[string]string
	// Names are the endpoints of models, in place of what a SageMaker target's
	// template makes of them.
	Names map[string]string
	// RunID goes with every request as X-Parity-Run.
	RunID string
	// Selection is what of each split is planned.
	Selection exchange.Selection
	// Concurrency is how many requests may be in flight, over all splits
	// together; 0 means DefaultConcurrency.
	Concurrency int
	// PerEndpoint is how many of them may be in flight to one endpoint; 0 means as
	// many as to all.
	PerEndpoint int
	// Adaptive lets each endpoint have as many in flight as it takes without
	// becoming slower, within these bounds. See limit.
	Adaptive bool
	// Rate is how many requests a second are due, over all splits together;
	// 0 means as fast as it goes.
	Rate float64
	// ModelRates are the rates of single models, by glob; the lowest that matches
	// holds.
	ModelRates map[string]float64
	// Speed has requests due as they were recorded, in their order and with their
	// gaps divided by it; 0 means that Rate says when. It does not go with rates.
	Speed float64
	// Begin is the time of the earliest exchange, which is due at once; for Speed.
	Begin exchange.Timestamp
	// End is the time of the latest exchange, for Speed and Progress; 0: not known.
	End exchange.Timestamp
	// Warm is how many requests each endpoint gets before the first that counts;
	// their answers are dropped.
	Warm int
	// Retries is how often a request may be sent again after a failure of a class
	// in RetryOn, which is RetryClasses if it is nil.
	Retries int
	RetryOn []exchange.Failure
	// AbortAfter is the share of requests that may fail in one class, of the last
	// thousand; above it Split returns an *AbortError. 0 and 1 mean all.
	AbortAfter float64
	// Timeout is for one request, from dialling to the last byte of the
	// answer; 0 means DefaultTimeout, or DefaultSageMakerTimeout.
	Timeout time.Duration
	// MaxBody is how many bytes the body of an answer may have; one that has
	// more is dropped and its row has the class too_large. 0 means
	// DefaultMaxBody. At worst, answers take Concurrency times this much memory,
	// and 32 MiB for each open split.
	MaxBody int64
	// MaxRequest is how many bytes a SageMaker endpoint takes; a request whose body
	// has more is not sent and its row has the class unsendable. 0 means
	// DefaultMaxRequest.
	MaxRequest int64
	// Headers take the place of recorded fields of the same name. SageMaker carries
	// Content-Type, Accept and X-Amzn-SageMaker-Custom-Attributes, and no others.
	Headers http.Header
	// TLS is for https:// targets; nil trusts the machine's authorities. TLSFiles
	// makes one.
	TLS *tls.Config
	// HTTP2 wants HTTP/2 or, where it is false, HTTP/1.1. nil is what the server of
	// an https:// target prefers, and HTTP/1.1 with http://.
	HTTP2 *bool
	// FollowRedirects follows those that keep the request as it is and stay with
	// its server. They are answers otherwise.
	FollowRedirects bool
	// Mapping is applied to the recorded bodies; those that are empty stay so. What
	// it makes is sent as application/json, unless Headers say otherwise. What it
	// can't map is Unsendable.
	Mapping mapping.Set

	programs *mapping.Programs // of Mapping, by withDefaults
}

// Validate names the first field that makes no sense, its value and what is
// allowed. Values of headers are left out of errors: they may be secrets.
func (o Options) Validate() error {
	if err := o.validateTarget(); err != nil {
		return err
	}
	switch {
	case o.RunID == "" || !validValue(o.RunID):
		return fmt.Errorf("run id %q: must be text without control characters", o.RunID)
	case o.Concurrency < 0:
		return fmt.Errorf("concurrency %d: must be at least 1, or 0 for %d", o.Concurrency, DefaultConcurrency)
	case !(o.Rate >= 0) || math.IsInf(o.Rate, 0):
		return fmt.Errorf("rate %v: must be requests a second, or 0 for no limit", o.Rate)
	case o.PerEndpoint < 0:
		return fmt.Errorf("concurrency of an endpoint %d: must be at least 1, or 0 for no limit of its own", o.PerEndpoint)
	case o.Speed != 0 && (o.Rate != 0 || len(o.ModelRates) > 0):
		return errors.New("the recording's pace and a rate exclude each other: choose one")
	case !(o.Speed >= 0) || math.IsInf(o.Speed, 0):
		return fmt.Errorf("speed %v: must be above 0", o.Speed)
	case o.Warm < 0:
		return fmt.Errorf("warm %d: must be requests, or 0 for none", o.Warm)
	case o.Retries < 0:
		return fmt.Errorf("retries %d: must be at least 1, or 0 for none", o.Retries)
	case !(o.AbortAfter >= 0 && o.AbortAfter <= 1):
		return fmt.Errorf("abort after %v: must be a share above 0%% and at most 100%%", o.AbortAfter)
	case slices.ContainsFunc(o.RetryOn, func(f exchange.Failure) bool { return !slices.Contains(retryable, f) }):
		return fmt.Errorf("retry on %s: must be classes of failure of %s", o.RetryOn, retryable)
	case slices.ContainsFunc(slices.Collect(maps.Values(o.ModelRates)), func(r float64) bool { return !(r > 0) || math.IsInf(r, 0) }):
		return fmt.Errorf("rates of models %v: each must be requests a second, above 0", o.ModelRates)
	case o.Timeout < 0:
		return fmt.Errorf("timeout %s: must be above 0, or 0 for %s", o.Timeout, DefaultTimeout)
	case o.MaxRequest < 0:
		return fmt.Errorf("max request %d: must be bytes, or 0 for %d", o.MaxRequest, DefaultMaxRequest)
	case o.MaxBody < 0:
		return fmt.Errorf("max body %d: must be bytes, or 0 for %d", o.MaxBody, DefaultMaxBody)
	}
	if err := validateHeaders(o.Headers); err != nil {
		return err
	}
	if _, err := o.Mapping.Compile("request"); err != nil {
		return err
	}
	return o.Selection.Validate()
}

func (o Options) validateTarget() error {
	if IsSageMaker(o.Target) {
		return o.validateSageMaker()
	}
	if len(o.Names) > 0 {
		return errors.New("names: only a sagemaker:// target has names of endpoints")
	}
	if o.MaxRequest != 0 {
		return fmt.Errorf("max request %d: only a sagemaker:// target has such a limit", o.MaxRequest)
	}
	t, err := parseTarget(o.Target)
	if err == nil && t.absolute && o.HTTP2 != nil && *o.HTTP2 {
		return errors.New("http2: without TLS it does not go through HTTP_PROXY: name the target's host in NO_PROXY, or leave http2 out")
	}
	return err
}

func validateHeaders(headers http.Header) error {
	for name, values := range headers {
		if !isToken(name) {
			return fmt.Errorf("header %q: is no header name", name)
		}
		if ofConnection(name) {
			return fmt.Errorf("header %s: is set by the connection and can't be chosen", name)
		}
		for _, v := range values {
			if !validValue(v) {
				return fmt.Errorf("header %s: its value holds a control character, such as a line feed at its end", name)
			}
		}
	}
	return nil
}

// withDefaults fills in what is zero, and what Mapping compiles to. The options
// are valid.
func (o Options) withDefaults() Options {
	if o.Adaptive {
		o.Concurrency = cmp.Or(o.Concurrency, DefaultAdaptive)
	}
	o.Concurrency = cmp.Or(o.Concurrency, DefaultConcurrency)
	if IsSageMaker(o.Target) {
		o.Timeout = cmp.Or(o.Timeout, DefaultSageMakerTimeout)
		o.MaxRequest = cmp.Or(o.MaxRequest, DefaultMaxRequest)
	}
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	o.Headers = o.Headers.Clone()
	o.programs, _ = o.Mapping.Compile("request") // Validate has said what is wrong with it
	if o.RetryOn == nil {
		o.RetryOn = RetryClasses
	}
	return o
}

// pace is nil where all is due at once.
func (o *Options) pace() pace {
	switch {
	case o.Speed > 0:
		return &original{speed: o.Speed, from: o.Begin}
	case o.Rate > 0 || len(o.ModelRates) > 0:
		return newSteady(o.Rate, o.rateOf)
	}
	return nil
}

// rateOf is the rate of a model's own; 0: it has none.
func (o *Options) rateOf(model string) (rate float64) {
	for glob, r := range o.ModelRates {
		if exchange.Glob(glob, model) && (rate == 0 || r < rate) {
			rate = r
		}
	}
	return rate
}

// isToken says whether s is a token of RFC 9110, section 5.6.2: a method or
// the name of a field.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		}
		return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// validValue says whether net/http writes s as a field's value.
func validValue(s string) bool {
	for _, b := range []byte(s) {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}
