package compare

import (
	"cmp"
	"math"

	"github.com/modelparity/parity/internal/number"
)

// Tolerance is when two numbers are equal: |candidate − reference| ≤ Abs + Rel·|reference|.
type Tolerance = number.Tolerance

// Tolerances finds the tolerance that holds where a signature's numbers are. It
// is not safe for concurrent use.
type Tolerances struct {
	rules    *compiled
	machines map[*settings]*machine
}

// NewTolerances reads them off the rules. The error is r.Validate's.
func NewTolerances(r Rules) (*Tolerances, error) {
	c, err := r.compile()
	if err != nil {
		return nil, err
	}
	return &Tolerances{c, map[*settings]*machine{}}, nil
}

// Of is the tolerance that a signature of number deltas of the model is over. A
// rule for one element of an array alone is not seen, as signatures fold indices.
// It is false where the path is cut or no path of an answer.
func (t *Tolerances) Of(model string, s *SignatureTally) (Tolerance, bool) {
	path, err := parsePath(s.Path)
	if err != nil || s.Kind != KindNumber {
		return Tolerance{}, false
	}
	if holds := t.at(model, path, s); holds != number.Default || !all(s, integers) {
		return holds, true
	}
	return exactValue, true // see generalTolerance
}

func integers(e Exemplar) bool {
	return isInteger([]byte(e.Reference)) && isInteger([]byte(e.Candidate))
}

// at is the tolerance that holds at a path. Of tensors the tally does not know
// the datatype; the coarsest that fits was in force at most: it can't have
// allowed any error that is a delta.
func (t *Tolerances) at(model string, path pattern, s *SignatureTally) number.Tolerance {
	m := t.machine(model)
	at := m.root
	for _, step := range path {
		if step.kind == byName {
			at = m.member(at, []byte(step.name))
		} else {
			at = m.element(at, none)
		}
	}
	switch rule := m.rule(at, numberAspect); {
	case rule != nil:
		return *rule.Number
	case m.number != nil:
		return *m.number
	case path.isTensor():
		return tensorBase(s)
	}
	return number.Default
}

func tensorBase(s *SignatureTally) number.Tolerance {
	var base number.Tolerance
	least := cmp.Or(quantile(s.RelErrors, 0), math.Inf(1))
	for _, datatype := range []string{"FP64", "FP32", "FP16", "BF16"} {
		if t, _, _ := number.ForDatatype(datatype); t.Rel < least && t.Abs < s.MaxAbs {
			base = t
		}
	}
	return base
}

func (p pattern) isTensor() bool {
	return len(p) > 3 && p[0].name == "outputs" && p[2].name == "data"
}

func (t *Tolerances) machine(model string) *machine {
	s := t.rules.of(model)
	if t.machines[s] == nil {
		t.machines[s] = newMachine(s)
	}
	return t.machines[s]
}
