package compare

import (
	"bytes"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Answers come from outside: whatever they hold, judging must not panic, must
// give the same verdict with sides swapped, and find nothing between an answer
// and itself.

func FuzzCompareJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,2,{"b":null}],"c":"\u00e9"}`), []byte(`{"c":"é","a":[2,1.0,{"b":0}]}`))
	f.Add([]byte(`[1e400,-0]`), []byte(`[10e399,0]`))
	f.Add([]byte(`{"a":1,"a":2}`), []byte(`01`))
	f.Add([]byte(`"\ud800"`), []byte("\"\xff\""))
	f.Fuzz(func(t *testing.T, a, b []byte) { compareBothWays(t, "application/json", a, b) })
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,1\nb,2\n"), []byte("b,2.0\r\na,1"))
	f.Add([]byte("\n\n\"\"\n"), []byte("\r\n,"))
	f.Add([]byte("\"a\nb\",1"), []byte("\"a"))
	f.Fuzz(func(t *testing.T, a, b []byte) { compareBothWays(t, "text/csv", a, b) })
}

func compareBothWays(t *testing.T, contentType string, a, b []byte) {
	there, deltas := compareBodies(t, exact, contentType, a, b)
	back, _ := compareBodies(t, exact, contentType, b, a)
	if there.outcome != back.outcome {
		t.Errorf("%q and %q: %s, the other way %s", a, b, there.outcome, back.outcome)
	}
	if (there.outcome == Mismatch) != (len(deltas) > 0) {
		t.Errorf("%q and %q: %s with %v", a, b, there.outcome, deltas)
	}
	// One more line feed is no difference and makes the bytes others, so that the
	// walk is not passed by; in CSV it may be a row.
	if contentType == "application/json" {
		if self, _ := compareBodies(t, exact, contentType, a, append(bytes.Clone(a), '\n')); self.outcome == Mismatch {
			t.Errorf("%q differs from itself", a)
		}
	}
	if self := walkSelf(t, contentType, a); self != Match && self != Undecided {
		t.Errorf("%q differs from itself: %s", a, self)
	}
}

// walkSelf compares an answer with itself without the shortcut for equal bytes.
func walkSelf(t *testing.T, contentType string, text []byte) Outcome {
	c := newComparer(newJudge(t, exact).rules.of("m"))
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
