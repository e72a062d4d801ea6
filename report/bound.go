package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/modelparity/parity/compare"
)

// Bound holds the distinct requests that differ in one way against a budget of
// their own. They are mismatches too: such a budget is for less than those may be.
type Bound struct {
	Of         string  `json:"of"` // flips or errors
	Mismatched int64   `json:"mismatched_requests"`
	Rate       float64 `json:"rate"`
	Lower      float64 `json:"lower"`
	Upper      float64 `json:"upper"`
	Budget     float64 `json:"budget"` // no more than that of all that differs

	k, maybe float64 // effective; those that may be of them, for all that is known
}

// kind is a way to differ that can have a budget of its own.
type kind struct {
	of        string
	one, many string // what one request or many do
	is        func(signature string) bool
	budget    func(limits) *Percent // nil: none
}

// flips is the kind that takes a rule that says what is decided.
const flips = "flips"

var kinds = []kind{
	{
		flips, "flips the decision", "flip the decision", isFlip,
		func(l limits) *Percent { return l.flips },
	},
	{
		"errors", "gets an error status where the old system gave none", "get an error status where the old system gave none", isError,
		func(l limits) *Percent { return l.errors },
	},
}

// isFlip and isError know a signature: see compare.ModelTally.
func isFlip(signature string) bool {
	return strings.HasSuffix(signature, " "+string(compare.KindDecision))
}

func isError(signature string) bool {
	statuses, ok := strings.CutSuffix(signature, " "+string(compare.KindStatus))
	reference, candidate, _ := strings.Cut(statuses, "→")
	return ok && errorStatus(candidate) && !errorStatus(reference)
}

// isUnknown says that it is not known how the answer differs. Flips and statuses
// are kept apart from Others.
func isUnknown(signature string) bool { return signature == compare.Unreadable }

func errorStatus(status string) bool {
	return len(status) == 3 && (status[0] == '4' || status[0] == '5')
}

// boundsOf are the bounds on all that differs, and then on the kinds with a
// budget. Of what differs in ways that are not kept apart, or could not be read at
// first, it is not known how: it fails no kind, and may be of each. What is
// excused is none.
func boundsOf(version string, e *compare.Evidence, requests *compare.HashSet, l limits, rarest int, x modelExcuses) []Bound {
	n := weight(e.Weigh(requests), rarest)
	bad, unknown := x.counting(version, e, anything), x.counting(version, e, isUnknown)
	all := []Bound{newBound("", bad.Len(), effective{n, weight(e.Weigh(&bad), rarest)}, l.budget, l.confidence)}
	for _, kind := range kinds {
		budget := kind.budget(l)
		if budget == nil {
			continue
		}
		of := x.counting(version, e, kind.is)
		maybe := unknown.Minus(&of)
		b := newBound(kind.of, of.Len(), effective{n, weight(e.Weigh(&of), rarest)}, min(float64(*budget), l.budget), l.confidence)
		b.maybe = weight(e.Weigh(&maybe), rarest)
		all = append(all, b)
	}
	return all
}

func newBound(of string, mismatched int64, x effective, budget, confidence float64) Bound {
	return Bound{
		Of: of, Mismatched: mismatched, k: x.k, Rate: x.rate(), Budget: budget,
		Lower: round(lower(x.k, x.n, confidence)), Upper: round(upper(x.k, x.n, confidence)),
	}
}

// over says that more than the budget is shown.
func (b Bound) over() bool { return b.Mismatched > 0 && (b.Budget == 0 || b.Lower > b.Budget) }

// most is the effective number of mismatches if all that is not known to be none
// is one. Each undecided exchange may be a mismatch, of a request of its own or
// of one that was judged to match by a repeat. Of the two the latter weighs more:
// one more of n differs, where the former makes it one more of n+1. Where requests
// were sampled, it weighs as much as the rarest.
func (m *Model) most(b Bound) float64 {
	most := b.k + b.maybe + float64(total(m.Ledger.Undecided))
	if b.Of == flips && m.Decision != nil {
		most += float64(m.Decision.Without)
	}
	return most
}

// lacks says why evidence does not show that b is within its budget, and how many
// more requests would, 0 if that is not what it lacks; "" where it is shown.
func (m *Model) lacks(b Bound) (reason string, more int64) {
	if b.Of == flips && m.Decision == nil {
		return fmt.Sprintf("No answer has a decision that could flip, so that %s can't be shown: say in compare.decision where it is.", b.name()), 0
	}
	undecided := total(m.Ledger.Undecided)
	if without := m.Decision; b.Of == flips && without.Without > 0 && !within(m.most(b), m.Effective, b.Budget, m.Confidence) && within(b.k, m.Effective, b.Budget, m.Confidence) {
		return fmt.Sprintf("%s have no decision that could be compared, and may be flips.", plural(without.Without, "exchange")), 0
	}
	k, n := m.most(b), m.Effective
	enough := n >= float64(m.MinSamples)
	if enough && within(k, n, b.Budget, m.Confidence) {
		return "", 0
	}
	// Where these alone stand in the way, look at them before anything is sent again.
	if without := k - float64(undecided); undecided > 0 && (b.Budget == 0 && without == 0 || enough && within(without, n, b.Budget, m.Confidence)) {
		return fmt.Sprintf("%s could not be decided (%s) and may be mismatches.", plural(undecided, "exchange"), counts(m.Ledger.Undecided)), 0
	}
	if !enough && within(k, n, b.Budget, m.Confidence) {
		more = m.real(int64(math.Ceil(float64(m.MinSamples) - n)))
		return fmt.Sprintf("Too few samples: %s to the %s that min_samples asks for. So far: %s", plural(more, "more distinct request"), count(m.MinSamples), m.withinReason(b)), more
	}
	fewest := math.Ceil(max(0, float64(m.MinSamples)-n))
	further, ok := needed(k, n+fewest, b.Budget, m.Confidence)
	if !ok {
		return fmt.Sprintf("%s, and no number of requests that match can show %s.", m.differ(b), b.name()), 0
	}
	more = m.real(int64(fewest) + further)
	return fmt.Sprintf("Too few samples: %s that match would show %s.", plural(more, "more distinct request"), b.name()), more
}

// differ is "3 of 100 distinct requests differ".
func (m *Model) differ(b Bound) string {
	one, many := b.does()
	return of(b.Mismatched, m.Requests, "distinct request", one, many)
}

// does is what one request or many do.
func (b Bound) does() (one, many string) {
	for _, kind := range kinds {
		if kind.of == b.Of {
			return kind.one, kind.many
		}
	}
	return "differs", "differ"
}

// name is "the budget of 0.1%", or "the budget of 0.1% for flips".
func (b Bound) name() string {
	if b.Of == "" {
		return fmt.Sprintf("the budget of %s", Percent(b.Budget))
	}
	return fmt.Sprintf("the budget of %s for %s", Percent(b.Budget), b.Of)
}

func (m *Model) overReason(b Bound) string {
	if b.Budget == 0 {
		return m.differ(b) + ", and none may."
	}
	return fmt.Sprintf("%s: at least %s do at %s confidence, over %s.", m.differ(b), percentDown(b.Lower), Percent(m.Confidence), b.name())
}

// withinReason says what is shown of b.
func (m *Model) withinReason(b Bound) string {
	bound := fmt.Sprintf("at most %s at %s confidence", percentUp(b.Upper), Percent(m.Confidence))
	if b.Mismatched == 0 {
		one, _ := b.does()
		return fmt.Sprintf("None of %s %s: %s.", plural(m.Requests, "distinct request"), one, bound)
	}
	return fmt.Sprintf("%s: %s, within %s.", m.differ(b), bound, b.name())
}

// tested is the rate that the evidence is held against. No sample shows a rate of
// 0: a budget of 0 stands for what min_samples without a mismatch show.
func (m *Model) tested(b Bound) float64 {
	if b.Budget == 0 {
		return upper(0, float64(m.MinSamples), m.Confidence)
	}
	return b.Budget
}

// chanceOf is the p-value of b: that it is within its budget is believed the more,
// the smaller it is. Only no mismatch at all is within a budget of 0.
func (m *Model) chanceOf(b Bound) float64 {
	k := m.most(b)
	if b.Budget == 0 && k > 0 || b.Of == flips && m.Decision == nil {
		return 1
	}
	return round(chance(k, m.Effective, m.tested(b)))
}
