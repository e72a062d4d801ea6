package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Pairs a second and core, for answers of about 250 bytes.
func BenchmarkCompare(b *testing.B) {
	ref := `{"model":"review","label":"great","score":0.5761674612004085,"distribution":{"great":0.5761674612004085,"other":0.4238325387995915},"terms":["the","product","is","fresh"],"topics":[{"t":"food","s":0.5},{"t":"love","s":4.83E-12}]}`
	reformatted := `{"label": "great", "model": "review", "score": 0.5761674612004086, "terms": ["the", "product", "is", "fresh"], "distribution": {"other": 0.4238325387995915, "great": 0.5761674612004085}, "topics": [{"t": "food", "s": 0.50}, {"t": "love", "s": 4.83e-12}]}`
	for _, c := range []struct {
		name  string
		pairs []exchange.Exchange
	}{
		{"identical", []exchange.Exchange{jsonPair(1, "m", ref, ref)}},
		{"reformatted", []exchange.Exchange{jsonPair(1, "m", ref, reformatted)}},
		{"varied", variedPairs(1000)},
		{"different", []exchange.Exchange{jsonPair(1, "m", ref, reformatted[:len(reformatted)-4]+"}]}")}},
	} {
		b.Run(c.name, func(b *testing.B) {
			cmp := newComparer(newJudge(b, Rules{}).rules.of("m"))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				e := &c.pairs[i%len(c.pairs)]
				cmp.compare(&e.Reference, &e.Candidate.Answer)
				cmp.each(func(finding) {})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}

// variedPairs are reformatted answers of one shape and many values: of one text
// over and over the processor learns by heart where its scalars end.
func variedPairs(n int) (pairs []exchange.Exchange) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the product is fresh delivery was late again packaging broken taste wonderful coffee on cat loves this price quality")
	for i := range n {
		word := func() string { return words[rng.IntN(len(words))] }
		a, b, x, y := word(), word(), rng.Float64(), rng.Float64()*1e-6
		ref := fmt.Sprintf(`{"label":"%s","score":%v,"distribution":{"great":%v,"other":%v},"terms":["%s","%s","%s"],"topics":[{"t":"%s","s":%v}]}`, a, x, x, 1-x, b, a, b, a, y)
		cand := fmt.Sprintf(`{"score": %v, "label": "%s", "terms": ["%s", "%s", "%s"], "distribution": {"other": %v, "great": %v}, "topics": [{"t": "%s", "s": %E}]}`, x*(1+1e-15), a, b, a, b, (1-x)*(1+1e-15), x*(1+1e-15), a, y)
		pairs = append(pairs, jsonPair(i, "m", ref, cand))
	}
	return pairs
}

// BenchmarkAddLatency is for latencies that are looked up, and for one that is not.
func BenchmarkAddLatency(b *testing.B) {
	for name, us := range map[string]int64{"ms": 2345, "s": 2_345_678} {
		b.Run(name, func(b *testing.B) {
			var h Histogram
			for b.Loop() {
				h.AddLatency(us)
			}
		})
	}
}

// A split has a set of some thousand requests a model.
func BenchmarkHashSet(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	hashes := make([]int64, 2500)
	for i := range hashes {
		hashes[i] = int64(r.Uint64())
	}
	for b.Loop() {
		var s HashSet
		for _, h := range hashes {
			s.Add(h)
		}
		s.Len()
	}
}

// What it costs to remember a request; the table does not fit the cache.
func BenchmarkSightings(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	hashes := make([]uint64, 1_000_000)
	for i := range hashes {
		hashes[i] = r.Uint64()
	}
	for b.Loop() {
		s := NewSightings(int64(len(hashes)))
		for split := range slices.Chunk(hashes, 10_000) {
			s.Add(split)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(hashes)), "ns/request")
}
