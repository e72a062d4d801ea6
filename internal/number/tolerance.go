// Package number compares number literals: the spellings of numbers that
// answers hold, never yet turned into a float64 that forgets how they were
// spelled.
//
// A literal is text for which [Is] is true. Integers are compared exactly,
// whatever their size, everything else as the float64 that a reader of the
// answer would get: 1 and 1.0 are equal, so are -0 and 0. Finite literals
// beyond float64's range are equal only if they spell the same value, and an
// infinity only to itself, whatever the tolerance.
package number

import (
	"fmt"
	"math"
)

// Tolerance says when two numbers are equal: when one of its parts says so. The
// zero value demands equal values.
type Tolerance struct {
	// Abs and Rel allow |candidate − reference| ≤ abs + rel·|reference|, the
	// formula of numpy.isclose and torch.testing.assert_close.
	Abs float64 `json:"abs" yaml:"abs"`
	Rel float64 `json:"rel" yaml:"rel"`

	// ULPs allows that many steps from one representable number to the next,
	// both values rounded to the precision that is compared in. 0 allows none.
	ULPs int64 `json:"ulps,omitempty" yaml:"ulps"`

	// Decimals compares at the printed precision of the side that prints fewer
	// decimals: equal where the two are at most half a unit of its last place
	// apart. Every way to round a half agrees with that. 1.5e-3 has 4 decimals,
	// integers and 1e3 have none.
	Decimals bool `json:"decimals,omitempty" yaml:"decimals"`

	// NaN is "" or "equal": NaN equals NaN; or "differ": it equals nothing.
	NaN string `json:"nan,omitempty" yaml:"nan"`
}

// Default is the tolerance for numbers of which no datatype is known.
var Default = Tolerance{Abs: 1e-9, Rel: 1e-6}

// Validate names the part that makes no sense, its value and what is allowed. A
// nil Tolerance is fine.
func (t *Tolerance) Validate() error {
	if t == nil {
		return nil
	}
	for _, part := range []struct {
		name  string
		value float64
	}{{"abs", t.Abs}, {"rel", t.Rel}} {
		if !(part.value >= 0) || math.IsInf(part.value, 0) {
			return fmt.Errorf("number.%s %v: must be 0 or a positive number", part.name, part.value)
		}
	}
	if t.ULPs < 0 {
		return fmt.Errorf("number.ulps %d: must be 0 or a positive integer", t.ULPs)
	}
	if t.NaN != "" && t.NaN != "equal" && t.NaN != "differ" {
		return fmt.Errorf("number.nan %q: must be \"equal\" or \"differ\"", t.NaN)
	}
	return nil
}
