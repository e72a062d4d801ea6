package compare

import (
	"bytes"
	"fmt"
	"math/rand"
	"regexp"
	"strconv"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

// What rules make of the 952 real pairs: each port's harmless difference goes
// away by the rule that is made for it, and nothing else does.
func TestRulesOnReviews(t *testing.T) {
	pairs := readReviews(t)
	for _, c := range []struct {
		model    string
		rules    Rules
		mismatch int64
		kinds    string
	}{
		{"topic-order", Rules{Number: &number.Tolerance{}, Paths: []PathRule{{Path: "$.ranking", Order: "any"}, {Path: "$.terms", Order: "any"}}}, 0, ""},
		{"topic-order", Rules{Number: &number.Tolerance{}, Paths: []PathRule{{Path: "$.ranking[*]", Key: "topic"}, {Path: "$.terms", Order: "any"}}}, 0, ""},
		// The port sorts the terms too, of which all but one answer have several.
		{"topic-order", Rules{Number: &number.Tolerance{}, Paths: []PathRule{{Path: "$.ranking", Order: "any"}}}, 102, "order"},
		// 58 leave out a review that is null, 33 hits that are empty, 9 of them both;
		// 118 differ in their last bits.
		{"review-omit", Rules{Number: &number.Tolerance{Abs: 1e-9}, Paths: []PathRule{{Path: "$", NullAbsent: true, EmptyAbsent: true}}}, 0, ""},
		{"review-omit", Rules{Number: &number.Tolerance{}, Paths: []PathRule{{Path: "$", NullAbsent: true, EmptyAbsent: true}}}, 118, "number"},
		{"review-omit", Rules{Number: &number.Tolerance{Abs: 1e-9}, Paths: []PathRule{{Path: "$.hits", EmptyAbsent: true}}}, 58, "missing"},
		{"corn-csv", Rules{Number: &number.Tolerance{Decimals: true}}, 0, ""},
		{"corn-csv", Rules{Number: &number.Tolerance{}}, 103, "number"},
		// JSON declares no float32: a step of it is some 2^29 steps of float64, and
		// what float32 adds up is many.
		{"review-f32", Rules{Number: &number.Tolerance{ULPs: 16}}, 103, "number"},
		{"review-f32", Rules{Number: &number.Tolerance{Abs: 2.6e-5}}, 0, ""},
		{"review-drift", Rules{Number: &number.Tolerance{Abs: 9.5e-3}}, 0, ""},
		{"spam-errors", Rules{}, 12, "status"},
	} {
		m := judgeRows(t, c.rules, pairs, nil).Models[c.model]
		if m.Mismatch != c.mismatch || kindsOf(m) != c.kinds || !m.Balanced() {
			t.Errorf("%s under %s: %d mismatches of kinds %q, want %d of %q", c.model, toJSON(t, c.rules), m.Mismatch, kindsOf(m), c.mismatch, c.kinds)
		}
	}
}

// Nine of vader's answers turn a decision over, the others only drift, and no
// answer of review-drift does; whoever approves a cutover asks just that.
func TestFlipsOnReviews(t *testing.T) {
	tally := judgeRows(t, Rules{Number: &number.Tolerance{}, Decision: &Decision{Path: "$.label"}}, readReviews(t), nil)
	for model, want := range map[string][3]int64{"vader": {119, 9, 53}, "review-drift": {103, 0, 103}, "review-exact": {119, 0, 0}} {
		m := tally.Models[model]
		if got := [3]int64{m.Decided, m.Flips, m.Drifted}; got != want || m.Flips+m.Drifted != m.Mismatch {
			t.Errorf("%s: %v decisions, flips, drifted; %d mismatches; want %v", model, got, m.Mismatch, want)
		}
		flipped := int64(0)
		for from, row := range m.Confusion {
			for to, n := range row {
				if from != to {
					flipped += n
				}
			}
		}
		if s := m.Signatures["$.label decision"]; flipped != want[1] || (s == nil) != (want[1] == 0) || s != nil && s.Exchanges != want[1] || m.Signatures["$.label string"] != nil {
			t.Errorf("%s: %d off the diagonal of %v", model, flipped, m.Confusion)
		}
	}
}

var decimals = regexp.MustCompile(`\d\.\d+(E-?\d+)?`)

// perturbed is the body with its numbers off by at most so much.
func perturbed(body []byte, most float64, r *rand.Rand) []byte {
	return decimals.ReplaceAllFunc(body, func(text []byte) []byte {
		f, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return text
		}
		return strconv.AppendFloat(nil, f+most*(2*r.Float64()-1), 'g', -1, 64)
	})
}

// askedAgain repeats each exchange, with other answers the second time.
func askedAgain(all []exchange.Exchange, again func(e *exchange.Exchange)) (out []exchange.Exchange) {
	out = append(out, all...)
	for i, e := range all {
		e.ID = exchange.DeriveID(e.Time.Time(), fmt.Append(nil, "again ", i))
		again(&e)
		out = append(out, e)
	}
	return out
}

// Requests that a recording holds twice show how far the old system differs from
// itself. End to end: what repeats show makes noise of just what is no larger.
func TestRepeatsOnReviews(t *testing.T) {
	var noisy, drift []exchange.Exchange
	for _, e := range readReviews(t) {
		switch e.Model {
		case "review-noise":
			noisy = append(noisy, e)
		case "review-drift":
			drift = append(drift, e)
		}
	}
	requests := HashSet{}
	for _, e := range noisy {
		requests.Add(e.RequestHash)
	}
	j := newJudge(t, exact)
	for _, c := range []struct {
		most            float64 // the old system differs from itself by this; the candidate by 6.1e-14
		atMost, atLeast int64   // mismatches left of 118
	}{{0, 118, 118}, {1e-15, 117, 1}, {1e-13, 0, 0}} {
		r := rand.New(rand.NewSource(3))
		all := askedAgain(noisy, func(e *exchange.Exchange) { e.Reference.Body = perturbed(e.Reference.Body, c.most, r) })
		all = append(all, drift...)
		before, control := judgeAll(t, j, all, nil)
		m := before.Models["review-noise"]
		if m.Unstable.Len() != 0 || control.Models["review-noise"].Judged() < 119 || (m.Restless.Len() > 0) != (c.most > 0) {
			t.Errorf("%g: %d unstable and %d restless, %d pairs of repeats", c.most, m.Unstable.Len(), m.Restless.Len(), control.Models["review-noise"].Judged())
		}
		tally := judgeWith(t, exact, control.Profile(), append(noisy[:len(noisy):len(noisy)], drift...), nil)
		m = tally.Models["review-noise"]
		if m.Mismatch+m.Noise != 118 || m.Mismatch > c.atMost || m.Mismatch < c.atLeast || !m.Balanced() {
			t.Errorf("%g: %d mismatches and %d noise", c.most, m.Mismatch, m.Noise)
		}
		for name, s := range m.Signatures {
			known := control.Models["review-noise"].Signatures[name]
			if inside := known != nil && s.MaxAbs <= known.MaxAbs; inside != (s.Noise == s.Exchanges) {
				t.Errorf("%g: %s is up to %g, the control's %+v, and %d of %d are noise", c.most, name, s.MaxAbs, known, s.Noise, s.Exchanges)
			}
		}
		if d := tally.Models["review-drift"]; d.Mismatch != 103 || d.Noise != 0 {
			t.Errorf("%g: noise of one model hides %d of another", c.most, d.Noise)
		}
	}
}

// A candidate that answers one request in two ways where the old system does not
// is unstable, and that is not its drift.
func TestUnstableOnReviews(t *testing.T) {
	var all []exchange.Exchange
	for _, e := range readReviews(t) {
		if e.Model == "review-exact" {
			all = append(all, e)
		}
	}
	changed := HashSet{}
	r := rand.New(rand.NewSource(5))
	again := askedAgain(all, func(e *exchange.Exchange) {
		if body := perturbed(e.Candidate.Body, 1e-3, r); r.Intn(3) == 0 && !bytes.Equal(body, e.Candidate.Body) {
			e.Candidate.Body = body
			changed.Add(e.RequestHash)
		}
	})
	tally, control := judgeAll(t, newJudge(t, exact), again, nil)
	m := tally.Models["review-exact"]
	if m.Unstable.Len() != changed.Len() || changed.Len() == 0 || m.Restless.Len() != 0 || !control.Profile().Empty() {
		t.Errorf("%d unstable, want %d; %d restless", m.Unstable.Len(), changed.Len(), m.Restless.Len())
	}
	if s := m.Signatures["$.score unstable"]; s == nil || s.Exchanges == 0 || s.Kind != KindUnstable {
		t.Errorf("signatures %s", toJSON(t, m.Signatures))
	}
}
