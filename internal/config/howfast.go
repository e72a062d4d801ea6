package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Concurrency is how many requests may be in flight, or Auto. 0 is not said.
type Concurrency int

// Auto lets each endpoint have as many as it takes.
const Auto Concurrency = -1

// UnmarshalText reads a number from 1 on, or auto.
func (c *Concurrency) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*c = Auto
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("%q is no concurrency: write a whole number from 1 on, or auto", text)
	}
	*c = Concurrency(n)
	return nil
}

// UnmarshalYAML reads what UnmarshalText does. The error says line and column.
func (c *Concurrency) UnmarshalYAML(node ast.Node) error { return scalar(node, c) }

// Rate is requests a second.
type Rate float64

// UnmarshalText reads 50 or 50/s.
func (r *Rate) UnmarshalText(text []byte) error {
	rate, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "/s"), 64)
	if err != nil || !(rate > 0) || math.IsInf(rate, 0) {
		return fmt.Errorf("%q is no rate: write requests a second, as in 50 or 50/s", text)
	}
	*r = Rate(rate)
	return nil
}

// UnmarshalYAML reads what UnmarshalText does. The error says line and column.
func (r *Rate) UnmarshalYAML(node ast.Node) error { return scalar(node, r) }

func scalar(node ast.Node, value interface{ UnmarshalText([]byte) error }) error {
	if err := value.UnmarshalText([]byte(node.GetToken().Value)); err != nil {
		return &yaml.SyntaxError{Message: err.Error(), Token: node.GetToken()}
	}
	return nil
}
