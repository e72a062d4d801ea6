package report

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/modelparity/parity/compare"
)

// The gate of the documentation must mean what it says.
func TestGateFromYAML(t *testing.T) {
	const text = `
budget: 0.7%
confidence: 0.99
min_samples: 50
unavailable: "2 %"
family_confidence: 90%
coverage: { models: 100%, exchanges: 95% }
flips: 0.05%
service_time: { median: 1.5, p99: 2 }
models:
  "legal-*": { budget: 0, flips: 0, errors: 0.01%, service_time: { p99: 3 } }
  "big-*": { budget: 1e-4, min_samples: 9 }
  "slow-*": { unavailable: 5% }
`
	var g Gate
	if err := yaml.UnmarshalWithOptions([]byte(text), &g, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if err := g.Validate(); err != nil {
		t.Fatal(err)
	}
	flips, times := new(Percent(0.0005)), &ServiceTime{Median: new(1.5), P99: new(2.0)}
	for name, want := range map[string]limits{
		"any":     {budget: 0.007, confidence: 0.99, unavailable: 0.02, minSamples: 50, flips: flips, serviceTime: times},
		"legal-1": {budget: 0, confidence: 0.99, unavailable: 0.02, minSamples: 50, flips: new(Percent(0)), errors: new(Percent(0.0001)), serviceTime: &ServiceTime{P99: new(3.0)}},
		"big-1":   {budget: 1e-4, confidence: 0.99, unavailable: 0.02, minSamples: 9, flips: flips, serviceTime: times},
		"slow-1":  {budget: 0.007, confidence: 0.99, unavailable: 0.05, minSamples: 50, flips: flips, serviceTime: times},
	} {
		if got, _ := g.limitsOf(name); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if *g.FamilyConfidence != 0.9 || *g.Coverage.Models != 1 || *g.Coverage.Exchanges != 0.95 {
		t.Errorf("%+v", g)
	}
}

// An endpoint that fails on some inputs is as bad as one that answers them
// otherwise, so that no answer may come as seldom as another one, by default.
func TestUnavailableIsTheBudget(t *testing.T) {
	g := Gate{Models: map[string]Limits{"legal-*": {Budget: new(Percent(0))}, "lax-*": {Budget: new(Percent(0.2))}}}
	for name, want := range map[string]float64{"any": 0.001, "legal-1": 0, "lax-1": 0.2} {
		if l, _ := g.limitsOf(name); l.unavailable != want {
			t.Errorf("%s: %v may be unavailable, want %v", name, l.unavailable, want)
		}
	}
}

// A typo in the gate must stop the run, with its place, not gate by a default.
func TestGateRefusesBadYAML(t *testing.T) {
	for text, want := range map[string]string{
		"budget: 1%\nbudgets: 2%":          `[2:1] unknown field "budgets"`,
		"min_samples: 5\nbudget: a lot":    `[2:9] "a lot" is not a percentage`,
		"models: { x: { budget: [1] } }":   "is not a percentage",
		"models: { x: { bugdet: 1% } }":    `unknown field "bugdet"`,
		"models: { x: { models: {} } }":    `unknown field "models"`,
		"min_samples: many":                "[1:14]",
		"confidence: 95 percent certainty": `[1:13] "95 percent certainty" is not a percentage`,
	} {
		var g Gate
		err := yaml.UnmarshalWithOptions([]byte(text), &g, yaml.Strict())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// "budget: 1", meant as 1 %, would let everything pass.
func TestGateValidate(t *testing.T) {
	nan := Percent(math.NaN())
	for want, g := range map[string]Gate{
		"":                                  {},
		"gate.budget is 100%: allowed is 0": {Limits: Limits{Budget: new(Percent(1))}},
		"gate.budget is NaN%":               {Limits: Limits{Budget: &nan}},
		"gate.budget is -1%":                {Limits: Limits{Budget: new(Percent(-0.01))}},
		"gate.confidence is 9500%: allowed is 50% to below 100%": {Limits: Limits{Confidence: new(Percent(95))}},
		"gate.confidence is NaN%":                                {Limits: Limits{Confidence: &nan}},
		"gate.confidence is 0%: allowed is 50%":                  {Limits: Limits{Confidence: new(Percent(0))}},
		"gate.min_samples is -1: allowed is 1 or more":           {Limits: Limits{MinSamples: new(int64(-1))}},
		"gate.min_samples is 0: allowed is 1 or more":            {Limits: Limits{MinSamples: new(int64(0))}},
		"gate.unavailable is 100%":                               {Limits: Limits{Unavailable: new(Percent(1))}},
		"gate.models.'legal-*'.budget is 200%":                   {Models: map[string]Limits{"legal-*": {Budget: new(Percent(2))}}},
		"gate.family_confidence is 5%: allowed is 50%":           {FamilyConfidence: new(Percent(0.05))},
		"gate.flips is 100%: allowed is 0":                       {Limits: Limits{Flips: new(Percent(1))}},
		"gate.errors is NaN%":                                    {Limits: Limits{Errors: &nan}},
		"gate.service_time.p99 is 0: allowed is any number":      {Limits: Limits{ServiceTime: &ServiceTime{P99: new(0.0)}}},
		"gate.models.'x'.service_time.median is +Inf":            {Models: map[string]Limits{"x": {ServiceTime: &ServiceTime{Median: new(math.Inf(1))}}}},
		"gate.models has an empty name":                          {Models: map[string]Limits{"": {}}},
	} {
		err := g.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
		if _, err2 := Summarise(Input{Info: Info{}, Tally: compare.NewTally(), Gate: g}); (err2 == nil) != (err == nil) {
			t.Errorf("Summarise does not refuse what Validate does: %v", err)
		}
	}
}

// Which of two budgets applies must never depend on the order of a map, and that
// it would must show when the file is read, not when such a model first comes.
func TestGateRefusesGlobsThatOverlap(t *testing.T) {
	g := Gate{Models: map[string]Limits{"*-spam": {}, "legal-*": {}, "x": {}}}
	err := g.Validate()
	const want = "gate.models.'*-spam' and gate.models.'legal-*' can both match one model; make them exclude each other"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err := Summarise(Input{Info: Info{}, Tally: compare.NewTally(), Gate: g}); err == nil {
		t.Error("Summarise takes it")
	}
}

// A budget that is printed must read back as the same budget.
func TestPercentRoundTrip(t *testing.T) {
	for text, want := range map[string]Percent{"0.1%": 0.001, "0.7%": 0.007, "0.001": 0.001, " 5 % ": 0.05, "0": 0, "100%": 1, "1e-6": 1e-6} {
		var p Percent
		if err := p.UnmarshalText([]byte(text)); err != nil || p != want {
			t.Errorf("%q: %v, %v", text, float64(p), err)
		}
	}
	for _, text := range []string{"", "%", "x%", "1e-3%", "1 2", "0.1%%"} {
		if err := new(Percent).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Percent(float64(rapid.IntRange(0, 1e9).Draw(t, "p")) / 1e9)
		text, _ := p.MarshalText()
		var back Percent
		if err := back.UnmarshalText(text); err != nil || back != p {
			t.Fatalf("%s: %v, %v, want %v", text, float64(back), err, float64(p))
		}
	})
}
