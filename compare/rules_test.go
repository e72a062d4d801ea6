package compare

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

func rule(path string, abs float64) PathRule {
	return PathRule{Path: path, Number: &number.Tolerance{Abs: abs}}
}

func ignore(path string) PathRule { return PathRule{Path: path, Ignore: true} }

// A rule that is wrong or clashes must stop the night's job before it starts,
// with a sentence that names the field; otherwise a typo silently compares
// nothing, or everything.
func TestValidateNamesTheField(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules Rules
		want  []string
	}{
		{"negative", Rules{Number: &number.Tolerance{Abs: -1}}, []string{"number.abs -1", "must be 0 or a positive number"}},
		{"path", Rules{Paths: []PathRule{ignore("$.a"), ignore("a.b")}}, []string{`rules[1].path "a.b"`, "starts with $"}},
		{"three dots", Rules{Paths: []PathRule{ignore("$...a")}}, []string{`"$...a"`, "at character 2"}},
		{"dots at the end", Rules{Paths: []PathRule{ignore("$.a..")}}, []string{"at character 4"}},
		{"descendants", Rules{Paths: []PathRule{rule("$..a", 1), rule("$.b.c.a", 2)}}, []string{`"$..a"`, `"$.b.c.a"`}},
		{"descendants crossing", Rules{Paths: []PathRule{rule("$.x..a", 1), rule("$..y.a", 2)}}, []string{"different things"}},
		{"everything below", Rules{Paths: []PathRule{ignore("$[*]")}}, []string{"would hide every difference"}},
		{"everything anywhere", Rules{Paths: []PathRule{ignore("$..*")}}, []string{"would hide every difference"}},
		{"order", Rules{Paths: []PathRule{{Path: "$.a", Order: "none"}}}, []string{`order "none"`, "any"}},
		{"case", Rules{Paths: []PathRule{{Path: "$.a", Case: "fold"}}}, []string{`case "fold"`}},
		{"unicode", Rules{Paths: []PathRule{{Path: "$.a", Unicode: "NFD"}}}, []string{`unicode "NFD"`}},
		{"top", Rules{Paths: []PathRule{{Path: "$.a", Top: -1}}}, []string{"top -1"}},
		{"key of an array", Rules{Paths: []PathRule{{Path: "$.a", Key: "id"}}}, []string{"[*]"}},
		{"pattern", Rules{Paths: []PathRule{{Path: "$.a", Pattern: "("}}}, []string{"pattern", "missing closing"}},
		{"jq", Rules{Paths: []PathRule{{Path: "$.a", JQ: "now"}}}, []string{"rules[0].jq", "now"}},
		{"content type", Rules{ContentType: "same"}, []string{`content_type "same"`}},
		{"decision path", Rules{Decision: &Decision{Path: "label"}}, []string{"decision.path", "starts with $"}},
		{"decision anywhere", Rules{Decision: &Decision{Path: "$..label"}}, []string{"decision.path", ".."}},
		{"decision of two kinds", Rules{Decision: &Decision{Path: "$", Threshold: new(0.5), By: "s", Label: "l"}}, []string{"threshold"}},
		{"decision without a label", Rules{Decision: &Decision{Path: "$", By: "s"}}, []string{"by and label"}},
		{"decision in a bag", Rules{Decision: &Decision{Path: "$.p[*].label"}, Paths: []PathRule{{Path: "$.p", Order: "any"}}}, []string{"decision.path", `"$.p"`}},
		{"decision by key", Rules{Decision: &Decision{Path: "$.p[0]"}, Paths: []PathRule{{Path: "$.p[*]", Key: "id"}}}, []string{"decision.path", `"$.p[*]"`}},
		{"model decision", Rules{Models: map[string]ModelRules{"a": {Decision: &Decision{Path: "x"}}}}, []string{"models.'a'.decision.path"}},
		{"index", Rules{Paths: []PathRule{ignore("$[-1]")}}, []string{"[-1] is neither"}},
		{"leading zero", Rules{Paths: []PathRule{ignore("$[01]")}}, []string{"[01] is neither"}},
		{"open index", Rules{Paths: []PathRule{ignore("$[1")}}, []string{"no ] ends"}},
		{"open name", Rules{Paths: []PathRule{ignore("$['a")}}, []string{"no ' ends"}},
		{"everything", Rules{Paths: []PathRule{ignore("$")}}, []string{"would hide every difference"}},
		{"nothing", Rules{Paths: []PathRule{{Path: "$.a"}}}, []string{"says nothing"}},
		{"both", Rules{Paths: []PathRule{{Path: "$.a", Ignore: true, Number: &number.Tolerance{}}}}, []string{"has ignore and something else"}},
		{"rule number", Rules{Paths: []PathRule{rule("$.a", -2)}}, []string{`rules[0].path "$.a": number.abs -2`}},
		{"twice", Rules{Paths: []PathRule{rule("$.a", 1), rule("$['a']", 2)}}, []string{"rules[0]", "rules[1]", "different things"}},
		{"twice of two kinds", Rules{Paths: []PathRule{rule("$.a", 1), ignore("$.a")}}, []string{"ignored and compared"}},
		{"wildcard", Rules{Paths: []PathRule{rule("$[*].x", 1), rule("$[0].x", 2)}}, []string{`"$[*].x"`, `"$[0].x"`}},
		{"wildcards crossing", Rules{Paths: []PathRule{rule("$[*].x", 1), rule("$.a[*]", 2)}}, []string{"different things"}},
		{"globs", Rules{Models: map[string]ModelRules{"*-v2": {}, "spam-*": {}}}, []string{"models.'*-v2' and models.'spam-*' can both match one model"}},
		{"model number", Rules{Models: map[string]ModelRules{"a": {Number: &number.Tolerance{Rel: -1}}}}, []string{`models.'a'.number.rel -1`}},
		{"model path", Rules{Models: map[string]ModelRules{"a": {Paths: []PathRule{ignore("x")}}}}, []string{`models.'a'.rules[0].path "x"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.rules.Validate()
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not hold %q", err, want)
				}
			}
			if _, err := NewJudge(c.rules, Options{}); err == nil {
				t.Error("NewJudge takes it")
			}
		})
	}
}

// What is wrong with a model's rules is looked up in the file by this name, so
// that the error has a line.
func TestModelFieldIsAPath(t *testing.T) {
	for _, glob := range []string{"a", "spam-*", "a.b", "a b", "[0]", "über-?"} {
		text, err := yaml.Marshal(map[string]any{"compare": map[string]any{"models": map[string]any{"other": 1, glob: map[string]int{"number": 7}}}})
		if err != nil {
			t.Fatal(err)
		}
		path, err := yaml.PathString("$.compare." + exchange.ModelField(glob) + ".number")
		if err != nil {
			t.Errorf("%s: %v", exchange.ModelField(glob), err)
			continue
		}
		var number int
		if err := path.Read(bytes.NewReader(text), &number); err != nil || number != 7 {
			t.Errorf("%s finds %d, %v in\n%s", exchange.ModelField(glob), number, err, text)
		}
	}
	if field := exchange.ModelField("a\x1b[31m"); strings.Contains(field, "\x1b") {
		t.Errorf("%q would steer a terminal", field)
	}
}

// Rules that say the same twice, or meet without a conflict, must work: shared
// snippets of configuration do that.
func TestValidateTakes(t *testing.T) {
	for _, r := range []Rules{
		{},
		{Paths: []PathRule{rule("$.a", 1), rule("$['a']", 1)}},
		{Paths: []PathRule{rule("$", 1), rule("$[*]", 2), rule("$[*].x", 3)}},
		{Paths: []PathRule{rule("$[*].x", 1), rule("$[0].y", 2), ignore("$[0].x")}},
		{Paths: []PathRule{rule("$..x", 1), rule("$[*].y", 2), {Path: "$..x", Order: "any"}, {Path: "$..x[*]", Key: "id"}}},
		{Paths: []PathRule{{Path: "$.a", JQ: "ascii_downcase"}, {Path: "$.a", Pattern: "[0-9]+"}}},
		{Decision: &Decision{Path: "$.label"}, ContentType: "exact"},
		{Models: map[string]ModelRules{"spam-*": {}, "legal-?": {}}},
		{Paths: []PathRule{rule("$.s[*]", 1)}, Models: map[string]ModelRules{"a": {Paths: []PathRule{rule("$.s[0]", 2)}}}},
		{Paths: []PathRule{rule("$.a", 1)}, Models: map[string]ModelRules{"m": {Paths: []PathRule{rule("$.a", 2)}}}},
	} {
		if err := r.Validate(); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// A model's own rules must win for that model and change no other.
func TestModelRules(t *testing.T) {
	j := newJudge(t, Rules{
		Number: &number.Tolerance{Abs: 1},
		Paths:  []PathRule{rule("$.a", 2), ignore("$.b")},
		Models: map[string]ModelRules{
			"spam-*": {Number: &number.Tolerance{Abs: 10}, Paths: []PathRule{rule("$.a", 20)}},
			"ham":    {Paths: []PathRule{ignore("$.c")}},
		},
	})
	for model, want := range map[string][4]int{"other": {1, 2, 1, 0}, "spam-x": {10, 20, 1, 0}, "ham": {1, 2, 1, 1}} {
		m := newMachine(j.rules.of(model))
		abs := m.rule(m.member(m.root, []byte("a")), numberAspect).Number.Abs
		hidden := func(name string) (n int) {
			if m.member(m.root, []byte(name)).holds[ignoreAspect] != none {
				n++
			}
			return n
		}
		if got := [4]int{int(m.number.Abs), int(abs), hidden("b"), hidden("c")}; got != want {
			t.Errorf("%s: %v, want %v", model, got, want)
		}
	}
}

// The judgement's id is a digest of the canonical rules: rules that mean the
// same must give one judgement, others must never share one.
func TestCanonical(t *testing.T) {
	canonical := func(r Rules) string {
		c, err := r.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		return toJSON(t, c)
	}
	a := canonical(Rules{Paths: []PathRule{ignore("$['b']"), rule("$.a", 1), rule("$.a", 1)}})
	b := canonical(Rules{Paths: []PathRule{rule("$['a']", 1), ignore("$.b")}})
	want := `{"rules":[{"path":"$.a","number":{"abs":1,"rel":0}},{"path":"$.b","ignore":true}]}`
	if a != want || b != want {
		t.Errorf("canonical rules\n%s\n%s, want\n%s", a, b, want)
	}
	if c := canonical(exact); c == canonical(Rules{}) {
		t.Error("exact rules look like the default")
	}
}

// The compare section of parity.yaml must be readable straight into Rules, and
// what it does not know must be an error.
func TestRulesFromYAML(t *testing.T) {
	text := `
number: { abs: 1e-9, rel: 1e-6 }
rules:
  - { path: "$.took_ms", ignore: true }
  - { path: "$.scores[*]", number: { abs: 1e-4 } }
  - { path: "$..labels", order: any, case: ignore, null_absent: true }
decision: "$.label"
models: { "spam-*": { number: { abs: 0.1 }, decision: { path: "$.score", threshold: 0.5 } } }
`
	var r Rules
	if err := yaml.UnmarshalWithOptions([]byte(text), &r, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	want := Rules{
		Number:   &number.Tolerance{Abs: 1e-9, Rel: 1e-6},
		Paths:    []PathRule{ignore("$.took_ms"), rule("$.scores[*]", 1e-4), {Path: "$..labels", Order: "any", Case: "ignore", NullAbsent: true}},
		Decision: &Decision{Path: "$.label"},
		Models:   map[string]ModelRules{"spam-*": {Number: &number.Tolerance{Abs: 0.1}, Decision: &Decision{Path: "$.score", Threshold: new(0.5)}}},
	}
	if toJSON(t, r) != toJSON(t, want) {
		t.Errorf("read %s", toJSON(t, r))
	}
	for _, text := range []string{"rules: [{path: $.a, ignored: true}]", "decision: {path: $.a, treshold: 1}", "decision: [1]"} {
		if err := yaml.UnmarshalWithOptions([]byte(text), &Rules{}, yaml.Strict()); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// A path in a report must be one that can be pasted into a rule.
func TestPathsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p pattern
		for range rapid.IntRange(0, 4).Draw(t, "steps") {
			p = append(p, rapid.OneOf(
				rapid.Map(rapid.String(), func(s string) segment { return segment{kind: byName, name: s} }),
				rapid.Map(rapid.IntRange(0, 1<<30), func(i int) segment { return segment{kind: byIndex, index: i} }),
				rapid.Just(segment{kind: anyChild}),
			).Draw(t, "step"))
			if rapid.Bool().Draw(t, "deep") {
				p = slices.Insert(p, len(p)-1, segment{kind: descend})
			}
		}
		back, err := parsePath(p.String())
		if err != nil || back.String() != p.String() || !p.overlaps(back) || len(back) != len(p) {
			t.Fatalf("%s reads back as %s, %v", p, back, err)
		}
		for i := range p {
			if p[i] != back[i] {
				t.Fatalf("%s: step %d is %+v and was %+v", p, i, back[i], p[i])
			}
		}
	})
}

// Two globs that can match one model are refused when the rules are loaded. A
// pair that is wrongly taken would make the verdict hang on the globs' order.
func TestGlobsOverlap(t *testing.T) {
	glob := rapid.StringOfN(rapid.SampledFrom([]rune("ab*?")), 0, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		p, q := glob.Draw(t, "p"), glob.Draw(t, "q")
		witness := false
		eachName(8, func(name string) { witness = witness || exchange.Glob(p, name) && exchange.Glob(q, name) })
		if got := exchange.GlobsOverlap(p, q); got != witness {
			t.Fatalf("%q and %q overlap: %v, by trying all names: %v", p, q, got, witness)
		}
	})
}

// eachName calls f with all names over a and b of at most n bytes.
func eachName(n int, f func(string)) {
	for length := range n + 1 {
		for bits := range 1 << length {
			name := make([]byte, length)
			for i := range name {
				name[i] = 'a' + byte(bits>>i&1)
			}
			f(string(name))
		}
	}
}
