// Package report makes a decision of tallies: a Summary with exact bounds on
// each model's mismatch rate and a verdict under a Gate. It renders one as a
// table for the terminal, as JSON, as JUnit XML, as Markdown, and as one
// self-contained HTML file.
//
//	tallies ──▶ Summarise(Input) ──▶ Summary ──▶ WriteTable · WriteJSON · WriteJUnit · WriteMarkdown · WriteHTML
//
// A Summary follows from its input alone: the same tallies, merged in any
// order, give the same bytes, on one machine or a hundred.
package report

import (
	"cmp"
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
// added under this name; none changes its meaning or goes away. Since
// parity.summary/1, ignored has become hits, and where the old system had
// several versions of a model the model's rate is against one of them.
const Format = "parity.summary/2"

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
	Control   string          `json:"control,omitempty"` // of the noise; "" without one
	Judgement string          `json:"judgement"`
	Config    string          `json:"config,omitempty"`   // the file that the budgets are from; "" for the defaults
	Baseline  string          `json:"baseline,omitempty"` // the run that only what is worse than counts; "" without one
	Version   string          `json:"version"`            // of Parity
	Rules     json.RawMessage `json:"rules,omitempty"`
	Mapping   json.RawMessage `json:"mapping,omitempty"` // of the candidate's answers, before the rules: a mapping.Set

	// MismatchesOf is the run whose mismatches the recording holds, "" for another
	// recording, and Whole the recording that they are from, "" if it is not known.
	// They are no sample of the traffic, so that nothing passes by them.
	MismatchesOf string `json:"mismatches_of,omitempty"`
	Whole        string `json:"whole_recording,omitempty"`

	// Selection is what of the recording the run is of, as the flags that chose it;
	// "" for all of it. Chosen is the part of it that goes by exchanges or by how
	// they were answered, and not by model, version, time or hash: what it leaves is
	// no sample of the traffic either, so that nothing passes by it.
	Selection string `json:"selection,omitempty"`
	Chosen    string `json:"chosen,omitempty"`

	Generations int `json:"generations,omitempty"` // later ones that the judgement has looked at
}

// noSample says what the exchanges are where they are no sample of the traffic;
// "" where they are one.
func (i Info) noSample() string {
	switch {
	case i.MismatchesOf != "":
		return "of what differed before"
	case i.Chosen != "":
		return "of what " + i.Chosen + " chose"
	}
	return ""
}

// Summary is what the tallies of a run come to.
type Summary struct {
	Format   string   `json:"format"` // see Format
	Info     Info     `json:"info"`
	Verdict  Verdict  `json:"verdict"` // FAIL if one model fails, PASS if all pass and the coverage is what is asked
	Reason   string   `json:"reason"`  // one sentence for people
	Warnings []string `json:"warnings,omitempty"`
	Ledger   Ledger   `json:"ledger"`
	Family   Family   `json:"family"`
	Coverage Coverage `json:"coverage"`
	Models   []Model  `json:"models"` // by name

	Accepted []Accepted `json:"accepted,omitempty"`
	Changes  *Changes   `json:"changes,omitempty"` // since an earlier run; nil: nothing to hold it against
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

// Input is what a summary is made of.
type Input struct {
	Info  Info
	Tally *compare.Tally
	Noise *compare.Profile // what the old system differs from itself in; nil: there was no control
	// Recorded is what the recording holds, for the coverage.
	Recorded Recorded
	Gate     Gate

	// Accepted differences don't count. Now says which entries are in force.
	Accepted []Acceptance
	Now      time.Time
	// Baseline makes only that count which differs in a way that it did not there;
	// nil: everything does. Previous is what Changes are since; nil: the baseline.
	Baseline, Previous *Earlier
}

// Summarise sums up a tally under a gate. An error means that the gate makes no
// sense: see Gate.Validate.
func Summarise(in Input) (*Summary, error) {
	if err := in.Gate.Validate(); err != nil {
		return nil, err
	}
	s := &Summary{Format: Format, Info: in.Info, Ledger: Ledger{Balanced: true}, Models: []Model{}}
	used := map[string]bool{}
	x := excuses{newAccepted(in.Accepted, in.Now, in.Tally), in.Baseline}
	for _, name := range slices.Sorted(maps.Keys(in.Tally.Models)) {
		l, glob := in.Gate.limitsOf(name)
		used[glob] = true
		t := in.Tally.Models[name]
		m := newModel(name, t, profileOf(in.Noise, name), l, x.of(name, t))
		m.takeNoSample(in.Info.noSample())
		s.Ledger.add(m.Ledger)
		s.Models = append(s.Models, m)
	}
	for _, glob := range slices.Sorted(maps.Keys(in.Gate.Models)) {
		if !used[glob] {
			s.warn("gate.models: %q matches no model of this run", glob)
		}
	}
	s.Accepted = x.accepted
	if since := cmp.Or(in.Previous, in.Baseline); since != nil {
		s.Changes = newChanges(since, in.Tally)
	}
	s.warnOfModels(in.Noise)
	s.warnOfSampling(in.Tally)
	s.warnOfAccepted()
	s.warnOfRules()
	s.Coverage = newCoverage(s.Models, in.Recorded, in.Gate.Coverage)
	s.Family = newFamily(s.Models, in.Gate.familyConfidence())
	s.decide()
	return s, nil
}

func profileOf(noise *compare.Profile, model string) *compare.ModelProfile {
	if noise == nil {
		return nil
	}
	return noise.Models[model]
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
