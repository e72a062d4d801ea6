package compare

import (
	"maps"
	"math"
	"slices"
)

// Histogram counts values in fixed logarithmic buckets, sparse: the bucket's
// index to its count. Which bucket a value falls into depends on nothing else.
type Histogram map[int]int64

// The widths of the buckets.
const (
	latencyBase     = 1.01 // 1 % wide
	errorsPerDecade = 8
)

// AddLatency counts a latency in microseconds, in bucket ⌊log₁.₀₁ us⌋. 0 means
// that it is not known, as in some imports, and is not counted.
func (h *Histogram) AddLatency(us int64) {
	if us > 0 {
		h.add(int(math.Floor(math.Log(float64(us)) / math.Log(latencyBase))))
	}
}

// AddError counts an absolute error above 0, in bucket ⌊8·log₁₀ e⌋.
func (h *Histogram) AddError(e float64) {
	if e > 0 && !math.IsInf(e, 0) {
		h.add(int(math.Floor(errorsPerDecade * math.Log10(e))))
	}
}

func (h *Histogram) add(bucket int) {
	if *h == nil {
		*h = Histogram{}
	}
	(*h)[bucket]++
}

// Merge adds all of o.
func (h *Histogram) Merge(o Histogram) {
	for b, n := range o {
		if *h == nil {
			*h = Histogram{}
		}
		(*h)[b] += n
	}
}

// LatencyBounds are the microseconds from which and below which a bucket counts.
func LatencyBounds(bucket int) (from, below float64) {
	return math.Pow(latencyBase, float64(bucket)), math.Pow(latencyBase, float64(bucket+1))
}

// ErrorBounds are the errors from which and below which a bucket counts.
func ErrorBounds(bucket int) (from, below float64) {
	return math.Pow(10, float64(bucket)/errorsPerDecade), math.Pow(10, float64(bucket+1)/errorsPerDecade)
}

// Count is the number of values.
func (h Histogram) Count() (n int64) {
	for _, c := range h {
		n += c
	}
	return n
}

// Quantile returns the bucket that holds the q-th part of the values, 0 to 1,
// by the nearest-rank method; false where there are none.
func (h Histogram) Quantile(q float64) (bucket int, ok bool) {
	rank, seen := int64(math.Ceil(q*float64(h.Count()))), int64(0)
	for _, b := range slices.Sorted(maps.Keys(h)) {
		if seen += h[b]; seen >= rank {
			return b, true
		}
	}
	return 0, false
}
