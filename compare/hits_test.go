package compare

import (
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

// Hits say which rules do something. One that is counted where it changed
// nothing is never dropped; one that is not counted is dropped, and the next run
// fails.
func TestHits(t *testing.T) {
	for _, c := range []struct {
		rule      PathRule
		ref, cand string
		want      int64 // of each thing that the rule says
	}{
		{ignore("$.a"), `{"a":{"b":1,"c":2}}`, `{"a":{"b":2,"c":3}}`, 2},
		{ignore("$.a"), `{"a":1,"b":1}`, `{"a":1.0,"b":2}`, 0},
		{ignore("$.a"), `{"a":1}`, `{}`, 1},
		{rule("$.a", 1), `{"a":[1.5,1.5]}`, `{"a":[2.0,1.5]}`, 1},
		{rule("$.a", 1), `{"a":1.5}`, `{"a":3.5}`, 0},
		{PathRule{Path: "$.a", Number: &number.Tolerance{}}, `{"a":0.5}`, `{"a":0.5000000001}`, 1}, // stricter than without it
		{PathRule{Path: "$.a", Case: "ignore"}, `{"a":["X","y"]}`, `{"a":["x","y"]}`, 1},
		{PathRule{Path: "$.a", Case: "ignore"}, `{"a":"X"}`, `{"a":"z"}`, 0},
		{PathRule{Path: "$.a", Unicode: "nfc"}, `{"a":"é"}`, `{"a":"e\u0301"}`, 1},
		{PathRule{Path: "$.a", Trim: true}, `{"a":"x"}`, `{"a":" x"}`, 1},
		{PathRule{Path: "$.a", Pattern: "[0-9]+"}, `{"a":"1"}`, `{"a":"2"}`, 1},
		{PathRule{Path: "$.a", NullAbsent: true}, `{"a":null}`, `{}`, 1},
		{PathRule{Path: "$.a", EmptyAbsent: true}, `{}`, `{"a":[]}`, 1},
		{PathRule{Path: "$.a", NullAbsent: true}, `{"a":null}`, `{"a": null}`, 0},
		{PathRule{Path: "$.a", Order: "any"}, `{"a":[1,2]}`, `{"a":[2,1]}`, 1},
		{PathRule{Path: "$.a", Order: "any"}, `{"a":[1,2]}`, `{"a":[1, 2]}`, 0},
		{PathRule{Path: "$.a", Order: "any"}, `{"a":[{"x":1},{"x":2}]}`, `{"a":[{"x":2},{"x":1}]}`, 1},
		{PathRule{Path: "$.a[*]", Key: "x"}, `{"a":[{"x":1},{"x":2}]}`, `{"a":[{"x":2},{"x":1}]}`, 1},
		{PathRule{Path: "$.a[*]", Key: "x"}, `{"a":[{"x":1},{"x":2}]}`, `{"a":[{"x":1},{"x":2.0}]}`, 0},
		{PathRule{Path: "$.a", Top: 1}, `{"a":[1,2]}`, `{"a":[1,3]}`, 1},
		{PathRule{Path: "$.a", Top: 2}, `{"a":[1,2]}`, `{"a":[1,3]}`, 0},
	} {
		m := judgeRows(t, Rules{Paths: []PathRule{c.rule}}, []exchange.Exchange{jsonPair(1, "m", c.ref, c.cand)}, nil).Models["m"]
		if got := hits(m, c.rule); got != c.want {
			t.Errorf("%s and %s: %v, want %d", c.ref, c.cand, m.Hits, c.want)
		}
	}
}

// A port that answers NaN where the old system does has to be looked at, equal
// or not.
func TestNaNsAreCounted(t *testing.T) {
	all := []exchange.Exchange{
		jsonPair(1, "m", `[NaN,1,NaN]`, `[NaN,1.0,NaN]`),
		jsonPair(2, "m", `[NaN]`, `[1]`),
	}
	if m := judgeRows(t, Rules{}, all, nil).Models["m"]; m.NaNs != 2 || m.Match != 1 {
		t.Errorf("%d NaN were equal, want 2", m.NaNs)
	}
}
