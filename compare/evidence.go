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
	Exchanges  int64        `json:"exchanges"`           // decided: match, noise or mismatch
	Matched    HashSet      `json:"matched"`             // the hashes of the requests with a match, or with nothing but noise
	Mismatched Combinations `json:"mismatched"`          // those with a mismatch, by how they differ
	Rechecked  Combinations `json:"rechecked,omitempty"` // those with an exchange of Recheck.Wrong, by how they differed at first
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
	e.Rechecked.merge(o.Rechecked)
	e.First, e.Last = earlier(e.First, o.First), max(e.Last, o.Last)
}

// Combinations holds requests by the signatures that the answer to one has
// beyond noise: see CombinationOf. So it can be said for whole requests what
// differs if some signatures are known or accepted, at eight bytes a request.
//
// Past MaxCombinations of them, those with the highest hashes are folded: what is
// left of their names is Others, a decision and a status. Past as many of these,
// only what kind of a decision or a status there is, of which there are few.
type Combinations map[string]*HashSet

// MaxCombinations is how many combinations a model keeps, for each version of the
// reference, and MaxCombined how many signatures one names.
const (
	MaxCombinations = 64
	MaxCombined     = 16
)

// Others stands in a combination for signatures that are not kept.
const Others = "*"

// Unreadable stands in a combination for an answer that could not be read.
const Unreadable = "answer unreadable"

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

// folded keeps of a combination what budgets of their own are held against: its
// status, and its decision if it has one alone.
func folded(combination string) string {
	kept, decisions := []string{Others}, 0
	for _, s := range SignaturesOf(combination) {
		switch {
		case strings.HasSuffix(s, " "+string(KindDecision)):
			if decisions++; decisions == 1 {
				kept = append(kept, s)
			}
		case strings.HasSuffix(s, " "+string(KindStatus)):
			kept = append(kept, s)
		}
	}
	name := strings.Join(kept, "\n")
	if decisions > 1 {
		return foldedAgain(name)
	}
	return name
}

// foldedAgain keeps of a folded combination that there is a decision, and the
// classes of the statuses: "2xx→5xx status".
func foldedAgain(combination string) string {
	kept := SignaturesOf(combination)
	for i, s := range kept {
		if strings.HasSuffix(s, " "+string(KindDecision)) {
			kept[i] = Others + " " + string(KindDecision)
		} else if statuses, ok := strings.CutSuffix(s, " "+string(KindStatus)); ok {
			from, to, _ := strings.Cut(statuses, "→")
			kept[i] = statusClass(from) + "→" + statusClass(to) + " " + string(KindStatus)
		}
	}
	return strings.Join(kept, "\n")
}

func statusClass(status string) string {
	if len(status) != 3 {
		return Others
	}
	return status[:1] + "xx"
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

// trim folds the combinations past MaxCombinations, and the folded ones past as
// many. One that is among the lowest hashes of a union is among the lowest of
// every part of it, so folding early or late gives the same.
func (c *Combinations) trim() {
	if !c.overfull() {
		return
	}
	c.fold(false, folded)
	c.fold(true, foldedAgain)
}

// overfull says that there may be something to fold.
func (c Combinations) overfull() bool { return len(c) > MaxCombinations }

// fold renames those of one kind that are too many.
func (c *Combinations) fold(isFold bool, rename func(string) string) {
	var names []string
	for name := range maps.Keys(*c) {
		if isFolded(name) == isFold && rename(name) != name {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(hashString(a), hashString(b)), cmp.Compare(a, b))
	})
	for _, name := range names[min(len(names), MaxCombinations):] {
		requests := (*c)[name]
		delete(*c, name)
		c.set(rename(name)).Union(*requests)
	}
}
