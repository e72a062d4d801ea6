package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// evidence is what was judged against a version of the old model.
func evidence(m *compare.ModelTally, version string) *compare.Evidence {
	if m.Versions == nil {
		m.Versions = map[string]*compare.Evidence{}
	}
	if m.Versions[version] == nil {
		m.Versions[version] = &compare.Evidence{}
	}
	return m.Versions[version]
}

// tallyOf counts n distinct requests of which k differ.
func tallyOf(m *compare.ModelTally, n, k int64) *compare.ModelTally {
	return tallyVersion(m, "", n, k)
}

// tallyVersion counts them against a version of the old model.
func tallyVersion(m *compare.ModelTally, version string, n, k int64) *compare.ModelTally {
	e := evidence(m, version)
	for i := range k {
		e.Mismatched.Add("$.x number", i+1)
	}
	for i := k; i < n; i++ {
		e.Matched.Add(i + 1)
	}
	e.Exchanges += n
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
	drift.Hits = map[string]int64{"$.took_ms ignore": 5200, "$.request_id pattern": 0}
	addSignature(drift, "$.scores[*].value", compare.KindNumber, 310, "0.31234567", "0.31291121", "0.9", "0.8931")
	addSignature(drift, "$.label", compare.KindString, 12, `"spam"`, `"ham"`)
	addErrors(drift, "$.scores[*].value number", 310, func(i int) float64 { return 1e-6 * float64(1+i*i) })
	value := drift.Signatures["$.scores[*].value number"]
	value.First, value.Last = 1_795_000_100_000_000, 1_795_003_500_000_000
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
	down.Unjudged = map[string][]compare.Exemplar{
		"unavailable throttled": {{ID: exchange.ID{0: 1, 15: 7}, Candidate: "status 429"}},
		"unavailable timeout":   {{ID: exchange.ID{0: 1, 15: 8}, Candidate: "no answer in 10s"}, {ID: exchange.ID{0: 1, 15: 9}, Candidate: strings.ToValidUTF8(hostile, "�")}},
	}

	part := tallyOf(t.Model("topic-half"), 4200, 0)
	part.Missing, part.Planned = 1000, part.Planned+1000

	blind := tallyOf(t.Model("corn-csv"), 5000, 1)
	blind.Undecided, blind.Planned = map[string]int64{"candidate_encoding": 4}, blind.Planned+4
	blind.Unjudged = map[string][]compare.Exemplar{"undecided candidate_encoding": {{ID: exchange.ID{0: 1, 15: 6}, Candidate: "JSON at byte 135: it ends"}}}
	addSignature(blind, "$[*][1]", compare.KindNumber, 1, "0.25", "0.2500004")

	tallyOf(t.Model("legal-contracts"), 1000, 0)
	sampleNoise(t)
	evil := tallyOf(t.Model(hostile), 40, 40)
	addSignature(evil, "$."+hostile, compare.KindString, 40, hostile, strings.Repeat("long ", 40))
	return t
}

// addErrors gives a signature of numbers n errors.
func addErrors(m *compare.ModelTally, signature string, n int, size func(i int) float64) {
	s := m.Signatures[signature]
	for i := range n {
		e := size(i)
		s.Errors.AddError(e)
		s.RelErrors.AddError(e / 0.5)
		s.MaxAbs, s.MaxRel = max(s.MaxAbs, e), max(s.MaxRel, e/0.5)
	}
}

// addTimeline lets the model's mismatches begin after a third of an hour.
func addTimeline(m *compare.ModelTally, mismatched int64) {
	m.Timeline.Width = 64
	for i := range int64(56) {
		step := compare.Step{At: 1_795_000_000/64 + i, Judged: 90}
		if i > 19 {
			step.Mismatched = min(mismatched, 5+i%7)
			mismatched -= step.Mismatched
		}
		m.Timeline.Steps = append(m.Timeline.Steps, step)
	}
}

// sampleNoise adds a model that is more noisy than the old system, one that
// flips decisions, and one that had two versions.
func sampleNoise(t *compare.Tally) {
	noisy := tallyOf(t.Model("ranker-noisy"), 5000, 0)
	noisy.Match, noisy.Noise = 4400, 600
	addSignature(noisy, "$.score", compare.KindNumber, 600, "0.71", "0.7103")
	noisy.Signatures["$.score number"].Noise = 600
	addErrors(noisy, "$.score number", 600, func(i int) float64 { return 1e-5 * float64(1+i%30) })
	for i := range int64(14) {
		noisy.Unstable.Add(i)
	}

	flips := tallyOf(t.Model("intent-flips"), 5000, 41)
	flips.Decided, flips.Flips, flips.Drifted = 5000, 32, 9
	flips.Confusion = map[string]map[string]int64{
		"refund": {"refund": 2400, "complaint": 21, "praise": 2}, "complaint": {"complaint": 1790, "refund": 7}, "praise": {"praise": 778, "refund": 2},
	}
	addSignature(flips, "$.intents", compare.KindDecision, 32, "refund", "complaint")
	addSignature(flips, "$.intents[*].score", compare.KindNumber, 41, "0.5012", "0.4988")
	addErrors(flips, "$.intents[*].score number", 60, func(i int) float64 { return 1e-4 * float64(1+i) })

	moved := tallyVersion(t.Model("price-moved"), "7", 4000, 900)
	tallyVersion(moved, "8", 5000, 1)
	moved.Versions["7"].First, moved.Versions["7"].Last = 1_795_000_000_000_000, 1_795_001_800_000_000
	moved.Versions["8"].First, moved.Versions["8"].Last = 1_795_001_700_000_000, 1_795_091_800_000_000
	addSignature(moved, "$.price", compare.KindNumber, 901, "12.5", "12.75")
}

// sampleControl goes with sample.
func sampleControl() *compare.Profile {
	t := compare.NewTally()
	m := tallyOf(t.Model("ranker-noisy"), 5000, 50)
	addSignature(m, "$.score", compare.KindNumber, 50)
	addErrors(m, "$.score number", 50, func(i int) float64 { return 1e-5 * float64(1+i%10) })
	return t.Profile()
}

func sampleInfo() Info {
	return Info{
		Run: "runs/2026-11-22", Recording: "s3://traffic/reviews", Target: "http://127.0.0.1:9000",
		Control: "runs/control", Judgement: "3f2a9c", Version: "v0.1.0", Rules: json.RawMessage(`{"number":{"abs":1e-9},"rules":[{"path":"$.took_ms","ignore":true}]}`),
	}
}

func sampleGate() Gate {
	return Gate{Models: map[string]Limits{"legal-*": {Budget: new(Percent(0))}, "nobody-*": {MinSamples: new(int64(7))}}}
}

func summarise(t testing.TB, tally *compare.Tally, g Gate) *Summary {
	t.Helper()
	s, err := Summarise(Input{Info: sampleInfo(), Tally: tally, Noise: sampleControl(), Gate: g, Recorded: recordedOf(tally)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// recordedOf is a recording of which all was planned.
func recordedOf(t *compare.Tally) (r Recorded) {
	for name, m := range t.Models {
		r.Models, r.Exchanges = append(r.Models, name), r.Exchanges+m.Planned
	}
	return r
}

// manyGate goes with many.
var manyGate = Gate{Limits: Limits{Budget: new(Percent(0.01)), MinSamples: new(int64(100))}}

// manySummary is of 4,000 models; to make it takes a while.
var manySummary = sync.OnceValue(func() *Summary {
	s, err := Summarise(Input{Info: sampleInfo(), Tally: many(4000), Gate: manyGate})
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
		for l := range int64(200) {
			m.ReferenceLatency.AddLatency(900 + l*l)
			m.CandidateLatency.AddLatency(700 + l*l*2)
		}
		switch {
		case i%10 == 3:
			tallyOf(m, 200, int64(15+i%90))
			addTimeline(m, int64(15+i%90))
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

// showing shows for every signature that a Curator wants an exchange with the
// bodies given, and numbers.
func showing(t testing.TB, s *Summary, reference, candidate string) Exhibits {
	t.Helper()
	judge, err := compare.NewJudge(compare.Rules{}, compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := exchange.Exchange{ID: exchange.ID{0: 1}, Model: "m", Time: 1_795_000_000_000_000}
	e.Reference = exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(reference)}
	e.Candidate.Answer = exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(candidate)}
	x, err := judge.Explain(&e, true)
	if err != nil {
		t.Fatal(err)
	}
	sheet := compare.Beside(&e, x, compare.BesideOptions{MaxRows: 40, MaxLiteral: 160, Fold: 3})
	c := NewCurator(s)
	for i, name := range c.order {
		for n := range 60 {
			deltas := []compare.Delta{}
			for p := range pointsEach {
				r := math.Pow(float64((n*31+p*17+i)%97)/97, 2)
				deltas = append(deltas, value(name.Signature, r, r*0.96+0.003*float64(p)))
			}
			text, err := json.Marshal(deltas)
			if err != nil {
				t.Fatal(err)
			}
			row := exchange.Exchange{ID: exchange.ID{1: byte(i), 2: byte(i >> 8), 15: byte(n)}, Model: name.Model, Verdict: exchange.Verdict{Kind: "mismatch", Deltas: text}}
			if _, err := c.Offer(&row); err != nil {
				t.Fatal(err)
			}
		}
	}
	for id := range c.Wanted() {
		c.Show(Answers{ID: id, Time: e.Time.Time(), Request: "POST /models/" + hostile + "\n" + hostile, Reference: "200 · 318 B · 2.1 ms", Candidate: "200 · 317 B · 3.4 ms", Sheet: sheet})
	}
	return c.Exhibits()
}

// wholeAnswers are what exhibits show: values that differ, that one side lacks, of
// other types, hostile, and very long.
func wholeAnswers() (reference, candidate string) {
	evil, _ := json.Marshal(strings.ToValidUTF8(hostile, "\ufffd"))
	long := strings.Repeat("5 MB ", 1<<20)
	reference = fmt.Sprintf(`{"label": "refund", "scores": [{"name": "refund", "value": 0.31234567}, {"name": "praise", "value": 0.2}, {"name": "other", "value": 0.1}], "evil": %s, "%s": 1, "long": %q, "gone": null, "same": [1, 2, 3, 4, 5, 6]}`, evil, strings.Repeat("a very long name ", 30), long)
	candidate = strings.NewReplacer("0.31234567", "0.31291121", `"label": "refund"`, `"label": "complaint"`, `, "gone": null`, `, "new": {"a": [true]}`, "5 MB ", "5 mb ").Replace(reference)
	return reference, candidate
}
