package report

import (
	"maps"
	"math"

	"github.com/modelparity/parity/compare"
)

func newLedger(t *compare.ModelTally) Ledger {
	return Ledger{
		Planned: t.Planned, Match: t.Match, Noise: t.Noise, Mismatch: t.Mismatch, Missing: t.Missing,
		Unavailable: maps.Clone(t.Unavailable), Undecided: maps.Clone(t.Undecided), Skipped: maps.Clone(t.Skipped),
		Balanced: t.Balanced() && consistent(t) && consistentRecheck(t),
	}
}

// consistent says whether the sets of distinct requests go with the counts.
// They decide the verdict, so that a judge that counted a mismatch but forgot
// its request must not pass.
func consistent(t *compare.ModelTally) bool {
	exchanges, bad := int64(0), false
	for _, e := range t.Versions {
		requests, mismatched, wrong := e.Requests(), e.Mismatched.All(), differing(e)
		n, k := requests.Len(), mismatched.Len()
		if wrong.Len() > n || n > e.Exchanges || weighed(e, &requests) != n {
			return false
		}
		exchanges += e.Exchanges
		bad = bad || k > 0
	}
	_, k := t.Requests()
	return exchanges == t.Judged() && k <= t.Mismatch && bad == (t.Mismatch > 0)
}

// weighed counts the requests whose weight is known.
func weighed(e *compare.Evidence, requests *compare.HashSet) (n int64) {
	for _, s := range e.Weigh(requests) {
		n += s.Requests
	}
	return n
}

func (l *Ledger) add(o Ledger) {
	l.Planned += o.Planned
	l.Match += o.Match
	l.Noise += o.Noise
	l.Mismatch += o.Mismatch
	l.Missing += o.Missing
	for class, n := range o.Unavailable {
		compare.Count(&l.Unavailable, class, n)
	}
	for reason, n := range o.Undecided {
		compare.Count(&l.Undecided, reason, n)
	}
	for reason, n := range o.Skipped {
		compare.Count(&l.Skipped, reason, n)
	}
	l.Balanced = l.Balanced && o.Balanced // what one model has too much must not hide what another lacks
}

// judged counts the exchanges whose two answers were compared.
func (l Ledger) judged() int64 { return l.Match + l.Noise + l.Mismatch }

// sent counts the exchanges that the candidate was asked.
func (l Ledger) sent() int64 { return l.judged() + total(l.Undecided) + total(l.Unavailable) }

// accounted adds up the outcomes.
func (l Ledger) accounted() int64 {
	return l.judged() + total(l.Unavailable) + total(l.Undecided) + total(l.Skipped) + l.Missing
}

func total(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func newLatency(h compare.Histogram) Latency {
	return Latency{Count: h.Count(), P50: int64(math.Round(quantileTime(h, 0.50))), P99: int64(math.Round(quantileTime(h, 0.99))), histogram: h}
}

// quantileTime is the geometric middle of the bucket with the q-th part of the
// latencies, in microseconds; 0 where there are none.
func quantileTime(h compare.Histogram, q float64) float64 {
	b, ok := h.Quantile(q)
	if !ok {
		return 0
	}
	from, below := compare.LatencyBounds(b)
	return math.Sqrt(from * below)
}
