package report

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// mismatchRow is a row of a mismatch set.
func mismatchRow(t *testing.T, model string, n int, deltas ...compare.Delta) *exchange.Exchange {
	t.Helper()
	text, err := json.Marshal(deltas)
	if err != nil {
		t.Fatal(err)
	}
	return &exchange.Exchange{ID: exchange.ID{0: byte(n >> 8), 1: byte(n)}, Model: model, Verdict: exchange.Verdict{Kind: "mismatch", Deltas: text}}
}

func value(signature string, reference, candidate any) compare.Delta {
	kind := compare.Kind(signature[strings.LastIndexByte(signature, ' ')+1:])
	return compare.Delta{Kind: kind, Signature: signature, Reference: fmt.Sprint(reference), Candidate: fmt.Sprint(candidate)}
}

// One machine and a hundred must show the same of one run, and a page must not
// grow with the mismatch set.
func TestCuratorPicksTheSameInAnyOrder(t *testing.T) {
	s := summarise(t, sample(), sampleGate())
	const score, label = "$.scores[*].value number", "$.label string"
	var rows []*exchange.Exchange
	for n := range 3000 {
		deltas := []compare.Delta{value("$.other number", n, n+1)}
		for i := range 40 {
			deltas = append(deltas, value(score, n, n+i))
		}
		if n%500 == 3 {
			deltas = append(deltas, value(label, `"spam"`, `"ham"`))
		}
		rows = append(rows, mismatchRow(t, "review-drift", n, deltas...), mismatchRow(t, "no such model", n, value(score, 1, 2)))
	}
	pick := func() (map[exchange.ID]bool, Exhibits) {
		c := NewCurator(s)
		for _, r := range rows {
			if _, err := c.Offer(r); err != nil {
				t.Fatal(err)
			}
		}
		ids := c.Wanted()
		for id := range ids {
			c.Show(Answers{ID: id})
		}
		c.Show(Answers{ID: exchange.ID{9: 9}}) // which nobody wants
		return ids, c.Exhibits()
	}
	ids, first := pick()
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	again, second := pick()
	if !reflect.DeepEqual(ids, again) || !reflect.DeepEqual(first, second) {
		t.Error("another order shows others")
	}
	if len(ids) != 2 || len(first.Answers) != 2 {
		t.Fatalf("%d exchanges and %d answers for two signatures", len(ids), len(first.Answers))
	}
	points := first.Points[SignatureID{"review-drift", score}]
	if len(points) != pointsOf {
		t.Errorf("%d points, want %d", len(points), pointsOf)
	}
	each := map[float64]int{}
	for _, p := range points {
		each[p.Reference]++
	}
	for _, n := range each {
		if n > pointsEach {
			t.Errorf("%d points of one exchange", n)
		}
	}
}

// A signature whose every exchange shows another already still gets one of its
// own where there is one, and noise none.
func TestCuratorShowsEachExchangeOnce(t *testing.T) {
	s := summarise(t, sample(), sampleGate())
	c := NewCurator(s)
	noise := value("$.score number", 1, 2)
	noise.Noise = true
	for n := range 6 {
		both := []compare.Delta{value("$.scores[*].value number", 1, 2), value("$.label string", "a", "b")}
		if _, err := c.Offer(mismatchRow(t, "review-drift", n, both...)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Offer(mismatchRow(t, "ranker-noisy", 100+n, noise)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.Wanted()); n != 2 {
		t.Errorf("%d exchanges are shown for two signatures that are in all of them", n)
	}
	if c.Wants("ranker-noisy") || !c.Wants("review-drift") {
		t.Error("a model whose mismatches are all noise is looked for")
	}
	if _, err := c.Offer(&exchange.Exchange{Verdict: exchange.Verdict{Deltas: []byte("{")}}); err == nil {
		t.Error("damaged deltas are taken")
	}
}

// Without this, the ids of all mismatches of a night would be held for the few
// that are shown.
func TestCuratorKeepsFew(t *testing.T) {
	c := NewCurator(summarise(t, sample(), sampleGate()))
	kept := map[exchange.ID]bool{}
	for n := range 2000 {
		row := mismatchRow(t, "review-drift", n, value("$.label string", "a", "b"))
		ok, err := c.Offer(row)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			kept[row.ID] = true
		}
	}
	for id := range c.Wanted() {
		if !kept[id] {
			t.Errorf("%s is wanted and was not kept", id)
		}
	}
	if len(c.Wanted()) == 0 || len(kept) > 200 {
		t.Errorf("%d are wanted of %d that are kept", len(c.Wanted()), len(kept))
	}
}
