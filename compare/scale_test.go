package compare

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// Four thousand models with fifty noisy paths each are what a large migration
// reduces on one machine: the merged tallies must fit it.
func TestManyModelsManyPaths(t *testing.T) {
	const models, paths, splits, mostBytes = 4000, 50, 2, 500 << 20
	merged := NewTally()
	for split := range splits {
		tally := NewTally()
		for model := range models {
			m := tally.Model(fmt.Sprintf("model-%04d", model))
			for path := range paths {
				f := finding{folded: fmt.Sprintf("$.outputs.field_%02d[*].value", path)}
				f.Delta = Delta{Kind: KindNumber, Reference: "0.8658447430588924", Candidate: "0.8658447430588999"}
				for i := range 4 {
					e := exchange.Exchange{Time: 1, ID: exchange.DeriveID(time.UnixMilli(1), fmt.Append(nil, split, model, i))}
					f.AbsError, f.RelError = float64(i+1)*1e-9*float64(split+1), float64(i+1)*1e-8*float64(split+1)
					m.delta(&e, &f, map[string]*sighting{})
				}
			}
			for i := range int64(MaxCombinations) { // each exchange differs in ten of the paths, and in other ones
				var signatures []string
				for path := range int64(10) {
					signatures = append(signatures, fmt.Sprintf("$.outputs.field_%02d[*].value number", (i+path*(i+1))%paths))
				}
				m.version("").Mismatched.Add(CombinationOf(slices.Compact(signatures)), i+int64(split)*MaxCombinations)
				m.Timeline.add(exchange.Timestamp(i*1e6), true)
			}
		}
		merged.Merge(tally)
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	t.Logf("%d MiB for %d models with %d paths", stats.HeapAlloc>>20, len(merged.Models), len(merged.Models["model-0000"].Signatures))
	if stats.HeapAlloc > mostBytes {
		t.Errorf("%d MiB, want at most %d", stats.HeapAlloc>>20, mostBytes>>20)
	}
	runtime.KeepAlive(merged)
}

// A model whose answers have user ids for names must neither fill the memory nor
// hide what was folded.
func TestPathsOfIDs(t *testing.T) {
	var all []exchange.Exchange
	for n := range 3000 {
		all = append(all, jsonPair(n, "m", fmt.Sprintf(`{"users":{"u%d":{"score":1}}}`, n), fmt.Sprintf(`{"users":{"u%d":{"score":2}}}`, n)))
	}
	m := judgeRows(t, Rules{}, all, nil).Models["m"]
	deltas := m.Folded
	for _, s := range m.Signatures {
		deltas += s.Deltas
	}
	if len(m.Signatures) != MaxSignatures || deltas != 3000 {
		t.Errorf("%d signatures, %d deltas in all of 3000", len(m.Signatures), deltas)
	}
	m = judgeRows(t, Rules{Paths: []PathRule{{Path: "$.users", Fold: true}}}, all, nil).Models["m"]
	if s := m.Signatures["$.users[*].score number"]; len(m.Signatures) != 1 || s == nil || s.Exchanges != 3000 || m.Folded != 0 {
		t.Errorf("folded: %s", toJSON(t, m.Signatures))
	}
}
