package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/number"
)

// minSiblings is how many members of one object have to want about the same
// tolerance before one rule is made of theirs.
const minSiblings = 3

// foldSiblings makes one rule for all members of an object that want about the
// same tolerance.
func foldSiblings(list []suggestion) (out []suggestion) {
	siblings := map[string][]suggestion{}
	for _, s := range list {
		if parent := s.parent(); parent != nil {
			siblings[parent.String()] = append(siblings[parent.String()], s)
		}
	}
	for _, s := range list {
		parent := s.parent()
		if parent == nil {
			out = append(out, s)
			continue
		}
		group := siblings[parent.String()]
		tolerance, ok := union(group)
		if !ok || len(group) < minSiblings {
			out = append(out, s)
		} else if s.rule.Path == group[0].rule.Path { // the first stands for all
			path := append(slices.Clone(parent), segment{kind: anyChild})
			all := suggestion{rule: PathRule{Path: path.String(), Number: &tolerance}, pattern: path}
			all.from, all.why = together(group)
			all.why = append([]string{fmt.Sprintf("one rule for %d members, and for those that do not differ yet", len(group))}, all.why...)
			out = append(out, all)
		}
	}
	return out
}

// parent is the path of the object whose member a rule for numbers alone is
// about; nil for other rules, and for the answer itself: there the members are
// of all sorts.
func (s *suggestion) parent() pattern {
	last := len(s.pattern) - 1
	alone := PathRule{Path: s.rule.Path, Number: s.rule.Number}
	if s.rule.Number == nil || s.rule != alone || last < 1 || s.pattern[last].kind != byName {
		return nil
	}
	return s.pattern[:last]
}

// union is the tolerance that covers all, if none of them wants less than a
// third of it, half a decade.
func union(group []suggestion) (t number.Tolerance, ok bool) {
	low := *group[0].rule.Number
	t = low
	for _, s := range group {
		n := *s.rule.Number
		t.Abs, t.Rel = max(t.Abs, n.Abs), max(t.Rel, n.Rel)
		low.Abs, low.Rel = min(low.Abs, n.Abs), min(low.Rel, n.Rel)
		n.Abs, n.Rel = t.Abs, t.Rel
		if n != t {
			return t, false // in what is not to be changed
		}
	}
	return t, t.Abs <= halfDecade*low.Abs && t.Rel <= halfDecade*low.Rel
}

// together describes the numbers of several suggestions as those of one.
func together(group []suggestion) (from []*SignatureTally, why []string) {
	var sum SignatureTally
	for _, s := range group {
		from = append(from, s.from...)
		for _, t := range s.from {
			sum.merge(t)
		}
	}
	return from, []string{fmt.Sprintf("%d deltas: %s", sum.Deltas, errorsOf(&sum))}
}

// wish is a model that wants a rule.
type wish struct {
	model *modelAdvice
	suggestion
}

// generalise says once, for all models, what most of them want. Where the
// config has rules for some models it says nothing: those would win over it.
func (a *advice) generalise() {
	if len(a.in.rules.globs) > 0 {
		return
	}
	judged := 0
	for _, m := range a.tally.Models {
		if m.Judged() > 0 {
			judged++
		}
	}
	wishes := map[string][]wish{}
	for _, m := range a.models {
		for _, s := range m.rules {
			key := s.wish()
			wishes[key] = append(wishes[key], wish{m, s})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(wishes)) {
		if group := wishes[key]; len(group) > 1 && 2*len(group) > judged {
			a.sayOnce(group)
		}
	}
}

// wish names what rules have in common that can be said once.
func (s *suggestion) wish() string {
	says := s.rule.values()
	if s.rule.Number != nil {
		says[numberAspect] = "number"
	}
	return s.rule.Path + "\x00" + strings.Join(says[:], "\x00")
}

// sayOnce moves a rule from the models to the general ones. Of tensors it does
// not move tolerances: what is wide for one datatype is narrow for another.
func (a *advice) sayOnce(group []wish) {
	once := group[0].suggestion
	var list []suggestion
	for _, w := range group {
		list = append(list, w.suggestion)
	}
	if once.rule.Number != nil {
		tolerance, ok := union(list)
		if !ok || once.pattern.isTensor() {
			return
		}
		once.rule.Number = &tolerance
		once.from, once.why = together(list)
	}
	if once.fits(a.general) != nil {
		return
	}
	once.why = append([]string{fmt.Sprintf("wanted by %d models, such as %s", len(group), visible(group[0].model.name))}, once.why...)
	a.general = append(a.general, once)
	for _, w := range group {
		w.model.rules = slices.DeleteFunc(w.model.rules, func(s suggestion) bool { return s.rule.Path == once.rule.Path })
	}
}
