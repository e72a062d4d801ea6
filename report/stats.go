package report

import (
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// The bounds are those of Clopper and Pearson, "The use of confidence or
// fiducial limits illustrated in the case of the binomial", Biometrika 26
// (1934), in the form with quantiles of the beta distribution (Brown, Cai and
// DasGupta, "Interval estimation for a binomial proportion", Statistical
// Science 16 (2001), section 4.2.1). They are exact: whatever the true rate,
// a one-sided bound misses it with a probability of at most 1 − confidence.

// upper is the one-sided upper bound of a rate of which k of n were seen: the
// p at which P(X ≤ k | n, p) = 1 − confidence, which is the quantile of
// Beta(k+1, n−k) at the confidence. It is 1 for k = n.
func upper(k, n int64, confidence float64) float64 {
	if k >= n {
		return 1
	}
	return distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(confidence)
}

// lower is the one-sided lower bound: the p at which P(X ≥ k | n, p) = 1 −
// confidence, which is the quantile of Beta(k, n−k+1) at 1 − confidence. It is
// 0 for k = 0.
func lower(k, n int64, confidence float64) float64 {
	if k == 0 {
		return 0
	}
	return distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(1 - confidence)
}

// within says whether k of n shows a rate of at most the budget. A budget of 0
// can't be shown by any sample; there it asks that nothing differs at all.
func within(k, n int64, budget, confidence float64) bool {
	if budget == 0 {
		return k == 0
	}
	return upper(k, n, confidence) <= budget
}

// maxSamples is where needed gives up looking; nobody replays so many requests.
const maxSamples = 1_000_000_000

// needed is the smallest sample of at least n in which k mismatches are within
// the budget; false where there is none up to maxSamples.
func needed(k, n int64, budget, confidence float64) (int64, bool) {
	if !within(k, max(n, maxSamples), budget, confidence) {
		return 0, false
	}
	// The bound falls as the sample grows, so bisecting finds the smallest.
	span := int(max(n, maxSamples) - n)
	return n + int64(sort.Search(span, func(i int) bool { return within(k, n+int64(i), budget, confidence) })), true
}
