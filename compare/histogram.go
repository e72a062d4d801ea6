package compare

import (
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"sync"
)

// Histogram counts values in fixed logarithmic buckets, sparse: the bucket's
// index to its count. Which bucket a value falls into depends on nothing else.
type Histogram map[int]int64

// The buckets' bounds, in rising order: a bucket holds the values from one bound
// to below the next. They are computed without logarithms and powers, because
// the last bits of those differ between processors, and a bucket must not. That
// takes some milliseconds, so it waits for the first use.
var (
	latencyBounds = sync.OnceValue(hundredths)
	errorBounds   = sync.OnceValue(eighthDecades)
)

// commonLatencies are the buckets of latencies up to 16 ms: looking one up costs a
// quarter of finding it (BenchmarkAddLatency).
var commonLatencies = sync.OnceValue(func() []uint16 {
	buckets := make([]uint16, 16<<10)
	for us := range buckets[1:] {
		buckets[us+1] = uint16(latencyBucket(int64(us + 1)))
	}
	return buckets
})

// MaxLatencyBucket is the highest bucket of latencies: 1.01^2800 µs is 14 days.
const MaxLatencyBucket = 2800

const (
	perHundredth   = 100.49917080713052 // 1 / ln 1.01
	minErrorBucket = errorsPerDecade * minErrorExponent

	errorsPerDecade                    = 8
	minErrorExponent, maxErrorExponent = -320, 308
)

// hundredths lists 1.01^0 to 1.01^(MaxLatencyBucket+1). The 256 bits of the
// products are far more than what the rounding to float64 looks at.
func hundredths() []float64 {
	number := func(n int64) *big.Float { return new(big.Float).SetPrec(256).SetInt64(n) }
	power, up, down := number(1), number(101), number(100)
	list := []float64{1}
	for range MaxLatencyBucket + 1 {
		power.Quo(power.Mul(power, up), down)
		f, _ := power.Float64()
		list = append(list, f)
	}
	return list
}

// eighthDecades lists 10^(i/8) from 1e-320 to 1e308, as the float64 nearest to
// the decimal number.
func eighthDecades() (list []float64) {
	mantissas := [errorsPerDecade]string{ // 10^(i/8)
		"1", "1.3335214321633240", "1.7782794100389228", "2.3713737056616553",
		"3.1622776601683793", "4.2169650342858225", "5.6234132519034908", "7.4989420933245583",
	}
	for exponent := minErrorExponent; exponent < maxErrorExponent; exponent++ {
		for _, m := range mantissas {
			list = append(list, mustParse(m+"e"+strconv.Itoa(exponent)))
		}
	}
	return append(list, mustParse("1e"+strconv.Itoa(maxErrorExponent)))
}

func mustParse(number string) float64 {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		panic("a number of the table: " + err.Error())
	}
	return f
}

// bucketOf is the index of the last bound that is at most v, but for the last
// bound of all, which only ends a bucket. What is outside of the table counts in
// the bucket at its end. guess is where to look first: what the logarithm says,
// whose last bits decide nothing.
func bucketOf(table []float64, v, guess float64) int {
	last := len(table) - 2
	i := int(min(max(guess, 0), float64(last)))
	for i > 0 && table[i] > v {
		i--
	}
	for i < last && table[i+1] <= v {
		i++
	}
	return i
}

// AddLatency counts a latency in microseconds, in bucket ⌊log₁.₀₁ us⌋, the
// highest of which is 2800, 14 days. 0 means that it is not known, as in some
// imports, and is not counted.
func (h *Histogram) AddLatency(us int64) {
	switch quick := commonLatencies(); {
	case us <= 0:
	case us < int64(len(quick)):
		h.add(int(quick[us]))
	default:
		h.add(latencyBucket(us))
	}
}

// dense counts latencies as AddLatency does, to be put into a Histogram later.
type dense struct {
	counts [MaxLatencyBucket + 1]uint32
	used   []uint16 // the buckets that are not 0
}

func (d *dense) add(us int64) {
	if us <= 0 {
		return
	}
	bucket := 0
	if quick := commonLatencies(); us < int64(len(quick)) {
		bucket = int(quick[us])
	} else {
		bucket = latencyBucket(us)
	}
	if d.counts[bucket]++; d.counts[bucket] == 1 {
		d.used = append(d.used, uint16(bucket))
	}
}

// into adds all to h, and begins anew.
func (d *dense) into(h *Histogram) {
	if *h == nil && len(d.used) > 0 {
		*h = make(Histogram, len(d.used))
	}
	for _, bucket := range d.used {
		(*h)[int(bucket)] += int64(d.counts[bucket])
		d.counts[bucket] = 0
	}
	d.used = d.used[:0]
}

func latencyBucket(us int64) int {
	v := float64(us)
	return bucketOf(latencyBounds(), v, math.Log(v)*perHundredth)
}

// AddError counts an absolute error above 0, in bucket ⌊8·log₁₀ e⌋, which is
// from -2560 to 2463.
func (h *Histogram) AddError(e float64) {
	if e > 0 && !math.IsInf(e, 0) {
		h.add(minErrorBucket + bucketOf(errorBounds(), e, errorsPerDecade*math.Log10(e)-minErrorBucket))
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
	return bounds(latencyBounds(), bucket)
}

// ErrorBounds are the errors from which and below which a bucket counts.
func ErrorBounds(bucket int) (from, below float64) {
	return bounds(errorBounds(), bucket-minErrorBucket)
}

// bounds takes indexes outside of the table, which only a damaged tally has,
// for those at its ends.
func bounds(table []float64, i int) (from, below float64) {
	i = min(max(i, 0), len(table)-2)
	return table[i], table[i+1]
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
