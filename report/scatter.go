package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/modelparity/parity/compare"
)

// scatter plots the numbers of a signature, the reference's to the right and the
// candidate's up. On the diagonal they are equal; the band around it is what the
// tolerance allows.
type scatter struct {
	Points   string // an SVG path of dots
	Band     string // an SVG path; "" where it would be thinner than the diagonal
	From, To string // what both axes span
	Count    int
}

// The size of a scatter in CSS pixels; report.html has it too.
const scatterLeft, scatterTop, scatterSize = 4.0, 4.0, 192.0

func newScatter(points []Point, allowed compare.Tolerance) *scatter {
	if len(points) < 3 { // of which the literals say more
		return nil
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = min(low, p.Reference, p.Candidate), max(high, p.Reference, p.Candidate)
	}
	span := high - low
	if !(span > 0) || math.IsInf(span, 0) {
		return nil
	}
	at := func(v float64) float64 { return (v - low) / span * scatterSize }
	s := &scatter{From: fmt.Sprintf("%.4g", low), To: fmt.Sprintf("%.4g", high), Count: len(points)}
	var dots strings.Builder
	for _, p := range points {
		fmt.Fprintf(&dots, "M%.0f %.0fh0", scatterLeft+at(p.Reference), scatterTop+scatterSize-at(p.Candidate))
	}
	s.Points = dots.String()
	margin := func(v float64) float64 { return (allowed.Abs + allowed.Rel*math.Abs(v)) / span * scatterSize }
	if a, b := margin(low), margin(high); max(a, b) > 1 {
		left, right, base, top := scatterLeft, scatterLeft+scatterSize, scatterTop+scatterSize, scatterTop
		s.Band = fmt.Sprintf("M%.1f %.1fL%.1f %.1fV%.1fL%.1f %.1fz", left, base-a, right, top-b, top+b, left, base+a)
	}
	return s
}
