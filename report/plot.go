package report

import (
	"fmt"
	"math"
	"strings"
)

// The forest plot has one line a model, all on one scale: 0 at the left, then
// from the floor to 100 % in equal decades, as budgets and rates lie decades
// apart. Below the floor the scale is linear, so that 0 has a place. All
// lengths are CSS pixels; report.css knows the width and height too.
const (
	plotLeft   = 10.0  // x of 0
	plotFloor  = 50.0  // x of the floor
	plotRight  = 262.0 // x of 100 %
	plotMiddle = 11.0  // y of a line's middle
	plotLabels = 6     // how many decades have a label at most
)

// scale maps rates to x.
type scale struct{ floor float64 }

// newScale takes the decade under the smallest budget, rate and upper bound
// as floor, within reason.
func newScale(models []Model) scale {
	least := 1e-3
	for _, m := range models {
		for _, v := range []float64{m.Budget, m.Rate, m.Upper} {
			if v > 0 {
				least = min(least, v)
			}
		}
	}
	return scale{math.Pow(10, math.Floor(math.Log10(max(least, 1e-8))))}
}

func (s scale) x(rate float64) float64 {
	if rate < s.floor {
		return plotLeft + rate/s.floor*(plotFloor-plotLeft)
	}
	return plotFloor + (1-math.Log10(rate)/math.Log10(s.floor))*(plotRight-plotFloor)
}

// tick is a place on an axis.
type tick struct {
	X     string
	Label string // "" for a line without one
}

func newTick(x float64, label string) tick { return tick{fmt.Sprintf("%.1f", x), label} }

// Ticks are 0 and the decades.
func (s scale) Ticks() []tick {
	ticks := []tick{newTick(plotLeft, "0")}
	decades := int(math.Round(-math.Log10(s.floor)))
	every := (decades + plotLabels - 1) / plotLabels
	for d := decades; d >= 0; d-- {
		rate, label := math.Pow(10, -float64(d)), ""
		if d%every == 0 {
			label = Percent(rate).String()
		}
		ticks = append(ticks, newTick(s.x(rate), label))
	}
	return ticks
}

// interval is one model's line in the forest plot, as SVG paths.
type interval struct {
	Whisker string // from the lower to the upper bound
	Mark    string // the rate: a square for FAIL, a diamond for INCONCLUSIVE, a disc for PASS
	Budget  string
}

func (s scale) interval(m Model) interval {
	x := s.x(m.Rate)
	mark := fmt.Sprintf("M%.1f 11m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", x)
	switch {
	case m.Requests == 0:
		mark = ""
	case m.Verdict == Fail:
		mark = fmt.Sprintf("M%.1f 7h8v8h-8z", x-4)
	case m.Verdict == Inconclusive:
		mark = fmt.Sprintf("M%.1f 6l5 5-5 5-5-5z", x)
	}
	return interval{
		Whisker: fmt.Sprintf("M%.1f %vH%.1f", s.x(m.Lower), plotMiddle, s.x(m.Upper)),
		Mark:    mark,
		Budget:  fmt.Sprintf("M%.1f 0V22", s.x(m.Budget)),
	}
}

// power is "10⁻⁶".
func power(exponent int) string { return "10" + superscript(exponent) }

func superscript(n int) string {
	return strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴",
		"5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(fmt.Sprint(n))
}
