package replay

import (
	"maps"

	"github.com/modelparity/parity/internal/exchange"
)

// Counts say what became of the planned rows of a split. Each is counted when
// its result is written: Planned = Answered + all Skipped + all Failed, and
// Sent leaves out those that were not sent (skipped, unsendable, endpoint_down).
type Counts struct {
	Planned  int64
	Sent     int64
	Answered int64            // with any status
	Skipped  map[string]int64 // by defect
	Failed   map[string]int64 // by class of failure
}

// Add sums o into c.
func (c *Counts) Add(o Counts) {
	c.Planned += o.Planned
	c.Sent += o.Sent
	c.Answered += o.Answered
	addAll(&c.Skipped, o.Skipped)
	addAll(&c.Failed, o.Failed)
}

func addAll(dst *map[string]int64, src map[string]int64) {
	if *dst == nil {
		*dst = maps.Clone(src)
		return
	}
	for k, n := range src {
		(*dst)[k] += n
	}
}

func (c *Counts) count(e *exchange.Exchange) {
	c.Planned++
	switch f := e.Candidate.Failure; f {
	case "":
		c.Sent++
		c.Answered++
	case exchange.Skipped:
		addAll(&c.Skipped, map[string]int64{string(e.Defect): 1})
	case exchange.Unsendable, exchange.EndpointDown:
		addAll(&c.Failed, map[string]int64{string(f): 1})
	default:
		c.Sent++
		addAll(&c.Failed, map[string]int64{string(f): 1})
	}
}

// Progress is what a Sender has done since it was made, over all splits, those
// that ended in an error included.
type Progress struct {
	Sent     int64 // requests that were sent, each counted once
	InFlight int64 // of them, not yet answered
	// Failed counts requests that got no usable answer and rows that can't be
	// sent. Any status is an answer, and rows with a defect are not counted.
	Failed  int64
	Retried int64 // attempts after the first
	Warmed  int64 // requests sent for their effect
}

// Progress reads the counters; it costs next to nothing.
func (s *Sender) Progress() Progress {
	return Progress{Sent: s.sent.Load(), InFlight: s.inFlight.Load(), Failed: s.failed.Load(), Retried: s.retried.Load(), Warmed: s.warmed.Load()}
}
