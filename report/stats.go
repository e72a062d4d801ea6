package report

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// The bounds are those of Clopper and Pearson, "The use of confidence or
// fiducial limits illustrated in the case of the binomial", Biometrika 26
// (1934), in the form with quantiles of the beta distribution (Brown, Cai and
// DasGupta, "Interval estimation for a binomial proportion", Statistical
// Science 16 (2001), section 4.2.1). They are exact: whatever the true rate,
// a one-sided bound misses it with a probability of at most 1 − confidence.
// Counts are float64, because effective ones need not be whole: see effective.

// upper is the one-sided upper bound of a rate of which k of n were seen: the
// p at which P(X ≤ k | n, p) = 1 − confidence, which is the quantile of
// Beta(k+1, n−k) at the confidence. It is 1 for k = n.
func upper(k, n, confidence float64) float64 {
	if k >= n {
		return 1
	}
	return quantile(beta(k+1, n-k), confidence)
}

// lower is the one-sided lower bound: the p at which P(X ≥ k | n, p) = 1 −
// confidence, which is the quantile of Beta(k, n−k+1) at 1 − confidence. It is
// 0 for k = 0.
func lower(k, n, confidence float64) float64 {
	k = min(k, n) // more is a tally that does not balance, and no case for a panic
	if k == 0 {
		return 0
	}
	return quantile(beta(k, n-k+1), 1-confidence)
}

func beta(a, b float64) distuv.Beta { return distuv.Beta{Alpha: a, Beta: b} }

// quantile is the smallest x with a cumulative probability of at least p. (That
// of distuv is far off at high confidence: it gives 4 % as the upper bound of 5
// of 100,000 at 99.9999 %, which is 0.025 %.) It bisects the bits: those of
// numbers from 0 to 1 are in the numbers' order, so 62 steps find one exactly.
func quantile(d distuv.Beta, p float64) float64 {
	low, high := uint64(0), math.Float64bits(1)
	for low < high {
		middle := (low + high) / 2
		if d.CDF(math.Float64frombits(middle)) < p {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return math.Float64frombits(low)
}

// within says whether k of n shows a rate of at most the budget: whether the
// upper bound is within it, which takes one look at the distribution instead of
// a search. A budget of 0 can't be shown by any sample; there it asks that
// nothing differs at all.
func within(k, n, budget, confidence float64) bool {
	if budget == 0 {
		return k == 0
	}
	return k < n && beta(k+1, n-k).CDF(budget) >= confidence
}

// chance is P(X ≤ k | n, p): how probable it is that so few of n are seen at a
// true rate of p. That is the p-value of the claim that the rate is below p.
func chance(k, n, p float64) float64 {
	if k >= n {
		return 1
	}
	return max(0, 1-beta(k+1, n-k).CDF(p))
}

// maxSamples is where needed gives up looking; nobody replays so many requests.
const maxSamples = 1_000_000_000

// needed is the smallest whole number that, added to n, makes a sample in which
// k mismatches are within the budget; false where there is none up to maxSamples.
func needed(k, n, budget, confidence float64) (more int64, ok bool) {
	span := max(0, maxSamples-int64(n))
	if !within(k, n+float64(span), budget, confidence) {
		return 0, false
	}
	// The bound falls as the sample grows, so bisecting finds the smallest.
	return int64(sort.Search(int(span), func(i int) bool { return within(k, n+float64(i), budget, confidence) })), true
}
