package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/modelparity/parity/compare"
)

// ServiceTime says how much longer than the old system the candidate may take: the
// highest ratio of the two medians, and of the two 99th percentiles. What is left
// out is not asked.
type ServiceTime struct {
	Median *float64 `json:"median,omitempty" yaml:"median,omitempty"`
	P99    *float64 `json:"p99,omitempty" yaml:"p99,omitempty"`
}

func (s *ServiceTime) validate(field string) error {
	if s == nil {
		return nil
	}
	for _, ratio := range []struct {
		name  string
		value *float64
	}{{"median", s.Median}, {"p99", s.P99}} {
		if r := ratio.value; r != nil && !(*r > 0 && *r <= math.MaxFloat64) {
			return fmt.Errorf("%s.service_time.%s is %v: allowed is any number above 0; 1.5 is half as long again as the old system takes", field, ratio.name, *r)
		}
	}
	return nil
}

// Ratio is how many times as long as the old system the candidate takes, at one
// quantile of their service times.
type Ratio struct {
	Of    string  `json:"of"`              // median or p99
	Ratio float64 `json:"ratio"`           // of the quantiles as they were seen; 0 where times are not known
	Lower float64 `json:"lower"`           // one-sided bounds at the model's confidence: see Model.Lower
	Upper float64 `json:"upper,omitempty"` // 0: too few times for one
	Asked float64 `json:"asked"`           // the highest that is allowed

	unknown string  // which side's times are not known
	missing int64   // of how many judged exchanges one side's are not
	p       float64 // the smallest 1 − confidence at which the ratio is shown to be within what is asked
}

// ratiosOf are those that are asked for.
func ratiosOf(t *compare.ModelTally, l limits) (list []Ratio) {
	if l.serviceTime == nil {
		return nil
	}
	for _, of := range []struct {
		name  string
		q     float64
		asked *float64
	}{{"median", 0.5, l.serviceTime.Median}, {"p99", 0.99, l.serviceTime.P99}} {
		if of.asked != nil {
			list = append(list, newRatio(of.name, of.q, *of.asked, t, l))
		}
	}
	return list
}

// newRatio bounds the ratio of two quantiles: each side gets half of what may go
// wrong, so that both bounds hold at the confidence (Bonferroni). They are of all
// exchanges judged: a time that is not known is whatever is worst.
func newRatio(name string, q, asked float64, t *compare.ModelTally, l limits) Ratio {
	r := Ratio{Of: name, Asked: asked, p: 1}
	before, now := newTimes(t.ReferenceLatency, t.Judged(), q), newTimes(t.CandidateLatency, t.Judged(), q)
	switch {
	case before.known == 0:
		r.unknown = "those of the old system"
		return r
	case now.known == 0:
		r.unknown = "those of the candidate"
		return r
	}
	r.missing = max(before.n-before.known, now.n-now.known)
	upper := func(alpha float64) float64 { return now.upper(alpha/2) / before.lower(alpha/2) }
	alpha, failing := 1-l.confidence, 1-l.failing()
	r.Ratio = round(quantileTime(t.CandidateLatency, q) / quantileTime(t.ReferenceLatency, q))
	r.Lower = round(now.lower(failing/2) / before.upper(failing/2))
	if u := upper(alpha); !math.IsInf(u, 1) {
		r.Upper = round(u)
	}
	if within := func(alpha float64) bool { return upper(alpha) <= asked }; within(alpha) {
		const steps = 1_000_000
		r.p = alpha * float64(1+sort.Search(steps-1, func(i int) bool { return within(alpha * float64(i+1) / steps) })) / steps
	}
	return r
}

// times are those of one side, of which the quantile q is bounded by order
// statistics, which suppose nothing of how they are distributed (David and
// Nagaraja, "Order Statistics", 3rd edition (2003), section 7.1): the l-th smallest
// of n is at most the quantile but for P(X < l), the u-th at least but for
// P(X ≥ u), where X is binomial of n and q. A bucket is bounded by its ends, so
// that the 1 % that it is wide is on the careful side.
//
// n are all that were judged. Those whose times are not known have the shortest
// for a lower bound, the longest for an upper one: which they are is no chance,
// as where only one of several sources knows them.
type times struct {
	h        compare.Histogram
	buckets  []int
	n, known int64
	q        float64
}

func newTimes(h compare.Histogram, judged int64, q float64) times {
	known := h.Count()
	return times{h, slices.Sorted(maps.Keys(h)), max(judged, known), known, q}
}

// lower is at most the quantile but for a probability of alpha; 0 where no time is.
func (t times) lower(alpha float64) float64 {
	rank := int64(sort.Search(int(t.n), func(l int) bool { return chance(float64(l), float64(t.n), t.q) > alpha }))
	if rank -= t.n - t.known; rank <= 0 {
		return 0
	}
	from, _ := compare.LatencyBounds(t.at(rank))
	return from
}

// upper is at least the quantile but for a probability of alpha; infinite where no
// time is.
func (t times) upper(alpha float64) float64 {
	rank := int64(1 + sort.Search(int(t.n), func(u int) bool { return t.below(u) >= 1-alpha }))
	if rank > t.known {
		return math.Inf(1)
	}
	_, below := compare.LatencyBounds(t.at(rank))
	return below
}

// below is P(X ≤ u).
func (t times) below(u int) float64 { return chance(float64(u), float64(t.n), t.q) }

// at is the bucket of the time with a rank, the shortest being of rank 1.
func (t times) at(rank int64) int {
	for _, b := range t.buckets {
		if rank -= t.h[b]; rank <= 0 {
			return b
		}
	}
	return t.buckets[len(t.buckets)-1]
}

// slower says that the candidate is shown to take longer than it may.
func (r Ratio) slower() bool { return r.Lower > r.Asked }

func (r Ratio) shown() bool { return r.Upper > 0 && r.Upper <= r.Asked }

// say is a sentence for people.
func (r Ratio) say(confidence float64) string {
	what := "The median service time"
	if r.Of == "p99" {
		what = "The 99th percentile of the service time"
	}
	asked, at := figure(r.Asked), Percent(confidence)
	if r.unknown != "" {
		return fmt.Sprintf("%s can't be held against %s times the old system's: %s are not known.", what, asked, r.unknown)
	}
	is := fmt.Sprintf("%s is %s times the old system's", what, figure(r.Ratio))
	if r.missing > 0 {
		is += fmt.Sprintf(" (of %s the times are not known, and are taken for the worst)", plural(r.missing, "exchange"))
	}
	switch {
	case r.slower():
		return fmt.Sprintf("%s, at least %s at %s confidence: %s is allowed.", is, figure(r.Lower), at, asked)
	case r.shown():
		return fmt.Sprintf("%s, at most %s at %s confidence.", is, figure(r.Upper), at)
	case r.Upper == 0:
		return fmt.Sprintf("%s, of too few to show at %s confidence that it is at most %s.", is, at, asked)
	}
	return fmt.Sprintf("%s, which may be %s at %s confidence: that it is at most %s is not shown.", is, figure(r.Upper), at, asked)
}

// figure writes a number with three digits.
func figure(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }
