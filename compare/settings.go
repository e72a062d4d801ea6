package compare

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/internal/number"
)

// exactly is the value of Rules.ContentType that makes media types count.
const exactly = "exact"

// settings are the rules that hold for one model.
type settings struct {
	number      *number.Tolerance // nil: the defaults
	rules       []pathRule        // a model's own after the general ones
	decision    *decisionRule     // nil: none
	contentType bool              // another media type is a difference
	program     *mapping.Program  // all jq rules in one; nil: none
}

// pathRule is a PathRule, ready for the walk. field says where it stands in the
// configuration, for errors.
type pathRule struct {
	PathRule
	field   string
	path    string // in its one spelling
	pattern pattern
	says    [aspects]string
	matches *regexp.Regexp // Pattern, anchored
	own     bool           // a model's, which wins over general ones
}

// compiled are the settings of all models.
type compiled struct {
	general *settings
	globs   []string
	models  []*settings // by glob
}

// of returns the settings of a model.
func (c *compiled) of(model string) *settings {
	for i, glob := range c.globs {
		if exchange.Glob(glob, model) {
			return c.models[i]
		}
	}
	return c.general
}

func (r Rules) compile() (*compiled, error) {
	c := &compiled{globs: r.globs()}
	switch r.ContentType {
	case "", "any", exactly:
	default:
		return nil, fmt.Errorf("content_type %q: allowed are any and exact", r.ContentType)
	}
	general, err := ModelRules{r.Number, r.Paths, r.Decision}.compile("", nil)
	if err != nil {
		return nil, err
	}
	general.contentType = r.ContentType == exactly
	c.general = general
	for i, glob := range c.globs {
		for _, other := range c.globs[:i] {
			if exchange.GlobsOverlap(glob, other) {
				return nil, fmt.Errorf("%s and %s can both match one model; make them exclude each other", exchange.ModelField(other), exchange.ModelField(glob))
			}
		}
		s, err := r.Models[glob].compile(exchange.ModelField(glob)+".", general)
		if err != nil {
			return nil, err
		}
		c.models = append(c.models, s)
	}
	return c, nil
}

// compile puts a model's rules on top of the general ones, or makes the general
// ones.
func (m ModelRules) compile(field string, general *settings) (*settings, error) {
	if err := m.Number.Validate(); err != nil {
		return nil, fmt.Errorf("%s%w", field, err)
	}
	own, err := parseRules(field+"rules", m.Paths, general != nil)
	if err != nil {
		return nil, err
	}
	decision, err := m.Decision.compile(field + "decision")
	if err != nil {
		return nil, err
	}
	s := &settings{number: m.Number, decision: decision, rules: own}
	if general != nil {
		s.number, s.decision = cmp.Or(s.number, general.number), cmp.Or(s.decision, general.decision)
		s.rules, s.contentType = append(general.without(own), own...), general.contentType
	}
	if err := s.decisionInBag(field); err != nil {
		return nil, err
	}
	s.program, err = s.compileJQ()
	return s, err
}

// decisionInBag refuses a decision about the elements of an array whose order
// does not matter: which of them belong together is not known by their places.
func (s *settings) decisionInBag(field string) error {
	if s.decision == nil {
		return nil
	}
	path := s.decision.pattern
	for i, step := range path {
		for _, r := range s.rules {
			bag := r.Order != "" && r.pattern.overlaps(path[:i]) || r.Key != "" && r.pattern.overlaps(path[:i+1])
			if bag && step.kind != byName {
				return fmt.Errorf("%sdecision.path %q goes through an array whose order does not matter by %s.path %q; name a decision outside of it, or use by and label on the array",
					field, s.decision.Path, r.field, r.Path)
			}
		}
	}
	return nil
}

// without lists the general rules but those that ignore a place of which the
// model's own rules have something to say.
func (s *settings) without(own []pathRule) []pathRule {
	return slices.DeleteFunc(slices.Clone(s.rules), func(g pathRule) bool {
		return g.Ignore && slices.ContainsFunc(own, func(o pathRule) bool { return o.path == g.path })
	})
}

func parseRules(field string, rules []PathRule, own bool) ([]pathRule, error) {
	var out []pathRule
	for i, r := range rules {
		p, err := r.parse()
		if err != nil {
			return nil, fmt.Errorf("%s[%d].%w", field, i, err)
		}
		p.field, p.own = fmt.Sprintf("%s[%d]", field, i), own
		out = append(out, p)
	}
	return out, clash(out)
}

func (r PathRule) parse() (pathRule, error) {
	p, err := parsePath(r.Path)
	if err != nil {
		return pathRule{}, fmt.Errorf("path %q: %w", r.Path, err)
	}
	out := pathRule{PathRule: r, path: p.String(), pattern: p, says: r.values()}
	if err := out.validate(); err != nil {
		return pathRule{}, fmt.Errorf("path %q: %w", r.Path, err)
	}
	if r.Pattern != "" {
		if out.matches, err = regexp.Compile(`\A(?:` + r.Pattern + `)\z`); err != nil {
			return pathRule{}, fmt.Errorf("path %q: pattern: %w", r.Path, err)
		}
	}
	return out, nil
}

func (r *pathRule) validate() error {
	said := 0
	for _, v := range r.says {
		if v != "" {
			said++
		}
	}
	switch {
	case said == 0:
		return errors.New("says nothing; give it ignore: true, number: {abs: …}, order: any, or another of docs/rules.md")
	case r.Ignore && said > 1:
		return errors.New("has ignore and something else; what is ignored is not compared, so that nothing else can be said of it")
	case r.Ignore && r.pattern.everything():
		return errors.New("ignoring it would hide every difference; name what is below it")
	case r.Order != "" && r.Order != "any":
		return fmt.Errorf("order %q: allowed is any", r.Order)
	case r.Case != "" && r.Case != "ignore":
		return fmt.Errorf("case %q: allowed is ignore", r.Case)
	case r.Unicode != "" && r.Unicode != "nfc":
		return fmt.Errorf("unicode %q: allowed is nfc", r.Unicode)
	case r.Top < 0:
		return fmt.Errorf("top %d: must be 1 or more", r.Top)
	case r.Key != "" && (len(r.pattern) == 0 || r.pattern[len(r.pattern)-1].kind != anyChild):
		return errors.New("key is about the elements of an array: end the path with [*], as in $.scores[*]")
	}
	return r.Number.Validate()
}

// clash finds two rules that want different things of one place. Places further
// down are none: there the rule that ends there wins.
func clash(rules []pathRule) error {
	for i, b := range rules {
		for _, a := range rules[:i] {
			if a.path == b.path && a.Ignore != b.Ignore {
				return fmt.Errorf("%s.path %q and %s.path %q are one place, which is ignored and compared; change or drop one", a.field, a.Path, b.field, b.Path)
			}
			for x := range aspects {
				if a.says[x] != "" && b.says[x] != "" && a.says[x] != b.says[x] && a.pattern.overlaps(b.pattern) {
					return fmt.Errorf("%s.path %q and %s.path %q can meet at one place and want different things of it (%s: %s and %s); change or drop one",
						a.field, a.Path, b.field, b.Path, aspectNames[x], a.says[x], b.says[x])
				}
			}
		}
	}
	return nil
}

func spellTolerance(t number.Tolerance) string {
	text, err := json.Marshal(canonicalTolerance(&t))
	if err != nil {
		return err.Error() // an infinity, which Validate refuses
	}
	return string(text)
}

// compileJQ makes one program of all jq rules, in the order of their paths. A
// model's own come last.
func (s *settings) compileJQ() (*mapping.Program, error) {
	var steps []string
	for _, r := range s.rules {
		if r.JQ == "" {
			continue
		}
		if _, err := mapping.Compile(r.JQ); err != nil {
			return nil, fmt.Errorf("%s.jq: %w", r.field, err)
		}
		steps = append(steps, r.pattern.jq()+" |= ("+r.JQ+")")
	}
	if len(steps) == 0 {
		return nil, nil
	}
	return mapping.Compile(strings.Join(steps, " | "))
}

// jq spells the pattern as a path of jq. Steps that lead nowhere, as to a
// member of a number, are passed over.
func (p pattern) jq() string {
	path := "."
	for _, s := range p {
		switch s.kind {
		case byName:
			name, _ := json.Marshal(s.name)
			path += fmt.Sprintf(" | objects | select(has(%s)) | .[%s]", name, name)
		case byIndex:
			path += fmt.Sprintf(" | arrays | select(length > %d) | .[%d]", s.index, s.index)
		case anyChild:
			path += " | iterables[]"
		case descend:
			path += " | .."
		}
	}
	return "(" + path + ")"
}
