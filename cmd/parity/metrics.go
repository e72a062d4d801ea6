package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/telemetry"
)

// metricsFlags say where metrics go.
type metricsFlags struct {
	addr   string
	tags   []string
	models int
}

func (f *metricsFlags) register(cmd *cobra.Command) {
	f.registerReceiver(cmd)
	cmd.Flags().IntVar(&f.models, "statsd-models", 1000, "give at most `N` models a tag of their own; the others share model:other")
}

// registerReceiver is register for metrics that have no models.
func (f *metricsFlags) registerReceiver(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.addr, "statsd", "", "send metrics to this DogStatsD `ADDR`: unix:///path or host:port (default: $DD_DOGSTATSD_URL or $DD_AGENT_HOST, else none)")
	cmd.Flags().StringArrayVar(&f.tags, "statsd-tag", nil, "a `TAG` on every metric, as run:nightly; each value of one is billed as series of its own")
}

func (f *metricsFlags) open(a *app) (*metrics, error) {
	if f.models < 0 {
		return nil, fmt.Errorf("--statsd-models %d: must be 0 (no bound) or more", f.models)
	}
	s, err := telemetry.OpenStatsd(telemetry.StatsdOptions{Addr: f.addr, Tags: f.tags})
	switch {
	case err != nil && f.addr == "": // nobody asked for it here
		fmt.Fprintf(a.stderr, "warning: metrics: no metrics are sent to what DD_DOGSTATSD_URL or DD_AGENT_HOST names: %v\n", err)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("--statsd %s: %w", f.addr, err)
	}
	return &metrics{statsd: s, models: telemetry.Cardinality{Max: f.models}}, nil
}

// metrics turns tallies into metrics.
type metrics struct {
	statsd *telemetry.Statsd
	models telemetry.Cardinality
}

// send sends what a split's tally says. Zeros of ratios' numerators are sent
// too, so that a monitor recovers.
func (m *metrics) send(t *compare.Tally) {
	if m == nil || m.statsd == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(t.Models)) {
		m.sendModel("model:"+m.models.Tag(name), t.Models[name])
	}
}

func (m *metrics) sendModel(model string, t *compare.ModelTally) {
	s := m.statsd
	for _, outcome := range []struct {
		kind  compare.Outcome
		count int64
	}{
		{compare.Match, t.Match},
		{compare.Noise, t.Noise},
		{compare.Mismatch, t.Mismatch},
		{compare.Unavailable, total(t.Unavailable)},
		{compare.Undecided, total(t.Undecided)},
		{compare.Skipped, total(t.Skipped)},
	} {
		if outcome.count > 0 {
			s.Count(telemetry.CompareExchanges, outcome.count, model, "kind:"+string(outcome.kind))
		}
	}
	s.Count(telemetry.CompareMismatches, t.Mismatch, model)
	s.Count(telemetry.CompareFlips, t.Flips, model)
	deltas, errors := map[string]int64{}, compare.Histogram{}
	for _, sig := range t.Signatures {
		deltas[string(sig.Kind)] += sig.Deltas
		errors.Merge(sig.Errors)
	}
	for _, kind := range slices.Sorted(maps.Keys(deltas)) {
		s.Count(telemetry.CompareDeltas, deltas[kind], model, "kind:"+kind)
	}
	s.Distribution(telemetry.CompareError, weighted(errors, compare.ErrorBounds, 1), model)
	s.Distribution(telemetry.CompareLatencyReference, weighted(t.ReferenceLatency, compare.LatencyBounds, 1e-3), model)
	s.Distribution(telemetry.CompareLatencyCandidate, weighted(t.CandidateLatency, compare.LatencyBounds, 1e-3), model)
}

// weighted lists a histogram's buckets by their middles, in another unit.
func weighted(h compare.Histogram, bounds func(int) (from, below float64), unit float64) []telemetry.WeightedValue {
	var out []telemetry.WeightedValue
	for _, bucket := range slices.SortedFunc(maps.Keys(h), func(a, b int) int { return cmp.Compare(a, b) }) {
		from, below := bounds(bucket)
		out = append(out, telemetry.WeightedValue{Value: (from + (below-from)/2) * unit, Count: h[bucket]})
	}
	return out
}

// closeMetrics says what was lost; the judgement does not depend on it.
func (a *app) closeMetrics(m *metrics) {
	if m == nil {
		return
	}
	if err := m.statsd.Close(); err != nil {
		fmt.Fprintf(a.stderr, "warning: metrics: %v\n", err)
	}
}
