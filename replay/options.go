// Package replay sends the recorded requests of a split to a target and hands
// on the candidate's answers in the split's order. A send that fails is a row
// with a class of failure, never an error.
package replay

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

// What an Options field means where it is zero.
const (
	DefaultConcurrency = 16
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
	// belong in Headers.
	Target string
	// RunID goes with every request as X-Parity-Run.
	RunID string
	// Selection is what of each split is planned.
	Selection exchange.Selection
	// Concurrency is how many requests may be in flight, over all splits
	// together; 0 means DefaultConcurrency.
	Concurrency int
	// Rate is how many requests a second are due, over all splits together;
	// 0 means as fast as it goes.
	Rate float64
	// Timeout is for one request, from dialling to the last byte of the
	// answer; 0 means DefaultTimeout.
	Timeout time.Duration
	// MaxBody is how many bytes the body of an answer may have; one that has
	// more is dropped and its row has the class too_large. 0 means
	// DefaultMaxBody. At worst, answers take Concurrency times this much memory,
	// and 32 MiB for each open split.
	MaxBody int64
	// Headers take the place of recorded fields of the same name.
	Headers http.Header
	// Mapping is applied to the recorded bodies; those that are empty stay so. What
	// it makes is sent as application/json, unless Headers say otherwise. What it
	// can't map is Unsendable.
	Mapping mapping.Set

	programs *mapping.Programs // of Mapping, by withDefaults
}

// Validate names the first field that makes no sense, its value and what is
// allowed. Values of headers are left out of errors: they may be secrets.
func (o Options) Validate() error {
	if _, err := parseTarget(o.Target); err != nil {
		return err
	}
	switch {
	case o.RunID == "" || !validValue(o.RunID):
		return fmt.Errorf("run id %q: must be text without control characters", o.RunID)
	case o.Concurrency < 0:
		return fmt.Errorf("concurrency %d: must be at least 1, or 0 for %d", o.Concurrency, DefaultConcurrency)
	case !(o.Rate >= 0) || math.IsInf(o.Rate, 0):
		return fmt.Errorf("rate %v: must be requests a second, or 0 for no limit", o.Rate)
	case o.Timeout < 0:
		return fmt.Errorf("timeout %s: must be above 0, or 0 for %s", o.Timeout, DefaultTimeout)
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
	o.Concurrency = cmp.Or(o.Concurrency, DefaultConcurrency)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.MaxBody = cmp.Or(o.MaxBody, DefaultMaxBody)
	o.Headers = o.Headers.Clone()
	o.programs, _ = o.Mapping.Compile("request") // Validate has said what is wrong with it
	return o
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
