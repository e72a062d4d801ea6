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
		all.Union(differing(e))
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

// covers says whether a combination of a model's had all of the wanted
// signatures. Of those that are not kept apart only the decisions and statuses are
// known: any other is taken to be among them if the model had it at all.
func covers(before *compare.ModelTally, had, want []string) bool {
	others := had[0] == compare.Others
	return !slices.ContainsFunc(want, func(signature string) bool {
		apart := kindOf(signature) == compare.KindDecision || kindOf(signature) == compare.KindStatus
		known := before.Signatures[signature] != nil || signature == compare.Others
		return !slices.Contains(had, signature) && (apart || !others || !known)
	})
}

// kindOf is the kind of a signature.
func kindOf(signature string) compare.Kind {
	return compare.Kind(signature[strings.LastIndexByte(signature, ' ')+1:])
}

// coveredBy are the requests that differed in all of these ways before, against
// the same version of the old model.
func coveredBy(before *compare.ModelTally, version string, signatures []string) (all compare.HashSet) {
	if before == nil || before.Versions[version] == nil {
		return all
	}
	e := before.Versions[version]
	for _, c := range []compare.Combinations{e.Mismatched, e.Rechecked} {
		all.Union(c.Of(func(had []string) bool { return covers(before, had, signatures) }))
	}
	return all
}
