package report

import (
	"fmt"
	"slices"
)

// Family is what can be said of all models at once. Each verdict is its own, and
// wrong with a probability of at most 1 − its confidence; of 400 models that are
// all a bit over their budgets, up to 20 pass. Family says how sure one can be that
// every PASS is right, by the step-down procedure of Holm ("A simple sequentially
// rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979),
// 65–70), which holds however models depend on each other. It changes no verdict.
type Family struct {
	Models     int64   `json:"models"`
	Asked      float64 `json:"confidence_asked"` // see Gate.FamilyConfidence
	Shown      bool    `json:"shown"`            // all models pass, and are shown to at the confidence asked
	Confidence float64 `json:"confidence"`       // at which all are shown to be within their budgets at once, 0 where one is not at any
	Within     int64   `json:"within"`           // how many models are, at once, at the confidence asked
	// Requests is how many distinct requests of each model, with no more mismatches
	// than there are, would show it of all; 0 where that is not what it lacks.
	Requests int64 `json:"requests,omitempty"`
}

// newFamily sums up the models. Model.PValue is P(X ≤ k | n, budget): of ascending
// p_1 … p_M Holm's adjusted p_i is max over j ≤ i of (M−j+1)·p_j, and those up to
// 1 − confidence are shown at once.
func newFamily(models []Model, confidence float64) Family {
	f := Family{Models: int64(len(models)), Asked: confidence}
	if len(models) == 0 {
		return f
	}
	var ps []float64
	all := true
	for i := range models {
		ps = append(ps, models[i].PValue)
		all = all && models[i].Verdict == Pass
	}
	slices.Sort(ps)
	adjusted := 0.0
	for i, p := range ps {
		if adjusted = max(adjusted, float64(len(ps)-i)*p); adjusted <= 1-confidence {
			f.Within++
		}
	}
	f.Confidence = round(max(0, 1-adjusted))
	if f.Shown = all && f.Within == f.Models; all && !f.Shown {
		f.Requests = familyNeeds(models, 1-(1-confidence)/float64(len(models)))
	}
	return f
}

// familyNeeds is the largest number of requests that a model needs at a confidence.
func familyNeeds(models []Model, confidence float64) (most int64) {
	for i := range models {
		m := &models[i]
		if slices.ContainsFunc(m.ServiceTime, func(r Ratio) bool { return r.p > 1-confidence }) {
			return 0 // it takes more times, which come with exchanges
		}
		for _, b := range m.bounds {
			more, ok := needed(m.most(b), m.Effective, m.tested(b), confidence)
			if !ok {
				return 0
			}
			most = max(most, m.Requests+m.real(more))
		}
	}
	return most
}

// say is a sentence for where all models pass.
func (f Family) say() string {
	if f.Models < 2 {
		return ""
	}
	text := fmt.Sprintf(" That all %s are, at once, is shown at %s (Holm)", count(f.Models), percentDown(f.Confidence))
	if f.Confidence == 0 {
		text = fmt.Sprintf(" That all %s are, at once, is not shown (Holm)", count(f.Models))
	}
	if f.Requests > 0 {
		text += fmt.Sprintf("; %s of each would show it at %s", plural(f.Requests, "distinct request"), Percent(f.Asked))
	}
	return text + "."
}
