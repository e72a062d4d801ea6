package telemetry

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// maxSamples is how many messages one distribution may take.
const maxSamples = 64

// WeightedValue is a value that occurred Count times: a bucket of a histogram.
type WeightedValue struct {
	Value float64
	Count int64
}

// merge returns values in ascending order, at most limit of them. Where there
// are more, as many neighbours as it takes become one, with their counts' sum and
// their weighted mean: count and sum stay what they were, the ends of the
// distribution stay as fine as its middle, and a percentile moves by less than
// the values that became one are apart.
func merge(values []WeightedValue, limit int) ([]WeightedValue, error) {
	var sorted []WeightedValue
	for _, v := range values {
		if v.Count < 0 || math.IsNaN(v.Value) || math.IsInf(v.Value, 0) {
			return nil, fmt.Errorf("value %v with count %d: want a finite value and a count of at least 0", v.Value, v.Count)
		}
		if v.Count > 0 {
			sorted = append(sorted, v)
		}
	}
	slices.SortFunc(sorted, func(a, b WeightedValue) int { return cmp.Compare(a.Value, b.Value) })
	if len(sorted) <= limit {
		return sorted, nil
	}
	var merged []WeightedValue
	for group := range slices.Chunk(sorted, (len(sorted)+limit-1)/limit) {
		var m WeightedValue
		for _, v := range group {
			m.Count += v.Count
			m.Value += (v.Value - m.Value) * (float64(v.Count) / float64(m.Count))
		}
		merged = append(merged, m)
	}
	return merged, nil
}

// rate is the sample rate at which a receiver counts one message n times. The
// Datadog agent and statsd_exporter both cut 1/rate to an integer, so 1/n itself
// would be one short for 49, 98, 103 and other n.
func rate(n int64) float64 {
	r := 1 / float64(n)
	if int64(1/r) < n {
		r = math.Nextafter(r, 0)
	}
	return r
}
