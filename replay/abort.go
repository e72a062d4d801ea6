package replay

import (
	"fmt"
	"sync"

	"github.com/modelparity/parity/internal/exchange"
)

// The share of failures is taken of this many requests, the last ones that were
// settled, and never of fewer than leastSettled.
const (
	settledWindow = 1000
	leastSettled  = 500
)

// AbortError says that requests failed in one way, more of them than may.
type AbortError struct {
	Class  exchange.Failure
	Share  float64 // of the last ones
	Of     int     // how many those were
	Status int64   // of the one that came last; 0 where no answer came
	Why    string
}

func (e *AbortError) Error() string {
	why := e.Why
	if e.Status != 0 {
		why = fmt.Sprintf("status %d", e.Status)
	}
	return fmt.Sprintf("%.0f%% of the last %d requests failed as %s (%s)", 100*e.Share, e.Of, e.Class, why)
}

// stopper watches the share of failures of each class. An expired token must not
// make a million mismatches.
type stopper struct {
	share float64 // that may fail; 0: all may

	mu     sync.Mutex
	last   []exchange.Failure // a ring
	next   int
	counts map[exchange.Failure]int
}

// observe takes in how a request ended for good, those included that the target's
// mapping could make nothing of.
func (s *stopper) observe(class exchange.Failure, c *exchange.Candidate) error {
	if s.share == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[exchange.Failure]int{}
	}
	if len(s.last) < settledWindow {
		s.last = append(s.last, class)
	} else {
		s.counts[s.last[s.next]]--
		s.last[s.next] = class
		s.next = (s.next + 1) % settledWindow
	}
	s.counts[class]++
	share := float64(s.counts[class]) / float64(len(s.last))
	if class == "" || class == exchange.TooLarge || len(s.last) < leastSettled || share <= s.share {
		return nil
	}
	return &AbortError{Class: class, Share: share, Of: len(s.last), Status: c.Status, Why: c.Error}
}
