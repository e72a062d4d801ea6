package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/modelparity/parity/compare"
)

// Changes are what became of what differed in an earlier run, by distinct
// requests. It is Fixed + Still + Unknown = Before.
type Changes struct {
	Run       string `json:"run"`
	Judgement string `json:"judgement"`
	Before    int64  `json:"before"`  // differed then
	Fixed     int64  `json:"fixed"`   // differed then and match now
	Still     int64  `json:"still"`   // differ now too, if in another way
	Unknown   int64  `json:"unknown"` // differed then and were not judged now
	New       int64  `json:"new"`     // differ now, and did not then
	// Signatures are the same for each signature of a model, those that still
	// differ and are new first. A request is fixed in one if it is judged and does
	// not differ so any more.
	Signatures []Change `json:"signatures,omitempty"`
}

// Change is what became of one signature of a model.
type Change struct {
	Model     string `json:"model"`
	Signature string `json:"signature"`
	Before    int64  `json:"before"`
	Fixed     int64  `json:"fixed"`
	Still     int64  `json:"still"`
	Unknown   int64  `json:"unknown"`
	New       int64  `json:"new"`
}

// newChanges holds a tally against an earlier one. Models that neither run has a
// difference of add nothing.
func newChanges(earlier *Earlier, now *compare.Tally) *Changes {
	c := &Changes{Run: earlier.Run, Judgement: earlier.Judgement}
	for _, name := range sortedKeys(union(earlier.Tally.Models, now.Models)) {
		c.addModel(name, earlier.Tally.Models[name], now.Models[name])
	}
	slices.SortStableFunc(c.Signatures, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Still+b.New, a.Still+a.New), cmp.Compare(b.Before, a.Before), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Signature, b.Signature))
	})
	return c
}

func (c *Changes) addModel(name string, before, now *compare.ModelTally) {
	judged := judgedIn(now)
	was, is := differingIn(before), differingIn(now)
	sum := changeOf(&was, &is, &judged)
	c.Before, c.Fixed, c.Still, c.Unknown, c.New = c.Before+sum.Before, c.Fixed+sum.Fixed, c.Still+sum.Still, c.Unknown+sum.Unknown, c.New+sum.New
	had, has := bySignature(before), bySignature(now)
	for _, signature := range sortedKeys(union(had, has)) {
		change := changeOf(setOf(had, signature), setOf(has, signature), &judged)
		change.Model, change.Signature = name, signature
		c.Signatures = append(c.Signatures, change)
	}
}

func changeOf(was, is, judged *compare.HashSet) Change {
	still, fresh, gone := was.And(is), is.Minus(was), was.Minus(is)
	fixed, unknown := gone.And(judged), gone.Minus(judged)
	return Change{Before: was.Len(), Fixed: fixed.Len(), Still: still.Len(), Unknown: unknown.Len(), New: fresh.Len()}
}

// bySignature are a model's requests that differ, by each signature of theirs.
func bySignature(t *compare.ModelTally) map[string]*compare.HashSet {
	all := map[string]*compare.HashSet{}
	if t == nil {
		return all
	}
	for _, e := range t.Versions {
		for _, combinations := range []compare.Combinations{e.Mismatched, e.Rechecked} {
			for combination, requests := range combinations {
				for _, signature := range compare.SignaturesOf(combination) {
					setIn(all, signature).Union(*requests)
				}
			}
		}
	}
	return all
}

// setIn is the set of a name, new where there is none.
func setIn(sets map[string]*compare.HashSet, name string) *compare.HashSet {
	if sets[name] == nil {
		sets[name] = &compare.HashSet{}
	}
	return sets[name]
}

func setOf(sets map[string]*compare.HashSet, name string) *compare.HashSet {
	return cmp.Or(sets[name], &compare.HashSet{})
}

func union[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return all
}

// Say is "214 of 231 requests that differed are fixed, 17 still differ:
// $.scores[*] number 17".
func (c *Changes) Say() string {
	text := "nothing differed then"
	if c.Before > 0 {
		text = fmt.Sprintf("%s of %s that differed %s fixed", count(c.Fixed), plural(c.Before, "request"), isAre(c.Fixed))
	}
	if c.Still > 0 {
		text += fmt.Sprintf(", %s still %s", count(c.Still), differ(c.Still))
	}
	if c.New > 0 {
		text += fmt.Sprintf(", %s newly %s", count(c.New), differ(c.New))
	}
	if c.Unknown > 0 {
		text += fmt.Sprintf(", %s not judged now", wasWere(c.Unknown, "request"))
	}
	if now := c.now(); len(now) > 0 {
		text += ": " + counts(now)
	}
	return text
}

// now counts the requests that differ now by signature, over all models.
func (c *Changes) now() map[string]int64 {
	by := map[string]int64{}
	for _, s := range c.Signatures {
		if n := s.Still + s.New; n > 0 {
			by[s.Signature] += n
		}
	}
	most := byCount(by)
	for _, signature := range most[min(len(most), 3):] {
		delete(by, signature)
	}
	return by
}

func isAre(n int64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func differ(n int64) string {
	if n == 1 {
		return "differs"
	}
	return "differ"
}

// maxChanges is how many signatures WriteTable lists.
const maxChanges = 12

// writeChanges says what became of what differed, by signature where there is
// more than one.
func writeChanges(b *strings.Builder, c *Changes) {
	if c == nil {
		return
	}
	writeWrapped(b, "\nsince   ", fmt.Sprintf("%s, judgement %s", c.Run, c.Judgement))
	writeWrapped(b, "        ", c.Say())
	rows := []table.Row{{"FIXED", "STILL", "UNKNOWN", "NEW", "MODEL", "SIGNATURE"}}
	for _, s := range c.Signatures[:min(len(c.Signatures), maxChanges)] {
		rows = append(rows, table.Row{count(s.Fixed), count(s.Still), count(s.Unknown), count(s.New), visible(s.Model), visible(s.Signature)})
	}
	if len(c.Signatures) < 2 {
		return
	}
	const name, signature = 4, 5
	fit(rows, name, signature)
	b.WriteString("\n" + render(rows, 0, name))
	writeRest(b, len(c.Signatures)-maxChanges, "signatures")
}
