package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// The outcomes table of ARCHITECTURE.md. An outcome in the wrong column makes a
// gate pass on answers that never came, or fail on an endpoint that was down.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(e *exchange.Exchange)
		want   decided
	}{
		{"same bytes", func(e *exchange.Exchange) {}, decided{outcome: Match}},
		{"same value", answers(`{"a": 1.0}`), decided{outcome: Match, reformatted: true}},
		{"another value", answers(`{"a":2}`), decided{outcome: Mismatch}},
		{"broken body", answers(`{"a":`), decided{outcome: Undecided, reason: CandidateUnreadable}},
		{"defect", defect(exchange.RequestTruncated), decided{outcome: Skipped, reason: "request_truncated"}},
		{"defect and failure", func(e *exchange.Exchange) { e.Defect = exchange.Redacted; fail(exchange.Skipped, 0)(e) }, decided{outcome: Skipped, reason: "redacted"}},
		{"no reference", func(e *exchange.Exchange) { e.Reference = exchange.Answer{} }, decided{outcome: Skipped, reason: "no_answer"}},
		{"refused", fail(exchange.Refused, 0), decided{outcome: Unavailable, reason: "refused"}},
		{"reset within the answer", fail(exchange.Reset, 200), decided{outcome: Unavailable, reason: "reset"}},
		{"timeout", fail(exchange.Timeout, 0), decided{outcome: Unavailable, reason: "timeout"}},
		{"too large", fail(exchange.TooLarge, 200), decided{outcome: Undecided, reason: "candidate_too_large"}},
		{"too large and 500", fail(exchange.TooLarge, 500), decided{outcome: Mismatch}},
		{"too large and 503", fail(exchange.TooLarge, 503), decided{outcome: Unavailable, reason: "not_ready"}},
		{"too large without a status", fail(exchange.TooLarge, 0), decided{outcome: Undecided, reason: "candidate_too_large"}},
		{"too large after 503 on both sides", bothStatus(503, exchange.TooLarge), decided{outcome: Undecided, reason: "candidate_too_large"}},
		{"429", status(429), decided{outcome: Unavailable, reason: "throttled"}},
		{"429 with its class", fail(exchange.Throttled, 429), decided{outcome: Unavailable, reason: "throttled"}},
		{"503", status(503), decided{outcome: Unavailable, reason: "not_ready"}},
		{"502", status(502), decided{outcome: Unavailable, reason: "gateway"}},
		{"504", status(504), decided{outcome: Unavailable, reason: "gateway"}},
		{"401", status(401), decided{outcome: Unavailable, reason: "auth"}},
		{"403", status(403), decided{outcome: Unavailable, reason: "auth"}},
		{"407", status(407), decided{outcome: Unavailable, reason: "auth"}},
		{"500", status(500), decided{outcome: Mismatch}},
		{"404", status(404), decided{outcome: Mismatch}},
		{"503 on both sides", bothStatus(503, ""), decided{outcome: Match}},
		{"503 on both sides with its class", bothStatus(503, exchange.NotReady), decided{outcome: Match}},
		{"422 on both sides", bothStatus(422, ""), decided{outcome: Match}},
		{"reset after 503 on both sides", bothStatus(503, exchange.Reset), decided{outcome: Unavailable, reason: "reset"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := jsonPair(1, "m", `{"a":1}`, `{"a":1}`)
			c.change(&e)
			got, err := newComparer(newJudge(t, Rules{}).rules.of("m")).decide(&e, true)
			if err != nil || got != c.want {
				t.Errorf("%+v, %v, want %+v", got, err, c.want)
			}
			tally := judgeRows(t, Rules{}, []exchange.Exchange{e}, nil)
			if m := tally.Models["m"]; m.Planned != 1 || m.Total() != 1 {
				t.Errorf("planned %d, outcomes %d", m.Planned, m.Total())
			}
		})
	}
}

func requests(m *ModelTally) [2]int64 {
	judged, mismatched := m.Requests()
	return [2]int64{judged, mismatched}
}

func answers(text string) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) { e.Candidate.Body = []byte(text) }
}

func defect(d exchange.Defect) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) { e.Defect = d }
}

func fail(f exchange.Failure, status int64) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) { e.Candidate.Answer = exchange.Answer{Failure: f, Status: status} }
}

func status(n int64) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) { e.Candidate.Status = n }
}

func bothStatus(n int64, f exchange.Failure) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) {
		e.Reference.Status, e.Candidate.Status, e.Candidate.Failure = n, n, f
	}
}

// damagedRows is lazyRows that don't fit their checksums.
type damagedRows struct{ lazyRows }

var errDamaged = errors.New("damaged")

func (*damagedRows) Load(int) error { return errDamaged }

// What doesn't match may be damage of a side, and must not be said of an endpoint
// before the side is verified, whatever is made of it.
func TestWhatDoesNotMatchIsVerified(t *testing.T) {
	for _, c := range []struct {
		name, ref, cand string
		mismatches      exchange.Sink
		want            error
	}{
		{"match", `{"a":1}`, `{"a": 1}`, &sink{}, nil},
		{"mismatch", `{"a":1}`, `{"a":2}`, &sink{}, errDamaged},
		{"mismatch, and no mismatch set", `{"a":1}`, `{"a":2}`, nil, errDamaged},
		{"undecided", `{"a":1}`, `{"a":`, &sink{}, errDamaged},
	} {
		all := []exchange.Exchange{jsonPair(0, "m", c.ref, c.cand)}
		for _, damaged := range []exchange.Sides{exchange.ReferenceSide, exchange.CandidateSide} {
			ref := lazyRows{rows: rows{all: all, size: 1, sides: exchange.KeySide | exchange.ReferenceSide}}
			cand := lazyRows{rows: rows{all: all, size: 1, sides: exchange.ResultSides}}
			in := SplitInput{Reference: &ref, Candidate: &damagedRows{cand}, Mismatches: c.mismatches}
			if damaged == exchange.ReferenceSide {
				in.Reference, in.Candidate = &damagedRows{ref}, &cand
			}
			if _, err := newJudge(t, Rules{}).Split(t.Context(), in); !errors.Is(err, c.want) {
				t.Errorf("%s, side %b: the error is %v, want %v", c.name, damaged, err, c.want)
			}
		}
	}
}

// A mismatch must be on record whole, for show and for replaying it, and its
// bytes must be its own, though sources reuse theirs.
func TestMismatchSet(t *testing.T) {
	var all []exchange.Exchange
	for n := range 20 {
		cand := fmt.Sprintf(`{"a": %d}`, n)
		if n%3 != 1 {
			cand = fmt.Sprintf(`{"a":%d}`, n+1)
		}
		all = append(all, jsonPair(n, "m", fmt.Sprintf(`{"a":%d}`, n), cand))
	}
	all[6].Candidate.Status, all[6].Candidate.Body = 500, []byte("sorry")
	var out sink
	tally := judgeRows(t, Rules{}, all, &out)
	m := tally.Models["m"]
	if m.Match != 7 || m.Mismatch != 13 || m.Reformatted != 7 || requests(m) != [2]int64{20, 13} {
		t.Errorf("tally %s", toJSON(t, tally))
	}
	if m.First != all[0].Time || m.Last != all[19].Time || m.ReferenceLatency.Count() != 20 || m.CandidateLatency.Count() != 20 {
		t.Errorf("times of %s", toJSON(t, tally))
	}
	for i, got := range out.rows(t) {
		want := all[i*3/2+i%2]            // 0, 2, 3, 5, 6 …
		want.Request = exchange.Request{} // the sink adds it: dataset.Recording.WithRequests
		var deltas []Delta
		if err := json.Unmarshal(got.Verdict.Deltas, &deltas); err != nil || len(deltas) != 1 || got.Verdict.Kind != "mismatch" {
			t.Errorf("row %d: verdict %s %s, %v", i, got.Verdict.Kind, got.Verdict.Deltas, err)
		}
		got.Verdict = exchange.Verdict{}
		if a, b := exchange.Append(nil, &got, exchange.MismatchSides), exchange.Append(nil, &want, exchange.MismatchSides); !slices.Equal(a, b) {
			t.Errorf("row %d: %+v, want %+v", i, got, want)
		}
	}
	s := m.Signatures["200→500 status"]
	if s == nil || s.Path != "200→500" || s.Kind != KindStatus || s.Exemplars[0] != (Exemplar{all[6].ID, "200", "500"}) {
		t.Errorf("signatures %s", toJSON(t, m.Signatures))
	}
	if s := m.Signatures["$.a number"]; s == nil || s.Exchanges != 12 || s.Errors.Count() != 12 {
		t.Errorf("signatures %s", toJSON(t, m.Signatures))
	}
}

// Deltas of one signature are counted one by one, exchanges once, and a huge
// answer leaves a bounded row.
func TestManyDeltas(t *testing.T) {
	list := func(v string) string {
		return `{"v":[` + strings.Repeat(v+",", 2999) + v + `]}`
	}
	var out sink
	tally := judgeRows(t, Rules{}, []exchange.Exchange{jsonPair(1, "m", list("1"), list("2"))}, &out)
	s := tally.Models["m"].Signatures["$.v[*] number"]
	if s == nil || s.Deltas != 3000 || s.Exchanges != 1 || s.Errors.Count() != 3000 || len(s.Exemplars) != 1 {
		t.Errorf("signature %+v", s)
	}
	var deltas []Delta
	if err := json.Unmarshal(out.rows(t)[0].Verdict.Deltas, &deltas); err != nil || len(deltas) != MaxDeltas || deltas[7].Path != "$.v[7]" {
		t.Errorf("%d deltas kept, %v", len(deltas), err)
	}
}

// What rules hide stays visible as a count, by rule.
func TestIgnoredIsCounted(t *testing.T) {
	r := Rules{Paths: []PathRule{ignore("$.t"), ignore("$['d'][*].x")}}
	all := []exchange.Exchange{
		jsonPair(1, "m", `{"t":1,"d":[{"x":1},{"x":2}]}`, `{"t":2,"d":[{"x":2},{"x":3}]}`),
		jsonPair(2, "m", `{"t":1,"d":[{"x":1}],"v":1}`, `{"d":[{"x":1}],"v":2}`),
	}
	m := judgeRows(t, r, all, nil).Models["m"]
	if m.Match != 1 || m.Mismatch != 1 || toJSON(t, m.Hits) != `{"$.d[*].x ignore":2,"$.t ignore":2}` {
		t.Errorf("%s", toJSON(t, m))
	}
}

// A run that has not come to a split yet is incomplete, not wrong: all its
// planned exchanges are missing, and those outside the selection don't count.
func TestNothingSent(t *testing.T) {
	all := []exchange.Exchange{jsonPair(1, "m", "{}", ""), jsonPair(2, "m", "{}", ""), jsonPair(3, "other", "{}", "")}
	all[1].Defect = exchange.Redacted
	tally, err := newJudge(t, Rules{}).Split(t.Context(), SplitInput{
		Reference: &rows{all: all, size: 2, sides: exchange.RecordingSides},
		Selection: exchange.Selection{Models: []string{"m"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := tally.Models["m"]
	if len(tally.Models) != 1 || m.Planned != 2 || m.Missing != 1 || m.Skipped["redacted"] != 1 || requests(m) != [2]int64{} {
		t.Errorf("%s", toJSON(t, tally))
	}
}

// The candidate's rows are those that were planned; a selection must leave the
// right ones paired.
func TestSelectionPairs(t *testing.T) {
	var all, planned []exchange.Exchange
	selection := exchange.Selection{Models: []string{"b"}}
	for n := range 17 {
		e := jsonPair(n, string("ab"[n%2]), fmt.Sprint(n), fmt.Sprint(n))
		if all = append(all, e); selection.Match(&e) {
			planned = append(planned, e)
		}
	}
	tally, err := newJudge(t, exact).Split(t.Context(), SplitInput{
		Reference: &rows{all: all, size: 4, sides: exchange.RecordingSides},
		Candidate: &rows{all: planned, size: 3, sides: exchange.ResultSides},
		Selection: selection,
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := tally.Models["b"]; len(tally.Models) != 1 || m.Planned != 8 || m.Match != 8 {
		t.Errorf("%s", toJSON(t, tally))
	}
}

// A result object that does not fit its split is damaged. Judging it would put
// one request's answer beside another's.
func TestDamagedResults(t *testing.T) {
	var all []exchange.Exchange
	for n := range 5 {
		all = append(all, jsonPair(n, "m", "1", "1"))
	}
	id := func(n int) string { return all[n].ID.String() }
	stranger := jsonPair(9, "m", "1", "1")
	for _, c := range []struct {
		name string
		cand []exchange.Exchange
		want []string
	}{
		{"gap", slices.Delete(slices.Clone(all), 2, 3), []string{"row 3 is exchange " + id(3), "row 3 is exchange " + id(2)}},
		{"end missing", all[:4], []string{"ends after row 4", id(4), "row 5"}},
		{"empty", nil, []string{"ends after row 0", id(0), "row 1"}},
		{"extra", slices.Insert(slices.Clone(all), 1, stranger), []string{"row 2 is exchange " + stranger.ID.String(), "row 2 is exchange " + id(1)}},
		{"extra at the end", append(slices.Clone(all), stranger), []string{"row 6 is exchange " + stranger.ID.String(), "not planned", "after row 5"}},
		{"other order", []exchange.Exchange{all[1], all[0], all[2], all[3], all[4]}, []string{"row 1 is exchange " + id(1), "row 1 is exchange " + id(0)}},
		{"repeat", slices.Insert(slices.Clone(all), 1, all[0]), []string{"row 2 is exchange " + id(0), "row 2 is exchange " + id(1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tally, err := newJudge(t, Rules{}).Split(t.Context(), SplitInput{
				Reference: &rows{all: all, size: 2, sides: exchange.RecordingSides},
				Candidate: &rows{all: c.cand, size: 3, sides: exchange.ResultSides},
			})
			if err == nil || tally != nil {
				t.Fatalf("judged: %s", toJSON(t, tally))
			}
			for _, want := range append(c.want, "damaged") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not hold %q", err, want)
				}
			}
		})
	}
}

type brokenSink struct{ sink }

var errBroken = errors.New("the disk is full")

func (*brokenSink) Write(context.Context, *exchange.Batch) error { return errBroken }

// What can't be read or written ends the job with an error, never with a tally
// of a part.
func TestErrorsEndTheSplit(t *testing.T) {
	all := []exchange.Exchange{jsonPair(1, "m", "1", "2"), jsonPair(2, "m", "1", "1")}
	neither := slices.Clone(all)
	neither[1].Candidate.Answer = exchange.Answer{}
	split := func(ref, cand []exchange.Exchange, refErr, candErr error, out exchange.Sink) error {
		tally, err := newJudge(t, Rules{}).Split(t.Context(), SplitInput{
			Reference:  &rows{all: ref, size: 1, sides: exchange.RecordingSides, broken: refErr},
			Candidate:  &rows{all: cand, size: 1, sides: exchange.ResultSides, broken: candErr},
			Mismatches: out,
		})
		if tally != nil {
			t.Errorf("judged: %s", toJSON(t, tally))
		}
		return err
	}
	skipped := slices.Clone(all)
	skipped[1].Candidate.Answer = exchange.Answer{Failure: exchange.Skipped}
	if err := split(all, skipped, nil, nil, nil); err == nil || !strings.Contains(err.Error(), all[1].ID.String()) {
		t.Errorf("a row that was skipped without a defect: %v", err)
	}
	// A connection to the store that breaks is no end of the results.
	cut := fmt.Errorf("read page: %w", io.EOF)
	if err := split(all, all, nil, cut, nil); !errors.Is(err, cut) {
		t.Errorf("results that are cut off at their end: %v", err)
	}
	for name, err := range map[string]error{
		"reference": split(all, all, errBroken, nil, nil),
		"candidate": split(all, all[:1], nil, errBroken, nil),
		"at end":    split(all, all, nil, errBroken, nil),
		"sink":      split(all, all, nil, nil, &brokenSink{}),
	} {
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := split(neither, neither, nil, nil, nil); err == nil || !strings.Contains(err.Error(), all[1].ID.String()) {
		t.Errorf("a row with neither status nor failure: %v", err)
	}
}
