package compare

import (
	"maps"
	"slices"
)

// Profile is what the old system differs from itself in: for each model and
// signature how often, and how far. A delta inside of it is no mismatch.
type Profile struct {
	Models map[string]*ModelProfile `json:"models"`
}

// ModelProfile is one model's.
type ModelProfile struct {
	Judged     int64                        `json:"judged"` // pairs of answers of the old system that were compared
	Signatures map[string]*SignatureProfile `json:"signatures"`
	// Flips are the decisions that the old system takes back: from what to what.
	Flips map[string]map[string]bool `json:"flips,omitempty"`
}

// SignatureProfile is how the old system differs from itself at one path in one
// way.
type SignatureProfile struct {
	Exchanges int64     `json:"exchanges"`         // of Judged, those with at least one such delta
	MaxAbs    float64   `json:"max_abs,omitempty"` // the largest absolute error of number deltas
	Errors    Histogram `json:"errors,omitempty"`  // their absolute errors
}

// Profile is what a control's tally says of the old system. Models that the
// control agrees on wholly are in it too: how many pairs that is says how sure
// one can be.
func (t *Tally) Profile() *Profile {
	n := &Profile{Models: map[string]*ModelProfile{}}
	for name, m := range t.Models {
		if m.Judged() == 0 {
			continue
		}
		model := &ModelProfile{Judged: m.Judged(), Signatures: map[string]*SignatureProfile{}}
		for signature, s := range m.Signatures {
			model.Signatures[signature] = &SignatureProfile{s.Exchanges, s.MaxAbs, s.Errors}
		}
		for from, row := range m.Confusion {
			for to := range row {
				if from != to {
					model.flip(from, to)
				}
			}
		}
		n.Models[name] = model
	}
	return n
}

func (m *ModelProfile) flip(from, to string) {
	if m.Flips == nil {
		m.Flips = map[string]map[string]bool{}
	}
	if m.Flips[from] == nil {
		m.Flips[from] = map[string]bool{}
	}
	m.Flips[from][to] = true
}

// inside says whether the old system differs from itself as much. Numbers must
// be no further apart than they ever were in the control, and a decision must
// flip as one did there; of anything else it is enough that it happens, and whether it happens more often is the gate's
// question.
func (m *ModelProfile) inside(f *finding) bool {
	if m == nil {
		return false
	}
	s := m.Signatures[f.signature()]
	switch {
	case s == nil:
		return false
	case f.Kind == KindDecision:
		return m.Flips[f.Reference][f.Candidate]
	case f.Kind == KindNumber:
		return f.AbsError > 0 && f.AbsError <= s.MaxAbs
	}
	return true
}

// Empty says whether the old system agrees with itself on all that was seen.
func (n *Profile) Empty() bool {
	return n == nil || !slices.ContainsFunc(slices.Collect(maps.Values(n.Models)), func(m *ModelProfile) bool { return len(m.Signatures) > 0 })
}
