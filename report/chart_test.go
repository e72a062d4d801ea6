package report

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/compare"
)

// A chart whose heights don't add up to all answers, or whose edges are not one
// more than its steps, shows latencies that nobody had.
func TestLatencyChart(t *testing.T) {
	var ref, cand compare.Histogram
	for us := int64(1); us < 2_000_000; us = us*21/20 + 1 {
		ref.AddLatency(us)
		cand.AddLatency(3 * us)
	}
	c := newLatencyChart(newLatency(ref), newLatency(cand))
	edges := strings.Fields(c.Edges)
	if len(edges) > chartSteps+5 {
		t.Errorf("%d steps", len(edges))
	}
	for _, s := range c.Series {
		sum := 0.0
		for _, text := range strings.Fields(s.Values) {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += v
		}
		if math.Abs(sum-100) > 0.1 || len(strings.Fields(s.Values)) != len(edges)-1 {
			t.Errorf("%s: %v %% in %d steps of %d edges", s.Name, sum, len(strings.Fields(s.Values)), len(edges))
		}
	}
	for i := 1; i < len(edges); i++ {
		a, _ := strconv.ParseFloat(edges[i-1], 64)
		if b, _ := strconv.ParseFloat(edges[i], 64); b <= a {
			t.Errorf("the edges %s and %s", edges[i-1], edges[i])
		}
	}
	if newLatencyChart(Latency{}, Latency{}) != nil {
		t.Error("a chart of nothing")
	}
	one := compare.Histogram{}
	one.AddLatency(1)
	if c := newLatencyChart(newLatency(one), Latency{}); strings.Contains(c.Series[0].Path+c.Series[1].Path, "NaN") {
		t.Errorf("%+v", c)
	}
}

// Where nothing was recorded nothing differed: a gap must not be drawn as if what
// stands before it went on.
func TestTimelineHasGaps(t *testing.T) {
	start := time.Unix(1_795_000_000, 0)
	at := func(minute, judged, mismatched int64) Moment {
		return Moment{From: start.Add(time.Duration(minute) * time.Minute), Seconds: 60, Judged: judged, Mismatched: mismatched}
	}
	c := newTimeline([]Moment{at(0, 10, 1), at(1, 10, 2), at(5, 20, 4)})
	if c.Edges != "1795000000 1795000060 1795000120 1795000300 1795000360" || c.Series[0].Values != "10 20 0 20" || c.Series[1].Values != "10 10 0 20" {
		t.Errorf("%+v", c)
	}
	if c.Most != "20%" {
		t.Errorf("at most %s", c.Most)
	}
	if newTimeline([]Moment{at(0, 10, 0), at(1, 10, 0)}) != nil || newTimeline(nil) != nil {
		t.Error("a chart of no mismatches")
	}
}

// The tolerance beside the bars is what a reader goes by when loosening it.
func TestHistogramShowsTheTolerance(t *testing.T) {
	buckets := []Bucket{{1e-4, 1.3e-4, 3}, {1e-2, 1.3e-2, 1}}
	first := func(path string) float64 {
		v, _ := strconv.ParseFloat(regexp.MustCompile(`M([0-9.]+)`).FindStringSubmatch(path)[1], 64)
		return v
	}
	for _, c := range []struct{ tolerance, edge float64 }{{1e-6, 0}, {2e-5, 0}, {1e-300, histogramLeft}} {
		h := newHistogram("absolute", buckets, c.tolerance)
		edge, err := strconv.ParseFloat(h.Edge, 64)
		if err != nil || edge >= first(h.Bars) || c.edge > 0 && edge != c.edge {
			t.Errorf("%v: the edge is at %s, the first bar at %v", c.tolerance, h.Edge, first(h.Bars))
		}
	}
	if h := newHistogram("absolute", buckets, 0); h.Edge != "" || h.Limit != "" {
		t.Errorf("no tolerance is drawn at %s", h.Edge)
	}
	if newHistogram("absolute", nil, 1) != nil {
		t.Error("a histogram of nothing")
	}
}

// Numbers that can't be drawn must not make a picture that looks like one.
func TestScatter(t *testing.T) {
	s := newScatter([]Point{{0, 0.1}, {0.5, 0.5}, {1, 0.9}}, compare.Tolerance{Abs: 0.05})
	if s.Count != 3 || s.Band == "" || s.From != "0" || s.To != "1" || !strings.HasPrefix(s.Points, "M4 177h0M100 100h0") {
		t.Errorf("%+v", s)
	}
	for name, points := range map[string][]Point{
		"few": {{1, 2}}, "all the same": {{1, 1}, {1, 1}, {1, 1}}, "too far": {{-math.MaxFloat64, math.MaxFloat64}, {1, 2}, {2, 3}},
	} {
		if s := newScatter(points, compare.Tolerance{}); s != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	for _, literal := range []string{"NaN", "1e999", "true", ""} {
		if _, ok := pointOf(literal, "1"); ok {
			t.Errorf("%q is a point", literal)
		}
	}
}

// A damaged tally must not cost the page of all the others: its buckets that no
// latency has stand at the ends of those that are.
func TestLatencyChartOfADamagedTally(t *testing.T) {
	for _, h := range []compare.Histogram{{-5: 1}, {-5: 1, 700: 3}, {1 << 60: 1, 3: 1}, {math.MinInt: 1, math.MaxInt: 1}} {
		c := newLatencyChart(newLatency(h), newLatency(compare.Histogram{700: 1}))
		if n := len(strings.Fields(c.Edges)); n > chartSteps+5 || strings.Contains(c.Series[0].Path, "NaN") || strings.Contains(c.Series[0].Path, "Inf") {
			t.Errorf("%v: %d edges, %s", h, n, c.Series[0].Path)
		}
	}
}
