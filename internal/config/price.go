package config

import (
	"fmt"
	"math"
)

// Price is what an endpoint costs that is paid by the time that it computes, such
// as SageMaker's serverless ones. Parity knows no price by itself: all of these are
// the user's, from the provider's price list. What is not given stays a letter in
// the formula.
type Price struct {
	Seconds     *float64 `yaml:"seconds"`       // that an invocation takes, as it is assumed or was measured
	MemoryGB    *float64 `yaml:"memory_gb"`     // of the endpoint
	PerGBSecond *float64 `yaml:"per_gb_second"` // of memory
	PerGB       *float64 `yaml:"per_gb"`        // of data, in and out
	Currency    string   `yaml:"currency"`      // "" is none
}

// Validate names the first number that makes no sense.
func (p Price) Validate() error {
	for _, n := range []struct {
		name  string
		value *float64
	}{{"seconds", p.Seconds}, {"memory_gb", p.MemoryGB}, {"per_gb_second", p.PerGBSecond}, {"per_gb", p.PerGB}} {
		if n.value != nil && (!(*n.value >= 0) || math.IsInf(*n.value, 0)) {
			return fmt.Errorf("price.%s %v: must be 0 or more", n.name, *n.value)
		}
	}
	return nil
}
