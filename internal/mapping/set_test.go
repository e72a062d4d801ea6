package mapping

import (
	"strings"
	"testing"
)

// Without this, a model could be mapped by another's program, or by whichever of
// two came first.
func TestSet(t *testing.T) {
	s := Set{Program: ".all", Models: map[string]string{"legacy-*": ".legacy", "spam": ".spam"}}
	p, err := s.Compile("request")
	if err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string]string{"legacy-1": ".legacy", "spam": ".spam", "spam-2": ".all", "": ".all"} {
		if got := p.Of(model).String(); got != want {
			t.Errorf("%q: got %s, want %s", model, got, want)
		}
	}
	if p, err = (Set{Models: map[string]string{"a": "."}}).Compile("request"); err != nil || p.Of("b") != nil {
		t.Errorf("a model that no glob matches: %v, %v", p.Of("b"), err)
	}
	if (*Programs)(nil).Of("a") != nil || !(Set{}).None() || (Set{}).JSON() != nil {
		t.Error("the zero value maps something")
	}
	back, err := ParseSet(s.JSON())
	if err != nil || string(back.JSON()) != string(s.JSON()) {
		t.Errorf("%s, %v", back.JSON(), err)
	}
}

// The place of a mistake is found by the field that the error begins with.
func TestSetMistakes(t *testing.T) {
	for want, s := range map[string]Set{
		"request: compile jq program: ":                                 {Program: ".a ["},
		"request: compile jq program: now is refused":                   {Program: "now"},
		"models.'b'.request: ":                                          {Models: map[string]string{"b": "{"}},
		"models.'a*'.request: compile":                                  {Models: map[string]string{"a*": "env"}},
		"models.'a-*' and models.'a-b*' can both match one model; make": {Models: map[string]string{"a-b*": ".", "a-*": "."}},
	} {
		if _, err := s.Compile("request"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", s, err, want)
		}
	}
}
