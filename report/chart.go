package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/modelparity/parity/compare"
)

// chart is a plot of one or two series in steps. It is drawn here, so that it
// prints and needs no script; report.js draws it anew with uPlot from the same
// numbers, so that a reader can look closer.
type chart struct {
	Series []series
	Ticks  []tick
	Most   string // what its top is
	Edges  string // for uPlot: where each step begins, and where the last one ends
}

// series is one side of a chart.
type series struct {
	Name   string // a class of report.css
	Path   string // for SVG
	Median string // a line for SVG; "" for none
	Values string // for uPlot: the height of each step
}

// The size of a chart in CSS pixels, without its labels; report.html has them too.
const (
	chartLeft, chartRight = 6.0, 434.0
	chartTop, chartBase   = 18.0, 110.0
	chartSteps            = 60 // of latencies, at most
	chartStep             = 5  // per cent that a step of latencies is wide, at least
)

// newLatencyChart shows how the latencies of both sides are distributed, on a
// log₁₀ axis: which share of a side's answers lies in a step. nil: none is known.
func newLatencyChart(reference, candidate Latency) *chart {
	low, high, ok := rangeOf(reference.histogram, candidate.histogram)
	if !ok {
		return nil
	}
	width := max(chartStep, (high-low)/chartSteps+1)
	first, last := max(0, low/width-1), high/width+1 // a step more on either side, where the curves come down
	var edges []float64
	for step := first; step <= last+1; step++ {
		from, _ := compare.LatencyBounds(step * width)
		edges = append(edges, from)
	}
	sides, most := []Latency{reference, candidate}, 0.0
	shares := make([][]float64, len(sides))
	for i, side := range sides {
		shares[i] = make([]float64, last-first+1)
		for bucket, n := range side.histogram {
			at := &shares[i][inTable(bucket)/width-first]
			*at += 100 * float64(n) / float64(side.Count)
			most = max(most, *at)
		}
	}
	x := logAxis(edges[0], edges[len(edges)-1], chartLeft, chartRight)
	c := &chart{Edges: joined(edges), Ticks: latencyTicks(edges[0], edges[len(edges)-1], x), Most: fmt.Sprintf("%.2g%%", most)}
	for i, side := range sides {
		s := series{Name: sideNames[i], Values: joined(shares[i]), Path: steps(edges, shares[i], most, x)}
		if side.Count > 0 {
			s.Median = fmt.Sprintf("M%.1f %vV%v", x(float64(side.P50)), chartTop-8, chartBase)
		}
		c.Series = append(c.Series, s)
	}
	return c
}

var sideNames = []string{"reference", "candidate"}

// rangeOf is the lowest and the highest bucket of two histograms.
func rangeOf(a, b compare.Histogram) (low, high int, ok bool) {
	low = math.MaxInt
	for _, h := range []compare.Histogram{a, b} {
		for bucket := range h {
			bucket = inTable(bucket)
			low, high, ok = min(low, bucket), max(high, bucket), true
		}
	}
	return low, high, ok
}

// inTable is the bucket at the end of the table for one outside of it, which only a
// damaged tally has: see compare.LatencyBounds.
func inTable(bucket int) int { return min(max(bucket, 0), compare.MaxLatencyBucket) }

// logAxis maps from…to to left…right by the logarithm.
func logAxis(from, to, left, right float64) func(float64) float64 {
	return func(v float64) float64 { return left + math.Log(v/from)/math.Log(to/from)*(right-left) }
}

// steps draws heights of which most is the top.
func steps(edges, heights []float64, most float64, x func(float64) float64) string {
	var p strings.Builder
	fmt.Fprintf(&p, "M%.0f %v", x(edges[0]), chartBase)
	last := ""
	for i, h := range heights {
		y := fmt.Sprintf("V%.0f", chartBase-h/most*(chartBase-chartTop))
		if y != last {
			if i > 0 {
				fmt.Fprintf(&p, "H%.0f", x(edges[i]))
			}
			p.WriteString(y)
		}
		last = y
	}
	fmt.Fprintf(&p, "H%.0fV%v", x(edges[len(edges)-1]), chartBase)
	return p.String()
}

// latencyTicks are the decades, and 2 and 5 between them where there is room.
func latencyTicks(from, to float64, x func(float64) float64) (ticks []tick) {
	factors := []float64{1, 2, 5}
	if to/from > 300 {
		factors = factors[:1]
	}
	for decade := math.Pow(10, math.Floor(math.Log10(from))); decade <= to; decade *= 10 {
		for _, f := range factors {
			if us := decade * f; us >= from && us <= to {
				ticks = append(ticks, newTick(x(us), latencyText(us)))
			}
		}
	}
	return ticks
}

// latencyText is "5 ms".
func latencyText(us float64) string {
	switch {
	case us >= 1e6:
		return fmt.Sprintf("%.3g s", us/1e6)
	case us >= 1e3:
		return fmt.Sprintf("%.3g ms", us/1e3)
	}
	return fmt.Sprintf("%.3g µs", us)
}

// joined lists numbers for report.js.
func joined(list []float64) string {
	texts := make([]string, len(list))
	for i, v := range list {
		if v >= 1e4 {
			texts[i] = strconv.FormatFloat(v, 'f', 0, 64)
		} else {
			texts[i] = strconv.FormatFloat(v, 'g', 4, 64)
		}
	}
	return strings.Join(texts, " ")
}

// newTimeline shows which share of what was judged differs, over the time when
// it was recorded. nil: there is nothing to see.
func newTimeline(moments []Moment) *chart {
	var edges, rates, judged []float64
	most := 0.0
	for _, m := range moments {
		from, rate := float64(m.From.Unix()), 100*share(m.Mismatched, m.Judged)
		if n := len(edges); n > 0 && edges[n-1] < from { // a gap, after the end of the step before
			rates, judged = append(rates, 0), append(judged, 0)
		} else if n > 0 {
			edges = edges[:n-1]
		}
		edges, rates, judged = append(edges, from, from+float64(m.Seconds)), append(rates, rate), append(judged, float64(m.Judged))
		most = max(most, rate)
	}
	if len(rates) < 2 || most == 0 {
		return nil
	}
	first, last := edges[0], edges[len(edges)-1]
	x := func(v float64) float64 { return chartLeft + (v-first)/(last-first)*(chartRight-chartLeft) }
	c := &chart{Edges: joined(edges), Most: percent(most / 100)}
	c.Series = []series{{Name: "mismatched", Path: steps(edges, rates, most, x), Values: joined(rates)}, {Name: "judged", Values: joined(judged)}}
	for _, at := range []float64{first, (first + last) / 2, last} {
		// The labels of the ends stand within the chart.
		place := min(max(x(at), chartLeft+40), chartRight-40)
		c.Ticks = append(c.Ticks, newTick(place, timeText(time.Unix(int64(at), 0), time.Duration(last-first)*time.Second)))
	}
	return c
}

// timeText is a time of day, with the date where a chart spans more than one.
func timeText(t time.Time, span time.Duration) string {
	if span > 24*time.Hour {
		return t.UTC().Format("Jan 2 15:04")
	}
	return t.UTC().Format("15:04:05")
}
