package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

// explain explains a pair, or ends the test.
func explain(t testing.TB, r Rules, o Options, e exchange.Exchange) *Explanation {
	t.Helper()
	j, err := NewJudge(r, o)
	if err != nil {
		t.Fatal(err)
	}
	x, err := j.Explain(&e, true)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Who is told that a rule hid something must find the place, and the rule under
// the name that the report has for it.
func TestExplainNamesWhatRulesHide(t *testing.T) {
	three := &number.Tolerance{Abs: 1e-3}
	for _, c := range []struct {
		rule      PathRule
		ref, cand string
		want      []string // path, literals, by
	}{
		{ignore("$.a"), `{"a":{"b":1}}`, `{"a":{"b":2}}`, []string{"$.a.b 1 2 $.a ignore"}},
		{ignore("$.a"), `{"a":1}`, `{}`, []string{"$.a 1  $.a ignore"}},
		{PathRule{Path: "$.a", Number: three}, `{"a":1.5}`, `{"a":1.5005}`, []string{"$.a 1.5 1.5005 $.a number (abs 0.001)"}},
		{PathRule{Path: "$.a", Case: "ignore", Trim: true}, `{"a":"X"}`, `{"a":" x"}`, []string{`$.a "X" " x" $.a case`, `$.a "X" " x" $.a trim`}},
		{PathRule{Path: "$.a", NullAbsent: true}, `{}`, `{"a":null}`, []string{"$.a  null $.a null_absent"}},
		{PathRule{Path: "$.a", Order: "any"}, `{"a":[1,2]}`, `{"a":[2,1]}`, []string{"$.a [1,2] [2,1] $.a order"}},
		{PathRule{Path: "$.a", Top: 1}, `{"a":[1,2]}`, `{"a":[1]}`, []string{"$.a [1,2] [1] $.a top"}},
		{PathRule{Path: "$.a[*]", Key: "k"}, `{"a":[{"k":1},{"k":2}]}`, `{"a":[{"k":2},{"k":1}]}`, []string{`$.a [{"k":1},{"k":2}] [{"k":2},{"k":1}] $.a[*] key`}},
		// Of a bag only the numbers that were paired in the end are told of.
		{PathRule{Path: "$.a", Order: "any", Number: three}, `{"a":[1.5,2.5,3.5]}`, `{"a":[3.5005,1.5,2.5]}`, []string{
			"$.a[2] 3.5 3.5005 $.a number (abs 0.001)", "$.a [1.5,2.5,3.5] [3.5005,1.5,2.5] $.a order",
		}},
	} {
		x := explain(t, Rules{Paths: []PathRule{c.rule}}, Options{}, jsonPair(1, "m", c.ref, c.cand))
		var got []string
		for _, h := range x.Hidden {
			got = append(got, strings.Join([]string{h.Path, h.Reference, h.Candidate, h.By}, " "))
			if !h.Rule {
				t.Errorf("%s is no rule's doing", h.By)
			}
		}
		if x.Outcome != Match || !slices.Equal(got, c.want) {
			t.Errorf("%s and %s: %s, hidden\n%q, want\n%q", c.ref, c.cand, x.Outcome, got, c.want)
		}
	}
}

// A match of different numbers is only believed by who sees the tolerance.
func TestExplainNamesTolerances(t *testing.T) {
	tensors := func(n string) string {
		return `{"model_name":"m","outputs":[{"name":"o","datatype":"FP32","shape":[1],"data":[` + n + `]}]}`
	}
	for _, c := range []struct {
		rules     Rules
		ref, cand string
		want      string
	}{
		{Rules{}, `[1.5]`, `[1.5000000001]`, "default number (abs 1e-09, rel 1e-06)"},
		{Rules{Number: &number.Tolerance{ULPs: 1 << 20}}, `[1.5]`, `[1.5000000001]`, "number (ulps 1048576)"},
		{Rules{}, tensors("1.5"), tensors("1.5000001"), "datatype number (abs 1e-05, rel 1.3e-06)"},
		{Rules{}, `[1.5, 3]`, `[1.50, 3.0]`, ""}, // the same numbers
	} {
		x := explain(t, c.rules, Options{}, jsonPair(1, "m", c.ref, c.cand))
		got := ""
		for _, h := range x.Hidden {
			got += h.By
		}
		if x.Outcome != Match || got != c.want || x.SameBytes || x.SameText {
			t.Errorf("%s and %s: %+v, want %q", c.ref, c.cand, x, c.want)
		}
	}
	for ref, want := range map[string]string{`{"a":1}`: "default number (exact)", `{"a":0.5}`: "default number (abs 1e-09, rel 1e-06)"} {
		x := explain(t, Rules{}, Options{}, jsonPair(1, "m", ref, `{"a":2}`))
		if len(x.Deltas) != 1 || x.Deltas[0].By != want {
			t.Errorf("%s: %+v, want %q", ref, x.Deltas, want)
		}
	}
}

// An array in another order is one difference. What its elements, which don't
// belong together, have in common would be told for nothing.
func TestExplainForgetsWhatIsReordered(t *testing.T) {
	x := explain(t, Rules{}, Options{}, jsonPair(1, "m", `{"a":[1.5,1.5000000001,2.5],"b":1.5}`, `{"a":[1.5000000001,1.5,2.5],"b":1.5000000001}`))
	if x.Outcome != Match { // the default tolerance holds them equal where they stand
		t.Fatalf("%+v", x)
	}
	x = explain(t, Rules{}, Options{}, jsonPair(1, "m", `{"a":[1.5,1.5000000001,2.5],"b":1.5}`, `{"a":[1.5000000001,2.5,1.5],"b":1.5000000001}`))
	if len(x.Deltas) != 1 || x.Deltas[0].Kind != KindOrder || len(x.Hidden) != 1 || x.Hidden[0].Path != "$.b" {
		t.Errorf("%+v", x)
	}
}

// Noise is only believed by who sees the control's numbers beside it.
func TestExplainNoise(t *testing.T) {
	rules := Rules{Decision: &Decision{Path: "$.l"}}
	o := Options{Noise: &Profile{Models: map[string]*ModelProfile{"m": {
		Judged: 900, Flips: map[string]map[string]bool{"x": {"y": true}},
		Signatures: map[string]*SignatureProfile{"$.n number": {Exchanges: 7, MaxAbs: 0.5}, "$.l decision": {Exchanges: 2}},
	}}}}
	x := explain(t, rules, o, jsonPair(1, "m", `{"l":"x","n":1.5}`, `{"l":"y","n":1.75}`))
	if x.Outcome != Noise || x.Control != 900 || len(x.Deltas) != 2 {
		t.Fatalf("%+v", x)
	}
	if d := x.Deltas[0]; !d.Noise || d.Control.Exchanges != 7 || d.Control.MaxAbs != 0.5 {
		t.Errorf("%+v", d)
	}
	if d := x.Deltas[1]; !d.Noise || !d.Flips || d.Control.Exchanges != 2 {
		t.Errorf("%+v", d)
	}
	x = explain(t, rules, o, jsonPair(1, "m", `{"l":"y","n":1.5}`, `{"l":"x","n":2.75}`))
	if x.Outcome != Mismatch || x.Deltas[0].Noise || x.Deltas[1].Flips || x.Deltas[1].Control == nil {
		t.Errorf("%+v", x)
	}
}

// The class of an undecided pair does not say which byte to look at.
func TestExplainUndecided(t *testing.T) {
	e := jsonPair(1, "m", `{"a":1}`, `{"a":01}`)
	x := explain(t, Rules{}, Options{}, e)
	if x.Outcome != Undecided || x.Reason != CandidateUnreadable || x.ReferenceError != "" || !strings.Contains(x.CandidateError, "at byte 6") {
		t.Errorf("%+v", x)
	}
	x = explain(t, Rules{Paths: []PathRule{{Path: "$.a", JQ: ".b"}}}, Options{}, jsonPair(1, "m", `{"a":{"b":1}}`, `{"a":2}`))
	if x.Reason != CandidateUnmapped || x.ReferenceError != "" || !strings.Contains(x.CandidateError, "number") {
		t.Errorf("%+v", x)
	}
}

// Places and values of a mapped pair are not those of the bytes that are shown.
func TestExplainSaysThatRulesMapped(t *testing.T) {
	rules := Rules{Paths: []PathRule{{Path: "$.a", JQ: "ascii_downcase"}}, Decision: &Decision{Path: "$.a"}}
	for _, c := range []struct {
		ref, cand string
		mapped    bool
	}{{`{"a":"X"}`, `{"a":"x"}`, true}, {`{"a":"X"}`, `{"a":"y"}`, true}, {`{"a":"X"}`, `{"a":"X"}`, false}} {
		if x := explain(t, rules, Options{}, jsonPair(1, "m", c.ref, c.cand)); x.Mapped != c.mapped {
			t.Errorf("%s and %s: %+v", c.ref, c.cand, x)
		}
	}
}

// An explanation that said otherwise than the judgement would be worse than none.
func TestExplainSaysWhatTheJudgeDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		e := exchanges.Draw(rt, "exchange")
		j, err := NewJudge(mergeRules, mergeOptions(0))
		if err != nil {
			t.Fatal(err)
		}
		tally, _ := judgeAll(t, j, []exchange.Exchange{e}, nil)
		x, err := j.Explain(&e, true)
		if err != nil {
			t.Fatal(err)
		}
		m := tally.Models[e.Model]
		counted := map[Outcome]int64{
			Match: m.Match, Noise: m.Noise, Mismatch: m.Mismatch, Missing: m.Missing,
			Unavailable: m.Unavailable[x.Reason], Undecided: m.Undecided[x.Reason], Skipped: m.Skipped[x.Reason],
		}
		deltas, hits, told := int64(0), int64(0), int64(0)
		for _, s := range m.Signatures {
			deltas += s.Deltas
		}
		for rule, n := range m.Hits {
			if !strings.HasSuffix(rule, " number") {
				hits += n
			}
		}
		for _, h := range x.Hidden {
			if h.Rule {
				told++
			}
		}
		if counted[x.Outcome] != 1 || int64(len(x.Deltas)) != deltas || told > hits || x.SameBytes && (m.Match != 1 || m.Reformatted != 0) {
			rt.Fatalf("%s\n%s", toJSON(t, x), toJSON(t, m))
		}
	})
}

// Many hidden places must not fill a screen, or the memory.
func TestExplainIsBounded(t *testing.T) {
	var ref, cand []string
	for i := range MaxHidden + 7 {
		ref, cand = append(ref, fmt.Sprintf("%d.5", i)), append(cand, fmt.Sprintf("%d.5000000001", i))
	}
	x := explain(t, Rules{}, Options{}, jsonPair(1, "m", "["+strings.Join(ref, ",")+"]", "["+strings.Join(cand, ",")+"]"))
	if len(x.Hidden) != MaxHidden || x.MoreHidden != 7 {
		t.Errorf("%d hidden places and %d more", len(x.Hidden), x.MoreHidden)
	}
}
