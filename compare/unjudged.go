package compare

import (
	"strconv"

	"github.com/modelparity/parity/internal/exchange"
)

// maxReason is how many bytes of what is wrong with a side are kept: the place of a
// mapping in the config, the path at which it fails, and what it says.
const maxReason = 300

// unjudged keeps the exchange as an example of why exchanges have no verdict,
// where it has none for a reason.
func (m *ModelTally) unjudged(e *exchange.Exchange, d decided, c *comparer) {
	if d.reason == "" {
		return
	}
	x := Exemplar{ID: e.ID}
	switch d.outcome {
	case Unavailable:
		x.Candidate = unansweredText(&e.Candidate)
	case Undecided:
		x.Reference, x.Candidate = c.unread(d)
	}
	x.Reference, x.Candidate = cut(x.Reference, maxReason), cut(x.Candidate, maxReason)
	if m.Unjudged == nil {
		m.Unjudged = map[string][]Exemplar{}
	}
	name := string(d.outcome) + " " + d.reason
	m.Unjudged[name] = exemplify(m.Unjudged[name], x)
}

// unansweredText is what came instead of an answer.
func unansweredText(c *exchange.Candidate) string {
	if c.Error == "" && c.Status != 0 {
		return "status " + strconv.FormatInt(c.Status, 10)
	}
	return c.Error
}
