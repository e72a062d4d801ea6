package replay

import (
	"fmt"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// idleCold is how long an endpoint that is asked nothing may be taken to keep
// its containers. SageMaker does not say; people measure 5 minutes and more.
const idleCold = 5 * time.Minute

// An endpoint that has throttled so many times in a row, for so long, and answered
// nothing, is given up: its quota is used up, or none.
const (
	hopelessThrottles = 20
	hopelessTime      = 2 * time.Minute
)

// lane is an endpoint: the tasks that are due there, and how it does. The
// scheduler's lock guards it.
type lane struct {
	name     string
	tasks    fifo
	again    fifo // to be tried again, before the others
	inFlight int
	reached  int  // the most in flight since there was none
	aside    bool // its next request is large, and has to wait for others that are
	place    int  // among the scheduler's turns, from 1; 0: it is not there
	turnAt   int  // requests in flight when it took its turn
	turn     int
	limit    limit
	breaker  breaker
	failed   string    // the model of its last failure
	trying   bool      // its probe is under way
	held     time.Time // nothing is sent until then, as it throttled; zero: it is not held

	warmLeft int // requests for their effect, before the first that counts
	warm     bool
	lastDone time.Time

	throttles      int // in a row
	throttledSince time.Time

	answered int64
	timed    int64 // of them, those that were not cold
	tookUS   int64 // by all of these
}

// serviceTime is the mean; 0 where nothing was timed.
func (l *lane) serviceTime() time.Duration {
	return time.Duration(l.tookUS/max(l.timed, 1)) * time.Microsecond
}

// firstBackoff is the first pause after a failure of that class.
func (l *lane) firstBackoff(class exchange.Failure) time.Duration {
	if class == exchange.NotReady && !l.warm {
		return startBackoff
	}
	return firstBackoff
}

// ready says whether a task may go there now.
func (l *lane) ready() bool {
	return l.waiting() > 0 && l.held.IsZero() && l.inFlight < l.allowed()
}

// wake ends a rest whose time has come, and lets a probe go.
func (l *lane) wake(now time.Time) {
	if !l.held.After(now) {
		l.held = time.Time{}
	}
	l.breaker.probe(now)
}

func (l *lane) waiting() int { return l.tasks.len() + l.again.len() }

// head is the next of what waits.
func (l *lane) head() *task {
	if l.again.len() > 0 {
		return l.again.tasks[l.again.head]
	}
	return l.tasks.tasks[l.tasks.head]
}

// pop takes the next of what waits.
func (l *lane) pop() *task {
	if l.again.len() > 0 {
		return l.again.pop()
	}
	return l.tasks.pop()
}

// popProbe takes what finds out whether the endpoint is back: a request of another
// model than the one that failed last, where there is one. Behind one address may be
// many models, and one of them that is broken must not pass for all.
func (l *lane) popProbe() *task {
	for _, q := range []*fifo{&l.again, &l.tasks} {
		if q.bring(func(t *task) bool { return t.row.Model != l.failed }) {
			return q.pop()
		}
	}
	return l.pop()
}

// allowed is how many requests may be in flight.
func (l *lane) allowed() int {
	switch {
	case l.breaker.state == open || l.breaker.state == probing && l.trying:
		return 0
	case l.breaker.state == probing:
		return l.inFlight + 1 // beside those from before it opened
	case l.warmLeft > 0:
		return 1
	}
	return l.limit.now()
}

// next takes the task that is to be sent.
func (l *lane) next(now time.Time) *task {
	if l.inFlight == 0 && now.Sub(l.lastDone) > idleCold {
		l.warm = false
	}
	if l.inFlight == 0 {
		l.reached = 0
	}
	l.inFlight++
	l.reached = max(l.reached, l.inFlight)
	var t *task
	if l.warmLeft > 0 && l.tasks.len() > 0 {
		t = warmingOf(l.tasks.tasks[l.tasks.head])
	} else if l.breaker.state == probing {
		t = l.popProbe()
	} else {
		t = l.pop()
	}
	t.cold = t.cold || !l.warm
	t.probe = l.breaker.state == probing
	l.trying = l.trying || t.probe
	return t
}

// observe takes in what became of a task, and says whether the breaker has
// opened by it.
func (l *lane) observe(t *task, class exchange.Failure, now time.Time) (opened bool) {
	c := &t.row.Candidate
	t.reach(l.reached)
	l.inFlight--
	l.lastDone = now
	if t.probe {
		l.trying = false
	}
	if t.warming {
		l.warmLeft--
	}
	if class == exchange.Unsendable || class == exchange.Canceled {
		return false
	}
	if l.throttles++; throttling(class, c, now) != exchange.Throttled {
		l.throttles = 0
	}
	if class == "" || class == exchange.Auth || class == exchange.TooLarge {
		l.warm = true
		l.answered++
		if !t.cold {
			l.timed++
			l.tookUS += c.LatencyUS
		}
	}
	l.limit.observe(t.sent, time.Duration(c.LatencyUS)*time.Microsecond, throttling(class, c, now), now)
	why := c.Error
	if why == "" && class != "" { // it answered, by a status that says that it can't
		why = fmt.Sprintf("status %d", c.Status)
	}
	if down(class) {
		l.failed = t.row.Model
	}
	opened = l.breaker.observe(class, why, t.probe, now)
	if l.throttles == 1 {
		l.throttledSince = now
	}
	if l.throttles >= hopelessThrottles && now.Sub(l.throttledSince) >= hopelessTime {
		l.breaker.giveUp(class, why, now)
		return true
	}
	return opened
}
