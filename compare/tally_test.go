package compare

import (
	"slices"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"pgregory.net/rapid"
)

// A percentile in a report is a bucket's bounds: they must hold the values that
// were counted, to the width that the histogram promises.
func TestHistogramBounds(t *testing.T) {
	const rounding = 1e-9 // of log and power at a bucket's border
	rapid.Check(t, func(t *rapid.T) {
		var h Histogram
		us := rapid.Int64Range(1, 1e12).Draw(t, "us")
		h.AddLatency(us)
		bucket, ok := h.Quantile(0.5)
		from, below := LatencyBounds(bucket)
		if v := float64(us); !ok || v < from*(1-rounding) || v > below*(1+rounding) || below/from > 1.0100001 {
			t.Fatalf("%d µs is in [%v, %v)", us, from, below)
		}
		var errors Histogram
		e := rapid.Float64Range(1e-300, 1e300).Draw(t, "error")
		errors.AddError(e)
		bucket, ok = errors.Quantile(1)
		if from, below = ErrorBounds(bucket); !ok || e < from*(1-rounding) || e > below*(1+rounding) {
			t.Fatalf("%g is in [%v, %v)", e, from, below)
		}
	})
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
