package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// tallyOf counts n distinct requests of which k differ.
func tallyOf(m *compare.ModelTally, n, k int64) *compare.ModelTally {
	for i := range n {
		m.Requests.Add(i + 1)
	}
	for i := range k {
		m.Mismatched.Add(i + 1)
	}
	m.Planned, m.Match, m.Mismatch = m.Planned+n, m.Match+n-k, m.Mismatch+k
	return m
}

// addSignature puts a signature with exemplars in.
func addSignature(m *compare.ModelTally, path string, kind compare.Kind, exchanges int64, pairs ...string) {
	s := m.Signature(path+" "+string(kind), path, kind)
	s.Deltas, s.Exchanges = s.Deltas+exchanges, s.Exchanges+exchanges
	for i := 0; i+1 < len(pairs); i += 2 {
		id := exchange.ID{0: 1, 14: byte(len(path)), 15: byte(i)}
		s.Exemplify(compare.Exemplar{ID: id, Reference: pairs[i], Candidate: pairs[i+1]})
	}
}

const hostile = "evil\x1b[31m\u202e</script><script>alert(1)</script>\"'&\x00\xff"

// sample has a model of every kind that a report has to show.
func sample() *compare.Tally {
	t := compare.NewTally()
	tallyOf(t.Model("review-exact"), 5200, 0).Reformatted = 7

	drift := tallyOf(t.Model("review-drift"), 5200, 310)
	drift.Ignored = map[string]int64{"$.took_ms": 5200}
	addSignature(drift, "$.scores[*].value", compare.KindNumber, 310, "0.31234567", "0.31291121", "0.9", "0.8931")
	addSignature(drift, "$.label", compare.KindString, 12, `"spam"`, `"ham"`)
	errors := &drift.Signatures["$.scores[*].value number"].Errors
	for i := range 310 {
		errors.AddError(1e-6 * float64(1+i*i))
	}
	for i := range int64(5200) {
		drift.ReferenceLatency.AddLatency(1500 + i)
		drift.CandidateLatency.AddLatency(2500 + i*2)
	}
	drift.First, drift.Last = 1_795_000_000_000_000, 1_795_003_600_000_000

	addSignature(tallyOf(t.Model("spam-errors"), 4000, 9), "200→500", compare.KindStatus, 9, "200", "500")

	few := tallyOf(t.Model("vader"), 119, 0)
	few.Skipped, few.Planned = map[string]int64{"no_answer": 3}, few.Planned+3

	down := tallyOf(t.Model("topic-slow"), 1500, 0)
	down.Unavailable, down.Planned = map[string]int64{"throttled": 90, "timeout": 12}, down.Planned+102

	part := tallyOf(t.Model("topic-half"), 4200, 0)
	part.Missing, part.Planned = 1000, part.Planned+1000

	blind := tallyOf(t.Model("corn-csv"), 5000, 1)
	blind.Undecided, blind.Planned = map[string]int64{"candidate_encoding": 4}, blind.Planned+4
	addSignature(blind, "$[*][1]", compare.KindNumber, 1, "0.25", "0.2500004")

	tallyOf(t.Model("legal-contracts"), 1000, 0)
	evil := tallyOf(t.Model(hostile), 40, 40)
	addSignature(evil, "$."+hostile, compare.KindString, 40, hostile, strings.Repeat("long ", 40))
	return t
}

func sampleInfo() Info {
	return Info{
		Run: "runs/2026-11-22", Recording: "s3://traffic/reviews", Target: "http://127.0.0.1:9000",
		Judgement: "3f2a9c", Version: "v0.1.0", Rules: json.RawMessage(`{"number":{"abs":1e-9},"rules":[{"path":"$.took_ms","ignore":true}]}`),
	}
}

func sampleGate() Gate {
	return Gate{Models: map[string]Limits{"legal-*": {Budget: new(Percent(0))}, "nobody-*": {MinSamples: new(int64(7))}}}
}

func summarise(t testing.TB, tally *compare.Tally, g Gate) *Summary {
	t.Helper()
	s, err := Summarise(sampleInfo(), tally, g)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// manyGate goes with many.
var manyGate = Gate{Limits: Limits{Budget: new(Percent(0.01)), MinSamples: new(int64(100))}}

// manySummary is of 4,000 models; to make it takes a while.
var manySummary = sync.OnceValue(func() *Summary {
	s, err := Summarise(sampleInfo(), many(4000), manyGate)
	if err != nil {
		panic(err)
	}
	return s
})

// many is a tally of n models, most of which pass, some fail, some are small.
func many(n int) *compare.Tally {
	t := compare.NewTally()
	for i := range n {
		m := t.Model(fmt.Sprintf("model-with-an-ordinary-name-%04d", i))
		switch {
		case i%10 == 3:
			tallyOf(m, 200, int64(15+i%90))
			for j := range 20 {
				addSignature(m, fmt.Sprintf("$.results[*].scores[*].member_%d", j), compare.KindNumber, int64(15+i%90-j/7),
					strings.Repeat("0.123456789", 20), strings.Repeat("<&\">", 50), "2", "3", "4", "5", "6", "7", "8", "9")
				s := m.Signatures[fmt.Sprintf("$.results[*].scores[*].member_%d number", j)]
				for e := range 60 {
					s.Errors.AddError(1e-9 * float64(int64(1)<<e))
				}
			}
		case i%10 == 7:
			tallyOf(m, 50, 0)
		default:
			tallyOf(m, 310, 0)
		}
	}
	return t
}
