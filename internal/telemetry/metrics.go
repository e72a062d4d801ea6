package telemetry

import (
	"fmt"
	"slices"
	"strings"
)

// Type is what a receiver makes of a metric's values.
type Type string

const (
	// CountType is added up.
	CountType Type = "count"
	// DistributionType is kept as a histogram: counts, sums and percentiles.
	DistributionType Type = "distribution"
)

// Metric is one metric that Parity sends.
type Metric struct {
	Name string
	Type Type
	Unit string
	Tags []string // keys; what StatsdOptions.Tags adds comes on top
	Help string
}

// The names of the metrics.
const (
	CompareExchanges        = "parity.compare.exchanges"
	CompareMismatches       = "parity.compare.mismatches"
	CompareDeltas           = "parity.compare.deltas"
	CompareFlips            = "parity.compare.flips"
	CompareError            = "parity.compare.error"
	CompareLatencyReference = "parity.compare.latency.reference"
	CompareLatencyCandidate = "parity.compare.latency.candidate"
)

// RunTag is the key of the tag that tells runs apart. It is sent on request
// only: Datadog bills every combination of tags, so each run would cost as much
// as all models together.
const RunTag = "run"

// Metrics are all metrics that Parity sends; Statsd sends no others, and
// deploy/datadog shows all of them.
var Metrics = []Metric{
	{
		CompareExchanges, CountType, "exchange",
		[]string{"model", "kind"},
		"Exchanges by outcome: match, noise, mismatch, unavailable, undecided or skipped.",
	},
	{
		CompareMismatches, CountType, "exchange",
		[]string{"model"},
		"Exchanges whose answers differ by more than the rules allow.",
	},
	{
		CompareDeltas, CountType, "delta",
		[]string{"model", "kind"},
		"Differences by kind: number, missing, order and so on; an exchange may have many.",
	},
	{
		CompareFlips, CountType, "exchange",
		[]string{"model"},
		"Exchanges where what the business acts on (label, argmax, threshold) turned over.",
	},
	{
		CompareError, DistributionType, "",
		[]string{"model"},
		"Errors of the numbers that differ.",
	},
	{
		CompareLatencyReference, DistributionType, "millisecond",
		[]string{"model"},
		"How long the old system took to answer.",
	},
	{
		CompareLatencyCandidate, DistributionType, "millisecond",
		[]string{"model"},
		"How long the candidate took to answer.",
	},
}

// checkMetric says why a metric of this name and type with these tags is not in
// Metrics.
func checkMetric(name string, kind Type, tags []string) error {
	i := slices.IndexFunc(Metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return fmt.Errorf("no metric is called %s", name)
	}
	if Metrics[i].Type != kind {
		return fmt.Errorf("metric %s is a %s, not a %s", name, Metrics[i].Type, kind)
	}
	for _, tag := range tags {
		if key, _, _ := strings.Cut(tag, ":"); !slices.Contains(Metrics[i].Tags, key) {
			return fmt.Errorf("metric %s has no tag %q", name, key)
		}
	}
	return nil
}
