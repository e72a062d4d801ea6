package compare

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

// judgeWith judges exchanges as one split under a noise profile.
func judgeWith(t testing.TB, r Rules, noise *Profile, all []exchange.Exchange, out exchange.Sink) *Tally {
	t.Helper()
	j, err := NewJudge(r, Options{Noise: noise})
	if err != nil {
		t.Fatal(err)
	}
	tally, _ := judgeAll(t, j, all, out)
	return tally
}

// Where the old system differs from itself in just what the new one differs in,
// nothing is left to hold against the new one, but for what has no size: how far
// a NaN is from a number.
func TestControlThatIsTheRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(exchanges, 1, 30).Draw(rt, "exchanges")
		control := judgeRows(t, mergeRules, all, nil)
		var out sink
		tally := judgeWith(t, mergeRules, control.Profile(), all, &out)
		for name, m := range tally.Models {
			before := control.Models[name]
			if m.Match != before.Match || m.Noise+m.Mismatch != before.Mismatch || !m.Balanced() {
				rt.Fatalf("%s\nwith noise\n%s", toJSON(t, before), toJSON(t, m))
			}
		}
		for _, e := range out.rows(t) {
			var deltas []Delta
			if err := json.Unmarshal(e.Verdict.Deltas, &deltas); err != nil {
				t.Fatal(err)
			}
			sized := 0
			for _, d := range deltas {
				if !d.Noise && (d.Kind != KindNumber || d.AbsError != 0) {
					rt.Fatalf("%+v is no noise", d)
				}
				if !d.Noise {
					sized++
				}
			}
			if sized == 0 {
				rt.Fatalf("a mismatch of nothing but noise: %s", e.Verdict.Deltas)
			}
		}
	})
}

// A larger control never makes a mismatch of what was noise.
func TestMoreControlAddsNoMismatch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		run := rapid.SliceOfN(exchanges, 1, 15).Draw(rt, "run")
		control := rapid.SliceOfN(exchanges, 1, 15).Draw(rt, "control")
		more := append(control[:len(control):len(control)], rapid.SliceOfN(exchanges, 1, 5).Draw(rt, "more")...)
		less := judgeWith(t, mergeRules, judgeRows(t, mergeRules, control, nil).Profile(), run, nil)
		tally := judgeWith(t, mergeRules, judgeRows(t, mergeRules, more, nil).Profile(), run, nil)
		for name, m := range tally.Models {
			if m.Mismatch > less.Models[name].Mismatch {
				rt.Fatalf("%d mismatches with more of a control, %d with less", m.Mismatch, less.Models[name].Mismatch)
			}
		}
	})
}

// Noise of one model is none of another's, and a profile of nothing is empty.
func TestNoiseIsByModel(t *testing.T) {
	control := []exchange.Exchange{jsonPair(1, "a", `{"p":0.5}`, `{"p":0.6}`), jsonPair(2, "b", `{"p":0.5}`, `{"p":0.50}`)}
	profile := judgeRows(t, exact, control, nil).Profile()
	run := []exchange.Exchange{jsonPair(3, "a", `{"p":0.5}`, `{"p":0.55}`), jsonPair(4, "b", `{"p":0.5}`, `{"p":0.55}`), jsonPair(5, "c", `{"p":0.5}`, `{"p":0.55}`)}
	tally := judgeWith(t, exact, profile, run, nil)
	for model, want := range map[string][2]int64{"a": {1, 0}, "b": {0, 1}, "c": {0, 1}} {
		if m := tally.Models[model]; [2]int64{m.Noise, m.Mismatch} != want {
			t.Errorf("%s: %d noise and %d mismatches, want %v", model, m.Noise, m.Mismatch, want)
		}
	}
	if profile.Empty() || profile.Models["b"].Judged != 1 || !judgeRows(t, exact, control[1:], nil).Profile().Empty() || !(*Profile)(nil).Empty() {
		t.Errorf("profile %s", toJSON(t, profile))
	}
}

// A model that kept its best scores in a tie, or near one, has not flipped. What
// decides is held against the definition in docs/rules.md.
func TestDecisionsByDefinition(t *testing.T) {
	scores := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0.25, 0.375, 0.5, 0.625, 1, 2}), 1, 5)
	rapid.Check(t, func(rt *rapid.T) {
		tolerance := number.Tolerance{Abs: rapid.SampledFrom([]float64{0, 0.125, 0.25}).Draw(rt, "abs"), Rel: rapid.SampledFrom([]float64{0, 0.5}).Draw(rt, "rel")}
		a, b := scores.Draw(rt, "reference"), scores.Draw(rt, "candidate")
		threshold := rapid.SampledFrom([]*float64{nil, new(0.5)}).Draw(rt, "threshold")
		decision, write := &Decision{Path: "$.s"}, func(s []float64) string { return fmt.Sprintf(`{"s":%s}`, toJSON(t, s)) }
		decide := func(s []float64) map[string]bool { return argmaxByDefinition(s, tolerance) }
		if threshold != nil {
			decision, write = &Decision{Path: "$.s", Threshold: threshold}, func(s []float64) string { return fmt.Sprintf(`{"s": %s}`, toJSON(t, s[0])) }
			decide = func(s []float64) map[string]bool { return sidesByDefinition(s[0], *threshold, tolerance) }
		}
		flips := true
		for d := range decide(a) {
			flips = flips && !decide(b)[d]
		}
		m := judgeRows(t, Rules{Number: &tolerance, Decision: decision}, []exchange.Exchange{jsonPair(1, "m", write(a), write(b))}, nil).Models["m"]
		if m.Decided != 1 || (m.Flips == 1) != flips || flips && m.Match > 0 {
			rt.Fatalf("%v and %v within %+v: %d flips of %d decisions, want a flip: %v", a, b, tolerance, m.Flips, m.Decided, flips)
		}
	})
}

func argmaxByDefinition(scores []float64, t number.Tolerance) map[string]bool {
	largest, best := scores[0], map[string]bool{}
	for _, s := range scores {
		largest = max(largest, s)
	}
	for i, s := range scores {
		if largest-s <= t.Abs+t.Rel*largest {
			best[fmt.Sprint(i)] = true
		}
	}
	return best
}

func sidesByDefinition(score, threshold float64, t number.Tolerance) map[string]bool {
	near := max(score-threshold, threshold-score) <= t.Abs+t.Rel*threshold
	return map[bool]map[string]bool{
		true:  {"above": true, "below": true},
		false: {fmt.Sprint(score >= threshold): true},
	}[near]
}
