package compare

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

// suggest returns what is suggested and the rules that its YAML holds, which
// must be valid.
func suggest(t testing.TB, tally *Tally, r Rules) (string, Rules) {
	t.Helper()
	text, err := Suggest(tally, r)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Compare Rules `yaml:"compare"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(text), &doc, yaml.Strict()); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if err := doc.Compare.Validate(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return text, doc.Compare
}

// pairsOf makes n exchanges of a model from formats of the number of each.
func pairsOf(n int, model string, pair func(i int) (ref, cand string)) (all []exchange.Exchange) {
	for i := range n {
		ref, cand := pair(i)
		all = append(all, jsonPair(i, model, ref, cand))
	}
	return all
}

// bothSides fills one format for each side.
func bothSides(format string, ref, cand func(i int) any) func(int) (string, string) {
	return func(i int) (string, string) { return fmt.Sprintf(format, ref(i)), fmt.Sprintf(format, cand(i)) }
}

var suggestible = []struct {
	name, want string
	pair       func(i int) (ref, cand string)
}{
	{"uuid", `pattern: "[0-9a-fA-F]{8}(`, bothSides(`{"a": "%08x-0000-4000-8000-000000000000"}`, func(i int) any { return i }, func(i int) any { return i + 99 })},
	{"time", `pattern: "[0-9]{4}-`, func(i int) (string, string) {
		return fmt.Sprintf(`{"at": "2026-11-22T21:00:%02dZ"}`, i), fmt.Sprintf(`{"at": "2026-11-23T08:00:%02d.25+01:00"}`, i)
	}},
	{"ulid", `pattern: "[0-7]`, bothSides(`{"key": "01ARZ3NDEKTSV4RRFFQ69G%04d"}`, func(i int) any { return i }, func(i int) any { return i + 99 })},
	{"duration", `pattern: "[0-9]+(`, bothSides(`{"x": "%d ms"}`, func(i int) any { return i }, func(i int) any { return i + 5 })},
	{"epoch in ms", `{ path: "$.meta.when", ignore: true }`, bothSides(`{"meta": {"when": %d}}`, func(i int) any { return epoch.UnixMilli() + int64(i) }, func(i int) any { return epoch.UnixMilli() + int64(i) + 86_400_000 })},
	{"epoch as text", `{ path: "$.when", ignore: true }`, bothSides(`{"when": "%d"}`, func(i int) any { return epoch.Unix() + int64(i) }, func(i int) any { return epoch.Unix() + int64(i) + 86_400 })},
	{"took", `{ path: "$.tookMs", ignore: true }`, bothSides(`{"tookMs": %d}`, func(i int) any { return 10 + i }, func(i int) any { return 50 - i })},
	{"request id", `{ path: "$.X-Request-ID", ignore: true }`, bothSides(`{"X-Request-ID": "r-%d"}`, func(i int) any { return i }, func(i int) any { return 1000 + i })},
	{"request id, sometimes a number", `{ path: "$.id", ignore: true }`, func(i int) (string, string) {
		if i == 7 {
			return `{"id": "r"}`, `{"id": 7}`
		}
		return fmt.Sprintf(`{"id": "r-%d"}`, i), fmt.Sprintf(`{"id": "s-%d"}`, i)
	}},
	{"absolute", `number: { abs: 0.0021, rel: 1e-06 }`, bothSides(`{"p": 0.5%02d}`, func(int) any { return 0 }, func(i int) any { return i % 3 })},
	{"reference 0", `number: { abs: 1.3e-05, rel: 1e-06 }`, bothSides(`{"p": %v}`, func(int) any { return 0 }, func(i int) any { return 1.25e-5 * float64(i%2) })},
	{"relative", `number: { abs: 1e-09, rel: 0.0001`, bothSides(`{"v": %v}`, func(i int) any { return math.Pow(10, float64(i)) }, func(i int) any { return math.Pow(10, float64(i)) * 1.0001 })},
	{"what passed by its size", `number: { abs: 0.0001, rel: 1e-06 }`, func(i int) (string, string) {
		if i%2 == 0 {
			return `{"v": 5e6}`, `{"v": 5000001}`
		}
		return `{"v": 1}`, `{"v": 1.0001}`
	}},
	{"integers", `number: { abs: 3, rel: 1e-06 }`, bothSides(`[%d]`, func(i int) any { return 1000 }, func(i int) any { return 1003 - i%4 })},
	{"members", `path: "$.scores[*]", number: { abs: 3.1e-05`, func(i int) (string, string) {
		return `{"scores": {"a": 0.1, "b": 0.2, "c": 0.3}}`, `{"scores": {"a": 0.10001, "b": 0.20002, "c": 0.30003}}`
	}},
	{"members too far apart", `path: "$.scores.c", number: { abs: 0.0003`, func(i int) (string, string) {
		return `{"scores": {"a": 0.1, "b": 0.2, "c": 0.3}}`, `{"scores": {"a": 0.10001, "b": 0.20002, "c": 0.3003}}`
	}},
	{"object and array", `path: "$.s[*]"`, func(i int) (string, string) {
		if i%2 == 0 {
			return `{"s": [0.5]}`, `{"s": [0.5001]}`
		}
		return `{"s": {"a": 0.5, "b": 1}}`, `{"s": {"a": 0.5001, "b": 1}}`
	}},
	{"case", `case: ignore }`, bothSides(`{"label": "%s"}`, func(int) any { return "Spam" }, func(i int) any { return []string{"SPAM", "Spam"}[i%2] })},
	{"white space", `{ path: "$.t", trim: true }`, bothSides(`{"t": "%s"}`, func(int) any { return "a b" }, func(i int) any { return ` a b\n` })},
	{"Unicode form", `{ path: "$.t", unicode: nfc }`, bothSides(`{"t": "%s"}`, func(int) any { return "\u00e9" }, func(i int) any { return "e\u0301" })},
	{"all of texts", `trim: true, unicode: nfc, case: ignore }`, bothSides(`{"t": "%s"}`, func(int) any { return "\u00e9" }, func(i int) any { return "E\u0301 " })},
	{"null", `{ path: "$.a[*].b", null_absent: true }`, bothSides(`{"a": [{%s}]}`, func(i int) any { return `"b": null` }, func(i int) any { return "" })},
	{"empty and null", `null_absent: true, empty_absent: true }`, bothSides(`{%s}`, func(i int) any { return "" }, func(i int) any { return []string{`"b": null`, `"b": [ ]`, `"b": ""`}[i%3] })},
	{"order", `{ path: "$.terms", order: any }`, bothSides(`{"terms": [%s]}`, func(i int) any { return `"a", "b"` }, func(i int) any { return `"b", "a"` })},
}

// Without this, what people paste would not do what it says: leave differences
// that it is for, or be another rule than the field needs.
func TestSuggestedRulesHold(t *testing.T) {
	for _, c := range suggestible {
		t.Run(c.name, func(t *testing.T) {
			all := pairsOf(20, "m", c.pair)
			text, rules := suggest(t, judgeRows(t, Rules{}, all, nil), Rules{})
			if !strings.Contains(text, c.want) {
				t.Errorf("want %s in\n%s", c.want, text)
			}
			if m := judgeRows(t, rules, all, nil).Models["m"]; m.Mismatch != 0 {
				t.Errorf("%d still differ: %s\n%s", m.Mismatch, toJSON(t, m.Signatures), text)
			}
			if strings.Contains(text, "would still differ") {
				t.Errorf("it says that some stay:\n%s", text)
			}
		})
	}
}

// Without this, a real difference could be talked away by a rule that is pasted
// unread.
func TestRealDifferencesAreNotSuggested(t *testing.T) {
	for name, pair := range map[string]func(int) (string, string){
		"$.label string":       bothSides(`{"label": %q}`, func(int) any { return "a" }, func(int) any { return "b" }),
		"$.t string":           bothSides(`{"t": %q}`, func(int) any { return "a b" }, func(int) any { return "a  b" }),
		"$.v type":             bothSides(`{"v": %s}`, func(int) any { return "1" }, func(int) any { return "true" }),
		"$.v bool":             bothSides(`{"v": %s}`, func(int) any { return "true" }, func(int) any { return "false" }),
		"$.v length":           bothSides(`{"v": %s}`, func(int) any { return "[]" }, func(int) any { return "[1]" }),
		"$.v number":           bothSides(`{"v": %v}`, func(int) any { return 0.5 }, func(int) any { return 0.6 }),
		"$.f number":           bothSides(`{"f": %v}`, func(int) any { return 0.5 }, func(int) any { return "NaN" }),
		"$.w missing":          bothSides(`{"v": 1%s}`, func(int) any { return `, "w": 0` }, func(int) any { return "" }),
		"$.delivery_ms string": bothSides(`{"delivery_ms": %q}`, func(int) any { return "fast" }, func(int) any { return "slow" }),
	} {
		text, rules := suggest(t, judgeRows(t, Rules{}, pairsOf(20, "m", pair), nil), Rules{})
		if len(rules.Paths)+len(rules.Models) > 0 {
			t.Errorf("%s: suggested:\n%s", name, text)
		}
		for _, want := range []string{"# model m: at least 20 of 20 exchanges would still differ", name + " in 20 exchanges", "parity show RUN "} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
	}
}

// A field that is volatile by its looks but differs on few pairs only is one
// that broke now and then: hiding it would hide that.
func TestRareDifferencesAreNotVolatile(t *testing.T) {
	all := pairsOf(20, "m", bothSides(`{"request_id": %d}`, func(int) any { return 1 }, func(i int) any { return 1 + i/3*1000 }))
	if text, _ := suggest(t, judgeRows(t, Rules{}, all, nil), Rules{}); strings.Contains(text, "ignore") {
		t.Error(text)
	}
}

// Where NaN comes and goes beside errors of rounding, the tolerance is good and
// NaN has to stay in sight.
func TestToleranceDoesNotHideNaN(t *testing.T) {
	all := pairsOf(20, "m", bothSides(`{"v": %v}`, func(int) any { return 0.5 }, func(i int) any { return []any{0.50001, "NaN"}[i/19] }))
	text, rules := suggest(t, judgeRows(t, Rules{}, all, nil), Rules{})
	if m := judgeRows(t, rules, all, nil).Models["m"]; m.Mismatch != 1 || !strings.Contains(text, "# model m: at least 1 of 20") {
		t.Errorf("%d differ\n%s", m.Mismatch, text)
	}
}

// Without this, rules that were judged once would be undone by those suggested:
// what an existing tolerance lets pass must go on passing.
func TestSuggestKeepsTheTolerance(t *testing.T) {
	configured := Rules{Paths: []PathRule{{Path: "$.v", Number: &number.Tolerance{Rel: 1e-3, ULPs: 7, NaN: "differ"}}}}
	all := pairsOf(20, "m", func(i int) (string, string) {
		if i%2 == 0 {
			return `{"v": 1e6}`, `{"v": 1000500}` // passes, and is far more than what is suggested adds
		}
		return `{"v": 1e3}`, `{"v": 1002}`
	})
	text, rules := suggest(t, judgeRows(t, configured, all, nil), configured)
	if !strings.Contains(text, "{ abs: 2, rel: 0.001, ulps: 7, nan: differ }") {
		t.Error(text)
	}
	if m := judgeRows(t, rules, all, nil).Models["m"]; m.Mismatch != 0 {
		t.Errorf("%d differ\n%s", m.Mismatch, text)
	}
}

// What most models want is judged once, not a hundred times; but never where it
// would not hold.
func TestSuggestForAllModels(t *testing.T) {
	var all []exchange.Exchange
	for i, model := range []string{"a", "b", "c", "same"} {
		all = append(all, pairsOf(20, model, func(n int) (string, string) {
			if model == "same" {
				return `{"p": 0.5}`, `{"p": 0.5}`
			}
			return fmt.Sprintf(`{"id": %d, "p": 0.5}`, n), fmt.Sprintf(`{"id": %d, "p": %v}`, n+77, 0.5+float64(i+1)*1e-5)
		})...)
	}
	text, rules := suggest(t, judgeRows(t, Rules{}, all, nil), Rules{})
	if len(rules.Paths) != 2 || len(rules.Models) != 0 || rules.Paths[1].Number.Abs < 3e-5 || !strings.Contains(text, "wanted by 3 models, such as a") {
		t.Errorf("not once for all:\n%s", text)
	}
	for name, m := range judgeRows(t, rules, all, nil).Models {
		if m.Mismatch != 0 {
			t.Errorf("%s: %d still differ\n%s", name, m.Mismatch, text)
		}
	}
	own := Rules{Models: map[string]ModelRules{"a": {Number: &number.Tolerance{Rel: 1e-9}}, "x*": {}}}
	text, rules = suggest(t, judgeRows(t, own, all, nil), own)
	if len(rules.Paths) != 0 || len(rules.Models) != 3 {
		t.Errorf("a model's own rules would win over these:\n%s", text)
	}
}

// A name that somebody sends must not write rules, end a comment or steer a
// terminal, and no glob may bring a rule to another model.
func TestSuggestHostileNames(t *testing.T) {
	names := []string{
		"", "plain", "q\"uo'te", "new\nline: {", "\x1b[31mred", "bidi\u202e", "# no", "{a}", "[b]", "~", "null", "a\\b", "tab\t", "é\u00a0", "emoji😀",
		"star*", "bad\xff", "x?z", "xyz", "<<", "&a", "\u2028", "\x00", "\u0085",
	}
	unsayable := []string{"bad\xff", "x?z", "xyz"}
	var all []exchange.Exchange
	for _, name := range names {
		field := toJSON(t, "f "+strings.ToValidUTF8(name, ""))
		all = append(all, pairsOf(5, name, func(int) (string, string) {
			return "{" + field + `: 0.5, "l": "\u001b[31m\n"}`, "{" + field + `: 0.5001, "l": "x\u202e"}`
		})...)
	}
	text, rules := suggest(t, judgeRows(t, Rules{}, all, nil), Rules{})
	for i, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%q is in the text: %.80q", r, text[i:])
		}
	}
	for name, m := range judgeRows(t, rules, all, nil).Models {
		numbers := false
		for _, s := range m.Signatures {
			numbers = numbers || s.Kind == KindNumber
		}
		if slices.Contains(unsayable, name) != numbers {
			t.Errorf("model %q: its numbers differ under what is suggested: %v", name, numbers)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// Two people who look at one judgement must read the same, whatever the order in
// which it was put together.
func TestSuggestIsDeterministic(t *testing.T) {
	var parts []string
	for i, c := range suggestible {
		parts = append(parts, toJSON(t, judgeRows(t, Rules{}, pairsOf(20, fmt.Sprint("m", i%5), c.pair), nil)))
	}
	var texts []string
	for range 5 {
		merged := NewTally()
		for _, p := range parts {
			var again Tally // a merge uses up what it merges
			if err := json.Unmarshal([]byte(p), &again); err != nil {
				t.Fatal(err)
			}
			merged.Merge(&again)
		}
		slices.Reverse(parts)
		text, _ := suggest(t, merged, Rules{})
		texts = append(texts, text)
	}
	if len(slices.Compact(texts)) != 1 {
		t.Errorf("several texts:\n%s\n%s", texts[0], texts[1])
	}
}

// What is noise already needs no rule.
func TestSuggestLeavesNoise(t *testing.T) {
	s := &SignatureTally{Path: "$.v", Kind: KindString, Deltas: 3, Exchanges: 3, Noise: 3}
	tally := &Tally{Models: map[string]*ModelTally{"m": {Mismatch: 1, Noise: 2, Signatures: map[string]*SignatureTally{"$.v string": s}}}}
	if text, _ := suggest(t, tally, Rules{}); strings.Contains(text, "$.v") {
		t.Error(text)
	}
}

// A tolerance that is rounded down would leave the largest error, and one that
// is rounded far up would hide more.
func TestRoundUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Float64Range(1e-300, 1e300).Draw(t, "v")
		if up := roundUp(v); up < v || up > 1.1*v {
			t.Errorf("%v becomes %v", v, up)
		}
	})
	for v, want := range map[float64]float64{0.1: 0.1, 0.11: 0.11, 0.111: 0.12, 9.91e-7: 1e-6, 3: 3, 1e-9: 1e-9} {
		if got := roundUp(v); got != want {
			t.Errorf("%v becomes %v, want %v", v, got, want)
		}
	}
}
