package replay

import (
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// total is how many requests may be in flight to all endpoints together: most, or
// fewer where they take them from each other, as under an account's quota over all
// of its endpoints, or with one server behind them.
//
// Where a request is throttled that was alone at its endpoint, that endpoint can't
// be sent less, so all together may be too many. A tenth of all that ended in a
// window being such halves the total, once for what was under way; from the first
// window on (as many answers as it allows) that passes without, it takes a fifth.
// Each such window lets it grow by one. An endpoint that throttles whatever it is
// sent says nothing of the others: of its throttles in a row the first few count.
//
// It begins at most, as endpoints that hang must not keep the others waiting.
type total struct {
	most  int
	value float64

	steady    bool // it has found what is taken, once
	shrunk    time.Time
	answers   int // of this window
	throttles int
}

const (
	throttlesInRow = 3
	throttledShare = 0.1
)

func newTotal(most int) total { return total{most: most, value: float64(most)} }

func (t *total) now() int { return int(t.value) }

// observe takes in a request that was sent then, how many were in flight with it,
// and whether it was alone at its endpoint, which throttled so many in a row.
func (t *total) observe(sent time.Time, inFlight int, alone bool, inRow int, class exchange.Failure, now time.Time) {
	switch {
	case !sent.After(t.shrunk):
	case class == exchange.Throttled && alone && inRow <= throttlesInRow:
		if t.throttles++; t.throttles > 1 && float64(t.throttles) >= throttledShare*float64(t.throttles+t.answers) {
			t.shrink(inFlight, now)
		}
	case class == "":
		if t.answers++; t.answers >= t.now() {
			t.steady, t.answers, t.throttles = !t.shrunk.IsZero(), 0, 0
			t.value = min(t.value+1, float64(t.most))
		}
	}
}

func (t *total) shrink(inFlight int, now time.Time) {
	part := 0.5
	if t.steady {
		part = 0.8
	}
	t.value = max(1, part*min(t.value, float64(inFlight)))
	t.shrunk, t.answers, t.throttles = now, 0, 0
}
