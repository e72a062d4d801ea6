package compare

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/modelparity/parity/internal/number"
)

// Version is the version of the judge. It goes up whenever the same rules on
// the same answers can give another verdict, or what a tally holds means
// something else, and is part of what identifies a judgement.
const Version = 7

// UnstableVersion is the first version whose judgements have what Judge.Unstable
// says.
const UnstableVersion = 7

// Rules say when two answers are equal; docs/rules.md has the whole of it. The
// zero value compares everything, numbers with number.Default or, in tensors,
// with number.ForDatatype.
type Rules struct {
	// Number is the tolerance of all numbers that no path rule has one for. nil
	// means the defaults.
	Number *number.Tolerance `json:"number,omitempty" yaml:"number"`
	Paths  []PathRule        `json:"rules,omitempty" yaml:"rules"`
	// Decision is what the business acts on; nil: nothing is known of it.
	Decision *Decision `json:"decision,omitempty" yaml:"decision"`
	// ContentType "exact" makes another media type a difference even where the
	// values are the same; "" or "any" does not.
	ContentType string `json:"content_type,omitempty" yaml:"content_type"`
	// Models adds to the rules for the models that a glob matches. At most one
	// glob may match any one model, so that the order of globs never matters.
	Models map[string]ModelRules `json:"models,omitempty" yaml:"models"`
}

// ModelRules are what some models add: Number and Decision replace the general
// ones, Paths win over the general ones wherever both lead to one place.
type ModelRules struct {
	Number   *number.Tolerance `json:"number,omitempty" yaml:"number"`
	Paths    []PathRule        `json:"rules,omitempty" yaml:"rules"`
	Decision *Decision         `json:"decision,omitempty" yaml:"decision"`
}

// PathRule says how the values at one place, or at many, are compared. It says
// one thing or several that go together.
//
// Path is $ (the whole answer) followed by any of .name, ['any name'], [3] and
// [*] (any element of an array, any member of an object), each after .. at any
// depth. In CSV it is $[row][column], both from 0, or $[row].name where both
// sides have a header; of tensors $.outputs.name.data[3].
//
// Ignore, Number, Case, Unicode, Trim, Pattern, NullAbsent and EmptyAbsent hold
// for the values at the path and for all below them, until a rule that ends
// further down says otherwise. Order, Key, Top and Fold hold at the path alone.
type PathRule struct {
	Path string `json:"path" yaml:"path"`

	// Ignore hides every difference. One above the path still counts: where $.a
	// is missing, ignoring $.a.b does not hide that.
	Ignore bool              `json:"ignore,omitempty" yaml:"ignore"`
	Number *number.Tolerance `json:"number,omitempty" yaml:"number"`

	Case    string `json:"case,omitempty" yaml:"case"`       // "ignore": by Unicode's case folding
	Unicode string `json:"unicode,omitempty" yaml:"unicode"` // "nfc": canonically equivalent texts are equal
	Trim    bool   `json:"trim,omitempty" yaml:"trim"`       // white space at both ends does not count
	Pattern string `json:"pattern,omitempty" yaml:"pattern"` // two texts that both match the whole of this expression (RE2) are equal

	NullAbsent  bool `json:"null_absent,omitempty" yaml:"null_absent"`   // a member that is null and one that is absent are equal
	EmptyAbsent bool `json:"empty_absent,omitempty" yaml:"empty_absent"` // so are "", [] and {}

	Order string `json:"order,omitempty" yaml:"order"` // "any": the array is a bag
	Key   string `json:"key,omitempty" yaml:"key"`     // the elements, which path names by [*], are paired by this member
	Top   int    `json:"top,omitempty" yaml:"top"`     // only the first so many elements of the array count
	Fold  bool   `json:"fold,omitempty" yaml:"fold"`   // the object's names are ids: signatures show them as [*]

	// JQ is applied to the values at the path, on both sides, before anything
	// is compared.
	JQ string `json:"jq,omitempty" yaml:"jq"`
}

// aspect is one of the things that a PathRule says.
type aspect uint8

const (
	ignoreAspect aspect = iota
	numberAspect
	caseAspect
	unicodeAspect
	trimAspect
	patternAspect
	nullAspect
	emptyAspect
	orderAspect // from here on: at the path alone
	keyAspect
	topAspect
	foldAspect
	jqAspect // not part of the walk
	aspects
)

var aspectNames = [aspects]string{
	"ignore", "number", "case", "unicode", "trim", "pattern", "null_absent", "empty_absent", "order", "key", "top", "fold", "jq",
}

// values spells what the rule says, "" where it says nothing: two rules say the
// same of an aspect if these are equal.
func (r PathRule) values() (v [aspects]string) {
	flag := func(b bool) string {
		if b {
			return "true"
		}
		return ""
	}
	v = [aspects]string{
		ignoreAspect: flag(r.Ignore), caseAspect: r.Case, unicodeAspect: r.Unicode, trimAspect: flag(r.Trim), patternAspect: r.Pattern,
		nullAspect: flag(r.NullAbsent), emptyAspect: flag(r.EmptyAbsent), orderAspect: r.Order, keyAspect: r.Key, foldAspect: flag(r.Fold), jqAspect: r.JQ,
	}
	if r.Number != nil {
		v[numberAspect] = spellTolerance(*r.Number)
	}
	if r.Top != 0 {
		v[topAspect] = strconv.Itoa(r.Top)
	}
	return v
}

// Validate names the first field that makes no sense, its value and what is
// allowed. Rules that clash are an error, never a silent choice.
func (r Rules) Validate() error {
	_, err := r.compile()
	return err
}

// Canonical returns the rules as they are applied: paths in one spelling,
// sorted, without repeats. Rules that mean the same marshal to the same JSON,
// whose digest can identify a judgement.
func (r Rules) Canonical() (Rules, error) {
	if err := r.Validate(); err != nil {
		return Rules{}, err
	}
	c := Rules{Number: canonicalTolerance(r.Number), Paths: canonicalPaths(r.Paths), Decision: r.Decision.canonical()}
	if r.ContentType == exactly {
		c.ContentType = exactly
	}
	for glob, m := range r.Models {
		if c.Models == nil {
			c.Models = map[string]ModelRules{}
		}
		c.Models[glob] = ModelRules{Number: canonicalTolerance(m.Number), Paths: canonicalPaths(m.Paths), Decision: m.Decision.canonical()}
	}
	return c, nil
}

func canonicalTolerance(t *number.Tolerance) *number.Tolerance {
	if t == nil {
		return nil
	}
	c := *t // not the caller's to change afterwards
	if c.NaN == "equal" {
		c.NaN = ""
	}
	return &c
}

// canonicalPaths expects valid rules.
func canonicalPaths(rules []PathRule) []PathRule {
	var out []PathRule
	for _, r := range rules {
		p, _ := parsePath(r.Path)
		r.Path, r.Number = p.String(), canonicalTolerance(r.Number)
		out = append(out, r)
	}
	order := func(a, b PathRule) int {
		va, vb := a.values(), b.values()
		return cmp.Or(cmp.Compare(a.Path, b.Path), slices.Compare(va[:], vb[:]))
	}
	slices.SortFunc(out, order)
	return slices.CompactFunc(out, func(a, b PathRule) bool { return order(a, b) == 0 })
}

// globs lists the models' globs in order.
func (r Rules) globs() []string { return slices.Sorted(maps.Keys(r.Models)) }
