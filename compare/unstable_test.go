package compare

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/modelparity/parity/internal/exchange"
)

// memorySplits are the splits of a run in memory, which are looked at all at once.
type memorySplits [][]exchange.Exchange

// splitsOf cuts exchanges into splits of n.
func splitsOf(all []exchange.Exchange, n int) memorySplits {
	return slices.Collect(slices.Chunk(all, max(n, 1)))
}

func (m memorySplits) Requests(_ context.Context, look func(hashes []uint64)) error {
	var g errgroup.Group
	for _, all := range m {
		g.Go(func() error {
			for _, e := range all {
				look([]uint64{uint64(e.RequestHash)})
			}
			return nil
		})
	}
	return g.Wait()
}

func (m memorySplits) Answers(ctx context.Context, look func(context.Context, SplitInput) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, all := range m {
		g.Go(func() error {
			return look(ctx, SplitInput{
				Reference: &rows{all: all, size: 3, sides: exchange.KeySide | exchange.ReferenceSide},
				Candidate: &rows{all: all, size: 2, sides: exchange.ResultSides},
			})
		})
	}
	return g.Wait()
}

// unstableOf is what Unstable says of splits that were all seen.
func unstableOf(t testing.TB, j *Judge, splits memorySplits) *Tally {
	t.Helper()
	n := 0
	for _, s := range splits {
		n += len(s)
	}
	seen := NewSightings(int64(n))
	for i, all := range splits { // as the judge does
		if !seen.Tally(judgeSplit(t, j, all), int64(len(all))) {
			if err := splits[i:i+1].Requests(t.Context(), seen.Add); err != nil {
				t.Fatal(err)
			}
		}
	}
	tally, err := j.Unstable(t.Context(), seen, splits)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func judgeSplit(t testing.TB, j *Judge, all []exchange.Exchange) *Tally {
	t.Helper()
	tally, err := j.Split(t.Context(), SplitInput{
		Reference: &rows{all: all, size: 3, sides: exchange.KeySide | exchange.ReferenceSide}, Candidate: &rows{all: all, size: 2, sides: exchange.ResultSides},
	})
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// What is unstable must not hang on how a recording lies in splits, on the order in
// which workers come to them, or on how much of it fits the memory: whoever
// records in larger splits would be told something else of the same candidate.
func TestUnstableInAnySplits(t *testing.T) {
	unstable, restless, sampled := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(exchanges, 0, 60).Draw(rt, "exchanges")
		if rapid.Bool().Draw(rt, "more") {
			all = append(all, rapid.SliceOfN(exchanges, 40, 40).Draw(rt, "more exchanges")...)
		}
		calm := rapid.Bool().Draw(rt, "calm")
		for i := range all {
			e := &all[i]
			if calm { // or nearly all is the old system's doing
				e.Reference, e.ModelVersion, e.Defect = jsonPair(0, "", `{"b":1}`, "").Reference, "", ""
			}
			if rapid.Bool().Draw(rt, "hashed") {
				e.Reference.Hash, e.Candidate.Hash = exchange.HashAnswer(&e.Reference), exchange.HashAnswer(&e.Candidate.Answer)
			}
		}
		j, err := NewJudge(mergeRules, mergeOptions(0))
		if err != nil {
			t.Fatal(err)
		}
		mostSeen := rapid.SampledFrom([]int64{maxSeen, 10}).Draw(rt, "seen")
		mostHashes := rapid.SampledFrom([]int{maxRepeated, maxRepeated, 8}).Draw(rt, "hashes")
		mostBytes := rapid.SampledFrom([]int64{maxFirst, maxFirst, 3000}).Draw(rt, "bytes")
		look := func(splits memorySplits) *Tally {
			seen := newSightings(int64(len(all)), mostSeen)
			seen.most = mostHashes
			for i, all := range splits {
				if rapid.Bool().Draw(rt, "read") || !seen.Tally(judgeSplit(t, j, all), int64(len(all))) {
					_ = splits[i:i+1].Requests(t.Context(), seen.Add)
				}
			}
			u := newInstability(j, seen)
			u.most = mostBytes
			if err := u.run(t.Context(), splits); err != nil {
				rt.Fatal(err)
			}
			return u.tally
		}
		one := look(splitsOf(all, len(all)))
		shuffled := slices.Clone(all)
		for i := len(shuffled) - 1; i > 0; i-- {
			k := rapid.IntRange(0, i).Draw(rt, "swap")
			shuffled[i], shuffled[k] = shuffled[k], shuffled[i]
		}
		many := look(splitsOf(shuffled, rapid.IntRange(1, 10).Draw(rt, "rows")))
		if toJSON(t, one) != toJSON(t, many) {
			rt.Fatalf("in one split\n%s\nin many\n%s", toJSON(t, one), toJSON(t, many))
		}
		if mostHashes == maxRepeated && mostBytes == maxFirst && one.RepeatsSampled != 0 {
			rt.Fatalf("%d exchanges are sampled", len(all))
		}
		for _, m := range one.Models {
			unstable, restless = unstable+int(m.Unstable.Len()), restless+int(m.Restless.Len())
		}
		sampled += one.RepeatsSampled
	})
	if unstable == 0 || restless == 0 || sampled == 0 {
		t.Errorf("%d unstable, %d restless, %d sampled: nothing was tried", unstable, restless, sampled)
	}
}

// Without this, an answer that wavers would go by what the first reader thought of
// it: each case is one request, asked several times.
func TestWhatIsUnstable(t *testing.T) {
	type asked struct{ reference, candidate string }
	for name, c := range map[string]struct {
		answers            []asked
		unstable, restless int64
	}{
		"the same":                      {[]asked{{`1`, `1`}, {`1`, `1`}}, 0, 0},
		"written otherwise":             {[]asked{{`{"a":1,"b":2}`, `{"b":2,"a":1.0}`}, {`{"a":1,"b":2}`, `{"a":1,"b":2}`}}, 0, 0},
		"wrong always alike":            {[]asked{{`1`, `2`}, {`1`, `2.0`}, {`1`, `2`}}, 0, 0},
		"wrong in two ways":             {[]asked{{`1`, `2`}, {`1`, `3`}}, 1, 0},
		"right and wrong":               {[]asked{{`1`, `1`}, {`1`, `1`}, {`1`, `2`}}, 1, 0},
		"within the tolerance":          {[]asked{{`1`, `1.0000001`}, {`1`, `1`}}, 0, 0},
		"the old system wavers":         {[]asked{{`1`, `2`}, {`2`, `1`}}, 0, 1},
		"the old one in spelling alone": {[]asked{{`1`, `1`}, {`1.0`, `2`}}, 1, 0},
		"both":                          {[]asked{{`1`, `1`}, {`1`, `2`}, {`2`, `2`}}, 1, 1},
		"unreadable at times":           {[]asked{{`1`, `{`}, {`1`, `1`}, {`1`, `1`}}, 0, 0},
		"unreadable, and two ways":      {[]asked{{`1`, `{`}, {`1`, `1`}, {`1`, `2`}}, 1, 0},
		"once":                          {[]asked{{`1`, `2`}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var all []exchange.Exchange
			for i, a := range c.answers {
				e := jsonPair(i, "m", a.reference, a.candidate)
				e.RequestHash = 7
				e.Reference.Hash, e.Candidate.Hash = exchange.HashAnswer(&e.Reference), exchange.HashAnswer(&e.Candidate.Answer)
				all = append(all, e)
			}
			tally := unstableOf(t, newJudge(t, Rules{}), splitsOf(all, 1))
			m := tally.Model("m")
			if m.Unstable.Len() != c.unstable || m.Restless.Len() != c.restless {
				t.Errorf("%d unstable, %d restless, want %d and %d: %s", m.Unstable.Len(), m.Restless.Len(), c.unstable, c.restless, toJSON(t, tally))
			}
		})
	}
}

// A candidate that wavers no more than the control shows of the old system must
// not be called unstable.
func TestNoiseIsNotUnstable(t *testing.T) {
	var all []exchange.Exchange
	for i := range 4 { // two requests: one apart by the noise, one by more
		e := jsonPair(i, "m", `{"b":1}`, fmt.Sprintf(`{"b":%g}`, 1+float64(i%2)*float64(1+i/2)*0.4))
		e.RequestHash = int64(i / 2)
		all = append(all, e)
	}
	j, err := NewJudge(Rules{}, Options{Noise: &Profile{Models: map[string]*ModelProfile{
		"m": {Judged: 9, Signatures: map[string]*SignatureProfile{"$.b number": {Exchanges: 1, MaxAbs: 0.5}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	tally := unstableOf(t, j, splitsOf(all, 1))
	m := tally.Model("m")
	if s := m.Signatures["$.b unstable"]; m.Unstable.Len() != 1 || !m.Unstable.Has(1) || s == nil || s.Deltas != 1 {
		t.Errorf("got %s", toJSON(t, tally))
	}
}

// The requests that are asked twice must be found, all of them, also where they are
// too many to be told apart at once. Hashes that are not spread cost time, and no
// truth.
func TestSightings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		hash func() uint64
		most int64
	}{
		"at once":     {r.Uint64, maxSeen},
		"in parts":    {r.Uint64, 1000},
		"not spread":  {func() uint64 { return r.Uint64N(1<<12) << 52 }, maxSeen},
		"no room":     {func() uint64 { return r.Uint64() &^ 0xffffffffff }, 1000},
		"small":       {func() uint64 { return r.Uint64N(1 << 20) }, 1000},
		"one of them": {func() uint64 { return 0 }, maxSeen},
	} {
		counts, all := map[uint64]int{}, []uint64(nil)
		for range 20_000 {
			h := c.hash()
			for range 1 + r.IntN(20)/19*3 {
				all = append(all, h)
				counts[h]++
			}
		}
		s := newSightings(int64(len(all)), c.most)
		s.Add(all)
		for s.next() {
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			s.Add(all)
		}
		var want []uint64
		for h, n := range counts {
			if n > 1 {
				want = append(want, h)
			}
		}
		slices.Sort(want)
		got := s.repeated()
		if name == "no room" || name == "not spread" || name == "small" { // then others are looked at for nothing
			got = slices.DeleteFunc(got, func(h uint64) bool { return counts[h] == 1 })
		}
		if !slices.Equal(got, want) || len(want) == 0 {
			t.Errorf("%s: %d hashes are there twice, %d are found", name, len(want), len(got))
		}
	}
}

// Of requests that are all different none may count as met: all answers of a run
// would be read once more for nothing.
func TestSightingsOfAMillion(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	hashes := make([]uint64, 1_000_000)
	for i := range hashes {
		hashes[i] = r.Uint64()
	}
	s := NewSightings(int64(len(hashes)))
	s.Add(hashes)
	if again := s.repeated(); len(again) != 0 {
		t.Errorf("%d of a million different hashes count as met before", len(again))
	}
}

// The memory is bounded however many requests there are, and what is left of too
// many repeated ones must be a fair sample.
func TestSightingsAreBounded(t *testing.T) {
	if s := NewSightings(1 << 33); len(s.slots) > 24<<20/4 || s.parts < 1<<33/maxSeen {
		t.Errorf("%d slots, %d parts", len(s.slots), s.parts)
	}
	r := rand.New(rand.NewPCG(1, 2))
	s := NewSightings(100_000)
	s.most = 10_000
	for range 50_000 {
		h := r.Uint64()
		s.Add([]uint64{h, h})
	}
	for range 100_000 {
		s.Add([]uint64{0})
	}
	if len(s.again) > 3*10_000 {
		t.Errorf("%d hashes are held", len(s.again))
	}
	if n, left := bits.OnesCount64(s.mask), len(s.repeated()); n != 3 || left < 50_000/8*9/10 || left > 50_000/8*11/10 {
		t.Errorf("%d of 50,000 are left by %d bits", left, n)
	}
}
