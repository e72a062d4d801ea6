package report

import (
	"maps"
	"math"
	"slices"

	"github.com/modelparity/parity/compare"
)

// moreOften is the one-sided lower bound of p1 − p0, where k1 of n1 and k0 of n0
// were seen: Newcombe's hybrid (Newcombe, "Interval estimation for the
// difference between independent proportions", Statistics in Medicine 17 (1998),
// 873–890, method 10), which moves by the distance from each proportion to its
// own limit:
//
//	(p̂1 − p̂0) − √((p̂1 − l1)² + (u0 − p̂0)²)
//
// with the limits of Clopper and Pearson in place of Wilson's, which makes it
// the more careful (that any limits will do is shown by Zou and Donner,
// Statistics in Medicine 27 (2008), 1693–1702). Where n1 or n0 is 0 it is -1.
func moreOften(k1, n1, k0, n0 int64, confidence float64) float64 {
	if n1 == 0 || n0 == 0 {
		return -1
	}
	p1, p0 := float64(k1)/float64(n1), float64(k0)/float64(n0)
	return p1 - p0 - math.Hypot(p1-lower(float64(k1), float64(n1), confidence), upper(float64(k0), float64(n0), confidence)-p0)
}

// larger is how far the distribution of the sizes in a lies above that of those
// in b: the one-sided statistic of Kolmogorov and Smirnov, D⁺ = sup(F_b − F_a),
// at the bounds of the buckets. It is the share of a that has moved over some
// size that the same share of b stays below. Buckets can only hide a part of
// it, so that a test on it errs on the careful side (Conover, "A Kolmogorov
// goodness-of-fit test for discontinuous distributions", Journal of the American
// Statistical Association 67 (1972), 591–596).
func larger(a, b compare.Histogram) float64 {
	n, m := a.Count(), b.Count()
	if n == 0 || m == 0 {
		return 0
	}
	buckets := slices.Sorted(maps.Keys(a))
	buckets = slices.AppendSeq(buckets, maps.Keys(b))
	slices.Sort(buckets)
	most, belowA, belowB := 0.0, int64(0), int64(0)
	for _, bucket := range slices.Compact(buckets) {
		belowA, belowB = belowA+a[bucket], belowB+b[bucket]
		most = max(most, float64(belowB)/float64(m)-float64(belowA)/float64(n))
	}
	return most
}

// largerByChance is the D⁺ that two samples of n and m of one distribution
// exceed with a probability of at most alpha: √(−ln(alpha)/2 · (n+m)/(n·m)), from
// Smirnov's limit P(D⁺ > d) → exp(−2d²·n·m/(n+m)) (Smirnov, "Table for
// estimating the goodness of fit of empirical distributions", Annals of
// Mathematical Statistics 19 (1948), 279–281).
func largerByChance(n, m int64, alpha float64) float64 {
	return math.Sqrt(-math.Log(alpha) / 2 * float64(n+m) / (float64(n) * float64(m)))
}
