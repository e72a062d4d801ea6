package compare

import (
	"math"
	"slices"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"pgregory.net/rapid"
)

// A weight that is off moves the rate that a model is passed by: those of the
// shares that people sample by are exact.
func TestWeights(t *testing.T) {
	for p, want := range map[float64]float64{1: 1, 0: 1, 2: 1, -1: 1, math.NaN(): 1, 0.5: 2, 0.25: 4, 0.1: 10, 0.05: 20, 0.01: 100, 0.002: 500, 0.001: 1000} {
		if got := Weight(WeightClass(p)); got != want {
			t.Errorf("what has a probability of %v weighs %v, want %v", p, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.OneOf(rapid.Float64Range(1e-9, 1), rapid.Float64Range(math.SmallestNonzeroFloat64, 1e-300)).Draw(t, "p")
		class := WeightClass(p)
		exact := min(1/p, math.MaxFloat64)
		if w := Weight(class); w > exact || w < exact*(1-1.0/1024) || Weight(class+1) < w || class < 0 {
			t.Fatalf("what has a probability of %v weighs %v, in class %d", p, w, class)
		}
	})
}

// A request that was recorded by several rules stands for as many as the most
// certain of them says, whichever split met it how.
func TestStrataGoByTheHighestProbability(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type met struct {
			request int64
			p       float64
			split   int
		}
		var all []met
		for range rapid.IntRange(0, 40).Draw(rt, "exchanges") {
			all = append(all, met{
				rapid.Int64Range(0, 12).Draw(rt, "request"),
				rapid.SampledFrom([]float64{1, 1, 0.5, 0.1}).Draw(rt, "p"),
				rapid.IntRange(0, 3).Draw(rt, "split"),
			})
		}
		splits, highest := make([]ModelTally, 4), map[int64]float64{}
		for _, x := range all {
			e := exchange.Exchange{RequestHash: x.request, SamplingProbability: x.p}
			splits[x.split].plan(&e)
			splits[x.split].decided(&e, decided{outcome: rapid.SampledFrom([]Outcome{Match, Noise, Mismatch}).Draw(rt, "outcome")}, "$.x number")
			highest[x.request] = max(highest[x.request], x.p)
		}
		want := map[int]int64{}
		for _, p := range highest {
			want[WeightClass(p)]++
		}
		var merged ModelTally
		for i := range splits {
			merged.merge(&splits[i])
		}
		e := merged.version("")
		total := int64(0)
		requests := e.Requests()
		for _, s := range e.Weigh(&requests) {
			if total += s.Requests; s.Requests != want[s.Class] && len(all) > 0 {
				rt.Fatalf("class %d has %d requests, want %d", s.Class, s.Requests, want[s.Class])
			}
		}
		if total != int64(len(highest)) {
			rt.Fatalf("%d requests are weighed, want %d", total, len(highest))
		}
		if i := slices.IndexFunc(all, func(x met) bool { return WeightClass(x.p) > merged.Rarest }); i >= 0 {
			rt.Fatalf("the rarest is of class %d, which %v is beyond", merged.Rarest, all[i].p)
		}
	})
}
