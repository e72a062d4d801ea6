package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

// restless makes answers that have one shape each time, most of the time: its
// nodes are what it calls for their text.
type restless struct {
	kind     string // scalar, string, array, object
	children []*restless
	names    []string
}

func restlessNodes(depth int) *rapid.Generator[*restless] {
	return rapid.Custom(func(t *rapid.T) *restless {
		kinds := []string{"number", "string", "word"}
		if depth > 0 {
			kinds = append(kinds, "array", "object", "object")
		}
		n := &restless{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		if n.kind == "array" || n.kind == "object" {
			n.children = rapid.SliceOfN(restlessNodes(depth-1), 0, 4).Draw(t, "children")
			n.names = rapid.Permutation([]string{"a", "b", "key", "outputs"}).Draw(t, "names")
		}
		return n
	})
}

// write spells the node for both sides: the candidate in another member order,
// with spaces, and now and then with another value.
func (n *restless) write(t *rapid.T, ref, cand *strings.Builder) {
	switch n.kind {
	case "array":
		n.between(t, ref, cand, "[]", func(int) string { return "" })
	case "object":
		n.between(t, ref, cand, "{}", func(i int) string { return `"` + n.names[i] + `":` })
	default:
		a := rapid.SampledFrom(spellings[n.kind]).Draw(t, "value")
		ref.WriteString(a)
		if rapid.IntRange(0, 4).Draw(t, "change") == 0 {
			a = rapid.SampledFrom(spellings[n.kind]).Draw(t, "other")
		}
		cand.WriteString(a)
	}
}

var spellings = map[string][]string{
	"number": {"0", "-0", "1", "1.0", "1.0000000001", "1.01", "1e400", "12345678901234567890", "12345678901234567891", "NaN", "0.30000000000000004", "0.3", "0.4238325387995915", "0.4238325387995916", "0.42383253", "4.238325387995915E-3", "4.238325387995915e-3", "4.2383253e-3"},
	"string": {`""`, `"a"`, `"A"`, `"a"`, `"A"`, `"ä"`, `"\u00e4"`, `"a\"b"`, `"\ud800"`, `"` + strings.Repeat("long ", 9) + `"`},
	"word":   {"true", "false", "null"},
}

func (n *restless) between(t *rapid.T, ref, cand *strings.Builder, brackets string, name func(int) string) {
	texts := make([]string, len(n.children))
	ref.WriteByte(brackets[0])
	for i, c := range n.children {
		var other strings.Builder
		if i > 0 {
			ref.WriteByte(',')
		}
		ref.WriteString(name(i))
		c.write(t, ref, &other)
		texts[i] = name(i) + " " + other.String()
	}
	ref.WriteByte(brackets[1])
	if brackets == "{}" {
		slices.Reverse(texts)
	}
	if len(texts) > 0 && rapid.IntRange(0, 49).Draw(t, "drop") == 0 {
		texts = texts[1:]
	}
	fmt.Fprintf(cand, "%c %s%c", brackets[0], strings.Join(texts, ", "), brackets[1])
}

var templateRules = []Rules{
	{},
	exact,
	{Paths: []PathRule{{Path: "$.a", Ignore: true}}},
	{Paths: []PathRule{{Path: "$.a", Number: &number.Tolerance{Abs: 0.1}}, {Path: "$.b", Number: &number.Tolerance{}}}},
	{Paths: []PathRule{{Path: "$..key", Ignore: true}, {Path: "$..b", Number: &number.Tolerance{Abs: 0.1}}}},
	{Paths: []PathRule{{Path: "$..b", Case: "ignore", Unicode: "nfc"}, {Path: "$..a", NullAbsent: true, EmptyAbsent: true}}},
	{Paths: []PathRule{{Path: "$..*", Case: "ignore"}, {Path: "$.b", Ignore: true}}},
	{Paths: []PathRule{{Path: "$.a", Order: "any"}, {Path: "$.b[*]", Key: "key"}}},
	{Number: &number.Tolerance{NaN: "differ", ULPs: 4}},
	{Decision: &Decision{Path: "$.a"}},
	{Decision: &Decision{Path: "$.a"}, Paths: []PathRule{{Path: "$.a", Ignore: true}}},
	{Decision: &Decision{Path: "$.a"}, Paths: []PathRule{{Path: "$.b", Ignore: true}, {Path: "$.a", Case: "ignore", EmptyAbsent: true}}},
	{Decision: &Decision{Path: "$.b[0]"}},
	{Decision: &Decision{Path: "$.b[*]"}},
	everything,
}

// Without this, the short way to a match could call equal what differs, or count
// other hits, once a pair of the same shape went before.
func TestTemplates(t *testing.T) {
	fits := 0
	for _, rules := range templateRules {
		t.Run(toJSON(t, rules), func(t *testing.T) {
			settings := newJudge(t, rules).rules.of("m")
			rapid.Check(t, func(t *rapid.T) { fits += checkTemplates(t, settings) })
		})
	}
	if fits < 1000 {
		t.Errorf("the short way was taken %d times: this shows nothing", fits)
	}
}

func checkTemplates(t *rapid.T, settings *settings) (fits int) {
	short, hits, nans := newComparer(settings), make([]int64, len(settings.rules)*int(aspects)), int64(0)
	root := &restless{kind: "object", children: rapid.SliceOfN(restlessNodes(2), 2, 3).Draw(t, "children"), names: []string{"a", "b", "c"}}
	for range 24 {
		var a, b strings.Builder
		root.write(t, &a, &b)
		ref := exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(a.String())}
		cand := exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(b.String())}
		if rapid.IntRange(0, 4).Draw(t, "same") == 0 {
			cand.Body = ref.Body
		}
		long := newComparer(settings)
		got, want := describe(short, &ref, &cand), describe(long, &ref, &cand)
		if got != want {
			t.Fatalf("%s\n%s\nafter others: %s\nby itself: %s", ref.Body, cand.Body, got, want)
		}
		if short.template.fit {
			fits++
		}
		nans += long.walker.nans
		for i, n := range long.walker.hits {
			hits[i] += n
		}
		if !slices.Equal(short.walker.hits, hits) || short.walker.nans != nans {
			t.Fatalf("%s\n%s\nhits after others %v, by themselves %v; NaNs %d and %d", ref.Body, cand.Body, short.walker.hits, hits, short.walker.nans, nans)
		}
	}
	return fits
}

func describe(c *comparer, ref, cand *exchange.Answer) string {
	d := c.compare(ref, cand)
	text := fmt.Sprint(d)
	for _, f := range c.flips {
		text += fmt.Sprintf(" %q→%q %v", f.from, f.to, f.differs)
	}
	c.each(func(f finding) { text += fmt.Sprintf(" %+v", f.Delta) })
	return text
}

// Answers whose shape changes all the time must not be learnt each time.
func TestTemplatesGiveUp(t *testing.T) {
	c := newComparer(newJudge(t, Rules{}).rules.of("m"))
	learnt := 0
	for i := range 5000 {
		body := "[" + strings.Repeat("1,", i%50) + "1.0]"
		ref := exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(body)}
		cand := exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(body + " ")}
		before := c.template.wait
		if d := c.compare(&ref, &cand); d.outcome != Match {
			t.Fatal(d)
		}
		if c.template.wait > before {
			learnt++
		}
	}
	if learnt > 120 { // a fiftieth fits by chance, and each time hope comes back
		t.Errorf("%d of 5000 were learnt", learnt)
	}
}
