package report

import (
	"math"

	"github.com/modelparity/parity/compare"
)

// effective is a number of distinct requests and how many of them differ, as the
// bounds see them: where all were recorded with one probability, the counts
// themselves.
//
// A request that was recorded with probability p stands for w = 1/p of them. Such
// a sample counts as
//
//	n = Σ w / max w        k = Σ w of those that differ / max w
//
// so that k/n is the rate of the traffic (Horvitz and Thompson, "A generalization
// of sampling without replacement from a finite universe", Journal of the
// American Statistical Association 47 (1952), 663–685), and a request of the
// rarest kind counts as one. The bounds are Clopper and Pearson's with these as
// real parameters of the beta distribution, as Korn and Graubard do it
// ("Confidence intervals for proportions with small expected number of positive
// counts estimated from survey data", Survey Methodology 24 (1998), 193–201).
//
// They take an effective size by the variance of the estimate. Without one it
// would be Kish's, (Σw)²/Σw². Where stratum i has the share W_i of the traffic and
// n_i requests, each moves the rate by W_i/n_i, its weight over Σw, and
//
//	Kish's  n = 1 / Σ W_i·(W_i/n_i)        ours  n = 1 / max (W_i/n_i)
//
// Kish's averages these steps over the traffic, which is right where mismatches
// lie as the traffic does. Where all lie in the rarest stratum, the rate moves by
// its step, which is larger than the average, and bounds that count on the
// average miss. By ours k of its n_r requests are expected to be n·rate, of n_r
// trials in the place of n, the lower tail of which is the lighter (Hoeffding, "On
// the distribution of the number of successes in independent trials", Annals of
// Mathematical Statistics 27 (1956), 713–721); what lies in other strata comes in
// smaller steps yet. It is the careful form of the gamma bound for weighted
// counts, which adds the largest weight at the upper end (Fay and Feuer,
// "Confidence intervals for directly standardized rates", Statistics in Medicine
// 16 (1997), 791–801). TestPassKeepsItsPromise holds it to that, where Kish's fails.
//
// Of a stratum of which nothing was recorded nothing is known.
type effective struct{ n, k float64 }

// weight adds up how much requests weigh, the rarest one as 1: rarest is the
// highest weight class of all that was planned, for what has no verdict yet may
// weigh as much. The conversion keeps compilers from fusing the operations, which
// rounds otherwise.
func weight(strata []compare.Stratum, rarest int) (sum float64) {
	for _, s := range strata {
		sum += float64(float64(s.Requests) * (compare.Weight(s.Class) / compare.Weight(rarest)))
	}
	return sum
}

// rate is the share of the traffic.
func (e effective) rate() float64 {
	if e.n == 0 {
		return 0
	}
	return round(e.k / e.n)
}

// weighed says that requests were recorded with several probabilities.
func (m *Model) weighed() bool { return m.Effective != float64(m.Requests) }

// real turns a number of effective requests into one of requests, at the same mix.
func (m *Model) real(more int64) int64 {
	if m.Effective == 0 || !m.weighed() {
		return more
	}
	return int64(math.Ceil(float64(more) * (float64(m.Requests) / m.Effective)))
}
