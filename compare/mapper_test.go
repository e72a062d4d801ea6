package compare

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

func mappingJudge(t testing.TB, r Rules, program string) *Judge {
	t.Helper()
	j, err := NewJudge(r, Options{Answers: mapping.Set{Models: map[string]string{"m": program}}})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func judgeMapped(t testing.TB, j *Judge, out exchange.Sink, all ...exchange.Exchange) *Tally {
	t.Helper()
	for i := range all {
		all[i].Reference.Hash, all[i].Candidate.Hash = exchange.HashAnswer(&all[i].Reference), exchange.HashAnswer(&all[i].Candidate.Answer)
	}
	tally, err := j.Split(t.Context(), SplitInput{
		Reference:  &lazyRows{rows: rows{all: all, size: 3, sides: exchange.KeySide | exchange.ReferenceSide}},
		Candidate:  &lazyRows{rows: rows{all: all, size: 2, sides: exchange.ResultSides}},
		Mismatches: out,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

const v2answer = `{"model_name":"m","outputs":[{"name":"label","shape":[1],"datatype":"BYTES","data":["ham"]}]}`

// A new endpoint that speaks another protocol answers in another form. Without
// this every one of its answers would differ, or what differs would be named by
// places that the old system's answers do not have.
func TestAnswersAreMapped(t *testing.T) {
	const program = `.outputs[0].data[0] | {label: .}`
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(v2answer))
	z.Close()
	packed := jsonPair(2, "m", `{"label":"ham"}`, zipped.String())
	packed.Candidate.Headers = exchange.EncodeHeaders(http.Header{"Content-Encoding": {"gzip"}})
	var out sink
	tally := judgeMapped(t, mappingJudge(t, Rules{Decision: &Decision{Path: "$.label"}}, program), &out,
		jsonPair(0, "m", `{"label":"ham"}`, v2answer),
		jsonPair(1, "m", `{ "label": "spam" }`, v2answer),
		packed,
		jsonPair(3, "other", `{"label":"ham"}`, `{"label":"ham"}`),
	)
	if m := tally.Models["m"]; m.Match != 2 || m.Mismatch != 1 || m.Flips != 1 {
		t.Errorf("got %s", toJSON(t, m))
	}
	if m := tally.Models["other"]; m.Match != 1 {
		t.Errorf("a model without a mapping: %s", toJSON(t, m))
	}
	kept := out.rows(t)
	if len(kept) != 1 || string(kept[0].Candidate.Body) != v2answer {
		t.Fatalf("the mismatch set must hold what came: %+v", kept)
	}
	if text := string(kept[0].Verdict.Deltas); !strings.Contains(text, `"path":"$.label"`) {
		t.Errorf("the deltas are of what came: %s", text)
	}
}

// Answers of the same bytes are not the same once one of them is mapped. Without
// this, the short way by hash would let a candidate pass that answers in a form
// that the mapping does not fit.
func TestMappingIsNotPassedOver(t *testing.T) {
	j := mappingJudge(t, Rules{}, ".new")
	if m := judgeMapped(t, j, nil, jsonPair(0, "m", `{"new":1}`, `{"new":1}`)).Models["m"]; m.Mismatch != 1 {
		t.Errorf("the same bytes: %s", toJSON(t, m))
	}
	// The second has the shape of the first, which is learnt: the third way is short.
	all := []exchange.Exchange{jsonPair(0, "m", `{"a":1}`, `{"new":{"a":1.0}}`), jsonPair(1, "m", `{"a":2}`, `{"new":{"a":2.0}}`), jsonPair(2, "m", `{"a":3}`, `{"new":{"a":4.0}}`)}
	if m := judgeMapped(t, j, nil, all...).Models["m"]; m.Match != 2 || m.Mismatch != 1 {
		t.Errorf("by template: %s", toJSON(t, m))
	}
}

// What can't be mapped has no verdict, and says why; it is neither a match nor a
// difference that somebody would chase.
func TestUnmappableIsUndecided(t *testing.T) {
	for _, c := range []struct{ name, program, answer, words string }{
		{"error", `error("no outputs")`, `{}`, "models.'m'.response: at $: the program says: no outputs"},
		{"of another kind", ".outputs[0].data.label", `{"outputs":[{"data":["ham"]}]}`, "models.'m'.response: at $.outputs[0].data: the program says: expected an object"},
		{"no JSON", ".", "sorry", "no JSON document"},
		{"nothing", "empty", `{}`, "no result (of application/json, 2 bytes)"},
		{"loops", "def f: f; f", `{}`, "worked too long"},
		{"too large", ".", `"` + strings.Repeat("a", mapping.MaxDocument) + `"`, "more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := mappingJudge(t, Rules{}, c.program)
			e := jsonPair(0, "m", `{"label":"ham"}`, c.answer)
			m := judgeMapped(t, j, nil, e, jsonPair(1, "other", "{}", "{}")).Models["m"]
			if m.Undecided[CandidateUnmapped] != 1 || m.Total() != 1 {
				t.Errorf("got %s", toJSON(t, m))
			}
			if x := m.Unjudged["undecided "+CandidateUnmapped]; len(x) != 1 || !strings.Contains(x[0].Candidate, c.words) || x[0].Reference != "" {
				t.Errorf("examples %+v, want %q", x, c.words)
			}
			x, err := j.Explain(&e, true)
			if err != nil || !strings.Contains(x.CandidateError, c.words) || x.Answer != nil {
				t.Errorf("explained as %+v, %v", x, err)
			}
			Beside(&e, x, BesideOptions{})
		})
	}
}

// An error has a form of its own, on both sides: it is compared as it came.
func TestErrorsAreNotMapped(t *testing.T) {
	j := mappingJudge(t, Rules{}, `error("must not be asked")`)
	same, other := jsonPair(0, "m", `{"error":"x"}`, `{"error":"x"}`), jsonPair(1, "m", `{}`, `{"error":"x"}`)
	same.Reference.Status, same.Candidate.Status, other.Candidate.Status = 422, 422, 500
	if m := judgeMapped(t, j, nil, same, other).Models["m"]; m.Match != 1 || m.Mismatch != 1 {
		t.Errorf("got %s", toJSON(t, m))
	}
}

// A candidate that answers a repeated request in two ways is unstable by what the
// mapping makes of them, and the reference's own answers are never mapped.
func TestRepeatsAreMapped(t *testing.T) {
	j := mappingJudge(t, Rules{}, ".new")
	asked := func(n int, cand string) exchange.Exchange {
		e := jsonPair(n, "m", `1`, cand)
		e.Request.Body = []byte("the same")
		e.RequestHash = exchange.HashRequest(&e)
		return e
	}
	for name, c := range map[string]struct {
		again    string
		unstable int64
	}{"the same but for an id": {`{"new":1,"id":2}`, 0}, "another": {`{"new":2,"id":1}`, 1}} {
		all := []exchange.Exchange{asked(0, `{"new":1,"id":1}`), asked(1, c.again)}
		tally := unstableOf(t, j, splitsOf(all, 1))
		m := tally.Model("m")
		if m.Unstable.Len() != c.unstable || m.Restless.Len() != 0 {
			t.Errorf("%s: %d unstable, %d restless", name, m.Unstable.Len(), m.Restless.Len())
		}
	}
}

// People see what was compared: rows and marks are of the mapped answer.
func TestBesideShowsTheMappedAnswer(t *testing.T) {
	j := mappingJudge(t, Rules{}, ".outputs[0].data[0] | {label: .}")
	for ref, mark := range map[string]Mark{`{"label":"spam"}`: Differs, `{"label":"ham"}`: Equal} {
		e := jsonPair(0, "m", ref, v2answer)
		x, err := j.Explain(&e, true)
		if err != nil || x.Answer == nil || string(x.Answer.Body) != `{"label":"ham"}` {
			t.Fatalf("%+v, %v", x, err)
		}
		var label Row
		for _, r := range Beside(&e, x, BesideOptions{}).Rows {
			if r.Key == "label" {
				label = r
			}
		}
		if label.Mark != mark || label.Candidate.Text != `"ham"` || string(e.Candidate.Body) != v2answer {
			t.Errorf("%s: row %+v", ref, label)
		}
	}
}

// A mapping that does not compile ends the job before anything is judged.
func TestAnswerMappingIsValidated(t *testing.T) {
	_, err := NewJudge(Rules{}, Options{Answers: mapping.Set{Program: "now"}})
	if err == nil || !strings.Contains(err.Error(), "the mapping of answers: response: ") {
		t.Error(err)
	}
}
