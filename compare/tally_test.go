package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"pgregory.net/rapid"
)

// A percentile in a report is a bucket's bounds: they must hold the values that
// were counted, to the width that the histogram promises.
func TestHistogramBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h Histogram
		us := rapid.Int64Range(1, 1.2e12).Draw(t, "us")
		h.AddLatency(us)
		bucket, ok := h.Quantile(0.5)
		from, below := LatencyBounds(bucket)
		if v := float64(us); !ok || v < from || v >= below || below/from > 1.0100001 {
			t.Fatalf("%d µs is in [%v, %v)", us, from, below)
		}
		var errors Histogram
		e := rapid.Float64Range(1e-320, 9.99e307).Draw(t, "error")
		errors.AddError(e)
		bucket, ok = errors.Quantile(1)
		if from, below = ErrorBounds(bucket); !ok || e < from || e >= below {
			t.Fatalf("%g is in [%v, %v)", e, from, below)
		}
	})
}

// Machines of two kinds judge one run together: what is counted at a border must
// not hang on the last bit of a logarithm. And buckets must leave no gap.
func TestHistogramBorders(t *testing.T) {
	for bucket := range maxLatencyBucket + 1 {
		from, below := LatencyBounds(bucket)
		if next, _ := LatencyBounds(bucket + 1); bucketOf(latencyBounds(), from, float64(bucket)-2) != bucket || below <= from || bucket < maxLatencyBucket && next != below {
			t.Fatalf("latency bucket %d is [%v, %v), the next from %v", bucket, from, below, next)
		}
		if want := math.Pow(1.01, float64(bucket)); math.Abs(from-want) > 1e-12*want {
			t.Fatalf("latency bucket %d is from %v, want %v", bucket, from, want)
		}
	}
	last := errorsPerDecade*maxErrorExponent - 1
	for bucket := minErrorBucket; bucket <= last; bucket++ {
		var h Histogram
		from, below := ErrorBounds(bucket)
		h.AddError(from)
		h.AddError(math.Nextafter(below, 0))
		if next, _ := ErrorBounds(bucket + 1); h[bucket] != 2 || below <= from || bucket < last && next != below {
			t.Fatalf("error bucket %d is [%v, %v), the next from %v; %v", bucket, from, below, next, h)
		}
		if want := math.Pow(10, float64(bucket)/errorsPerDecade); want > 1e-300 && math.Abs(from-want) > 1e-12*want {
			t.Fatalf("error bucket %d is from %v, want %v", bucket, from, want)
		}
	}
	for exponent := minErrorExponent; exponent < maxErrorExponent; exponent++ {
		var h Histogram
		if h.AddError(mustParse(fmt.Sprintf("1e%d", exponent))); h[8*exponent] != 1 {
			t.Fatalf("1e%d is in %v", exponent, h)
		}
	}
}

// What is beyond the buckets is counted all the same.
func TestHistogramEnds(t *testing.T) {
	var latency, errors Histogram
	latency.AddLatency(math.MaxInt64)
	latency.AddLatency(1)
	errors.AddError(math.MaxFloat64)
	errors.AddError(math.SmallestNonzeroFloat64)
	if !maps.Equal(latency, Histogram{0: 1, 2800: 1}) || !maps.Equal(errors, Histogram{-2560: 1, 2463: 1}) {
		t.Errorf("%v %v", latency, errors)
	}
}

// Nine million reviews of which most repeat must not take more memory than
// those that differ: a tally is merged of thousands of splits.
func TestHashSetForgetsRepeats(t *testing.T) {
	var all HashSet
	for split := range int64(1000) {
		var one HashSet
		for i := range int64(500) {
			one.Add(i*7 + split%2)
		}
		all.Union(one)
	}
	if n := cap(all.hashes); n > 20_000 {
		t.Errorf("room for %d hashes", n)
	}
	if n := all.Len(); n != 1000 {
		t.Errorf("%d of 1000 different hashes", n)
	}
}

// Whoever reduces tallies holds the sum against the plan.
func TestPlanned(t *testing.T) {
	tally := NewTally()
	tally.Model("a").Planned, tally.Model("b").Planned = 3, 4
	if n := tally.Planned(); n != 7 {
		t.Errorf("%d planned, want 7", n)
	}
}

// A latency that nobody measured must not pass for a fast answer.
func TestUnknownLatencyIsNotCounted(t *testing.T) {
	var h Histogram
	h.AddLatency(0)
	if _, ok := h.Quantile(0.5); ok || h.Count() != 0 {
		t.Errorf("counted: %v", h)
	}
}

// The nearest rank: of 100 values the 99th percentile is the 99th, not the last.
func TestQuantile(t *testing.T) {
	h := Histogram{}
	for bucket := range 100 {
		h[bucket] = 1
	}
	for q, want := range map[float64]int{0.01: 0, 0.5: 49, 0.99: 98, 1: 99} {
		if got, ok := h.Quantile(q); !ok || got != want {
			t.Errorf("quantile %v is bucket %d, want %d", q, got, want)
		}
	}
}

// Exemplars are the same few whatever the order in which exchanges come, so that
// two shards' reports show the same.
func TestExemplarsFollowFromTheExchanges(t *testing.T) {
	var all []Exemplar
	for n := range 50 {
		all = append(all, Exemplar{ID: exchange.DeriveID(epoch.Add(time.Duration(n)), []byte{byte(n)})})
	}
	var forward, backward SignatureTally
	for i := range all {
		forward.Exemplify(all[i])
		forward.Exemplify(all[i])
		backward.Exemplify(all[len(all)-1-i])
	}
	if len(forward.Exemplars) != MaxExemplars || !slices.Equal(forward.Exemplars, backward.Exemplars) {
		t.Errorf("%v\n%v", forward.Exemplars, backward.Exemplars)
	}
}
