// Package report makes a decision of tallies: a Summary with exact bounds on
// each model's mismatch rate and a verdict under a Gate. It renders one as a
// table for the terminal, as JSON, and as one self-contained HTML file.
//
//	tallies ──▶ Summarise(info, tally, gate) ──▶ Summary ──▶ WriteTable · WriteJSON · WriteHTML
//
// A Summary follows from its input alone: the same tallies, merged in any
// order, give the same bytes, on one machine or a hundred.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/modelparity/parity/compare"
)

// Format names the schema of the JSON that WriteJSON writes. Fields may be
// added under this name; none changes its meaning or goes away.
const Format = "parity.summary/1"

// Verdict is what the gate says.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "PASS"         // shown to be within the budget
	Fail         Verdict = "FAIL"         // shown to be over the budget
	Inconclusive Verdict = "INCONCLUSIVE" // neither is shown
)

// Info says what was compared with what. It is the caller's: Summarise only
// passes it on.
type Info struct {
	Run       string          `json:"run"`
	Recording string          `json:"recording"`
	Target    string          `json:"target"`
	Judgement string          `json:"judgement"`
	Version   string          `json:"version"` // of Parity
	Rules     json.RawMessage `json:"rules,omitempty"`
}

// Summary is what the tallies of a run come to.
type Summary struct {
	Format   string   `json:"format"` // see Format
	Info     Info     `json:"info"`
	Verdict  Verdict  `json:"verdict"` // FAIL if one model fails, PASS if all pass
	Reason   string   `json:"reason"`  // one sentence for people
	Warnings []string `json:"warnings,omitempty"`
	Ledger   Ledger   `json:"ledger"`
	Models   []Model  `json:"models"` // by name
}

// Ledger counts where the planned exchanges went.
type Ledger struct {
	Planned     int64            `json:"planned"`
	Match       int64            `json:"match"`
	Noise       int64            `json:"noise"`
	Mismatch    int64            `json:"mismatch"`
	Unavailable map[string]int64 `json:"unavailable,omitempty"` // by class
	Undecided   map[string]int64 `json:"undecided,omitempty"`   // by reason
	Skipped     map[string]int64 `json:"skipped,omitempty"`     // by reason
	Missing     int64            `json:"missing"`               // not sent yet
	Balanced    bool             `json:"balanced"`              // as many outcomes as exchanges planned, and distinct requests that go with them
}

// Model is what one model's tally comes to. Rates, shares and bounds are
// fractions from 0 to 1, rounded to 9 digits.
type Model struct {
	Name    string  `json:"model"`
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"` // for people
	// More is how many more distinct requests, all matching, would make an
	// inconclusive model pass; 0 where that is not what it lacks.
	More int64 `json:"more,omitempty"`

	Requests   int64   `json:"requests"`            // distinct requests judged: n
	Mismatched int64   `json:"mismatched_requests"` // those with a mismatch among their repeats: k
	Rate       float64 `json:"rate"`                // k/n
	Lower      float64 `json:"lower"`               // one-sided Clopper–Pearson bounds of the rate
	Upper      float64 `json:"upper"`               // at the confidence
	// ExchangeRate is mismatched over judged exchanges, repeats counted: the
	// share of the traffic that sees a difference.
	ExchangeRate float64 `json:"exchange_rate"`

	Budget            float64 `json:"budget"`
	Confidence        float64 `json:"confidence"`
	MinSamples        int64   `json:"min_samples"`
	UnavailableBudget float64 `json:"unavailable_budget"`

	Ledger      Ledger           `json:"ledger"`
	Reformatted int64            `json:"reformatted"`       // matches whose bytes differ
	Ignored     map[string]int64 `json:"ignored,omitempty"` // deltas hidden, by the rule's path

	Signatures []Signature `json:"signatures,omitempty"` // those with most exchanges first
	Folded     int64       `json:"folded,omitempty"`     // deltas of signatures that had no place

	ReferenceLatency Latency   `json:"reference_latency,omitzero"`
	CandidateLatency Latency   `json:"candidate_latency,omitzero"`
	First            time.Time `json:"first,omitzero"` // of the exchanges planned
	Last             time.Time `json:"last,omitzero"`
}

// Signature counts the deltas of one kind at one path.
type Signature struct {
	Path      string             `json:"path"`
	Kind      compare.Kind       `json:"kind"`
	Deltas    int64              `json:"deltas"`
	Exchanges int64              `json:"exchanges"`        // with at least one such delta
	Errors    []Bucket           `json:"errors,omitempty"` // absolute errors of numbers, smallest first
	Exemplars []compare.Exemplar `json:"exemplars"`
}

// Bucket counts the values v with From ≤ v < Below.
type Bucket struct {
	From  float64 `json:"from"`
	Below float64 `json:"below"`
	Count int64   `json:"count"`
}

// Latency is the middle and the slow end of a side's latencies in
// microseconds, within 1 %: from sending to the last byte of the answer.
type Latency struct {
	Count int64 `json:"count"`
	P50   int64 `json:"p50_us"`
	P99   int64 `json:"p99_us"`
}

// Summarise sums up t under g. An error means that the gate makes no sense: see
// Gate.Validate.
func Summarise(info Info, t *compare.Tally, g Gate) (*Summary, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	s := &Summary{Format: Format, Info: info, Ledger: Ledger{Balanced: true}, Models: []Model{}}
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(t.Models)) {
		l, glob := g.limitsOf(name)
		used[glob] = true
		m := newModel(name, t.Models[name], l)
		s.Ledger.add(m.Ledger)
		s.Models = append(s.Models, m)
	}
	for _, glob := range slices.Sorted(maps.Keys(g.Models)) {
		if !used[glob] {
			s.Warnings = append(s.Warnings, fmt.Sprintf("gate.models: %q matches no model of this run", glob))
		}
	}
	for _, m := range s.Models {
		if skipped := total(m.Ledger.Skipped); float64(skipped) > m.Budget*float64(m.Ledger.Planned) {
			s.Warnings = append(s.Warnings, fmt.Sprintf("model %s: %s of its exchanges were skipped (%s) and are not judged",
				m.Name, percent(share(skipped, m.Ledger.Planned)), counts(m.Ledger.Skipped)))
		}
	}
	s.decide()
	return s, nil
}

func newModel(name string, t *compare.ModelTally, l limits) Model {
	m := Model{
		Name: name, Ledger: newLedger(t),
		Requests: t.Requests.Len(), Mismatched: t.Mismatched.Len(), ExchangeRate: share(t.Mismatch, t.Judged()),
		Budget: l.budget, Confidence: l.confidence, MinSamples: l.minSamples, UnavailableBudget: l.unavailable,
		Reformatted: t.Reformatted, Ignored: t.Ignored, Signatures: newSignatures(t.Signatures), Folded: t.Folded,
		ReferenceLatency: newLatency(t.ReferenceLatency), CandidateLatency: newLatency(t.CandidateLatency),
	}
	if t.First != 0 {
		m.First, m.Last = t.First.Time(), t.Last.Time()
	}
	m.Rate = share(m.Mismatched, m.Requests)
	m.Lower = round(lower(m.Mismatched, m.Requests, m.Confidence))
	m.Upper = round(upper(m.Mismatched, m.Requests, m.Confidence))
	m.decide()
	return m
}

// WriteJSON writes s as indented JSON, as the Format says.
func (s *Summary) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("write the summary as JSON: %w", err)
	}
	return nil
}

// share is part/whole, 0 for a whole of 0.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return round(float64(part) / float64(whole))
}

// round keeps 9 digits. The last bits of a quantile differ between processors,
// and a summary must not.
func round(x float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 9, 64), 64)
	return r
}
