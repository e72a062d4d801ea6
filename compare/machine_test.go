package compare

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Which rule holds where is what every verdict hangs on. The machine that finds
// it by following all patterns at once must agree with what docs/rules.md says,
// tried out pattern by pattern and place by place.

// steps are those that patterns and places of these tests are made of: two names
// and two indices that patterns mention, and one of each that none does.
var steps = []segment{
	{kind: byName, name: "a"},
	{kind: byName, name: "b"},
	{kind: byIndex, index: 0},
	{kind: byIndex, index: 1},
	{kind: byName, name: "z"},
	{kind: byIndex, index: 9},
}

var (
	patterns = rapid.Custom(func(t *rapid.T) pattern {
		var p pattern
		for range rapid.IntRange(0, 3).Draw(t, "segments") {
			if rapid.IntRange(0, 3).Draw(t, "deep") == 0 {
				p = append(p, segment{kind: descend})
			}
			p = append(p, rapid.SampledFrom(append([]segment{{kind: anyChild}}, steps[:4]...)).Draw(t, "segment"))
		}
		return p
	})
	places = rapid.SliceOfN(rapid.SampledFrom(steps), 0, 5)
)

// matchesPlace tries a pattern on a place, by definition.
func matchesPlace(p pattern, place []segment) bool {
	switch {
	case len(p) == 0:
		return len(place) == 0
	case p[0].kind == descend:
		return matchesPlace(p[1:], place) || len(place) > 0 && matchesPlace(p, place[1:])
	case len(place) == 0:
		return false
	}
	return (p[0].kind == anyChild || p[0] == place[0]) && matchesPlace(p[1:], place[1:])
}

// holdsByDefinition is what the rules say of one aspect of a place: the rule
// whose path ends furthest down, of two that end at one place the later, which
// is the model's own. What does not inherit has to end at the place itself.
func holdsByDefinition(rules []pathRule, x aspect, place []segment) string {
	for end := len(place); end >= 0; end-- {
		for _, r := range slices.Backward(rules) {
			if r.says[x] != "" && matchesPlace(r.pattern, place[:end]) {
				return r.says[x]
			}
		}
		if x >= orderAspect {
			break
		}
	}
	return ""
}

// drawRules draws rules that do not clash, the general ones first.
func drawRules(t *rapid.T) []pathRule {
	var all []pathRule
	for _, own := range []bool{false, true} {
		var rules []pathRule
		for range rapid.IntRange(0, 4).Draw(t, "rules") {
			r := PathRule{Path: patterns.Draw(t, "path").String()}
			switch rapid.IntRange(0, 6).Draw(t, "says") {
			case 0:
				r.Ignore = true
			case 1:
				r.Number = rule("", float64(rapid.IntRange(1, 3).Draw(t, "abs"))).Number
			case 2:
				r.NullAbsent, r.EmptyAbsent = true, rapid.Bool().Draw(t, "empty")
			case 3:
				r.Pattern = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "pattern")
			case 4:
				r.Order = "any"
			case 5:
				r.Top = rapid.IntRange(1, 3).Draw(t, "top")
			case 6:
				r.Path, r.Key = r.Path+"[*]", rapid.SampledFrom([]string{"id", "name"}).Draw(t, "key")
			}
			if more, err := parseRules("rules", append(sources(rules), r), own); err == nil {
				rules = more
			}
		}
		all = append(all, rules...)
	}
	return all
}

func sources(rules []pathRule) (list []PathRule) {
	for _, r := range rules {
		list = append(list, r.PathRule)
	}
	return list
}

func TestMachineAgreesWithDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		m := newMachine(&settings{rules: rules})
		for range 20 {
			place := places.Draw(t, "place")
			at := m.root
			for _, step := range place {
				if step.kind == byName {
					at = m.member(at, []byte(step.name))
				} else {
					at = m.element(at, step.index)
				}
			}
			for x := range jqAspect {
				got := ""
				if r := m.rule(at, x); r != nil {
					got = r.says[x]
				}
				if want := holdsByDefinition(rules, x, place); got != want {
					t.Fatalf("at %s %s is %q, want %q", pattern(place), aspectNames[x], got, want)
				}
			}
		}
	})
}

// What is said to hold at any element must hold at each that no rule names.
func TestMachineElementsNotNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(&settings{rules: drawRules(t)})
		at := m.root
		for _, step := range places.Draw(t, "place") {
			if at = m.element(at, step.index); step.kind == byName {
				at = m.member(at, []byte(step.name))
			}
		}
		if m.element(at, none) != m.element(at, 9) {
			t.Fatal("an element that no rule names is another than any element")
		}
	})
}

// States are kept for the life of a judge: names that no rule mentions must not
// make more of them, or a model whose names are user ids fills the memory.
func TestMachineStatesAreFew(t *testing.T) {
	var rules []pathRule
	for _, path := range []string{"$..a..b", "$[*].a", "$.a..[*]", "$..b[0]"} {
		more, err := parseRules("rules", []PathRule{ignore(path)}, false)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, more...)
	}
	m := newMachine(&settings{rules: rules})
	for n := range 10_000 {
		at := m.root
		for depth := range 5 {
			if at = m.member(at, fmt.Appendf(nil, "user-%d", n*depth)); depth == 2 {
				at = m.element(m.member(at, []byte("a")), n)
			}
		}
	}
	if len(m.states) > 100 {
		t.Errorf("%d states", len(m.states))
	}
}

// Rules that can clash are refused when the file is loaded. A clash that goes
// unseen is a rule that silently wins; one that is none stops a job for nothing.
func TestOverlapsAgreesWithTrying(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, q := patterns.Draw(t, "p"), patterns.Draw(t, "q")
		longest := 0 // of a place that both meet: none needs more steps than both have
		for _, s := range append(slices.Clone(p), q...) {
			if s.kind != descend {
				longest++
			}
		}
		met := p.matchesAnyWith(q, nil, min(longest, 5))
		if got := p.overlaps(q); got != met && (met || longest <= 5) {
			t.Fatalf("%s and %s overlap: %v, by trying all places: %v", p, q, got, met)
		}
		if p.overlaps(q) != q.overlaps(p) {
			t.Fatalf("%s and %s overlap one way only", p, q)
		}
	})
}

// matchesAnyWith tries all places of at most so many more steps.
func (p pattern) matchesAnyWith(q pattern, place []segment, more int) bool {
	if matchesPlace(p, place) && matchesPlace(q, place) {
		return true
	}
	return more > 0 && slices.ContainsFunc(steps, func(s segment) bool {
		return p.matchesAnyWith(q, append(place, s), more-1)
	})
}
