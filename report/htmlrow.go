package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modelparity/parity/compare"
)

// row is a model in the table and, where it has any, in the details.
type row struct {
	Model
	Number   int
	Detailed bool
	Open     bool
	Plot     interval
	Parts    []ledgerPart
	Latency  *chart
	Over     *chart // time
	Shown    []shownSignature
	Hidden   int
}

// Why is what the table says of a model beside its numbers.
func (r row) Why() string {
	if r.Verdict == Inconclusive {
		return r.Reason
	}
	return ""
}

// Weighted says that not every request counts as one.
func (r row) Weighted() bool { return r.Effective != float64(r.Requests) }

// RateSeen is the rate as text.
func (r row) RateSeen() string { return r.rate() }

// Difference is the signature of most exchanges.
func (r row) Difference() string { return cut(r.topDifference(), 60) }

// Kinds are the kinds of difference that the model has, and why some of its
// exchanges have no verdict, each a word: what the table is filtered by.
func (m Model) Kinds() string {
	kinds := map[string]bool{}
	for _, s := range m.Signatures {
		if s.differing() > 0 {
			kinds[string(s.Kind)] = true
		}
	}
	for _, u := range m.Unjudged {
		kinds[string(u.Outcome)] = true
	}
	return strings.Join(sortedKeys(kinds), " ")
}

// Rules are the rules with their hits, those that hide most first.
func (r row) Rules() (list []ruleHits) {
	hiding := r.Hiding()
	for _, rule := range byCount(r.Hits) {
		list = append(list, ruleHits{rule, r.Hits[rule], slices.Contains(hiding, rule)})
	}
	return list
}

type ruleHits struct {
	Rule   string
	Hits   int64
	Hiding bool // more than half of the model's deltas
}

type shownSignature struct {
	Signature
	Open       bool
	Share      float64 // of the exchanges judged that differ so
	Width      string  // the same, of 100
	Histograms []*histogram
	Scatter    *scatter
	Answers    *Answers
	Command    string // that sends its exchanges again
}

// Errors of an exemplar of numbers, "" of others.
func (s shownSignature) Error(e compare.Exemplar) string {
	p, ok := pointOf(e.Reference, e.Candidate)
	if !ok || s.Kind != compare.KindNumber {
		return ""
	}
	return fmt.Sprintf("%+.3g", p.Candidate-p.Reference)
}

// detail fills in what the details show: n signatures, worst first.
func (r *row) detail(n int, x Exhibits, in *compare.Tolerances, info Info) {
	r.Parts = ledgerParts(r.Ledger)
	if r.Number < maxCharts {
		r.Latency, r.Over = newLatencyChart(r.ReferenceLatency, r.CandidateLatency), newTimeline(r.Timeline)
	}
	for i, s := range r.Signatures[:min(len(r.Signatures), n)] {
		s.Exemplars = s.Exemplars[:min(len(s.Exemplars), maxExemplars)]
		allowed, _ := in.Of(r.Name, s.tally)
		part := share(s.differing(), r.Ledger.judged())
		shown := shownSignature{
			Signature: s, Open: i == 0, Share: part, Width: fmt.Sprintf("%.1f", 100*part),
			Histograms: s.histograms(allowed), Scatter: newScatter(x.Points[SignatureID{r.Name, s.name()}], allowed),
		}
		if s.Kind != compare.KindUnstable { // of which the mismatch set has no deltas
			shown.Command = info.againCommand(r.Name, s.name())
		}
		if a, ok := x.Answers[SignatureID{r.Name, s.name()}]; ok {
			shown.Answers = &a
		}
		r.Shown = append(r.Shown, shown)
	}
	r.Hidden = len(r.Signatures) - len(r.Shown)
}
