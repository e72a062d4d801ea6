package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/internal/exchange"
)

func listenAdmin(addr string) (net.Listener, error) {
	if addr == "" {
		return nil, nil
	}
	return listenLoopback("--admin", addr)
}

// listenLoopback listens where only this machine can come from.
func listenLoopback(flag, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s %s: only a loopback address is allowed, as in 127.0.0.1:9090; from another machine come by `ssh -L`", flag, addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, addr, err)
	}
	return l, nil
}

// adminHandler answers while the process proxies, whatever the recorder does.
func adminHandler(s *capture.Sidecar) http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /healthz", ok)
	// About proxying alone: a store that is away, or a disk that is full, must not
	// take the old service out of rotation.
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if s.Draining() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		ok(w, r)
	})
	mux.Handle("GET /metrics", metricsHandler(s))
	mux.HandleFunc("GET /ledger", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(struct {
			exchange.Ledger
			SampledOut map[string]int64 `json:"sampled_out_by_model,omitempty"` // in this process
		}{s.Ledger(), s.SampledOut()})
	})
	return mux
}

// captureMetrics reads a sidecar's counts whenever Prometheus asks.
type captureMetrics struct{ sidecar *capture.Sidecar }

func metricsHandler(s *capture.Sidecar) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(captureMetrics{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// captureGauge is one metric of a sidecar. What is counted since the spool was
// made is a counter, too: a new spool begins at 0, as a new process would.
type captureGauge struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*captureReading) float64
}

// captureReading is what metrics are read off, at one time.
type captureReading struct {
	capture.Status
	served, recorded, sampledOut, lost int64
	now                                time.Time
}

// uploadLag is in seconds.
func (r *captureReading) uploadLag() float64 {
	if r.Oldest.IsZero() {
		return 0
	}
	return max(0, r.now.Sub(r.Oldest).Seconds())
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("parity_capture_"+name, help, labels, nil)
}

var captureGauges = []captureGauge{
	{describe("served_total", "Exchanges that came to their end."), prometheus.CounterValue, func(r *captureReading) float64 { return float64(r.served) }},
	{describe("recorded_total", "Exchanges in the recording, or on the way there in the spool."), prometheus.CounterValue, func(r *captureReading) float64 { return float64(r.recorded) }},
	{describe("sampled_out_total", "Exchanges left out on purpose."), prometheus.CounterValue, func(r *captureReading) float64 { return float64(r.sampledOut) }},
	{describe("unknown_model_total", "Exchanges whose model is not known, in this process."), prometheus.CounterValue, func(r *captureReading) float64 { return float64(r.Unknown) }},
	{describe("lost_total", "Exchanges that were in memory when an earlier process died."), prometheus.CounterValue, func(r *captureReading) float64 { return float64(r.lost) }},
	{describe("in_flight", "Exchanges under way."), prometheus.GaugeValue, func(r *captureReading) float64 { return float64(r.InFlight) }},
	{describe("copy_bytes", "Memory that the copies of exchanges under way take."), prometheus.GaugeValue, func(r *captureReading) float64 { return float64(r.CopyBytes) }},
	{describe("queue_exchanges", "Exchanges that wait for the disk."), prometheus.GaugeValue, func(r *captureReading) float64 { return float64(r.Pending) }},
	{describe("queue_bytes", "Memory that they take."), prometheus.GaugeValue, func(r *captureReading) float64 { return float64(r.QueueBytes) }},
	{describe("spool_bytes", "Size of the spool's files."), prometheus.GaugeValue, func(r *captureReading) float64 { return float64(r.SpoolBytes) }},
	{describe("spool_segments", "Sealed segments that wait for the store."), prometheus.GaugeValue, func(r *captureReading) float64 { return float64(r.Unshipped) }},
	{describe("upload_lag_seconds", "Age of the oldest segment that waits for the store; 0 where none does."), prometheus.GaugeValue, (*captureReading).uploadLag},
	{describe("objects_total", "Objects written to the recording by this process."), prometheus.CounterValue, func(r *captureReading) float64 { return float64(r.Shipped) }},
	{describe("upload_failures_total", "Attempts to write one that failed, by this process."), prometheus.CounterValue, func(r *captureReading) float64 { return float64(r.ShipFailures) }},
}

var (
	captureDropped = describe("dropped_total", "Exchanges that were served and not recorded, by reason.", "reason")
	captureRefused = describe("refused_total", "Requests that were not passed on, by reason, in this process.", "reason")
	captureAdded   = describe("added_seconds", "How long the sidecar itself held up an exchange, in this process.")
)

// Describe and Collect make it a prometheus.Collector.
func (m captureMetrics) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, out) }

// Collect reads everything once.
func (m captureMetrics) Collect(out chan<- prometheus.Metric) {
	l := m.sidecar.Ledger()
	r := &captureReading{m.sidecar.Status(), l.Served, l.Recorded, l.SampledOut, l.Lost, time.Now()}
	for _, g := range captureGauges {
		out <- prometheus.MustNewConstMetric(g.desc, g.kind, g.value(r))
	}
	// Zeros too, so that the first drop is a change.
	for _, reason := range capture.DropReasons() {
		out <- prometheus.MustNewConstMetric(captureDropped, prometheus.CounterValue, float64(l.Dropped[reason]), reason)
	}
	refused := m.sidecar.Refused()
	for _, reason := range capture.RefusalReasons() {
		out <- prometheus.MustNewConstMetric(captureRefused, prometheus.CounterValue, float64(refused[reason]), reason)
	}
	buckets, below := map[float64]uint64{}, uint64(0)
	for i, bound := range capture.DurationBounds {
		below += r.Added.Counts[i]
		buckets[bound.Seconds()] = below
	}
	out <- prometheus.MustNewConstHistogram(captureAdded, r.Added.Total(), r.Added.Sum.Seconds(), buckets)
}
