package compare

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// Evidence holds the distinct requests that were judged against one version of
// the old model: a repeated request is one piece of evidence. One whose repeats
// were answered rightly and wrongly is both in Matched and in Mismatched.
type Evidence struct {
	Exchanges  int64        `json:"exchanges"`          // decided: match, noise or mismatch
	Matched    HashSet      `json:"matched"`            // the hashes of the requests with a match, or with nothing but noise
	Mismatched Combinations `json:"mismatched"`         // those with a mismatch, by how they differ
	Rechecked  HashSet      `json:"rechecked,omitzero"` // those with an exchange of Recheck.Wrong
	Strata
	First exchange.Timestamp `json:"first"`
	Last  exchange.Timestamp `json:"last"`
}

// Requests are all that were judged.
func (e *Evidence) Requests() HashSet {
	all := e.Mismatched.All()
	all.Union(e.Matched)
	return all
}

// BothWays are the requests that were answered rightly at one time and wrongly at
// another. Which of the two systems wavers can't be told by this alone.
func (e *Evidence) BothWays() HashSet {
	mismatched := e.Mismatched.All()
	return mismatched.And(&e.Matched)
}

func (e *Evidence) merge(o *Evidence) {
	e.Exchanges += o.Exchanges
	e.mergeStrata(o)
	e.Matched.Union(o.Matched)
	e.Mismatched.merge(o.Mismatched)
	e.Rechecked.Union(o.Rechecked)
	e.First, e.Last = earlier(e.First, o.First), max(e.Last, o.Last)
}

// Combinations holds requests by the signatures that the answer to one has
// beyond noise: see CombinationOf. So it can be said for whole requests what
// differs if some signatures are known or accepted, at eight bytes a request.
// Past MaxCombinations of them, those with the highest hashes become one, of
// which only the decisions and statuses are known, and that there is more.
type Combinations map[string]*HashSet

// MaxCombinations is how many combinations a model keeps, for each version of the
// reference, and MaxCombined how many signatures one names.
const (
	MaxCombinations = 64
	MaxCombined     = 16
)

// Others stands in a combination for signatures that are not kept.
const Others = "*"

// CombinationOf names a set of signatures. SignaturesOf takes it apart.
func CombinationOf(signatures []string) string {
	slices.Sort(signatures)
	name := strings.Join(signatures, "\n")
	if len(signatures) > MaxCombined {
		return folded(name)
	}
	return name
}

// SignaturesOf are the signatures of a combination, Others the first of them where
// some are not kept.
func SignaturesOf(combination string) []string { return strings.Split(combination, "\n") }

// folded keeps of a combination what budgets of their own are held against.
func folded(combination string) string {
	kept := []string{Others}
	for _, s := range SignaturesOf(combination) {
		if strings.HasSuffix(s, " "+string(KindDecision)) || strings.HasSuffix(s, " "+string(KindStatus)) {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept[:min(len(kept), MaxCombined)], "\n")
}

func isFolded(combination string) bool {
	return combination == Others || strings.HasPrefix(combination, Others+"\n")
}

// Add counts a request as one that differs so.
func (c *Combinations) Add(combination string, request int64) { c.set(combination).Add(request) }

func (c *Combinations) set(combination string) *HashSet {
	if *c == nil {
		*c = Combinations{}
	}
	s := (*c)[combination]
	if s == nil {
		s = &HashSet{}
		(*c)[combination] = s
	}
	return s
}

// All are the requests of all combinations.
func (c Combinations) All() HashSet {
	return c.Of(func([]string) bool { return true })
}

// Of are the requests of the combinations that are wanted by their signatures.
func (c Combinations) Of(want func(signatures []string) bool) (all HashSet) {
	for name, requests := range c {
		if want(SignaturesOf(name)) {
			all.Union(*requests)
		}
	}
	return all
}

func (c *Combinations) merge(o Combinations) {
	for name, requests := range o {
		c.set(name).Union(*requests)
	}
	c.trim()
}

// trim folds the combinations past MaxCombinations. One that is among the lowest
// hashes of a union is among the lowest of every part of it, so folding early or
// late gives the same.
func (c *Combinations) trim() {
	if len(*c) <= MaxCombinations {
		return
	}
	var names []string
	for name := range maps.Keys(*c) {
		if !isFolded(name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(hashString(a), hashString(b)), cmp.Compare(a, b))
	})
	for _, name := range names[min(len(names), MaxCombinations):] {
		c.set(folded(name)).Union(*(*c)[name])
		delete(*c, name)
	}
}
