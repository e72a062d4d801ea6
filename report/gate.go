package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// Gate says when a model passes. The zero value asks of every model the
// defaults of Limits.
type Gate struct {
	Limits `yaml:",inline"`
	// FamilyConfidence is how sure the statement about all models at once should
	// be, from 50% to below 100%. Default is the gate's Confidence. It decides
	// nothing: see Family.
	FamilyConfidence *Percent `json:"family_confidence,omitempty" yaml:"family_confidence,omitempty"`
	// Coverage is how much of the recording must be judged, of all models together.
	Coverage CoverageLimits `json:"coverage,omitzero" yaml:"coverage,omitempty"`
	// Models holds limits for the models whose names match a glob (see
	// exchange.Glob). What such an entry leaves out is as for all models. At
	// most one glob may match any one model.
	Models map[string]Limits `json:"models,omitempty" yaml:"models,omitempty"`
	// Accepted names a file of Acceptances, beside the config's.
	Accepted string `json:"accepted,omitempty" yaml:"accepted,omitempty"`
}

// Limits are what is asked of a model. What is left out takes the default; 0 is
// never that, so the fields are pointers.
type Limits struct {
	// Budget is the highest share of distinct requests whose answers may
	// differ, from 0 to below 100%. Default 0.1%.
	Budget *Percent `json:"budget,omitempty" yaml:"budget,omitempty"`
	// Confidence is how sure a verdict must be, one-sided, from 50% to below
	// 100%. Default 95%.
	Confidence *Percent `json:"confidence,omitempty" yaml:"confidence,omitempty"`
	// MinSamples is how many distinct requests must be judged before a model
	// can pass, at least 1. Default 1000.
	MinSamples *int64 `json:"min_samples,omitempty" yaml:"min_samples,omitempty"`
	// Unavailable is the highest share of the exchanges sent that may get no
	// answer, from 0 to below 100%. Default is the model's Budget: an endpoint
	// that fails on some inputs must not pass where one that answers otherwise
	// does not.
	Unavailable *Percent `json:"unavailable,omitempty" yaml:"unavailable,omitempty"`
	// Flips and Errors are the highest shares of distinct requests whose decision
	// may flip, and that may get an error status (4xx, 5xx) where the old system
	// gave none, from 0 to below 100%. Such requests count as mismatches too. There
	// is no such budget where none is given.
	Flips  *Percent `json:"flips,omitempty" yaml:"flips,omitempty"`
	Errors *Percent `json:"errors,omitempty" yaml:"errors,omitempty"`
	// ServiceTime is how much longer the candidate may take; nil: not asked.
	ServiceTime *ServiceTime `json:"service_time,omitempty" yaml:"service_time,omitempty"`
}

// limits are Limits with nothing left out.
type limits struct {
	budget, confidence, unavailable float64
	minSamples                      int64
	flips, errors                   *Percent // nil: not asked
	serviceTime                     *ServiceTime

	tests int // of which one is enough to fail
}

// failing is the confidence of each bound that alone is enough to fail: they share
// what may go wrong (Bonferroni), so that a model within all its budgets fails with
// a probability of at most 1 − confidence. PASS takes all bounds at once, each at
// the whole confidence (Berger: see weighVersions).
func (l limits) failing() float64 { return 1 - (1-l.confidence)/float64(max(1, l.tests)) }

// testsOf counts the ways to fail by chance. A budget of 0 is none: where it is
// kept, nothing differs.
func (l limits) testsOf(t *compare.ModelTally, noise *compare.ModelProfile) (n int) {
	for _, b := range []*Percent{new(Percent(l.budget)), l.flips, l.errors} {
		if b != nil && min(float64(*b), l.budget) > 0 {
			n++
		}
	}
	n *= max(1, live(t))
	if l.serviceTime != nil {
		n += len(ratiosOf(t, l))
	}
	if len(shared(t, noise)) > 0 {
		n++ // all excesses share one
	}
	return n
}

// over returns what l sets and, where it sets nothing, what base does.
func (l Limits) over(base Limits) Limits {
	return Limits{
		Budget: cmp.Or(l.Budget, base.Budget), Confidence: cmp.Or(l.Confidence, base.Confidence),
		MinSamples: cmp.Or(l.MinSamples, base.MinSamples), Unavailable: cmp.Or(l.Unavailable, base.Unavailable),
		Flips: cmp.Or(l.Flips, base.Flips), Errors: cmp.Or(l.Errors, base.Errors), ServiceTime: cmp.Or(l.ServiceTime, base.ServiceTime),
	}
}

func (l Limits) withDefaults() limits {
	budget := cmp.Or(l.Budget, new(Percent(0.001)))
	return limits{
		budget: float64(*budget), confidence: float64(*cmp.Or(l.Confidence, new(Percent(0.95)))),
		unavailable: float64(*cmp.Or(l.Unavailable, budget)), minSamples: *cmp.Or(l.MinSamples, new(int64(1000))),
		flips: l.Flips, errors: l.Errors, serviceTime: l.ServiceTime,
	}
}

// Validate says which field has a value that makes no sense, and what does.
// Fields are named by their YAML paths.
func (g Gate) Validate() error {
	if err := g.validate("gate"); err != nil {
		return err
	}
	if err := cmp.Or(validConfidence("gate.family_confidence", g.FamilyConfidence), g.Coverage.validate()); err != nil {
		return err
	}
	globs := slices.Sorted(maps.Keys(g.Models))
	for i, glob := range globs {
		if glob == "" {
			return fmt.Errorf("gate.models has an empty name: write a model's name or a glob like legal-*")
		}
		if err := g.Models[glob].validate("gate." + exchange.ModelField(glob)); err != nil {
			return err
		}
		for _, other := range globs[:i] {
			if exchange.GlobsOverlap(glob, other) {
				return fmt.Errorf("gate.%s and gate.%s can both match one model; make them exclude each other",
					exchange.ModelField(other), exchange.ModelField(glob))
			}
		}
	}
	return nil
}

func (l Limits) validate(field string) error {
	for _, share := range []struct {
		name  string
		value *Percent
	}{{"budget", l.Budget}, {"unavailable", l.Unavailable}, {"flips", l.Flips}, {"errors", l.Errors}} {
		if err := validShare(field+"."+share.name, share.value); err != nil {
			return err
		}
	}
	if err := validConfidence(field+".confidence", l.Confidence); err != nil {
		return err
	}
	if n := l.MinSamples; n != nil && *n < 1 {
		return fmt.Errorf("%s.min_samples is %d: allowed is 1 or more", field, *n)
	}
	return l.ServiceTime.validate(field)
}

func validConfidence(field string, c *Percent) error {
	if c == nil || *c >= 0.5 && *c < 1 {
		return nil
	}
	return fmt.Errorf("%s is %v: allowed is 50%% to below 100%%, as in 95%% or 0.95", field, *c)
}

// familyConfidence is FamilyConfidence or its default.
func (g Gate) familyConfidence() float64 {
	return float64(*cmp.Or(g.FamilyConfidence, new(Percent(g.withDefaults().confidence))))
}

// validShare refuses 1 too: who writes 1 means 1%, and would get a gate that
// lets everything pass.
func validShare(field string, p *Percent) error {
	if p == nil || *p >= 0 && *p < 1 {
		return nil
	}
	return fmt.Errorf("%s is %v: allowed is 0 to below 100%%; a number without %% is a fraction, 0.001 is 0.1%%", field, *p)
}

// limitsOf finds what is asked of a model, and the glob that says so, "" where
// none does.
func (g Gate) limitsOf(model string) (l limits, glob string) {
	for pattern, own := range g.Models {
		if exchange.Glob(pattern, model) { // at most one does
			return own.over(g.Limits).withDefaults(), pattern
		}
	}
	return g.withDefaults(), ""
}
