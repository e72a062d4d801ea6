package report

import (
	"time"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// Model is what one model's tally comes to. Rates, shares and bounds are
// fractions from 0 to 1, rounded to 9 digits.
type Model struct {
	Name    string  `json:"model"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"` // for people
	// More is how many more distinct requests, all matching, would make an
	// inconclusive model pass; 0 where that is not what it lacks.
	More int64 `json:"more,omitempty"`

	// Requests to Upper are against one version of the old model where it had
	// more than one: the version that the verdict rests on. See Versions.
	Requests   int64   `json:"requests"`                   // distinct requests judged
	Mismatched int64   `json:"mismatched_requests"`        // those with a mismatch among their repeats, or with one that sending again took away
	Excused    int64   `json:"excused_requests,omitempty"` // not among these, because they differ only as is accepted, or as in the baseline
	Effective  float64 `json:"effective_requests"`         // what the requests count as: n. As many, unless some were less probable to be recorded than others
	Rate       float64 `json:"rate"`                       // of the requests that differ, each weighed by 1 over its probability
	Lower      float64 `json:"lower"`                      // one-sided Clopper–Pearson bounds of the rate:
	Upper      float64 `json:"upper"`                      // this at the confidence, Lower at 1 − (1 − confidence)/the number of bounds that could fail the model
	// PValue is how probable so few mismatches are at a true rate of the budget: 1
	// where something else stands in the way. See Family.
	PValue float64 `json:"p_value"`
	// Budgets are those that flips and errors have of their own.
	Budgets   []Bound `json:"budgets,omitempty"`
	bounds    []Bound // on all that differs, and then these
	excusedAs string

	// ExchangeRate is mismatched over judged exchanges, repeats and all versions
	// counted, and what was wrong at first: the share of the traffic that sees a difference.
	ExchangeRate float64 `json:"exchange_rate"`

	Budget            float64 `json:"budget"`
	Confidence        float64 `json:"confidence"`
	MinSamples        int64   `json:"min_samples"`
	UnavailableBudget float64 `json:"unavailable_budget"`

	Ledger      Ledger `json:"ledger"`
	Reformatted int64  `json:"reformatted"`    // matches whose bytes differ
	NaNs        int64  `json:"nans,omitempty"` // pairs of NaN that were held equal
	// Hits is how often each rule changed what would have been said without it,
	// by its path and what it says: "$.took_ms ignore". 0 is a rule that never did.
	Hits map[string]int64 `json:"hits,omitempty"`

	// Unstable counts the requests that the candidate answered in several ways
	// where the old system did not, Restless those that the old system did.
	Unstable int64 `json:"unstable_requests,omitempty"`
	Restless int64 `json:"restless_requests,omitempty"`
	// BothWays counts the other repeated requests that were answered as the
	// reference at one time and otherwise at another: one of the two systems is
	// not stable.
	BothWays int64 `json:"both_ways_requests,omitempty"`
	// Recheck is what sending again showed. What was wrong at first counts in
	// Mismatched, Rate and its bounds, and is no mismatch in the Ledger, which
	// goes by the last answers.
	Recheck compare.Recheck `json:"recheck,omitzero"`

	// Redacted counts the mismatches of which capture hid something, by of what:
	// request, answer or both.
	Redacted map[string]int64 `json:"redacted,omitempty"`

	// Unjudged lists why exchanges have no verdict, most first, with examples.
	Unjudged []Unjudged `json:"unjudged,omitempty"`

	Decision *Decision `json:"decision,omitempty"` // nil where no rule says what is decided
	// Version is the one that Requests to Upper are against. Versions lists all
	// where the old system had more than one, by when they were last seen.
	Version  string    `json:"version,omitempty"`
	Versions []Version `json:"versions,omitempty"`

	// Excess lists where the candidate is shown to differ more than the old
	// system does from itself. One is enough to fail.
	Excess     []Excess    `json:"excess,omitempty"`
	Signatures []Signature `json:"signatures,omitempty"` // those with most exchanges that are no noise first
	Folded     int64       `json:"folded,omitempty"`     // deltas of signatures that had no place

	ServiceTime      []Ratio   `json:"service_time,omitempty"` // what is asked of it
	ReferenceLatency Latency   `json:"reference_latency,omitzero"`
	CandidateLatency Latency   `json:"candidate_latency,omitzero"`
	First            time.Time `json:"first,omitzero"` // of the exchanges planned
	Last             time.Time `json:"last,omitzero"`
	// Timeline is when what was judged was recorded, in steps of one width. Steps
	// without an exchange are left out.
	Timeline []Moment `json:"timeline,omitempty"`
}

// Moment counts the exchanges of a stretch of time.
type Moment struct {
	From       time.Time `json:"from"`
	Seconds    int64     `json:"seconds"` // how long it is
	Judged     int64     `json:"judged"`
	Mismatched int64     `json:"mismatched"`
}

// Latency is the middle and the slow end of a side's latencies in
// microseconds, within 1 %: from sending to the last byte of the answer.
type Latency struct {
	Count int64 `json:"count"`
	P50   int64 `json:"p50_us"`
	P99   int64 `json:"p99_us"`

	histogram compare.Histogram // for the page
}

// newModel sums up one model; noise is nil where nothing is known of its.
func newModel(name string, t *compare.ModelTally, noise *compare.ModelProfile, l limits, x modelExcuses) Model {
	l.tests = l.testsOf(t, noise)
	m := Model{
		Name: name, Ledger: newLedger(t), ExchangeRate: share(t.Mismatch+t.Recheck.Wrong(), t.Judged()),
		Budget: l.budget, Confidence: l.confidence, MinSamples: l.minSamples, UnavailableBudget: l.unavailable,
		Reformatted: t.Reformatted, NaNs: t.NaNs, Hits: t.Hits,
		Redacted: t.Redacted,
		Unjudged: newUnjudged(t), Unstable: t.Unstable.Len(), Restless: t.Restless.Len(), BothWays: bothWays(t), Recheck: t.Recheck, Decision: newDecision(t),
		Signatures: newSignatures(t.Signatures, noise), Folded: t.Folded,
		ServiceTime:      ratiosOf(t, l),
		ReferenceLatency: newLatency(t.ReferenceLatency), CandidateLatency: newLatency(t.CandidateLatency),
		First: moment(t.First), Last: moment(t.Last), Timeline: moments(t.Timeline),
	}
	m.Excess, m.excusedAs = x.excess(t, noise, l), x.say()
	m.weighVersions(t, l, x)
	return m
}

// bothWays counts what is not known to be the one system's doing or the other's.
func bothWays(t *compare.ModelTally) int64 {
	var all compare.HashSet
	for _, e := range t.Versions {
		all.Union(e.BothWays())
	}
	all = all.Minus(&t.Unstable)
	all = all.Minus(&t.Restless)
	return all.Len()
}

func moments(t compare.Timeline) (list []Moment) {
	for _, s := range t.Steps {
		list = append(list, Moment{time.Unix(s.At*t.Width, 0).UTC(), t.Width, s.Judged, s.Mismatched})
	}
	return list
}

// moment leaves out a time that is not known.
func moment(t exchange.Timestamp) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return t.Time()
}
