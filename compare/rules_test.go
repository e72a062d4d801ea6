package compare

import (
	"bytes"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/modelparity/parity/internal/exchange"
	"pgregory.net/rapid"
)

func rule(path string, abs float64) PathRule { return PathRule{Path: path, Number: &Number{Abs: abs}} }

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
		{"negative", Rules{Number: &Number{Abs: -1}}, []string{"number.abs -1", "must be 0 or a positive number"}},
		{"path", Rules{Paths: []PathRule{ignore("$.a"), ignore("a.b")}}, []string{`rules[1].path "a.b"`, "starts with $"}},
		{"descendants", Rules{Paths: []PathRule{ignore("$..a")}}, []string{`"$..a"`, "at character 2"}},
		{"dot star", Rules{Paths: []PathRule{ignore("$.*")}}, []string{"[*]"}},
		{"index", Rules{Paths: []PathRule{ignore("$[-1]")}}, []string{"[-1] is neither"}},
		{"leading zero", Rules{Paths: []PathRule{ignore("$[01]")}}, []string{"[01] is neither"}},
		{"open index", Rules{Paths: []PathRule{ignore("$[1")}}, []string{"no ] ends"}},
		{"open name", Rules{Paths: []PathRule{ignore("$['a")}}, []string{"no ' ends"}},
		{"everything", Rules{Paths: []PathRule{ignore("$")}}, []string{"would hide every difference"}},
		{"nothing", Rules{Paths: []PathRule{{Path: "$.a"}}}, []string{"says nothing"}},
		{"both", Rules{Paths: []PathRule{{Path: "$.a", Ignore: true, Number: &Number{}}}}, []string{"does one thing"}},
		{"rule number", Rules{Paths: []PathRule{rule("$.a", -2)}}, []string{`rules[0].path "$.a": number.abs -2`}},
		{"twice", Rules{Paths: []PathRule{rule("$.a", 1), rule("$['a']", 2)}}, []string{"rules[0]", "rules[1]", "different things"}},
		{"twice of two kinds", Rules{Paths: []PathRule{rule("$.a", 1), ignore("$.a")}}, []string{"different things"}},
		{"wildcard", Rules{Paths: []PathRule{rule("$[*].x", 1), rule("$[0].x", 2)}}, []string{`"$[*].x"`, `"$[0].x"`}},
		{"wildcards crossing", Rules{Paths: []PathRule{rule("$[*].x", 1), rule("$.a[*]", 2)}}, []string{"different things"}},
		{"globs", Rules{Models: map[string]ModelRules{"*-v2": {}, "spam-*": {}}}, []string{"models.'*-v2' and models.'spam-*' can both match one model"}},
		{"model number", Rules{Models: map[string]ModelRules{"a": {Number: &Number{Rel: -1}}}}, []string{`models.'a'.number.rel -1`}},
		{"model path", Rules{Models: map[string]ModelRules{"a": {Paths: []PathRule{ignore("x")}}}}, []string{`models.'a'.rules[0].path "x"`}},
		{"model against general", Rules{
			Paths:  []PathRule{rule("$.s[*]", 1)},
			Models: map[string]ModelRules{"a": {Paths: []PathRule{rule("$.s[0]", 2)}}},
		}, []string{"models.'a'.rules[0]", " rules[0]"}},
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
			if _, err := NewJudge(c.rules); err == nil {
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
		path, err := yaml.PathString("$.compare." + ModelField(glob) + ".number")
		if err != nil {
			t.Errorf("%s: %v", ModelField(glob), err)
			continue
		}
		var number int
		if err := path.Read(bytes.NewReader(text), &number); err != nil || number != 7 {
			t.Errorf("%s finds %d, %v in\n%s", ModelField(glob), number, err, text)
		}
	}
	if field := ModelField("a\x1b[31m"); strings.Contains(field, "\x1b") {
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
		{Models: map[string]ModelRules{"spam-*": {}, "legal-?": {}}},
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
		Number: &Number{Abs: 1},
		Paths:  []PathRule{rule("$.a", 2), ignore("$.b")},
		Models: map[string]ModelRules{
			"spam-*": {Number: &Number{Abs: 10}, Paths: []PathRule{rule("$.a", 20)}},
			"ham":    {Paths: []PathRule{ignore("$.c")}},
		},
	})
	for model, want := range map[string][3]int{"other": {1, 2, 1}, "spam-x": {10, 20, 1}, "ham": {1, 2, 2}} {
		s := j.rules.of(model)
		if got := [3]int{int(s.number.Abs), int(s.numbers[0].Number.Abs), len(s.ignore)}; got != want {
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
	b := canonical(Rules{Number: &Number{1e-9, 1e-6}, Paths: []PathRule{rule("$['a']", 1), ignore("$.b")}})
	want := `{"number":{"abs":1e-9,"rel":0.000001},"rules":[{"path":"$.a","number":{"abs":1,"rel":0}},{"path":"$.b","ignore":true}]}`
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
models: { "spam-*": { number: { abs: 0.1 } } }
`
	var r Rules
	if err := yaml.UnmarshalWithOptions([]byte(text), &r, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	want := Rules{
		Number: &Number{1e-9, 1e-6},
		Paths:  []PathRule{ignore("$.took_ms"), rule("$.scores[*]", 1e-4)},
		Models: map[string]ModelRules{"spam-*": {Number: &Number{Abs: 0.1}}},
	}
	if toJSON(t, r) != toJSON(t, want) {
		t.Errorf("read %s", toJSON(t, r))
	}
	if err := yaml.UnmarshalWithOptions([]byte("rules: [{path: $.a, ignored: true}]"), &r, yaml.Strict()); err == nil {
		t.Error("an unknown key is taken")
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
		if got := GlobsOverlap(p, q); got != witness {
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
