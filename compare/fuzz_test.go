package compare

import (
	"bytes"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

// everything is a rule set with some of all there is: bags within bags, keys,
// tops, rules for texts, for what is absent, and a decision. Its tolerance has no
// part that is relative to one side.
var everything = Rules{
	Number: &number.Tolerance{Abs: 1e-6, ULPs: 2},
	Paths: []PathRule{
		{Path: "$..bag", Order: "any", Case: "ignore"},
		{Path: "$..bag[*]", Order: "any"},
		{Path: "$[*]", Key: "id"},
		{Path: "$..items[*]", Key: "id"},
		{Path: "$..top", Top: 2},
		{Path: "$..text", Unicode: "nfc", Trim: true, Pattern: "[0-9]+", NullAbsent: true, EmptyAbsent: true},
		{Path: "$[0]", Number: &number.Tolerance{Abs: 1, Decimals: true}},
		{Path: "$.outputs.a.data", Order: "any"},
		{Path: "$..t", Ignore: true},
		{Path: "$.users", Fold: true},
	},
	Decision: &Decision{Path: "$", By: "score", Label: "label"},
}

// Answers come from outside: whatever they hold, judging must not panic, must
// give the same verdict with sides swapped, find nothing between an answer and
// itself, and be shown as it is judged.

func FuzzCompareJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":null}],"c":"\u00e9"}`), []byte(`{"c":"é","a":[2,1.0,{"b":0}]}`))
	f.Add([]byte(`[1e400,-0]`), []byte(`[10e399,0]`))
	f.Add([]byte(`{"a":1,"a":2}`), []byte(`01`))
	f.Add([]byte(`"\ud800"`), []byte("\"\xff\""))
	f.Add([]byte(`{"bag":[["a","B"],[1,2]],"top":[1,2,3],"users":{"u1":1}}`), []byte(`{"bag":[[2,1.0000001],["b","A"]],"top":[1,2,4],"users":{"u2":1}}`))
	f.Add([]byte(`[{"id":1,"score":0.5,"label":"a"},{"id":2,"t":NaN}]`), []byte(`[{"id":2.0,"t":1},{"score":0.4,"id":1}]`))
	f.Add([]byte(`{"text":" \u00e9 ","items":[{"id":"x"},{"id":"x"},{}]}`), []byte(`{"text":"e\u0301","items":[{},{"id":"x"}]}`))
	f.Fuzz(func(t *testing.T, a, b []byte) { compareBothWays(t, "application/json", a, b) })
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,1\nb,2\n"), []byte("b,2.0\r\na,1"))
	f.Add([]byte("\n\n\"\"\n"), []byte("\r\n,"))
	f.Add([]byte("\"a\nb\",1"), []byte("\"a"))
	f.Add([]byte("id,bag,text\n1,2, 7\n"), []byte("text,id,bag\n 8,1.0,2\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) { compareBothWays(t, "text/csv", a, b) })
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"id\":1}\n\n{\"id\":2}\r\n"), []byte("{\"id\":2.0}\n{\"id\":1}"))
	f.Add([]byte("1\n2"), []byte("[1,2]"))
	f.Add([]byte("{\"score\":1,\"label\":\"a\"}\n{"), []byte("\xff"))
	f.Fuzz(func(t *testing.T, a, b []byte) { compareBothWays(t, "application/jsonl", a, b) })
}

func FuzzTensors(f *testing.F) {
	f.Add([]byte(`{"outputs":[{"name":"a","datatype":"FP32","shape":[2],"data":[0.1,2]}]}`), []byte(`{"outputs":[{"name":"a","datatype":"FP16","shape":[2],"data":[2,[0.1]]}]}`))
	f.Add([]byte(`{"outputs":[{"name":"a","datatype":"BYTES","shape":[1],"data":["x"]},{"name":"b","datatype":"INT64","shape":[0],"data":[]}]}`), []byte(`{"outputs":[]}`))
	f.Add([]byte(`{"outputs":[{"name":"a","datatype":"FP32","shape":[9999999999,9999999999],"data":[]}]}`), []byte(`{"outputs":[{"name":"a","name":"b"}]}`))
	f.Fuzz(func(t *testing.T, a, b []byte) { compareBothWays(t, "", a, b) })
}

func compareBothWays(t *testing.T, contentType string, a, b []byte) {
	for _, rules := range []Rules{exact, everything} {
		there, deltas := compareBodies(t, rules, contentType, a, b)
		back, _ := compareBodies(t, rules, contentType, b, a)
		if there.outcome != back.outcome {
			t.Errorf("%q and %q: %s, the other way %s", a, b, there.outcome, back.outcome)
		}
		if (there.outcome == Mismatch) != (len(deltas) > 0) {
			t.Errorf("%q and %q: %s with %v", a, b, there.outcome, deltas)
		}
		// One more line feed is no difference and makes the bytes others, so that the
		// walk is not passed by; in CSV it may be a row, in a text it is one.
		if contentType == "application/json" {
			if self, _ := compareBodies(t, rules, contentType, a, append(bytes.Clone(a), '\n')); self.outcome == Mismatch {
				t.Errorf("%q differs from itself", a)
			}
		}
		besideAgrees(t, rules, contentType, a, b)
		if self := walkSelf(t, rules, contentType, a); self != Match && self != Undecided {
			t.Errorf("%q differs from itself: %s", a, self)
		}
	}
}

// besideAgrees sets the answers side by side, and wants the judge's marks.
func besideAgrees(t *testing.T, rules Rules, contentType string, a, b []byte) {
	e := exchange.Exchange{Model: "m", Reference: exchange.Answer{Status: 200, ContentType: contentType, Body: a}}
	e.Candidate.Answer = exchange.Answer{Status: 200, ContentType: contentType, Body: b}
	for _, bounds := range []BesideOptions{unbounded, {Fold: 1}} {
		x, sheet := beside(t, rules, Options{}, e, bounds)
		checkAgrees(t, x, sheet)
	}
}

// walkSelf compares an answer with itself without the shortcut for equal bytes.
func walkSelf(t *testing.T, rules Rules, contentType string, text []byte) Outcome {
	c := newComparer(newJudge(t, rules).rules.of("m"))
	a := exchange.Answer{Status: 200, ContentType: contentType, Body: text}
	p := &c.walker.pair
	p.ReadReference(&a)
	if p.Reference.Err != nil {
		return Undecided
	}
	p.Candidate.Tape.ReadText(text) // any tape: the same is put in its place
	p.Candidate = p.Reference
	c.walker.walk()
	return c.verdict().outcome
}
