package compare

import (
	"slices"
)

// A machine follows the patterns of all rules at once down an answer: at each
// value its state says which rules hold there. States are made when a walk
// first needs them, and kept, so that a step costs a look at the few names that
// the rules mention, and nothing where no rule can apply any more.
//
// It is the deterministic automaton of the patterns, built lazily; a state is
// what the patterns have come to and what they inherit.
type machine struct {
	*settings
	root   *state
	states map[string]*state // by key, so that there are few
}

// state is one place's.
type state struct {
	holds [aspects]int16 // the rule that holds for each aspect; none
	at    []progress     // patterns that are under way
	inert bool           // none are: below, nothing changes but what does not inherit
	texts bool           // a rule for texts holds

	names   []namedStep
	indices []indexStep
	name    *state // of every other name
	index   *state // of every other index
}

type (
	// progress is a rule and how many segments of its pattern have been met.
	progress  struct{ rule, met int16 }
	namedStep struct {
		name string
		to   *state
	}
	indexStep struct {
		index int
		to    *state
	}
)

const none = -1

func newMachine(s *settings) *machine {
	m := &machine{settings: s, states: map[string]*state{}}
	var nothing [aspects]int16
	for x := range nothing {
		nothing[x] = none
	}
	var at []progress
	for i, r := range s.rules {
		if r.says[jqAspect] == "" || r.saysMore() {
			at = append(at, progress{int16(i), 0})
		}
	}
	m.root = m.state(nothing, at)
	return m
}

// saysMore says whether there is something for the walk beside a program.
func (r *pathRule) saysMore() bool {
	return slices.ContainsFunc(r.says[:jqAspect], func(v string) bool { return v != "" })
}

// state finds or makes the state of a place: what holds there once the patterns
// that end there have been heard.
func (m *machine) state(inherited [aspects]int16, at []progress) *state {
	s := &state{holds: inherited}
	for x := orderAspect; x < aspects; x++ {
		s.holds[x] = none
	}
	for _, p := range m.close(at) {
		pattern := m.rules[p.rule].pattern
		if int(p.met) < len(pattern) {
			s.at = append(s.at, p)
			continue
		}
		// A later rule is a model's own, or says the same: it replaces an earlier
		// one, and whatever was inherited.
		for x, v := range m.rules[p.rule].says {
			if v != "" {
				s.holds[x] = p.rule
			}
		}
	}
	s.inert = len(s.at) == 0
	for x := caseAspect; x <= patternAspect; x++ {
		s.texts = s.texts || s.holds[x] != none
	}
	key := s.key()
	if known := m.states[key]; known != nil {
		return known
	}
	m.states[key] = s
	return s
}

// close adds what .. can have met by no step at all, sorted, without repeats.
func (m *machine) close(at []progress) []progress {
	for i := 0; i < len(at); i++ {
		p := at[i]
		pattern := m.rules[p.rule].pattern
		if int(p.met) < len(pattern) && pattern[p.met].kind == descend {
			at = append(at, progress{p.rule, p.met + 1})
		}
	}
	slices.SortFunc(at, func(a, b progress) int {
		if a.rule != b.rule {
			return int(a.rule) - int(b.rule)
		}
		return int(a.met) - int(b.met)
	})
	return slices.Compact(at)
}

func (s *state) key() string {
	var b []byte
	for _, h := range s.holds {
		b = append(b, byte(h), byte(h>>8))
	}
	for _, p := range s.at {
		b = append(b, byte(p.rule), byte(p.rule>>8), byte(p.met), byte(p.met>>8))
	}
	return string(b)
}

// member is the state of a member.
func (m *machine) member(s *state, name []byte) *state {
	if s.name == nil {
		m.grow(s)
	}
	for i := range s.names {
		if s.names[i].name == string(name) {
			return s.names[i].to
		}
	}
	return s.name
}

// element is the state of an array's element.
func (m *machine) element(s *state, index int) *state {
	if s.name == nil {
		m.grow(s)
	}
	for i := range s.indices {
		if s.indices[i].index == index {
			return s.indices[i].to
		}
	}
	return s.index
}

// grow makes the states of the next step.
func (m *machine) grow(s *state) {
	for _, p := range s.at {
		switch seg := m.rules[p.rule].pattern[p.met]; seg.kind {
		case byName:
			if !slices.ContainsFunc(s.names, func(n namedStep) bool { return n.name == seg.name }) {
				s.names = append(s.names, namedStep{seg.name, m.step(s, seg)})
			}
		case byIndex:
			if !slices.ContainsFunc(s.indices, func(n indexStep) bool { return n.index == seg.index }) {
				s.indices = append(s.indices, indexStep{seg.index, m.step(s, seg)})
			}
		}
	}
	other := m.step(s, segment{kind: anyChild})
	s.index, s.name = other, other
}

// step is the state after a step to a name or index that some pattern mentions,
// or, as anyChild, to one that none does.
func (m *machine) step(s *state, to segment) *state {
	var at []progress
	for _, p := range s.at {
		switch seg := m.rules[p.rule].pattern[p.met]; {
		case seg.kind == descend:
			at = append(at, p)
		case seg.kind == anyChild || seg == to:
			at = append(at, progress{p.rule, p.met + 1})
		}
	}
	return m.state(s.holds, at)
}

// rule is the one that holds for an aspect; nil for none.
func (m *machine) rule(s *state, x aspect) *pathRule {
	if i := s.holds[x]; i != none {
		return &m.rules[i]
	}
	return nil
}
