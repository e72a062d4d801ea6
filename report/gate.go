package report

import (
	"fmt"
	"maps"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// Gate says when a model passes. The zero value asks of every model the
// defaults of Limits.
type Gate struct {
	Limits `yaml:",inline"`
	// Models holds limits for the models whose names match a glob (see
	// exchange.Glob). What such an entry leaves out is as for all models. A
	// model that two globs match is an error of Summarise.
	Models map[string]Limits `json:"models,omitempty" yaml:"models,omitempty"`
}

// Limits are what is asked of a model. What is left out takes the default.
type Limits struct {
	// Budget is the highest share of distinct requests whose answers may
	// differ, from 0 to below 100%. Default 0.1%. A pointer, because 0 is a
	// budget too.
	Budget *Percent `json:"budget,omitempty" yaml:"budget,omitempty"`
	// Confidence is how sure a verdict must be, one-sided, from 50% to below
	// 100%. Default 95%.
	Confidence Percent `json:"confidence,omitempty" yaml:"confidence,omitempty"`
	// MinSamples is how many distinct requests must be judged before a model
	// can pass, at least 1. Default 1000.
	MinSamples int64 `json:"min_samples,omitempty" yaml:"min_samples,omitempty"`
	// Unavailable is the highest share of the exchanges sent that may get no
	// answer, from 0 to below 100%. Default 1%.
	Unavailable *Percent `json:"unavailable,omitempty" yaml:"unavailable,omitempty"`
}

// limits are Limits with nothing left out.
type limits struct {
	budget, confidence, unavailable float64
	minSamples                      int64
}

var defaults = limits{budget: 0.001, confidence: 0.95, unavailable: 0.01, minSamples: 1000}

// over returns base with what l sets.
func (l Limits) over(base limits) limits {
	if l.Budget != nil {
		base.budget = float64(*l.Budget)
	}
	if l.Confidence != 0 {
		base.confidence = float64(l.Confidence)
	}
	if l.MinSamples != 0 {
		base.minSamples = l.MinSamples
	}
	if l.Unavailable != nil {
		base.unavailable = float64(*l.Unavailable)
	}
	return base
}

// Validate says which field has a value that makes no sense, and what does.
func (g Gate) Validate() error {
	if err := g.validate("gate"); err != nil {
		return err
	}
	for _, glob := range slices.Sorted(maps.Keys(g.Models)) {
		if glob == "" {
			return fmt.Errorf("gate.models has an empty name: write a model's name or a glob like legal-*")
		}
		if err := g.Models[glob].validate(fmt.Sprintf("gate.models[%q]", glob)); err != nil {
			return err
		}
	}
	return nil
}

func (l Limits) validate(field string) error {
	if err := validShare(field+".budget", l.Budget); err != nil {
		return err
	}
	if c := l.Confidence; c != 0 && !(c >= 0.5 && c < 1) {
		return fmt.Errorf("%s.confidence is %v: allowed is 50%% to below 100%%, as in 95%% or 0.95", field, c)
	}
	if l.MinSamples < 0 {
		return fmt.Errorf("%s.min_samples is %d: allowed is 1 or more", field, l.MinSamples)
	}
	return validShare(field+".unavailable", l.Unavailable)
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
func (g Gate) limitsOf(model string) (l limits, glob string, err error) {
	l = g.over(defaults)
	for _, pattern := range slices.Sorted(maps.Keys(g.Models)) {
		if !exchange.Glob(pattern, model) {
			continue
		}
		if glob != "" {
			return limits{}, "", fmt.Errorf("gate.models: model %q matches both %q and %q: narrow one of them", model, glob, pattern)
		}
		glob = pattern
		l = g.Models[pattern].over(l)
	}
	return l, glob, nil
}
