package replay

import (
	"slices"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// A breaker opens after this many failures in a row. From then on the endpoint
// is tried with one request after each of these pauses, and the others wait:
// what starts anew is back by then. Given up is an endpoint that has failed all
// of these: what is sent there ends as endpoint_down, but for one request each
// giveUpPause, which finds out when it is back.
const breakAfter = 10

var breakPauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}

// startPauses are those of an endpoint that says that it is not ready: two minutes,
// since to start may take one.
var startPauses = append(slices.Clone(breakPauses), 8*time.Second, 16*time.Second, giveUpPause, giveUpPause, giveUpPause)

const giveUpPause = 30 * time.Second

type breakerState uint8

const (
	closed  breakerState = iota
	open                 // nothing is sent until its time
	probing              // one request is, or may be, on its way
)

// breaker keeps a dead endpoint from taking time from the others.
type breaker struct {
	state    breakerState
	failures int // in a row
	pauses   int // since it opened
	until    time.Time
	class    exchange.Failure // of the last failure
	why      string
}

// down says whether a class of failure may mean that nothing answers there, or not
// yet. One that throttles answers.
func down(class exchange.Failure) bool { return class == exchange.NotReady || dead(class) }

// dead says whether a class of failure may mean that nothing is there.
func dead(class exchange.Failure) bool {
	switch class {
	case exchange.Refused, exchange.Reset, exchange.Timeout, exchange.DNS, exchange.TLS, exchange.Protocol, exchange.Gateway, exchange.NoEndpoint:
		return true
	}
	return false
}

// observe takes in how a request ended, and says whether the breaker opened by it.
func (b *breaker) observe(class exchange.Failure, why string, probe bool, now time.Time) (opened bool) {
	if !down(class) {
		*b = breaker{}
		return false
	}
	b.failures++
	b.class, b.why = class, why
	if opened = b.state == probing && probe || b.state == closed && b.failures >= breakAfter; opened {
		b.state = open
		b.until = now.Add(b.pause())
		b.pauses++
	}
	return opened
}

// giveUp opens it as if all pauses had passed.
func (b *breaker) giveUp(class exchange.Failure, why string, now time.Time) {
	*b = breaker{state: open, until: now.Add(giveUpPause), class: class, why: why}
	b.pauses = len(b.patience()) + 1
}

func (b *breaker) pause() time.Duration {
	if all := b.patience(); b.pauses < len(all) {
		return all[b.pauses]
	}
	return giveUpPause
}

func (b *breaker) patience() []time.Duration {
	if b.class == exchange.NotReady {
		return startPauses
	}
	return breakPauses
}

// exhausted says that it has failed after each of the pauses.
func (b *breaker) exhausted() bool { return b.pauses > len(b.patience()) }

// givenUp says that tasks need not wait for the endpoint.
func (b *breaker) givenUp() bool { return b.state == open && b.exhausted() }

// probe lets one request through when its time has come.
func (b *breaker) probe(now time.Time) bool {
	if b.state != open || b.until.After(now) {
		return false
	}
	b.state = probing
	return true
}
