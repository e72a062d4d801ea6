package report

import (
	"fmt"
	"slices"

	"github.com/modelparity/parity/compare"
)

// excuses are what may differ and does not count: what is accepted, and what the
// baseline had too.
type excuses struct {
	accepted []Accepted
	baseline *Earlier // nil: none
}

// modelExcuses are one model's. The zero value excuses nothing.
type modelExcuses struct {
	accepted []string            // signatures
	before   *compare.ModelTally // of the baseline; nil: none
}

func (x excuses) of(model string, t *compare.ModelTally) modelExcuses {
	var m modelExcuses
	for _, signature := range sortedKeys(union(bySignature(t), signaturesOf(t))) {
		if accepts(x.accepted, model, signature) {
			m.accepted = append(m.accepted, signature)
		}
	}
	if x.baseline != nil {
		m.before = x.baseline.Tally.Models[model]
	}
	return m
}

// signaturesOf are those of a tally, noise included, which may be in excess.
func signaturesOf(t *compare.ModelTally) map[string]*compare.HashSet {
	all := map[string]*compare.HashSet{}
	for name := range t.Signatures {
		all[name] = &compare.HashSet{}
	}
	return all
}

// anything is every signature.
func anything(string) bool { return true }

// counting are the requests judged against a version that were answered wrong at
// least once by signatures of a kind, not all of which are excused. A baseline
// excuses what differed there by all of these.
func (x modelExcuses) counting(version string, e *compare.Evidence, is func(signature string) bool) (all compare.HashSet) {
	for _, c := range []compare.Combinations{e.Mismatched, e.Rechecked} {
		for combination, requests := range c {
			rest := slices.DeleteFunc(compare.SignaturesOf(combination), func(s string) bool {
				return !is(s) || slices.Contains(x.accepted, s)
			})
			if len(rest) == 0 {
				continue
			}
			known := coveredBy(x.before, version, rest)
			all.Union(requests.Minus(&known))
		}
	}
	return all
}

// excused counts the requests of e that differ beside those that count.
func (x modelExcuses) excused(e *compare.Evidence, counting int64) int64 {
	if len(x.accepted) == 0 && x.before == nil {
		return 0
	}
	all := differing(e)
	return all.Len() - counting
}

// say is how what is excused differs.
func (x modelExcuses) say() string {
	switch {
	case x.before == nil:
		return "as is accepted"
	case len(x.accepted) == 0:
		return "as in the baseline"
	}
	return "as is accepted, or as in the baseline"
}

// excuse is a sentence about what does not count.
func (m *Model) excuse() string {
	if m.Excused == 0 {
		return ""
	}
	return fmt.Sprintf(" %s more %s only %s.", count(m.Excused), differ(m.Excused), m.excusedAs)
}

// excess leaves out what is accepted, and of what the baseline exceeds the control
// in too that which has not grown since. What has grown since the baseline, noise
// or not, is an excess of its own.
func (x modelExcuses) excess(t *compare.ModelTally, noise *compare.ModelProfile, l limits) []Excess {
	list := excesses(t, noise, l)
	if x.before != nil {
		before := excesses(x.before, noise, l)
		list = slices.DeleteFunc(list, func(e Excess) bool { return slices.ContainsFunc(before, e.sameAs) })
		grown := compare.Tally{Models: map[string]*compare.ModelTally{"": x.before}}
		for _, e := range excesses(t, grown.Profile().Models[""], l) {
			e.Baseline = true
			list = append(list, e)
		}
	}
	return slices.DeleteFunc(list, func(e Excess) bool { return slices.Contains(x.accepted, e.Path+" "+string(e.Kind)) })
}

func (e Excess) sameAs(o Excess) bool {
	return e.Path == o.Path && e.Kind == o.Kind && e.Measure == o.Measure
}
