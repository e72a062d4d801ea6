package compare

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// settings are the rules that hold for one model, ready for the walk.
type settings struct {
	number  Number
	numbers []pathRule // the longest path first
	ignore  []pathRule // the shortest path first
}

// pathRule is a PathRule with its path parsed. field says where it stands in
// the configuration, for errors.
type pathRule struct {
	field string
	path  string // in its one spelling
	pattern
	PathRule
}

// compiled are the settings of all models.
type compiled struct {
	general settings
	globs   []string
	models  []settings // by glob
}

// of returns the settings of a model.
func (c *compiled) of(model string) *settings {
	for i, glob := range c.globs {
		if exchange.Glob(glob, model) {
			return &c.models[i]
		}
	}
	return &c.general
}

func (r Rules) compile() (*compiled, error) {
	c := &compiled{globs: r.globs()}
	if err := r.Number.validate(); err != nil {
		return nil, err
	}
	number := *cmp.Or(r.Number, &DefaultNumber)
	general, err := parseRules("rules", r.Paths)
	if err != nil {
		return nil, err
	}
	if c.general, err = newSettings(number, general); err != nil {
		return nil, err
	}
	for i, glob := range c.globs {
		for _, other := range c.globs[:i] {
			if GlobsOverlap(glob, other) {
				return nil, fmt.Errorf("%s and %s can both match one model; make them exclude each other", ModelField(other), ModelField(glob))
			}
		}
		s, err := r.Models[glob].compile(ModelField(glob)+".", number, general)
		if err != nil {
			return nil, err
		}
		c.models = append(c.models, s)
	}
	return c, nil
}

func (m ModelRules) compile(field string, number Number, general []pathRule) (settings, error) {
	if err := m.Number.validate(); err != nil {
		return settings{}, fmt.Errorf("%s%w", field, err)
	}
	own, err := parseRules(field+"rules", m.Paths)
	if err != nil {
		return settings{}, err
	}
	all := slices.Clone(own)
	for _, g := range general {
		if !slices.ContainsFunc(own, func(o pathRule) bool { return o.path == g.path }) {
			all = append(all, g)
		}
	}
	return newSettings(*cmp.Or(m.Number, &number), all)
}

func parseRules(field string, rules []PathRule) ([]pathRule, error) {
	var out []pathRule
	for i, r := range rules {
		at := fmt.Sprintf("%s[%d]", field, i)
		if err := r.validate(); err != nil {
			return nil, fmt.Errorf("%s.%w", at, err)
		}
		p, _ := parsePath(r.Path)
		out = append(out, pathRule{at, p.String(), p, r})
	}
	return out, nil
}

func newSettings(number Number, rules []pathRule) (settings, error) {
	s := settings{number: number}
	if err := clash(rules); err != nil {
		return s, err
	}
	for _, r := range rules {
		if r.Ignore {
			s.ignore = append(s.ignore, r)
		} else {
			s.numbers = append(s.numbers, r)
		}
	}
	byLength := func(a, b pathRule) int {
		return cmp.Or(cmp.Compare(len(a.pattern), len(b.pattern)), cmp.Compare(a.path, b.path))
	}
	slices.SortFunc(s.ignore, byLength)
	slices.SortFunc(s.numbers, func(a, b pathRule) int { return byLength(b, a) })
	return s, nil
}

// clash finds two rules that want different things of one place: one path
// twice, or two paths of the same length that meet and give numbers other
// tolerances. Paths of other lengths never clash, the longest wins.
func clash(rules []pathRule) error {
	for i, b := range rules {
		for _, a := range rules[:i] {
			same := a.Ignore == b.Ignore && reflect.DeepEqual(a.Number, b.Number)
			meet := a.path == b.path || a.Number != nil && b.Number != nil && a.overlaps(b.pattern)
			if meet && !same {
				return fmt.Errorf("%s.path %q and %s.path %q can meet at one place and want different things; change or drop one",
					a.field, a.Path, b.field, b.Path)
			}
		}
	}
	return nil
}
