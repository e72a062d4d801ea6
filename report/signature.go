package report

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/modelparity/parity/compare"
)

// Signature counts the deltas of one kind at one path.
type Signature struct {
	Path      string       `json:"path"`
	Kind      compare.Kind `json:"kind"`
	Deltas    int64        `json:"deltas"`
	Exchanges int64        `json:"exchanges"`       // with at least one such delta
	Noise     int64        `json:"noise,omitempty"` // of these, where all such deltas are noise
	// ControlRate is the share of the control's exchanges with such a delta: how
	// often the old system differs from itself.
	ControlRate float64            `json:"control_rate,omitempty"`
	AbsError    Sizes              `json:"abs_error,omitzero"` // of numbers
	RelError    Sizes              `json:"rel_error,omitzero"`
	Errors      []Bucket           `json:"errors,omitempty"` // absolute errors of numbers, smallest first
	First       time.Time          `json:"first,omitzero"`   // of the exchanges with such a delta
	Last        time.Time          `json:"last,omitzero"`
	Exemplars   []compare.Exemplar `json:"exemplars"`

	tally *compare.SignatureTally // for the page
}

// Sizes are the middle, the far end and the largest of errors. The first two
// come from buckets an eighth of a decade wide, so that they are within 16 %.
type Sizes struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Bucket counts the values v with From ≤ v < Below.
type Bucket struct {
	From  float64 `json:"from"`
	Below float64 `json:"below"`
	Count int64   `json:"count"`
}

// differing counts the exchanges in which the difference is more than noise.
func (s Signature) differing() int64 { return s.Exchanges - s.Noise }

// newSignatures lists them; noise is nil where there is nothing to hold them
// against.
func newSignatures(tallies map[string]*compare.SignatureTally, noise *compare.ModelProfile) []Signature {
	var list []Signature
	for name, t := range tallies {
		list = append(list, Signature{
			Path: t.Path, Kind: t.Kind, Deltas: t.Deltas, Exchanges: t.Exchanges, Noise: t.Noise, ControlRate: controlRate(noise, name),
			AbsError: newSizes(t.Errors, t.MaxAbs), RelError: newSizes(t.RelErrors, t.MaxRel), Errors: newBuckets(t.Errors),
			First: moment(t.First), Last: moment(t.Last), Exemplars: append([]compare.Exemplar{}, t.Exemplars...), tally: t,
		})
	}
	slices.SortFunc(list, func(a, b Signature) int {
		return cmp.Or(cmp.Compare(b.differing(), a.differing()), cmp.Compare(b.Exchanges, a.Exchanges),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}

func controlRate(noise *compare.ModelProfile, signature string) float64 {
	if noise == nil || noise.Signatures[signature] == nil {
		return 0
	}
	return share(noise.Signatures[signature].Exchanges, noise.Judged)
}

func newSizes(h compare.Histogram, largest float64) Sizes {
	return Sizes{min(quantileOf(h, 0.5), round(largest)), min(quantileOf(h, 0.99), round(largest)), round(largest)}
}

// quantileOf is the geometric middle of the bucket with the q-th part of errors.
func quantileOf(h compare.Histogram, q float64) float64 {
	b, ok := h.Quantile(q)
	if !ok {
		return 0
	}
	from, below := compare.ErrorBounds(b)
	return round(math.Sqrt(from) * math.Sqrt(below))
}

func newBuckets(h compare.Histogram) []Bucket {
	var list []Bucket
	for _, b := range slices.Sorted(maps.Keys(h)) {
		from, below := compare.ErrorBounds(b)
		list = append(list, Bucket{From: round(from), Below: round(below), Count: h[b]})
	}
	return list
}
