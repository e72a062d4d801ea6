package telemetry

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Without this, a receiver would count 48 answers where 49 were judged: 1/(1/49)
// is less than 49.
func TestRateGivesTheCountBack(t *testing.T) {
	truncated := 0
	for n := int64(1); n <= 1_000_000; n++ {
		if got := int64(1 / rate(n)); got != n {
			t.Fatalf("rate(%d) is counted %d times", n, got)
		}
		if int64(1/(1/float64(n))) != n {
			truncated++
		}
	}
	if truncated == 0 {
		t.Error("1/n gives every count back: rate is not needed")
	}
	if rate(1) != 1 {
		t.Error("a single value is sent with a rate")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1<<50).Draw(t, "n")
		if got := int64(1 / rate(n)); got != n {
			t.Errorf("rate(%d) is counted %d times", n, got)
		}
	})
}

// Without this, merging could lose answers from a distribution, or move them to
// values that nothing ever had.
func TestMergeKeepsCountAndSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) WeightedValue {
			return WeightedValue{rapid.Float64Range(0, 1e6).Draw(t, "value"), rapid.Int64Range(0, 1000).Draw(t, "count")}
		}), 0, 300).Draw(t, "values")
		merged, err := merge(values, maxSamples)
		if err != nil {
			t.Fatal(err)
		}
		if len(merged) > maxSamples {
			t.Errorf("%d values", len(merged))
		}
		count, sum, _ := totals(values)
		gotCount, gotSum, ascending := totals(merged)
		if gotCount != count || math.Abs(gotSum-sum) > 1e-9*sum {
			t.Errorf("count %d and sum %v became %d and %v", count, sum, gotCount, gotSum)
		}
		if !ascending {
			t.Errorf("not ascending: %v", merged)
		}
	})
}

func totals(values []WeightedValue) (count int64, sum float64, ascending bool) {
	ascending = true
	for i, v := range values {
		count += v.Count
		sum += v.Value * float64(v.Count)
		ascending = ascending && (i == 0 || values[i-1].Value <= v.Value)
	}
	return count, sum, ascending
}

// Without this, a percentile of latency could move by more than neighbouring
// buckets are apart: the 99th percentile is what alerts are set on.
func TestMergeMovesPercentilesByLessThanTheMergedAreApart(t *testing.T) {
	var values []WeightedValue
	for i := range 100 { // merged by twos
		values = append(values, WeightedValue{float64(i), 10})
	}
	merged, err := merge(values, maxSamples)
	if err != nil {
		t.Fatal(err)
	}
	if len(merged) != 50 {
		t.Fatalf("%d values, want 50", len(merged))
	}
	for i, v := range merged {
		if want := (WeightedValue{2*float64(i) + 0.5, 20}); v != want {
			t.Errorf("value %d is %v, want %v", i, v, want)
		}
	}
}

// Without this, a NaN would go out and the receiver would drop the line unseen.
func TestMergeRefuses(t *testing.T) {
	for _, v := range []WeightedValue{{math.NaN(), 1}, {math.Inf(1), 1}, {math.Inf(-1), 1}, {1, -1}} {
		if got, err := merge([]WeightedValue{v}, maxSamples); err == nil {
			t.Errorf("%v became %v", v, got)
		}
	}
}
