package replay

import (
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// resent are the attempts of a request on connections that had waited and that the
// server turned out to have closed. Such a request goes out again at once, on
// another connection. It may have come through, so each counts.
type resent struct {
	attempts []exchange.Attempt
	wrote    atomic.Int64 // heads by net/http's transport; atomic, as its writer may call late
}

// add takes in an attempt that began at start and ended in err.
func (r *resent) add(start time.Time, err error) {
	r.attempts = append(r.attempts, exchange.Attempt{
		Sent: exchange.At(start), LatencyUS: time.Since(start).Microseconds(), Failure: classify(err), Error: short(words(err)),
	})
}

// traced has net/http's transport, which sends again without a word, say so.
func (r *resent) traced(t *httptrace.ClientTrace) *httptrace.ClientTrace {
	t.WroteHeaders = func() { r.wrote.Add(1) }
	return t
}

// round ends one of the transport's round trips, which began at start. Of what it
// sent only the last counts.
func (r *resent) round(start time.Time) {
	for n := r.wrote.Swap(0); n > 1; n-- {
		r.attempts = append(r.attempts, exchange.Attempt{Sent: exchange.At(start), Failure: exchange.Reset, Error: "the server had closed the idle connection"})
	}
}
