package report

import (
	"fmt"
	"maps"
	"slices"

	"github.com/modelparity/parity/compare"
)

// Excess is a way in which the candidate differs more than the old system does
// from itself, shown at the model's confidence: the bound is above the budget.
type Excess struct {
	Path    string       `json:"path"`
	Kind    compare.Kind `json:"kind"`
	Measure Measure      `json:"measure"`
	// Candidate and Control are what was seen: the share of the exchanges with
	// such a difference, or the median of the absolute errors.
	Candidate float64 `json:"candidate"`
	Control   float64 `json:"control"`
	// Baseline says that it is held against the baseline, and not the control.
	Baseline bool `json:"baseline,omitempty"`
	// AtLeast is the one-sided lower bound: of the share of the exchanges that
	// differ more, or of the share of the differences that have grown.
	AtLeast float64 `json:"at_least"`
}

// Measure is what an excess is of.
type Measure string

// The measures.
const (
	Rate Measure = "rate" // how often
	Size Measure = "size" // how far, of numbers
)

// shared lists the signatures that the old system's noise has too.
func shared(t *compare.ModelTally, noise *compare.ModelProfile) (both []string) {
	if noise == nil || noise.Judged == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(noise.Signatures)) {
		if t.Signatures[name] != nil {
			both = append(both, name)
		}
	}
	return both
}

// excesses holds the candidate against the old system's own noise, signature by
// signature, and lists what is above the budget. All tests of a model share what
// they are given of its confidence (Bonferroni: see failing), so that one of many noisy fields does not fail it by
// chance. A signature that the old system does not have is no noise: the
// mismatches count it.
func excesses(t *compare.ModelTally, noise *compare.ModelProfile, l limits) []Excess {
	both := shared(t, noise)
	tests := len(both)
	for _, name := range both {
		if sized(t.Signatures[name], noise.Signatures[name]) {
			tests++
		}
	}
	alpha := (1 - l.failing()) / float64(tests)
	var list []Excess
	for _, name := range both {
		s, p := t.Signatures[name], noise.Signatures[name]
		for _, e := range []Excess{rateExcess(t, s, noise, p, alpha), sizeExcess(s, p, alpha)} {
			if e.AtLeast > l.budget {
				list = append(list, e)
			}
		}
	}
	return list
}

// rateExcess says how much more often the candidate differs.
func rateExcess(t *compare.ModelTally, s *compare.SignatureTally, noise *compare.ModelProfile, p *compare.SignatureProfile, alpha float64) Excess {
	return Excess{
		Path: s.Path, Kind: s.Kind, Measure: Rate,
		Candidate: share(s.Exchanges, t.Judged()), Control: share(p.Exchanges, noise.Judged),
		AtLeast: round(moreOften(s.Exchanges, t.Judged(), p.Exchanges, noise.Judged, 1-alpha)),
	}
}

// sized says whether both have errors to compare.
func sized(s *compare.SignatureTally, p *compare.SignatureProfile) bool {
	return s.Kind == compare.KindNumber && len(s.Errors) > 0 && len(p.Errors) > 0
}

// sizeExcess says how much further apart the candidate's numbers are. Those of
// one answer go together, so that it is the answers which count as the samples.
func sizeExcess(s *compare.SignatureTally, p *compare.SignatureProfile, alpha float64) Excess {
	e := Excess{Path: s.Path, Kind: s.Kind, Measure: Size, AtLeast: -1}
	if sized(s, p) {
		n, m := min(s.Exchanges, s.Errors.Count()), min(p.Exchanges, p.Errors.Count())
		e.Candidate, e.Control = quantileOf(s.Errors, 0.5), quantileOf(p.Errors, 0.5)
		e.AtLeast = round(larger(s.Errors, p.Errors) - largerByChance(n, m, alpha))
	}
	return e
}

// say is one sentence for people, without its full stop.
func (e Excess) say(confidence float64) string {
	what, than := visible(e.Path+" "+string(e.Kind)), "of the old system's own"
	if e.Baseline {
		than = "in the baseline"
	}
	if e.Measure == Size {
		return fmt.Sprintf("%s: half of the differences are over %.3g, %s over %.3g: at least %s have grown, at %s confidence",
			what, e.Candidate, than, e.Control, percentDown(e.AtLeast), Percent(confidence))
	}
	return fmt.Sprintf("%s: %s of the answers differ, %s %s: at least %s more, at %s confidence",
		what, percent(e.Candidate), than, percent(e.Control), points(e.AtLeast), Percent(confidence))
}

// points is a difference of two shares, "9 points".
func points(x float64) string {
	text := percentDown(x)
	if text == "1%" {
		return "1 point"
	}
	return text[:len(text)-1] + " points"
}
