package replay

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// RetryClasses are the failures after which a request is sent again if nothing
// else is asked for: those that pass by themselves. A timeout is not among them,
// because an endpoint that is too slow for a request is so again, a minute later.
var RetryClasses = []exchange.Failure{exchange.Throttled, exchange.NotReady, exchange.Gateway, exchange.Refused, exchange.Reset}

// retryable are the classes that may be asked for.
var retryable = []exchange.Failure{
	exchange.Throttled, exchange.NotReady, exchange.Gateway, exchange.Refused, exchange.Reset, exchange.Timeout,
	exchange.DNS, exchange.TLS, exchange.Protocol, exchange.Auth,
}

// Before the n-th attempt after the first lie firstBackoff·2ⁿ⁻¹ (startBackoff·2ⁿ⁻¹
// where the endpoint is not ready and has not answered yet), at most maxBackoff, of which a random half may be missing; and no less than the answer's
// Retry-After asks for, up to maxRetryAfter.
const (
	firstBackoff  = 250 * time.Millisecond
	startBackoff  = 4 * time.Second // so that all attempts of one exchange outlast a start of a minute, most times
	maxBackoff    = 30 * time.Second
	maxRetryAfter = 5 * time.Minute
	mostHeld      = 2 * time.Second // an endpoint that throttles and does not say for how long
)

// retries says whether t, which ended in class, is worth another attempt.
func (o *Options) retries(t *task, class exchange.Failure) bool {
	return t.counted() < o.Retries && slices.Contains(o.RetryOn, class)
}

// counted is how many attempts before the last one count.
func (t *task) counted() int { return len(t.attempts) - t.passed }

// waits is what the pause before the next attempt grows by: by those that don't count
// up to two seconds.
func (t *task) waits() int { return max(t.counted(), min(len(t.attempts), 3)) }

// mostPassed is how many times a request may be throttled while others get through,
// and progressTime how long ago the last of these may be.
const (
	mostPassed   = 100
	progressTime = 10 * time.Second
)

// passOver says that t was throttled. Where others are answered meanwhile, at its
// endpoint or under a quota of all, it was they that came first, which says nothing of
// t: it is no attempt that counts.
func (t *task) passOver(others bool) {
	if others && t.passed < min(len(t.attempts), mostPassed) {
		t.passed++
	}
}

func backoff(first time.Duration, attempts int, c *exchange.Candidate, now time.Time) time.Duration {
	wait := maxBackoff
	if attempts < 8 {
		wait = min(maxBackoff, first<<attempts)
	}
	wait = wait/2 + rand.N(wait/2+1)
	return max(wait, min(retryAfter(c, now), maxRetryAfter))
}

// throttling is Throttled too for an endpoint that says 503 and when to come again:
// some throttle by that.
func throttling(class exchange.Failure, c *exchange.Candidate, now time.Time) exchange.Failure {
	if class == exchange.NotReady && retryAfter(c, now) > 0 {
		return exchange.Throttled
	}
	return class
}

// retryAfter reads the header of RFC 9110, section 10.2.3: seconds, or a date.
func retryAfter(c *exchange.Candidate, now time.Time) time.Duration {
	fields, err := exchange.DecodeHeaders(c.Headers)
	if err != nil {
		return 0
	}
	for _, f := range fields {
		if f.Name != "retry-after" {
			continue
		}
		if n, err := strconv.Atoi(f.Value); err == nil {
			return time.Duration(max(0, min(n, 1<<20))) * time.Second
		}
		if at, err := http.ParseTime(f.Value); err == nil {
			return at.Sub(now)
		}
	}
	return 0
}
