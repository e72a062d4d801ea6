package compare

import (
	"math/rand"
	"strconv"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

// drifted is a pair of answers of which the second says nearly the same: some
// numbers are off by a little or by much, and some values are others.
type drifted struct{ a, b []byte }

var driftedPairs = rapid.Custom(func(t *rapid.T) drifted {
	d := ruledAnswers.Draw(t, "answer")
	r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
	a := spelled(d.value(inOrder(len(d.keyed))), r.Int63())
	same := d.restated(r)
	var b any = drift(same.value(r.Perm(len(d.keyed))), r)
	if r.Intn(4) == 0 {
		b, _, _ = plant(t, b, "$")
	}
	return drifted{a, spelled(b, r.Int63())}
})

func drift(v any, r *rand.Rand) any {
	switch v := v.(type) {
	case literal:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil || r.Intn(2) == 0 {
			return v
		}
		f *= 1 + []float64{1e-15, -1e-9, 1e-4, -0.5}[r.Intn(4)]
		return literal(strconv.FormatFloat(f, 'e', r.Intn(18)-1, 64))
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, drift(e, r))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = drift(e, r)
		}
		return out
	}
	return v
}

// Whoever loosens a tolerance must not get more mismatches for it, whatever rules
// pair the values, and whatever decides.
func TestLooseningAddsNoMismatch(t *testing.T) {
	tolerances := rapid.Custom(func(t *rapid.T) number.Tolerance {
		sizes := rapid.SampledFrom([]float64{0, 1e-12, 1e-6, 1e-3, 0.4, 0.9})
		return number.Tolerance{Abs: sizes.Draw(t, "abs"), Rel: sizes.Draw(t, "rel"), ULPs: rapid.SampledFrom([]int64{0, 1, 100, 1e9}).Draw(t, "ulps")}
	})
	decisions := []*Decision{nil, {Path: "$.ranked"}, {Path: "$.plain", Threshold: new(0.5)}, {Path: "$.keyed", By: "v", Label: "id"}}
	rapid.Check(t, func(rt *rapid.T) {
		pair := driftedPairs.Draw(rt, "pair")
		tight, more := tolerances.Draw(rt, "tight"), tolerances.Draw(rt, "more")
		loose := number.Tolerance{Abs: max(tight.Abs, more.Abs), Rel: max(tight.Rel, more.Rel), ULPs: max(tight.ULPs, more.ULPs)}
		rules := ruledRules
		rules.Decision = rapid.SampledFrom(decisions).Draw(rt, "decision")
		rules.Number = &tight
		before, _ := compareBodies(t, rules, "application/json", pair.a, pair.b)
		rules.Number = &loose
		after, deltas := compareBodies(t, rules, "application/json", pair.a, pair.b)
		if before.outcome == Match && after.outcome != Match {
			rt.Fatalf("%s\n%s\nmatch under %+v and differ under %+v: %v", pair.a, pair.b, tight, loose, deltas)
		}
	})
}

// Which side is called the reference must not decide whether they agree, where
// the tolerance is none that is relative to one of them.
func TestSidesSwapped(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pair := driftedPairs.Draw(rt, "pair")
		rules := ruledRules
		rules.Number = &number.Tolerance{
			Abs:      rapid.SampledFrom([]float64{0, 1e-9, 1e-3, 10}).Draw(rt, "abs"),
			ULPs:     rapid.SampledFrom([]int64{0, 3}).Draw(rt, "ulps"),
			Decimals: rapid.Bool().Draw(rt, "decimals"),
		}
		rules.Decision = &Decision{Path: "$.ranked"}
		there, deltas := compareBodies(t, rules, "application/json", pair.a, pair.b)
		back, others := compareBodies(t, rules, "application/json", pair.b, pair.a)
		if there.outcome != back.outcome {
			rt.Fatalf("%s\n%s\n%s %v, the other way %s %v", pair.a, pair.b, there.outcome, deltas, back.outcome, others)
		}
	})
}

// A rule that hits nothing is pointed out so that it can be dropped. Then no
// verdict may change. (What is told of a mismatch may: a rule without a hit can
// make one order delta of two texts.)
func TestRuleWithoutHitsCanBeDropped(t *testing.T) {
	candidates := append([]PathRule{
		rule("$..v", 0.01), rule("$.bag", 1), ignore("$.keyed[*].v"), ignore("$..[0]"), ignore("$.opt"),
		{Path: "$.plain", NullAbsent: true},
		{Path: "$", EmptyAbsent: true},
		{Path: "$.ranked", Order: "any"},
		{Path: "$..v", Order: "any"},
		{Path: "$.bag", Top: 1},
		{Path: "$.bag", Trim: true},
		{Path: "$", Pattern: "[a-c]*"},
		{Path: "$", Unicode: "nfc"},
		{Path: "$.bag[*]", Case: "ignore"},
	}, ruledRules.Paths...)
	rapid.Check(t, func(rt *rapid.T) {
		pair := driftedPairs.Draw(rt, "pair")
		var rules Rules
		for range rapid.IntRange(1, 4).Draw(rt, "rules") {
			more := append(rules.Paths[:len(rules.Paths):len(rules.Paths)], rapid.SampledFrom(candidates).Draw(rt, "rule"))
			if (Rules{Paths: more}).Validate() == nil {
				rules.Paths = more
			}
		}
		e := jsonPair(1, "m", string(pair.a), string(pair.b))
		m := judgeRows(t, rules, []exchange.Exchange{e}, nil).Models["m"]
		for i, r := range rules.Paths {
			if hits(m, r) > 0 {
				continue
			}
			less := Rules{Paths: append(rules.Paths[:i:i], rules.Paths[i+1:]...)}
			if d, deltas := compareBodies(t, less, "application/json", pair.a, pair.b); (d.outcome == Match) != (m.Match == 1) {
				rt.Fatalf("%s\n%s\nthe rule for %s hit nothing in %v, and without it %v", pair.a, pair.b, r.Path, m.Hits, deltas)
			}
		}
	})
}

// hits counts those of all that a rule says, and of others that say the same of
// the same path.
func hits(m *ModelTally, r PathRule) (n int64) {
	p, _ := parsePath(r.Path)
	for x, says := range r.values() {
		if says != "" {
			n += m.Hits[p.String()+" "+aspectNames[x]]
		}
	}
	return n
}
