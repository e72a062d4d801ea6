package compare

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Suggest says which rules would make the models pass, as YAML to paste into a
// config and comments for the person who has to judge it. r are the rules that
// the tally was counted under: what they allow stays allowed. Nothing is
// suggested for what looks like a real difference; that is listed with what it
// would leave. The same tally gives the same text. The error is r.Validate's.
//
// Tolerances cover all that was counted, since the tally knows the largest
// errors. All else is read off the exemplars.
func Suggest(t *Tally, r Rules) (string, error) {
	c, err := r.compile()
	if err != nil {
		return "", err
	}
	a := advice{tally: t, names: slices.Sorted(maps.Keys(t.Models)), in: Tolerances{c, map[*settings]*machine{}}}
	for _, name := range a.names {
		if m := t.Models[name]; m.Mismatch > 0 {
			a.models = append(a.models, a.advise(name, m))
		}
	}
	a.generalise()
	return a.text(), nil
}

// advice is all that is suggested.
type advice struct {
	tally   *Tally
	names   []string       // of its models, sorted
	in      Tolerances     // what holds until now
	models  []*modelAdvice // by name
	general []suggestion   // for all models
}

// modelAdvice is what is suggested for one model.
type modelAdvice struct {
	name  string
	tally *ModelTally
	rules []suggestion // by path
	left  []leftover   // by path and kind
}

// suggestion is one rule and why.
type suggestion struct {
	rule    PathRule
	pattern pattern
	why     []string          // a line each
	from    []*SignatureTally // what it is for
	parsed  pathRule          // the rule, once it fits
}

// leftover is a signature that stays, or of which a part does.
type leftover struct {
	*SignatureTally
	exchanges int64 // that keep it, at least
	why       string
	rule      *PathRule // what would cover it, and should not be pasted unread; nil: nothing
}

func (a *advice) advise(name string, m *ModelTally) *modelAdvice {
	out := &modelAdvice{name: name, tally: m}
	var found []suggestion
	for _, key := range slices.Sorted(maps.Keys(m.Signatures)) {
		s := m.Signatures[key]
		if s.Noise == s.Exchanges {
			continue // makes no mismatch
		}
		path, err := parsePath(s.Path)
		if err != nil || strings.ContainsRune(s.Path, utf8.RuneError) {
			out.leave(s, proposal{stays: unnamed(s.Kind)})
			continue
		}
		p := propose(s, m, a.in.at(name, path, s))
		p.rule.Path = s.Path
		if p.why != "" {
			found = append(found, suggestion{rule: p.rule, pattern: path, why: []string{p.why}, from: []*SignatureTally{s}})
		}
		if p.why == "" || p.stays != "" {
			out.leave(s, p)
		}
	}
	for _, s := range foldSiblings(mergePaths(found)) {
		out.accept(s)
	}
	out.dropHidden()
	return out
}

// unnamed says why there is no rule for what has no path: a status or a media
// type is none of a value, and of the rest the path is too long or not UTF-8.
func unnamed(k Kind) string {
	if k == KindStatus || k == KindContentType {
		return isReal
	}
	return "no rule can name its path"
}

func (m *modelAdvice) leave(s *SignatureTally, p proposal) {
	l := leftover{SignatureTally: s, exchanges: s.Exchanges - s.Noise, why: p.stays}
	if p.why != "" {
		l.exchanges = 1
	} else if p.rule.values() != [aspects]string{} {
		l.rule = &p.rule
	}
	m.left = append(m.left, l)
}

// accept takes a rule that is valid and clashes with none before, so that the
// whole can be pasted.
func (m *modelAdvice) accept(s suggestion) {
	if err := s.fits(m.rules); err != nil {
		for _, from := range s.from {
			m.leave(from, proposal{stays: err.Error()})
		}
		return
	}
	m.rules = append(m.rules, s)
}

// fits says what is wrong with a rule among others, which fit.
func (s *suggestion) fits(rules []suggestion) (err error) {
	if s.parsed, err = s.rule.parse(); err != nil {
		return err
	}
	s.parsed.field = "this"
	for _, other := range rules {
		other.parsed.field = "another that is suggested"
		if err := clash([]pathRule{other.parsed, s.parsed}); err != nil {
			return err
		}
	}
	return nil
}

// dropHidden forgets what stays only below a place that is to be ignored.
func (m *modelAdvice) dropHidden() {
	m.left = slices.DeleteFunc(m.left, func(l leftover) bool {
		path, err := parsePath(l.Path)
		return err == nil && slices.ContainsFunc(m.rules, func(s suggestion) bool { return s.rule.Ignore && s.pattern.leadsTo(path) })
	})
}

// leadsTo says whether the folded path is p's place or below it.
func (p pattern) leadsTo(path pattern) bool {
	if len(path) < len(p) {
		return false
	}
	for i, s := range p {
		if s != path[i] && s.kind != anyChild {
			return false
		}
	}
	return true
}

// mergePaths makes one rule of those for one path: ignoring it, if one of them
// does, or else all that they say.
func mergePaths(list []suggestion) (out []suggestion) {
	slices.SortStableFunc(list, func(a, b suggestion) int { return cmp.Compare(a.rule.Path, b.rule.Path) })
	for _, s := range list {
		if len(out) == 0 || out[len(out)-1].rule.Path != s.rule.Path {
			out = append(out, s)
			continue
		}
		last := &out[len(out)-1]
		last.rule = last.rule.and(s.rule)
		last.why, last.from = append(last.why, s.why...), append(last.from, s.from...)
	}
	return out
}

func (r PathRule) and(o PathRule) PathRule {
	if r.Ignore || o.Ignore {
		return PathRule{Path: r.Path, Ignore: true}
	}
	return PathRule{
		Path: r.Path, Number: cmp.Or(r.Number, o.Number),
		Case: cmp.Or(r.Case, o.Case), Unicode: cmp.Or(r.Unicode, o.Unicode), Trim: r.Trim || o.Trim, Pattern: cmp.Or(r.Pattern, o.Pattern),
		NullAbsent: r.NullAbsent || o.NullAbsent, EmptyAbsent: r.EmptyAbsent || o.EmptyAbsent, Order: cmp.Or(r.Order, o.Order),
	}
}
