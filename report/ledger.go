package report

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/modelparity/parity/compare"
)

func newLedger(t *compare.ModelTally) Ledger {
	return Ledger{
		Planned: t.Planned, Match: t.Match, Noise: t.Noise, Mismatch: t.Mismatch, Missing: t.Missing,
		Unavailable: maps.Clone(t.Unavailable), Undecided: maps.Clone(t.Undecided), Skipped: maps.Clone(t.Skipped),
		Balanced: t.Balanced() && consistent(t),
	}
}

// consistent says whether the sets of distinct requests go with the counts.
// They decide the verdict, so that a judge that counted a mismatch but forgot
// its request must not pass.
func consistent(t *compare.ModelTally) bool {
	n, k := t.Requests.Len(), t.Mismatched.Len()
	return k <= n && n <= t.Judged() && k <= t.Mismatch && (k > 0) == (t.Mismatch > 0)
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

func newSignatures(tallies map[string]*compare.SignatureTally) []Signature {
	var list []Signature
	for _, t := range tallies {
		list = append(list, Signature{
			Path: t.Path, Kind: t.Kind, Deltas: t.Deltas, Exchanges: t.Exchanges,
			Errors: newBuckets(t.Errors), Exemplars: append([]compare.Exemplar{}, t.Exemplars...),
		})
	}
	slices.SortFunc(list, func(a, b Signature) int {
		return cmp.Or(cmp.Compare(b.Exchanges, a.Exchanges), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}

func newBuckets(h compare.Histogram) []Bucket {
	var list []Bucket
	for _, b := range slices.Sorted(maps.Keys(h)) {
		from, below := compare.ErrorBounds(b)
		list = append(list, Bucket{From: round(from), Below: round(below), Count: h[b]})
	}
	return list
}

func newLatency(h compare.Histogram) Latency {
	quantile := func(q float64) int64 {
		b, ok := h.Quantile(q)
		if !ok {
			return 0
		}
		from, below := compare.LatencyBounds(b)
		return int64(math.Round(math.Sqrt(from * below)))
	}
	return Latency{Count: h.Count(), P50: quantile(0.50), P99: quantile(0.99)}
}
