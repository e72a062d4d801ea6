package report

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/report/reporttest"
)

func jsonText(t testing.TB, s *Summary) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	reporttest.Validate(t, schemaFile, b.Bytes())
	return b.Bytes()
}

// Scripts read this file: a field that is renamed breaks them.
func TestJSONGolden(t *testing.T) {
	golden(t, "summary.json", jsonText(t, summarise(t, sample(), sampleGate())))
}

// Who stores a summary must be able to read all of it again.
func TestJSONReadsBack(t *testing.T) {
	tally := sample()
	delete(tally.Models, hostile) // JSON has no place for bytes that are not UTF-8
	text := jsonText(t, summarise(t, tally, sampleGate()))
	var s Summary
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if again := jsonText(t, &s); !bytes.Equal(again, text) {
		t.Errorf("read and written again it is\n%s", again)
	}
}

// One run judged by 1 worker and by 8 must give the same report, byte for
// byte, or nobody can tell a change from chance.
func TestSameTalliesInAnyOrderGiveTheSameBytes(t *testing.T) {
	render := func(order []int, group int) []byte {
		all, part := compare.NewTally(), compare.NewTally()
		for i, split := range order {
			part.Merge(splitTally(split))
			if i%group == 0 {
				all.Merge(part)
				part = compare.NewTally()
			}
		}
		all.Merge(part)
		s := summarise(t, all, sampleGate())
		return append(append(jsonText(t, s), tableText(t, s, false)...), html(t, s)...)
	}
	splits := []int{0, 1, 2, 3, 4, 5, 6, 7}
	one := render(splits, 1)
	rapid.Check(t, func(t *rapid.T) {
		order, group := rapid.Permutation(splits).Draw(t, "order"), rapid.IntRange(1, 8).Draw(t, "group")
		if !bytes.Equal(render(order, group), one) {
			t.Fatal("another order of the splits gives another report")
		}
	})
}

// splitTally is what judging one split of a run of three models counts.
func splitTally(split int) *compare.Tally {
	t := compare.NewTally()
	for _, name := range []string{"a", "b", "c"}[:1+split%3] {
		m := t.Model(name)
		for i := range int64(50) {
			e := evidence(m, "1."+string(rune('0'+split%2)))
			e.Exchanges++
			e.First, e.Last = 1_795_000_000_000_000, 1_795_000_000_000_000+exchange.Timestamp(split*1000)
			m.Planned++
			if i%7 != 0 {
				m.Match++
				e.Matched.Add(int64(split)*40 + i) // some requests repeat in the next split
				continue
			}
			m.Mismatch++
			e.Mismatched.Add("$.x number\n$.y"+string(rune('a'+i))+" bool", int64(split)*40+i)
			addSignature(m, "$.x", compare.KindNumber, 1, "1", "2")
			addSignature(m, "$.y"+string(rune('a'+i)), compare.KindBool, 1, "true", "false")
			m.Signatures["$.x number"].Errors.AddError(float64(i+1) / 1000)
			m.Decided, m.Flips = m.Decided+1, m.Flips+1
			m.Confusion = map[string]map[string]int64{"a": {"b": m.Decided}}
			compare.Count(&m.Hits, "$.took_ms ignore", i)
			m.CandidateLatency.AddLatency(1000 + i*int64(split))
		}
		m.Unavailable, m.Planned = map[string]int64{"timeout": 1, "refused": 2}, m.Planned+3
		m.First, m.Last = 1_795_000_000_000_000, 1_795_000_000_000_000
	}
	return t
}
