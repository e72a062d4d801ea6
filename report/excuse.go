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

// counting are the requests of e that were answered wrong at least once, in a way
// that is not excused.
func (x modelExcuses) counting(e *compare.Evidence) compare.HashSet {
	all := x.mismatched(e, func(string) bool { return true })
	all.Union(x.countingAgain(e))
	return all
}

// countingAgain are those that were right when they were sent again, of which no
// signature is known: they are excused by a baseline alone.
func (x modelExcuses) countingAgain(e *compare.Evidence) compare.HashSet {
	known := differingIn(x.before)
	return e.Rechecked.Minus(&known)
}

// mismatched are the requests that differ by signatures of a kind that are not
// excused.
func (x modelExcuses) mismatched(e *compare.Evidence, is func(signature string) bool) (all compare.HashSet) {
	for combination, requests := range e.Mismatched {
		rest := slices.DeleteFunc(compare.SignaturesOf(combination), func(s string) bool { return slices.Contains(x.accepted, s) || !is(s) })
		if len(rest) == 0 {
			continue
		}
		known := coveredBy(x.before, rest)
		all.Union(requests.Minus(&known))
	}
	return all
}

// excused counts the requests of e that differ and don't count.
func (x modelExcuses) excused(e *compare.Evidence) int64 {
	if len(x.accepted) == 0 && x.before == nil {
		return 0
	}
	all, counting := differing(e), x.counting(e)
	return all.Len() - counting.Len()
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
