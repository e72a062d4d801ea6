package compare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Version is the version of the judge. It goes up whenever the same rules on
// the same answers can give another verdict, and is part of what identifies a
// judgement.
const Version = 2

// Number is a tolerance: two numbers are equal when
//
//	|candidate − reference| ≤ abs + rel·|reference|
//
// taken in float64. A part that is left out is 0; {0, 0} demands equal values.
type Number struct {
	Abs float64 `json:"abs" yaml:"abs"`
	Rel float64 `json:"rel" yaml:"rel"`
}

// DefaultNumber is the tolerance where rules give none. It lets through what
// summing float64 in another order does, and little more.
var DefaultNumber = Number{Abs: 1e-9, Rel: 1e-6}

// PathRule says how one place in JSON or CSV answers is compared. It does
// exactly one thing: ignore or number.
//
// Path is $ (the whole body) followed by any of .name, ['any name'], [3] and
// [*], which means any element of an array or any member of an object. In CSV
// it is $[row][column], both from 0.
//
// Ignore hides every difference at the path and below it. A difference above
// it still counts: where $.a is missing, ignoring $.a.b does not hide that.
//
// Number is the tolerance of every number at the path and below it; of rules
// that apply to the same number, the one with the longest path wins. Ignore
// wins over Number.
type PathRule struct {
	Path   string  `json:"path" yaml:"path"`
	Ignore bool    `json:"ignore,omitempty" yaml:"ignore"`
	Number *Number `json:"number,omitempty" yaml:"number"`
}

// Rules say when two answers are equal. The zero value compares everything
// with DefaultNumber.
type Rules struct {
	Number *Number    `json:"number,omitempty" yaml:"number"` // nil means DefaultNumber
	Paths  []PathRule `json:"rules,omitempty" yaml:"rules"`
	// Models adds to the rules for the models that a glob matches. At most one
	// glob may match any one model, so that the order of globs never matters.
	Models map[string]ModelRules `json:"models,omitempty" yaml:"models"`
}

// ModelRules are what some models add: Number replaces the general one, Paths
// go on top of the general ones. A path that stands in both is the model's.
type ModelRules struct {
	Number *Number    `json:"number,omitempty" yaml:"number"`
	Paths  []PathRule `json:"rules,omitempty" yaml:"rules"`
}

// Validate names the first field that makes no sense, its value and what is
// allowed. Rules that clash are an error, never a silent choice.
func (r Rules) Validate() error {
	_, err := r.compile()
	return err
}

// Canonical returns the rules as they are applied: defaults filled in, paths in
// one spelling, sorted, without repeats. Rules that mean the same marshal to
// the same JSON, whose digest can identify a judgement.
func (r Rules) Canonical() (Rules, error) {
	if err := r.Validate(); err != nil {
		return Rules{}, err
	}
	c := Rules{Number: cmp.Or(r.Number, &DefaultNumber), Paths: canonicalPaths(r.Paths)}
	number := *c.Number
	c.Number = &number // not the caller's to change afterwards
	for glob, m := range r.Models {
		if c.Models == nil {
			c.Models = map[string]ModelRules{}
		}
		c.Models[glob] = ModelRules{Number: m.Number, Paths: canonicalPaths(m.Paths)}
	}
	return c, nil
}

// canonicalPaths expects valid rules.
func canonicalPaths(rules []PathRule) []PathRule {
	var out []PathRule
	for _, r := range rules {
		p, _ := parsePath(r.Path)
		out = append(out, PathRule{Path: p.String(), Ignore: r.Ignore, Number: r.Number})
	}
	slices.SortFunc(out, func(a, b PathRule) int { return cmp.Compare(a.Path, b.Path) })
	return slices.CompactFunc(out, func(a, b PathRule) bool { return a.Path == b.Path })
}

func (n *Number) validate() error {
	if n == nil {
		return nil
	}
	for _, part := range []struct {
		name  string
		value float64
	}{{"abs", n.Abs}, {"rel", n.Rel}} {
		if !(part.value >= 0) || math.IsInf(part.value, 0) {
			return fmt.Errorf("number.%s %v: must be 0 or a positive number", part.name, part.value)
		}
	}
	return nil
}

func (r PathRule) validate() error {
	p, err := parsePath(r.Path)
	switch {
	case err != nil:
		return fmt.Errorf("path %q: %w", r.Path, err)
	case r.Ignore && r.Number != nil:
		return fmt.Errorf("path %q: has both ignore and number; a rule does one thing", r.Path)
	case !r.Ignore && r.Number == nil:
		return fmt.Errorf("path %q: says nothing; give it ignore: true or number: {abs: …, rel: …}", r.Path)
	case r.Ignore && len(p) == 0:
		return errors.New(`path "$": ignoring it would hide every difference; name what is below it`)
	}
	if err := r.Number.validate(); err != nil {
		return fmt.Errorf("path %q: %w", r.Path, err)
	}
	return nil
}

// globs lists the models' globs in order.
func (r Rules) globs() []string { return slices.Sorted(maps.Keys(r.Models)) }

// ModelField names the entry of a glob as models.'spam-*', the form of the YAML
// paths by which its place in a file can be looked up. (Those have no escapes
// that work; what a terminal would obey is replaced.)
func ModelField(glob string) string {
	visible := func(r rune) rune {
		if !strconv.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}
	return "models.'" + strings.Map(visible, glob) + "'"
}

// GlobsOverlap says whether some name matches both globs: the product of two
// automatons, row by row. meet[j] tells it of what is left of p from i and of q
// from j.
func GlobsOverlap(p, q string) bool {
	var meet, below []bool
	for i := len(p); i >= 0; i-- {
		meet, below = make([]bool, len(q)+1), meet
		for j := len(q); j >= 0; j-- {
			star := i < len(p) && p[i] == '*' && (below[j] || j < len(q) && meet[j+1])
			other := j < len(q) && q[j] == '*' && (meet[j+1] || i < len(p) && below[j])
			both := i < len(p) && j < len(q) && (p[i] == q[j] || p[i] == '?' || q[j] == '?') && below[j+1]
			meet[j] = star || other || both || i == len(p) && j == len(q)
		}
	}
	return meet[0]
}
