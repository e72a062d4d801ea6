package replay

import (
	"maps"
	"strconv"

	"github.com/modelparity/parity/internal/exchange"
)

// Counts say what became of the planned rows of a split. Each is counted when
// its result is written: Planned = Answered + all Skipped + all Failed, and
// Sent leaves out those for which nothing went out: skipped, most that are
// unsendable, and endpoint_down without an attempt before.
type Counts struct {
	Planned  int64
	Sent     int64
	Answered int64            // with any status
	Skipped  map[string]int64 // by defect
	Failed   map[string]int64 // by class of failure
	// Unavailable are those of Answered whose status means that the endpoint itself
	// did not answer, by class. Where the old system's was the same, it did.
	Unavailable map[string]int64
	// Redirects are those of Answered that say that the request belongs elsewhere, by
	// status, where the old system's was another.
	Redirects map[string]int64
	// Reached is, by model, how many requests were in flight at most to its endpoint,
	// of all splits, while this one's were.
	Reached map[string]int
}

// Add sums o into c.
func (c *Counts) Add(o Counts) {
	c.Planned += o.Planned
	c.Sent += o.Sent
	c.Answered += o.Answered
	addAll(&c.Skipped, o.Skipped)
	addAll(&c.Failed, o.Failed)
	addAll(&c.Unavailable, o.Unavailable)
	addAll(&c.Redirects, o.Redirects)
	for model, n := range o.Reached {
		if c.Reached == nil {
			c.Reached = map[string]int{}
		}
		c.Reached[model] = max(c.Reached[model], n)
	}
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

// count counts a row, of an exchange whose recorded status is that.
func (c *Counts) count(e *exchange.Exchange, recorded int64) {
	c.Planned++
	if e.Candidate.Sent != 0 || e.Candidate.Delivery != "" { // the latter where an endpoint was given up after attempts
		c.Sent++
	}
	switch f := e.Candidate.Failure; f {
	case "":
		c.Answered++
		if class := exchange.StatusFailure(e.Candidate.Status); class != "" {
			addAll(&c.Unavailable, map[string]int64{string(class): 1})
		}
		if status := e.Candidate.Status; IsRedirect(status) && status != recorded {
			addAll(&c.Redirects, map[string]int64{strconv.FormatInt(status, 10): 1})
		}
	case exchange.Skipped:
		addAll(&c.Skipped, map[string]int64{string(e.Defect): 1})
	default:
		addAll(&c.Failed, map[string]int64{string(f): 1})
	}
}
