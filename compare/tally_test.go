package compare

import (
	"encoding/json"
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
	for bucket := range MaxLatencyBucket + 1 {
		from, below := LatencyBounds(bucket)
		if next, _ := LatencyBounds(bucket + 1); bucketOf(latencyBounds(), from, float64(bucket)-2) != bucket || below <= from || bucket < MaxLatencyBucket && next != below {
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

// Tallies merge to the same bytes only if a set is in order, whatever its size and
// wherever its hashes lie.
func TestHashSetIsInOrder(t *testing.T) {
	for _, shift := range []int{0, 1, 40, 63} {
		var set HashSet
		different := map[uint64]bool{}
		for i := range 3000 {
			h := hashString(fmt.Sprint(i%2000)) >> shift
			different[h] = true
			set.Add(int64(h))
		}
		text, err := set.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var read HashSet
		if err := read.UnmarshalText(text); err != nil {
			t.Fatal(err)
		}
		if want := slices.Sorted(maps.Keys(different)); !slices.Equal(read.hashes, want) {
			t.Errorf("of hashes shifted by %d: %d hashes, want %d in order", shift, len(read.hashes), len(want))
		}
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

// Which ways of differing are kept apart must not hang on who counted first, and a
// flip or an error status must not be lost among many ways.
func TestCombinationsFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type differs struct {
			combination string
			request     int64
		}
		var all []differs
		flips := HashSet{}
		for i := range rapid.IntRange(1, 4*MaxCombinations).Draw(t, "n") {
			signatures := []string{fmt.Sprintf("$.f%d number", i), "$.score number"}
			request := int64(rapid.IntRange(1, 50).Draw(t, "request"))
			if rapid.Bool().Draw(t, "flip") {
				signatures = append(signatures, "$.label decision")
				flips.Add(request)
			}
			all = append(all, differs{CombinationOf(signatures), request})
		}
		var whole Combinations
		for _, d := range all {
			whole.Add(d.combination, d.request)
		}
		whole.trim()
		parts := make([]Combinations, rapid.IntRange(1, 5).Draw(t, "parts"))
		for i, n := range rapid.Permutation(upTo(len(all))).Draw(t, "order") {
			part := &parts[i%len(parts)]
			part.Add(all[n].combination, all[n].request)
			if len(*part) > MaxCombinations+3 {
				part.trim()
			}
		}
		var merged Combinations
		for _, p := range parts {
			merged.merge(p)
		}
		a, b := mustJSON(t, whole), mustJSON(t, merged)
		if a != b {
			t.Fatalf("another order gives another tally:\n%s\n%s", a, b)
		}
		found := merged.Of(func(signatures []string) bool { return slices.Contains(signatures, "$.label decision") })
		if found.Len() != flips.Len() {
			t.Fatalf("%d requests flip, %d are found", flips.Len(), found.Len())
		}
	})
}

// Of an answer that differs in very many ways it must still be known that it
// flips, and that there is more.
func TestCombinationOfMany(t *testing.T) {
	signatures := []string{"$.label decision", "200→500 status"}
	for i := range 2 * MaxCombined {
		signatures = append(signatures, fmt.Sprintf("$.f%d number", i))
	}
	got := SignaturesOf(CombinationOf(signatures))
	slices.Sort(got)
	if want := []string{"$.label decision", Others, "200→500 status"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Mismatches over time must look the same however the splits were shared out.
func TestTimelineMerges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type seen struct {
			at         exchange.Timestamp
			mismatched bool
		}
		spread := rapid.Int64Range(1, 1e14).Draw(t, "spread")
		var all []seen
		for range rapid.IntRange(1, 200).Draw(t, "n") {
			at := rapid.Int64Range(-spread, spread).Filter(func(at int64) bool { return at != 0 }).Draw(t, "at")
			all = append(all, seen{exchange.Timestamp(at), rapid.Bool().Draw(t, "mismatched")})
		}
		var whole, merged Timeline
		whole.add(0, true) // it is not known when: it must not stretch the rest to 1970
		parts := make([]Timeline, rapid.IntRange(1, 5).Draw(t, "parts"))
		for i, s := range all {
			whole.add(s.at, s.mismatched)
			parts[rapid.IntRange(0, len(parts)-1).Draw(t, fmt.Sprint("part", i))].add(s.at, s.mismatched)
		}
		for _, i := range rapid.Permutation(upTo(len(parts))).Draw(t, "order") {
			merged.merge(parts[i])
		}
		if a, b := mustJSON(t, whole), mustJSON(t, merged); a != b {
			t.Fatalf("another order gives another timeline:\n%s\n%s", a, b)
		}
		judged := int64(0)
		for _, s := range whole.Steps {
			judged += s.Judged
		}
		if span := whole.Steps[len(whole.Steps)-1].At - whole.Steps[0].At; judged != int64(len(all)) || span >= MaxSteps {
			t.Fatalf("%d of %d are counted, over %d steps", judged, len(all), span)
		}
	})
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

func mustJSON(t *rapid.T, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
