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
	for _, signature := range sortedKeys(bySignature(t)) {
		if accepts(x.accepted, model, signature) {
			m.accepted = append(m.accepted, signature)
		}
	}
	if x.baseline != nil {
		m.before = x.baseline.Tally.Models[model]
	}
	return m
}

// anything is every signature.
func anything(string) bool { return true }

// mismatched are the requests of e that differ by signatures of a kind, not all of
// which are excused. A baseline excuses what differed there by all of these.
func (x modelExcuses) mismatched(e *compare.Evidence, is func(signature string) bool) (all compare.HashSet) {
	for combination, requests := range e.Mismatched {
		rest := slices.DeleteFunc(compare.SignaturesOf(combination), func(s string) bool {
			return !is(s) || slices.Contains(x.accepted, s)
		})
		if len(rest) == 0 {
			continue
		}
		known := coveredBy(x.before, rest)
		all.Union(requests.Minus(&known))
	}
	return all
}

// rechecked are those that were wrong at first and right when they were sent
// again: in which way is not known, so that a baseline alone excuses them.
func (x modelExcuses) rechecked(e *compare.Evidence) compare.HashSet {
	known := differingIn(x.before)
	return e.Rechecked.Minus(&known)
}

// excused counts the requests of e that differ beside those that count.
func (x modelExcuses) excused(e *compare.Evidence, counting int64) int64 {
	if len(x.accepted) == 0 && x.before == nil {
		return 0
	}
	all := differing(e)
	return all.Len() - counting
}

// excuse is a sentence about what does not count.
func (m *Model) excuse() string {
	if m.Excused == 0 {
		return ""
	}
	return fmt.Sprintf(" %s more %s only as is accepted, or as in the baseline.", count(m.Excused), differ(m.Excused))
}

// excess leaves out what is accepted, and what the baseline is shown to exceed in too.
func (x modelExcuses) excess(list []Excess, noise *compare.ModelProfile, l limits) []Excess {
	var before []Excess
	if x.before != nil {
		before = excesses(x.before, noise, l)
	}
	return slices.DeleteFunc(list, func(e Excess) bool {
		return slices.Contains(x.accepted, e.Path+" "+string(e.Kind)) ||
			slices.ContainsFunc(before, func(b Excess) bool { return b.Path == e.Path && b.Kind == e.Kind && b.Measure == e.Measure })
	})
}
