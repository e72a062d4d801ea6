package compare

import "testing"

// The report draws the tolerance beside the errors: one that did not hold there
// makes a reader loosen the wrong rule.
func TestTolerances(t *testing.T) {
	exact := &Tolerance{}
	in, err := NewTolerances(Rules{
		Paths: []PathRule{
			{Path: "$.scores", Number: &Tolerance{Abs: 1e-3}},
			{Path: "$.scores[*].value", Number: &Tolerance{Abs: 1e-4}},
			{Path: "$.by_id[*].price", Number: &Tolerance{Rel: 0.01}},
		},
		Models: map[string]ModelRules{"legal-*": {Number: exact}},
	})
	if err != nil {
		t.Fatal(err)
	}
	tensor := SignatureTally{Path: "$.outputs.p.data[*]", RelErrors: Histogram{}, MaxAbs: 0.5}
	tensor.RelErrors.AddError(2e-3)
	for _, c := range []struct {
		model string
		s     SignatureTally
		want  Tolerance
	}{
		{"m", SignatureTally{Path: "$.scores[*].value"}, Tolerance{Abs: 1e-4}},
		{"m", SignatureTally{Path: "$.scores[*].other"}, Tolerance{Abs: 1e-3}},
		{"m", SignatureTally{Path: "$.by_id[*].price"}, Tolerance{Rel: 0.01}},
		{"m", SignatureTally{Path: "$.else", Exemplars: []Exemplar{{Reference: "0.5", Candidate: "1"}}}, Tolerance{Abs: 1e-9, Rel: 1e-6}},
		{"m", SignatureTally{Path: "$.id", Exemplars: []Exemplar{{Reference: "7", Candidate: "8"}}}, Tolerance{}},
		{"legal-1", SignatureTally{Path: "$.else"}, *exact},
		{"m", tensor, Tolerance{Abs: 1e-5, Rel: 1e-3}},
	} {
		c.s.Kind = KindNumber
		if got, ok := in.Of(c.model, &c.s); !ok || got != c.want {
			t.Errorf("%s of %s: %v, want %v", c.s.Path, c.model, got, c.want)
		}
	}
	for _, s := range []SignatureTally{{Path: "$.scores", Kind: KindString}, {Path: "$.a['cut…", Kind: KindNumber}, {Path: "200→500", Kind: KindNumber}} {
		if got, ok := in.Of("m", &s); ok {
			t.Errorf("%s %s has the tolerance %v", s.Path, s.Kind, got)
		}
	}
}
