package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"pgregory.net/rapid"
)

const right = `{"a":1}`

// given is one exchange of a split and what it was answered, generation by
// generation; "" where it was not sent again.
type given []string

// answerOf makes an answer of a body, or of a status.
func answerOf(text string) exchange.Candidate {
	c := exchange.Candidate{Answer: exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(text)}}
	switch text {
	case "429", "500":
		fmt.Sscan(text, &c.Status)
		c.Body = nil
	case "refused":
		c.Answer = exchange.Answer{Failure: exchange.Refused}
	}
	return c
}

// generations lays out a split: its reference, and its answers by generation.
// Its exchanges are counted from first.
func generations(first int, all []given, concurrency []int) (in SplitInput) {
	sent := make([][]exchange.Exchange, len(concurrency))
	var ref []exchange.Exchange
	for n, g := range all {
		e := jsonPair(first+n, "m", right, "")
		ref = append(ref, e)
		for i, text := range g {
			if text != "" {
				e.Candidate = answerOf(text)
				sent[i] = append(sent[i], e)
			}
		}
	}
	in.Reference = &rows{all: ref, size: 3, sides: exchange.KeySide | exchange.ReferenceSide}
	in.Candidate = &rows{all: sent[0], size: 2, sides: exchange.ResultSides}
	in.Concurrency = concurrency[0]
	for i := 1; i < len(sent); i++ {
		in.Later = append(in.Later, Later{&rows{all: sent[i], size: 1 + i, sides: exchange.ResultSides}, i, concurrency[i], nil})
	}
	return in
}

func judgeGenerations(t testing.TB, all []given, concurrency ...int) *ModelTally {
	t.Helper()
	return judgePart(t, 0, all, concurrency).Model("m")
}

func judgePart(t testing.TB, first int, all []given, concurrency []int) *Tally {
	t.Helper()
	tally, err := newJudge(t, Rules{}).Split(t.Context(), generations(first, all, concurrency))
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// That many were allowed is not that many were in flight: an endpoint that never
// had two requests at a time was not wrong because of them.
func TestWhatWasReachedCounts(t *testing.T) {
	for reached, want := range map[int]Recheck{1: {Flaky: 1}, 2: {ConcurrencySensitive: 1, Concurrency: 2}} {
		in := generations(0, []given{{`{"a":2}`, right}}, []int{256, 1})
		in.Reached = map[string]int{"m": reached, "other": 9}
		tally, err := newJudge(t, Rules{}).Split(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if got := tally.Model("m").Recheck; got != want {
			t.Errorf("%d were in flight: %+v", reached, got)
		}
	}
}

// Each line is a way in which a difference could be excused, or throttling be
// taken for one.
func TestWhatSendingAgainShows(t *testing.T) {
	const wrong = `{"a":2}`
	for _, c := range []struct {
		name        string
		given       given
		concurrency []int
		outcome     Outcome
		want        Recheck
	}{
		{"right alone", given{wrong, right}, []int{16, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 16}},
		{"a failure alone", given{"500", right}, []int{16, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 16}},
		{"no JSON at first", given{`{"a`, right}, []int{16, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 16}},
		{"right among others too", given{wrong, right}, []int{16, 16}, Match, Recheck{Flaky: 1}},
		{"alone both times", given{wrong, right}, []int{1, 1}, Match, Recheck{Flaky: 1}},
		{"nobody knows how it was sent", given{wrong, right}, []int{0, 1}, Match, Recheck{Flaky: 1}},
		{"wrong alone too, once", given{wrong, wrong, right}, []int{16, 1, 1}, Match, Recheck{Flaky: 1}},
		{"right at the third time", given{wrong, wrong, right}, []int{16, 4, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 16}},
		{"left out in between", given{wrong, "", right}, []int{16, 1, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 16}},
		{"throttled at first", given{"429", right}, []int{16, 1}, Match, Recheck{Recovered: 1}},
		{"refused, throttled, right", given{"refused", "429", right}, []int{16, 1, 1}, Match, Recheck{Recovered: 1}},
		{"throttled, wrong, right", given{"429", wrong, right}, []int{16, 8, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 8}},
		{"wrong still", given{wrong, wrong}, []int{16, 1}, Mismatch, Recheck{}},
		{"wrong now", given{right, wrong}, []int{16, 1}, Mismatch, Recheck{}},
		{"right both times", given{right, right}, []int{16, 1}, Match, Recheck{}},
		{"wrong, then down", given{wrong, "refused"}, []int{16, 1}, Mismatch, Recheck{}},
		{"right, then down", given{right, "429"}, []int{16, 1}, Match, Recheck{}},
		{"down all the time", given{"refused", "429"}, []int{16, 1}, Unavailable, Recheck{}},
		{"wrong, down, right", given{wrong, "refused", right}, []int{16, 1, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 16}},
		{"unreadable now", given{wrong, `{"a`}, []int{16, 1}, Mismatch, Recheck{}},
		{"unreadable all the time", given{`{"`, `{"a`}, []int{16, 1}, Undecided, Recheck{}},
		{"unreadable, then right", given{`{"a`, right}, []int{16, 1}, Match, Recheck{ConcurrencySensitive: 1, Concurrency: 16}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := judgeGenerations(t, []given{{right}, c.given, {right}}, c.concurrency...)
			want := map[Outcome]int64{Match: m.Match - 2, Mismatch: m.Mismatch, Unavailable: sum(m.Unavailable), Undecided: sum(m.Undecided)}[c.outcome]
			if want != 1 || m.Recheck != c.want || !m.Balanced() {
				t.Errorf("%s", toJSON(t, m))
			}
			rechecked := m.Versions[""].Rechecked.All()
			if n := rechecked.Len(); n != c.want.Wrong() {
				t.Errorf("%d requests are kept as rechecked, want %d", n, c.want.Wrong())
			}
			if m.Match == 3 && (len(m.Signatures) > 0 || m.Reformatted > 0) {
				t.Errorf("an answer that was replaced is counted as if it were the last: %s", toJSON(t, m))
			}
		})
	}
}

// Noise is no difference, at first or at last.
func TestEarlierNoise(t *testing.T) {
	in := generations(0, []given{{`{"a":1.2}`, right}, {`{"a":9}`, `{"a":1.1}`}}, []int{16, 1})
	j, err := NewJudge(Rules{}, Options{Noise: &Profile{Models: map[string]*ModelProfile{
		"m": {Judged: 9, Signatures: map[string]*SignatureProfile{"$.a number": {Exchanges: 1, MaxAbs: 0.5}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	tally, err := j.Split(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if m := tally.Model("m"); m.Match != 1 || m.Noise != 1 || m.Recheck != (Recheck{ConcurrencySensitive: 1, Concurrency: 16}) {
		t.Errorf("%s", toJSON(t, m))
	}
}

// Without this, a row that was lost or moved within a generation would leave an
// exchange with its first answer, in silence.
func TestDamagedGeneration(t *testing.T) {
	for name, harm := range map[string]func(all []exchange.Exchange) []exchange.Exchange{
		"another order": func(all []exchange.Exchange) []exchange.Exchange { slices.Reverse(all); return all },
		"an exchange that was never planned": func(all []exchange.Exchange) []exchange.Exchange {
			return append(all, jsonPair(99, "m", right, right))
		},
		"a row twice": func(all []exchange.Exchange) []exchange.Exchange { return append(all, all[len(all)-1]) },
	} {
		t.Run(name, func(t *testing.T) {
			in := generations(0, []given{{right, right}, {right}, {right, right}}, []int{16, 1})
			later := in.Later[0].Answers.(*rows)
			later.all = harm(slices.Clone(later.all))
			_, err := newJudge(t, Rules{}).Split(t.Context(), in)
			if err == nil || !strings.Contains(err.Error(), "the result object of generation g1 is damaged: its row") {
				t.Errorf("%v", err)
			}
		})
	}
}

// Whatever was sent again, each exchange has one outcome, which is that of its
// last answer that can be judged as if it had been the only one; splits count
// what the whole does.
func TestGenerationsBalance(t *testing.T) {
	concurrency := []int{8, 1, 2}
	text := rapid.SampledFrom([]string{"", right, `{"a":2}`, `{"a`, "429", "500", "refused"})
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) given {
			g := given{text.Draw(rt, "g0"), text.Draw(rt, "g1"), text.Draw(rt, "g2")}
			if g[0] == "" {
				g[0] = right
			}
			return g
		}), 1, 20).Draw(rt, "exchanges")
		var last []given // of each what counts
		for _, g := range all {
			counts := g[0]
			says := map[string]int{"": -1, "429": 0, "refused": 0, `{"a`: 1, "500": 2, right: 2, `{"a":2}`: 2}
			for _, answer := range g[1:] {
				if says[answer] >= says[counts] {
					counts = answer
				}
			}
			last = append(last, given{counts})
		}
		whole, once := judgeGenerations(t, all, concurrency...), judgeGenerations(t, last, 8)
		if n := whole.Recheck.Wrong() + whole.Recheck.Recovered; n > whole.Match || !whole.Balanced() {
			rt.Fatalf("%d of %d matches were rechecked: %s", n, whole.Match, toJSON(t, whole))
		}
		cut := rapid.IntRange(0, len(all)).Draw(rt, "cut")
		parts := judgePart(t, cut, all[cut:], concurrency)
		parts.Merge(judgePart(t, 0, all[:cut], concurrency))
		if a, b := toJSON(t, whole), toJSON(t, parts.Model("m")); a != b {
			rt.Fatalf("in one split:\n%s\nin two:\n%s", a, b)
		}
		recheck := whole.Recheck
		whole.Recheck = Recheck{}
		for _, e := range whole.Versions {
			rechecked := e.Rechecked.All()
			if rechecked.Len() != recheck.Wrong() {
				rt.Fatalf("%d requests for %+v", rechecked.Len(), recheck)
			}
			e.Rechecked = nil
		}
		// In which ways a request was wrong may be more than the last answer shows.
		for _, m := range []*ModelTally{whole, once} {
			for _, e := range m.Versions {
				all := e.Mismatched.All()
				e.Mismatched = Combinations{"any": &all}
			}
		}
		if a, b := toJSON(t, whole), toJSON(t, once); a != b {
			rt.Fatalf("with what was replaced:\n%s\nwithout:\n%s", a, b)
		}
	})
}

// An answer that is wrong in another way when it is asked again must not take the
// place of what was wrong at first: an error would become a drift that is
// accepted.
func TestSendingAgainKeepsTheWay(t *testing.T) {
	m := judgeGenerations(t, []given{{"500", `{"a":2}`}, {`{"a":2}`, "500"}, {"500", right}}, 8, 1)
	e := m.Versions[""]
	of := func(c Combinations, signature string) int64 {
		all := c.Of(func(signatures []string) bool { return slices.Contains(signatures, signature) })
		return all.Len()
	}
	if errors, drifts := of(e.Mismatched, "200→500 status"), of(e.Mismatched, "$.a number"); errors != 2 || drifts != 2 {
		t.Errorf("%d requests with an error and %d that drift, want 2 and 2: %s", errors, drifts, toJSON(t, m))
	}
	if n := of(e.Rechecked, "200→500 status"); n != 1 || m.Recheck.Wrong() != 1 {
		t.Errorf("%d of %d that were wrong at first had an error", n, m.Recheck.Wrong())
	}
}
