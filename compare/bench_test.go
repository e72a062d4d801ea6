package compare

import (
	"testing"
)

// Pairs a second and core, for answers of about 250 bytes.
func BenchmarkCompare(b *testing.B) {
	ref := `{"model":"review","label":"great","score":0.5761674612004085,"distribution":{"great":0.5761674612004085,"other":0.4238325387995915},"terms":["the","product","is","fresh"],"topics":[{"t":"food","s":0.5},{"t":"love","s":4.83E-12}]}`
	reformatted := `{"label": "great", "model": "review", "score": 0.5761674612004086, "terms": ["the", "product", "is", "fresh"], "distribution": {"other": 0.4238325387995915, "great": 0.5761674612004085}, "topics": [{"t": "food", "s": 0.50}, {"t": "love", "s": 4.83e-12}]}`
	for _, c := range []struct{ name, cand string }{
		{"identical", ref},
		{"reformatted", reformatted},
		{"different", reformatted[:len(reformatted)-4] + "}]}"},
	} {
		b.Run(c.name, func(b *testing.B) {
			e := jsonPair(1, "m", ref, c.cand)
			cmp := newComparer(newJudge(b, Rules{}).rules.of("m"))
			b.ReportAllocs()
			for b.Loop() {
				cmp.compare(&e.Reference, &e.Candidate.Answer)
				cmp.each(func(finding) {})
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}
