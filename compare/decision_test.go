package compare

import (
	"fmt"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

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
	sides := map[string]bool{}
	if near || score >= threshold {
		sides["above"] = true
	}
	if near || score < threshold {
		sides["below"] = true
	}
	return sides
}
