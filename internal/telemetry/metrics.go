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
	// GaugeType is a level: the last value counts.
	GaugeType Type = "gauge"
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

	CaptureServed         = "parity.capture.served"
	CaptureRecorded       = "parity.capture.recorded"
	CaptureSampledOut     = "parity.capture.sampled_out"
	CaptureDropped        = "parity.capture.dropped"
	CaptureLost           = "parity.capture.lost"
	CaptureRefused        = "parity.capture.refused"
	CaptureUnknownModel   = "parity.capture.unknown_model"
	CaptureObjects        = "parity.capture.objects"
	CaptureUploadFailures = "parity.capture.upload_failures"
	CaptureInFlight       = "parity.capture.in_flight"
	CaptureCopyBytes      = "parity.capture.copy_bytes"
	CaptureQueue          = "parity.capture.queue"
	CaptureQueueBytes     = "parity.capture.queue_bytes"
	CaptureSpoolBytes     = "parity.capture.spool_bytes"
	CaptureSpoolSegments  = "parity.capture.spool_segments"
	CaptureUploadLag      = "parity.capture.upload_lag"
	CaptureAdded          = "parity.capture.added"
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
	{CaptureServed, CountType, "exchange", nil, "Exchanges that came to their end at the sidecar."},
	{CaptureRecorded, CountType, "exchange", nil, "Of these, recorded, or on the way there in the spool."},
	{CaptureSampledOut, CountType, "exchange", nil, "Of these, left out on purpose."},
	{CaptureDropped, CountType, "exchange", []string{"reason"}, "Of these, not recorded, by reason."},
	{CaptureLost, CountType, "exchange", nil, "Exchanges that were in memory when an earlier process died."},
	{CaptureRefused, CountType, "request", []string{"reason"}, "Requests that were not passed on, by reason."},
	{CaptureUnknownModel, CountType, "exchange", nil, "Exchanges whose model is not known."},
	{CaptureObjects, CountType, "object", nil, "Objects written to the recording."},
	{CaptureUploadFailures, CountType, "attempt", nil, "Attempts to write one that failed."},
	{CaptureInFlight, GaugeType, "exchange", nil, "Exchanges under way."},
	{CaptureCopyBytes, GaugeType, "byte", nil, "Memory that their copies take."},
	{CaptureQueue, GaugeType, "exchange", nil, "Exchanges that wait for the disk."},
	{CaptureQueueBytes, GaugeType, "byte", nil, "Memory that they take."},
	{CaptureSpoolBytes, GaugeType, "byte", nil, "Size of the spool's files."},
	{CaptureSpoolSegments, GaugeType, "segment", nil, "Sealed segments that wait for the store."},
	{CaptureUploadLag, GaugeType, "second", nil, "Age of the oldest of them; 0 where none waits."},
	{CaptureAdded, DistributionType, "millisecond", nil, "How long the sidecar itself held up an exchange."},
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
