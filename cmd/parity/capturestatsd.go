package main

import (
	"context"
	"time"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/telemetry"
)

// statsdEvery is how often a sidecar's counts are sent, as a Datadog agent sends on.
const statsdEvery = 10 * time.Second

// captureStatsd sends what the admin port's /metrics says. Counts are what came since
// they were sent last: those that an earlier process has sent are not sent again.
type captureStatsd struct {
	*telemetry.Statsd
	sidecar *capture.Sidecar
	ledger  exchange.Ledger // as it was sent last
	refused map[string]int64
	status  capture.Status
}

// newCaptureStatsd takes a sidecar before it serves.
func newCaptureStatsd(m *metrics, s *capture.Sidecar) *captureStatsd {
	if m == nil || m.statsd == nil {
		return nil
	}
	c := &captureStatsd{Statsd: m.statsd, sidecar: s, ledger: s.Ledger()}
	c.ledger.Lost -= s.LostBefore() // nobody has sent these
	return c
}

// run sends until ctx ends.
func (c *captureStatsd) run(ctx context.Context) {
	if c == nil {
		return
	}
	tick := time.NewTicker(statsdEvery)
	defer tick.Stop()
	for {
		c.send(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *captureStatsd) send(now time.Time) {
	if c == nil {
		return
	}
	l, st, refused := c.sidecar.Ledger(), c.sidecar.Status(), c.sidecar.Refused()
	count := func(name string, now, before int64, tags ...string) {
		c.Count(name, max(0, now-before), tags...) // what was recorded may turn out damaged
	}
	count(telemetry.CaptureServed, l.Served, c.ledger.Served)
	count(telemetry.CaptureRecorded, l.Recorded, c.ledger.Recorded)
	count(telemetry.CaptureSampledOut, l.SampledOut, c.ledger.SampledOut)
	count(telemetry.CaptureLost, l.Lost, c.ledger.Lost)
	// Zeros too, so that a monitor recovers.
	for _, reason := range capture.DropReasons() {
		count(telemetry.CaptureDropped, l.Dropped[reason], c.ledger.Dropped[reason], "reason:"+reason)
	}
	for _, reason := range capture.RefusalReasons() {
		count(telemetry.CaptureRefused, refused[reason], c.refused[reason], "reason:"+reason)
	}
	count(telemetry.CaptureUnknownModel, st.Unknown, c.status.Unknown)
	count(telemetry.CaptureObjects, st.Shipped, c.status.Shipped)
	count(telemetry.CaptureUploadFailures, st.ShipFailures, c.status.ShipFailures)
	c.gauges(&captureReading{Status: st, now: now})
	c.Distribution(telemetry.CaptureAdded, addedSince(st.Added, c.status.Added))
	c.Flush()
	c.ledger, c.status, c.refused = l, st, refused
}

func (c *captureStatsd) gauges(r *captureReading) {
	for name, value := range map[string]float64{
		telemetry.CaptureInFlight:      float64(r.InFlight),
		telemetry.CaptureCopyBytes:     float64(r.CopyBytes),
		telemetry.CaptureQueue:         float64(r.Pending),
		telemetry.CaptureQueueBytes:    float64(r.QueueBytes),
		telemetry.CaptureSpoolBytes:    float64(r.SpoolBytes),
		telemetry.CaptureSpoolSegments: float64(r.Unshipped),
		telemetry.CaptureUploadLag:     r.uploadLag(),
	} {
		c.Gauge(name, value)
	}
}

// addedSince are the buckets that grew, by their middles, in milliseconds.
func addedSince(now, before capture.Durations) (values []telemetry.WeightedValue) {
	from := time.Duration(0)
	for i, n := range now.Counts {
		to := 2 * from // of the last one, which has no bound
		if i < len(capture.DurationBounds) {
			to = capture.DurationBounds[i]
		}
		if grown := n - before.Counts[i]; grown > 0 {
			values = append(values, telemetry.WeightedValue{Value: float64(from+to) / 2 / float64(time.Millisecond), Count: int64(grown)})
		}
		from = to
	}
	return values
}
