package compare

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

// exchanges are some of every outcome, with two versions of each model, labels
// that flip, and requests that repeat.
var exchanges = rapid.Custom(func(t *rapid.T) exchange.Exchange {
	answers := rapid.SampledFrom([]string{
		`{"a":[1,2],"b":1,"l":"x"}`, `{"l":"x","b":1,"a":[1,2]}`, `{"a":[2,1],"l":"y"}`, `{"a":[1,3],"b":2,"l":"x"}`, `{`, `{"b":1.01}`, `{"b":NaN}`, `{"b": NaN,"t":1}`,
	})
	n := rapid.IntRange(0, 12).Draw(t, "request")
	e := jsonPair(n, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "model"), answers.Draw(t, "reference"), answers.Draw(t, "candidate"))
	e.ID = exchange.DeriveID(epoch, fmt.Append(nil, rapid.Uint64().Draw(t, "id")))
	e.ModelVersion = rapid.SampledFrom([]string{"", "v1"}).Draw(t, "version")
	e.Time = exchange.Timestamp(rapid.Int64Range(0, 1e9).Draw(t, "time"))
	e.SamplingProbability = rapid.SampledFrom([]float64{1, 1, 0.5, 0.1}).Draw(t, "sampling probability")
	e.Defect = rapid.SampledFrom([]exchange.Defect{"", "", "", "", exchange.Redacted}).Draw(t, "defect")
	e.Origin = exchange.Origin{Redacted: rapid.SampledFrom([]string{"", "request", "answer", "both"}).Draw(t, "redacted")}.String()
	e.Candidate.Status = rapid.SampledFrom([]int64{200, 200, 200, 200, 500, 429}).Draw(t, "status")
	e.Candidate.LatencyUS = rapid.Int64Range(0, 1e7).Draw(t, "latency")
	return e
})

// mergeRules have something for every count of a tally.
var mergeRules = Rules{
	Number:   &number.Tolerance{},
	Paths:    []PathRule{ignore("$.t"), {Path: "$.a", Order: "any"}, {Path: "$.l", EmptyAbsent: true}},
	Decision: &Decision{Path: "$.l"},
}

// mergeOptions know some noise, and bound the mismatch set.
func mergeOptions(most int) Options {
	return Options{MaxMismatches: most, Noise: &Profile{Models: map[string]*ModelProfile{
		"a": {Judged: 9, Signatures: map[string]*SignatureProfile{"$.b number": {Exchanges: 1, MaxAbs: 0.5}, "$.l decision": {Exchanges: 2}}},
	}}}
}

// judgeAll judges exchanges as one split, repeats among them too.
func judgeAll(t testing.TB, j *Judge, all []exchange.Exchange, out exchange.Sink) (tally, control *Tally) {
	t.Helper()
	reference := func(sides exchange.Sides) exchange.Source { return &rows{all: all, size: 3, sides: sides} }
	candidate := func() exchange.Source { return &rows{all: all, size: 2, sides: exchange.ResultSides} }
	tally, err := j.Split(t.Context(), SplitInput{Reference: reference(exchange.KeySide | exchange.ReferenceSide), Candidate: candidate(), Mismatches: out})
	if err != nil {
		t.Fatal(err)
	}
	tally.Merge(unstableOf(t, j, splitsOf(all, len(all))))
	requests := NewRequests()
	if err := requests.Read(t.Context(), reference(exchange.KeySide|exchange.ReferenceSide), exchange.Selection{}); err != nil {
		t.Fatal(err)
	}
	repeats := j.NewRepeats(requests)
	if err := repeats.Split(t.Context(), reference(exchange.KeySide|exchange.ReferenceSide), exchange.Selection{}); err != nil {
		t.Fatal(err)
	}
	control = repeats.Control()
	return tally, control
}

// Rows in equal outcomes out, also where noise takes mismatches away and the
// mismatch set is bounded, and what is kept is what the tally says.
func TestExchangesInOutcomesOut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(exchanges, 0, 30).Draw(rt, "exchanges")
		most := rapid.IntRange(0, 3).Draw(rt, "most")
		j, err := NewJudge(mergeRules, mergeOptions(most))
		if err != nil {
			t.Fatal(err)
		}
		var out sink
		tally, control := judgeAll(t, j, all, &out)
		kept, mismatches := int64(0), int64(0)
		for _, m := range tally.Models {
			kept += m.Kept
			mismatches += m.Mismatch
			if !m.Balanced() {
				rt.Fatalf("does not balance: %s", toJSON(t, tally))
			}
			confused := m.ConfusionFolded
			for _, row := range m.Confusion {
				confused += sum(row)
			}
			if confused != m.Decided || m.Flips+m.Drifted < m.Mismatch-m.statuses() {
				rt.Fatalf("%d decisions and %d in the matrix; %d flips and %d drifted of %d mismatches", m.Decided, confused, m.Flips, m.Drifted, m.Mismatch)
			}
		}
		for _, m := range control.Models {
			if !m.Balanced() {
				rt.Fatalf("the control does not balance: %s", toJSON(t, control))
			}
		}
		if tally.Planned() != int64(len(all)) || kept != int64(len(out.encoded)) || kept > mismatches || most == 0 && kept != mismatches || mismatches > 0 && kept == 0 {
			rt.Fatalf("%d exchanges, %d planned, %d mismatches, %d kept, %d written", len(all), tally.Planned(), mismatches, kept, len(out.encoded))
		}
	})
}

// statuses counts the mismatches of another status, of which no decision is read.
func (m *ModelTally) statuses() (n int64) {
	for _, s := range m.Signatures {
		if s.Kind == KindStatus {
			n += s.Exchanges
		}
	}
	return n
}

// Tallies merge in any order and grouping to the same bytes: a run that was
// judged on eight machines has one summary. (Repeats are looked at over all splits,
// so they are left to the parts.)
func TestTalliesMerge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(exchanges, 1, 30).Draw(rt, "exchanges")
		j, err := NewJudge(mergeRules, mergeOptions(0))
		if err != nil {
			t.Fatal(err)
		}
		split := func(all []exchange.Exchange) *Tally {
			tally, err := j.Split(t.Context(), SplitInput{Reference: &rows{all: all, size: 3, sides: exchange.KeySide | exchange.ReferenceSide}, Candidate: &rows{all: all, size: 2, sides: exchange.ResultSides}})
			if err != nil {
				t.Fatal(err)
			}
			return tally
		}
		var plain, parts, controls [][]byte
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "part")
			tally, control := judgeAll(t, j, rest[:n], nil)
			plain = append(plain, []byte(toJSON(t, split(rest[:n]))))
			parts = append(parts, []byte(toJSON(t, tally)))
			controls = append(controls, []byte(toJSON(t, control)))
			rest = rest[n:]
		}
		if got, want := merged(t, rt, plain), toJSON(t, split(all)); got != want {
			rt.Fatalf("merged\n%s\nwhole\n%s", got, want)
		}
		for _, stored := range [][][]byte{parts, controls} {
			if one, other := merged(t, rt, stored), merged(t, rt, stored); one != other {
				rt.Fatalf("in one order\n%s\nin another\n%s", one, other)
			}
		}
	})
}

// merged merges stored tallies in an order and grouping that is drawn.
func merged(t *testing.T, rt *rapid.T, all [][]byte) string {
	t.Helper()
	var parts []*Tally
	for _, text := range all {
		part := NewTally()
		if err := json.Unmarshal(text, part); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	for len(parts) > 1 {
		i, j := rapid.IntRange(0, len(parts)-1).Draw(rt, "into"), rapid.IntRange(0, len(parts)-2).Draw(rt, "of")
		if j >= i {
			j++
		}
		parts[i].Merge(parts[j])
		parts = append(parts[:j], parts[j+1:]...)
	}
	return toJSON(t, parts[0])
}

// stored is the tally after a way through the store.
func stored(t *testing.T, tally *Tally) *Tally {
	t.Helper()
	var back Tally
	if err := json.Unmarshal([]byte(toJSON(t, tally)), &back); err != nil {
		t.Fatal(err)
	}
	return &back
}

// Signatures are capped, and which of them stay must not depend on the shards.
func TestTooManySignaturesMerge(t *testing.T) {
	var all []exchange.Exchange
	for n := range 900 {
		all = append(all, jsonPair(n, "m", fmt.Sprintf(`{"k%d":1}`, n%700), "{}"))
	}
	whole := judgeRows(t, exact, all, nil)
	merged := NewTally()
	for _, part := range [][]exchange.Exchange{all[600:], all[:10], all[10:600]} {
		merged.Merge(stored(t, judgeRows(t, exact, part, nil)))
	}
	if toJSON(t, merged) != toJSON(t, whole) {
		t.Error("shards give another tally")
	}
	m := whole.Models["m"]
	kept := m.Folded
	for _, s := range m.Signatures {
		kept += s.Deltas
	}
	if len(m.Signatures) != MaxSignatures || kept != 900 {
		t.Errorf("%d signatures, %d deltas of 900", len(m.Signatures), kept)
	}
}

// So are pairs of decisions: where the decision is an id, each is another, and
// the matrix must neither fill the memory nor hang on the shards.
func TestTooManyDecisionsMerge(t *testing.T) {
	var all []exchange.Exchange
	for n := range 3 * MaxConfusion {
		all = append(all, jsonPair(n, "m", fmt.Sprintf(`{"l":"from %d"}`, n%(2*MaxConfusion)), fmt.Sprintf(`{"l":"to %d"}`, n%7)))
	}
	rules := Rules{Decision: &Decision{Path: "$.l"}}
	whole := judgeRows(t, rules, all, nil)
	parts := NewTally()
	for _, part := range [][]exchange.Exchange{all[MaxConfusion:], all[:10], all[10:MaxConfusion]} {
		parts.Merge(stored(t, judgeRows(t, rules, part, nil)))
	}
	if toJSON(t, parts) != toJSON(t, whole) {
		t.Error("shards give another tally")
	}
	m, pairs, counted := whole.Models["m"], 0, int64(0)
	for _, row := range m.Confusion {
		pairs += len(row)
		counted += sum(row)
	}
	if pairs != MaxConfusion || counted+m.ConfusionFolded != 3*MaxConfusion || m.Flips != 3*MaxConfusion {
		t.Errorf("%d pairs, %d decisions in them and %d folded, %d flips", pairs, counted, m.ConfusionFolded, m.Flips)
	}
}
