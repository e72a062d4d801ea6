package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/modelparity/parity/compare"
)

// histogram is the plot of a signature's errors on a log₁₀ axis, with what the
// tolerance allows of them: all bars lie beyond it, and how far is what a reader
// wants to know.
type histogram struct {
	Name    string // what the errors are
	Bars    string // an SVG path, and
	Width   string // of its strokes
	Allowed string // an SVG path from the left end to the tolerance; "" where it allows nothing
	Edge    string // x of the tolerance
	Limit   string // the tolerance as text
	Ticks   []tick
	Most    int64 // the highest bar's count
}

// The size of a histogram in CSS pixels, without its labels.
const (
	histogramLeft, histogramRight = 14.0, 306.0
	histogramTop, histogramBase   = 16.0, 76.0
	histogramDecades              = 14.0 // at most, below the largest error: a tolerance further down stands at the left end
)

// newHistogram plots the buckets; tolerance 0 is none.
func newHistogram(name string, buckets []Bucket, tolerance float64) *histogram {
	if len(buckets) == 0 {
		return nil
	}
	first, last := math.Log10(buckets[0].From), math.Log10(buckets[len(buckets)-1].Below)
	from := math.Floor(first + 1e-6)
	below := max(from+1, math.Ceil(last-1e-6))
	if tolerance > 0 {
		from = min(from, max(math.Ceil(math.Log10(tolerance)-1e-6)-1, below-histogramDecades)) // a decade of what is allowed
	}
	x := func(log10 float64) float64 {
		return histogramLeft + (log10-from)/(below-from)*(histogramRight-histogramLeft)
	}
	h := &histogram{Name: name}
	if tolerance > 0 {
		edge := max(x(math.Log10(tolerance)), histogramLeft)
		h.Edge, h.Limit = fmt.Sprintf("%.1f", edge), fmt.Sprintf("%.3g", tolerance)
		h.Allowed = fmt.Sprintf("M%v %vH%.1fV%vH%vz", histogramLeft, histogramTop-8, edge, histogramBase, histogramLeft)
	}
	h.Bars, h.Most = bars(buckets, x)
	h.Width = fmt.Sprintf("%.1f", max(1, x(from+1.0/8)-x(from)-0.7))
	every := 1 + math.Floor((below-from)/plotLabels)
	for d := from; d <= below; d += every {
		h.Ticks = append(h.Ticks, newTick(x(d), power(int(d))))
	}
	return h
}

// bars is an SVG path of strokes, and the count of the highest. Buckets are of
// one width on the axis.
func bars(buckets []Bucket, x func(log10 float64) float64) (path string, most int64) {
	for _, b := range buckets {
		most = max(most, b.Count)
	}
	var p strings.Builder
	for _, b := range buckets {
		height := max(1.5, float64(b.Count)/float64(most)*(histogramBase-histogramTop))
		fmt.Fprintf(&p, "M%.1f %vV%.0f", (x(math.Log10(b.From))+x(math.Log10(b.Below)))/2, histogramBase, histogramBase-height)
	}
	return p.String(), most
}

// histograms are those of the absolute and the relative errors of numbers.
func (s Signature) histograms(allowed compare.Tolerance) (list []*histogram) {
	for _, h := range []*histogram{
		newHistogram("absolute", s.Errors, allowed.Abs), newHistogram("relative", newBuckets(s.tally.RelErrors), allowed.Rel),
	} {
		if h != nil {
			list = append(list, h)
		}
	}
	return list
}
