package report

import (
	"slices"
	"strings"

	"github.com/modelparity/parity/compare"
)

// Earlier is another run that this one is held against, judged under the same
// rules.
type Earlier struct {
	Run       string
	Judgement string
	Tally     *compare.Tally
}

// differingIn are the model's requests that were answered wrong at least once, of
// all versions of the reference.
func differingIn(t *compare.ModelTally) (all compare.HashSet) {
	if t == nil {
		return all
	}
	for _, e := range t.Versions {
		all.Union(e.Mismatched.All())
		all.Union(e.Rechecked)
	}
	return all
}

// judgedIn are the model's requests that were judged.
func judgedIn(t *compare.ModelTally) (all compare.HashSet) {
	if t == nil {
		return all
	}
	for _, e := range t.Versions {
		all.Union(e.Requests())
	}
	return all
}

// covers says whether one combination of signatures has all of another. Of
// signatures that are not kept apart only the decisions and statuses are known:
// the others of one combination are taken for those of the other.
func covers(a, b []string) bool {
	others := a[0] == compare.Others
	return !slices.ContainsFunc(b, func(signature string) bool {
		apart := kindOf(signature) == compare.KindDecision || kindOf(signature) == compare.KindStatus
		return !slices.Contains(a, signature) && (apart || !others)
	})
}

// kindOf is the kind of a signature.
func kindOf(signature string) compare.Kind {
	return compare.Kind(signature[strings.LastIndexByte(signature, ' ')+1:])
}

// coveredBy are the requests that differed in all of these ways before.
func coveredBy(before *compare.ModelTally, signatures []string) (all compare.HashSet) {
	if before == nil {
		return all
	}
	for _, e := range before.Versions {
		all.Union(e.Mismatched.Of(func(had []string) bool { return covers(had, signatures) }))
	}
	return all
}
