package compare

import (
	"maps"
	"math"
	"slices"
)

// droppedBits are those of a weight's 52 bits of fraction that its class leaves
// out.
const droppedBits = 42

// WeightClass is the class of what was recorded with a probability: 1/p, rounded
// down to 11 binary digits, as an integer that rises with it. A whole 1/p of up to
// 2,048 is exact (10 % is 10), others are at most 0.1 % off. What is certain, or
// no probability at all, is in class 0.
func WeightClass(probability float64) int {
	if !(probability > 0 && probability < 1) {
		return 0
	}
	weight := min(1/probability, math.MaxFloat64)
	return int(math.Float64bits(weight)>>droppedBits - math.Float64bits(1)>>droppedBits)
}

// Weight is how many requests one of a class stands for.
func Weight(class int) float64 {
	top := math.Float64bits(math.MaxFloat64)>>droppedBits - math.Float64bits(1)>>droppedBits
	return math.Float64frombits((uint64(min(max(class, 0), int(top))) + math.Float64bits(1)>>droppedBits) << droppedBits)
}

// Strata holds requests by how probable it was that they were recorded. Where all
// were certain, it is empty.
type Strata struct {
	// Sampled are those that were recorded with a probability below 1, by WeightClass.
	Sampled map[int]*HashSet `json:"sampled,omitempty"`
	// Certain are those that were certain to be, where others were not.
	Certain HashSet `json:"certain,omitzero"`
}

// stratify notes the class of a request, before it is one of those judged.
func (e *Evidence) stratify(class int, request int64) {
	switch {
	case class > 0:
		e.becomeSampled()
		e.set(class).Add(request)
	case len(e.Sampled) > 0:
		e.Certain.Add(request)
	} // else all are certain
}

// becomeSampled says from now on which requests are certain: all so far.
func (e *Evidence) becomeSampled() {
	if len(e.Sampled) == 0 {
		e.Certain = e.Requests()
	}
}

func (s *Strata) set(class int) *HashSet {
	if s.Sampled == nil {
		s.Sampled = map[int]*HashSet{}
	}
	if s.Sampled[class] == nil {
		s.Sampled[class] = &HashSet{}
	}
	return s.Sampled[class]
}

// mergeStrata adds the strata of o, before its requests are among those of e.
func (e *Evidence) mergeStrata(o *Evidence) {
	switch {
	case len(e.Sampled) == 0 && len(o.Sampled) == 0:
		return
	case len(o.Sampled) == 0:
		e.Certain.Union(o.Requests())
		return
	}
	e.becomeSampled()
	e.Certain.Union(o.Certain)
	for class, requests := range o.Sampled {
		e.set(class).Union(*requests)
	}
}

// Stratum is how many distinct requests are of a weight class.
type Stratum struct {
	Class    int
	Requests int64
}

// Weigh says of some requests how many are of which class, the lowest first. One
// that was met with several probabilities counts with the highest. Requests that
// were not judged are in none.
func (s *Strata) Weigh(some *HashSet) (list []Stratum) {
	if len(s.Sampled) == 0 {
		return []Stratum{{0, some.Len()}}
	}
	take := func(class int, of *HashSet) {
		rest := some.Minus(of)
		if n := some.Len() - rest.Len(); n > 0 {
			list = append(list, Stratum{class, n})
		}
		some = &rest
	}
	take(0, &s.Certain)
	for _, class := range slices.Sorted(maps.Keys(s.Sampled)) {
		take(class, s.Sampled[class])
	}
	return list
}
