package replay

import (
	"slices"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// limit is how many requests an endpoint may have in flight. Fixed, it is most, but
// for an endpoint that throttles: that is asked one at a time from then on, one more
// with each window of answers, and is back at one when it throttles again. Adaptive, it begins at first and follows what the endpoint does, by additive
// increase and multiplicative decrease:
//
//   - A throttled or failed request halves it, once for all that were under way.
//   - After each window (as many answers as the limit, at least minWindow), the
//     median of their service times is held against the lowest such median. Where
//     it is more than slower times that, requests wait for each other at the
//     endpoint, and the limit loses a tenth.
//   - Otherwise it grows by one, or doubles until it had to shrink for the first
//     time, if it was reached within the window.
//
// Each remeasure windows, one is sent at half the limit, and its median becomes
// the lowest one. So an endpoint that became slower for another reason
// is not held down for ever, and requests that wait for each other are seen.
type limit struct {
	most     int
	adaptive bool
	gentle   bool // fixed, for one endpoint of several
	eased    bool // fixed, and the endpoint throttled

	value   float64
	steady  bool // it has shrunk once
	shrunk  time.Time
	window  []time.Duration
	reached bool
	answers int // of a gentle limit's window

	fastest   time.Duration
	windows   int
	measuring bool // at half the limit, those that were sent since
	since     time.Time
	restore   float64 // the limit after that
}

const (
	firstLimit = 2
	minWindow  = 16
	slower     = 2
	remeasure  = 64
)

func newLimit(o *Options) limit {
	most := o.Concurrency
	if o.PerEndpoint > 0 {
		most = min(most, o.PerEndpoint)
	}
	several := strings.Contains(o.Target, "{")
	return limit{most: most, adaptive: o.Adaptive, gentle: several && !o.Adaptive, value: min(firstLimit, float64(most))}
}

func (l *limit) now() int {
	if !l.adaptive && !l.gentle && !l.eased {
		return l.most
	}
	return min(int(l.value), l.most)
}

// full says that as many are in flight as may be: only then does it grow.
func (l *limit) full(inFlight int) { l.reached = l.reached || inFlight >= l.now() }

// observe takes in a request that was sent then, and what became of it.
func (l *limit) observe(sent time.Time, took time.Duration, class exchange.Failure, now time.Time) {
	if !l.adaptive {
		l.observeFixed(sent, class, now)
		return
	}
	if class == exchange.Throttled || down(class) {
		if sent.After(l.shrunk) { // else it was under way when the limit shrank for its like
			l.value, l.steady, l.shrunk, l.measuring = max(1, l.value/2), true, now, false
			l.window, l.reached = l.window[:0], false
		}
		return
	}
	if l.measuring && !sent.After(l.since) {
		return
	}
	if l.window = append(l.window, took); len(l.window) >= max(minWindow, l.now()) {
		l.turn(now)
	}
}

// observeFixed lets a fixed limit of one endpoint of several double with each
// window of answers, from the beginning and after a failure that may mean that
// nobody is there: one that hangs, as it has never answered, does so with few slots.
// What throttles gets one more with each window: it has shown where it ends.
func (l *limit) observeFixed(sent time.Time, class exchange.Failure, now time.Time) {
	switch {
	case class == exchange.Throttled:
		if sent.After(l.shrunk) { // else it was under way with those that were throttled before
			l.eased, l.value, l.answers, l.shrunk = true, 1, 0, now
		}
		return
	case l.gentle && down(class):
		l.value, l.answers = min(firstLimit, float64(l.most)), 0
		return
	case !l.gentle && !l.eased:
		return
	}
	l.answers++
	switch {
	case l.eased && l.answers >= max(minWindow, l.now()):
		l.value, l.answers = min(l.value+1, float64(l.most)), 0
	case !l.eased && l.answers >= l.now():
		l.value, l.answers = min(2*l.value, float64(l.most)), 0
	}
}

// turn ends a window.
func (l *limit) turn(now time.Time) {
	slices.Sort(l.window)
	median := l.window[len(l.window)/2]
	l.windows++
	if l.fastest == 0 || median < l.fastest {
		l.fastest = median
	}
	switch {
	case l.measuring:
		l.measuring, l.fastest, l.value = false, median, l.restore
	case l.windows%remeasure == 0:
		l.measuring, l.since, l.restore, l.value = true, now, l.value, max(1, l.value/2)
	case median > slower*l.fastest:
		l.value, l.steady, l.shrunk = max(1, l.value*0.9), true, now
	case l.reached && l.steady:
		l.value = min(l.value+1, float64(l.most))
	case l.reached:
		l.value = min(l.value*2, float64(l.most))
	}
	l.window, l.reached = l.window[:0], false
}
