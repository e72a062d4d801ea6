package telemetry

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

const models = 4000

// sendModels sends what a run of 4,000 models comes to, and returns what must
// arrive.
func sendModels(s *Statsd) map[string]float64 {
	want := map[string]float64{}
	for i := range models {
		model := fmt.Sprintf("team-%d/model-%d", i%7, i)
		for k, kind := range []string{"match", "noise", "mismatch", "unavailable", "undecided", "skipped"} {
			n := int64(i*k) << (i % 32) // 0 too: a series that is known to be 0
			s.Count(CompareExchanges, n, "model:"+model, "kind:"+kind)
			want[fmt.Sprintf(`parity_compare_exchanges{kind=%q,model=%q}`, kind, model)] = float64(n)
		}
		values := []WeightedValue{{0.25, 1}, {7.5, int64(i%120 + 1)}, {50, 49}, {700, int64(i % 2)}, {2500, 98}}
		s.Distribution(CompareLatencyCandidate, values, "model:"+model)
		maps.Copy(want, histogram("parity_compare_latency_candidate", model, values))
	}
	return want
}

// histogram is what becomes of values.
func histogram(name, model string, values []WeightedValue) map[string]float64 {
	series := map[string]float64{}
	for _, v := range values {
		for _, bound := range []float64{1, 10, 100, 1000} {
			key := fmt.Sprintf(`%s_bucket{model=%q,le="%v"}`, name, model, bound)
			series[key] += 0
			if v.Value <= bound {
				series[key] += float64(v.Count)
			}
		}
		series[fmt.Sprintf(`%s_count{model=%q}`, name, model)] += float64(v.Count)
		series[fmt.Sprintf(`%s_sum{model=%q}`, name, model)] += v.Value * float64(v.Count)
	}
	return series
}

// Without this, numbers in Datadog could be lower than what was judged without
// anybody knowing: every count and every bucket, of 4,000 models.
func TestOverUnixSocketSentEqualsReceived(t *testing.T) {
	e := startExporter(t)
	s, err := OpenStatsd(StatsdOptions{Addr: "unix://" + e.Unix})
	if err != nil {
		t.Fatal(err)
	}
	want := sendModels(s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	got := e.received(t, e.Unix)
	wrong := 0
	for key, value := range want {
		if v, ok := got[key]; !ok || v != value {
			if wrong++; wrong <= 10 {
				t.Errorf("%s: sent %v, received %v", key, value, v)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d series differ", wrong, len(want))
	}
	noErrors(t, got)
}

// Without this, losses on the way could be mistaken for ours. What was sent is
// what was received plus what the kernel says that it dropped.
func TestOverUDPLossesAreCounted(t *testing.T) {
	e := startExporter(t)
	s, err := OpenStatsd(StatsdOptions{Addr: e.UDP})
	if err != nil {
		t.Fatal(err)
	}
	want := sendModels(s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	got := e.received(t, e.UDP)
	missing := 0
	for key, value := range want {
		if got[key] > value {
			t.Errorf("%s: sent %v, received %v", key, value, got[key])
		}
		if got[key] < value {
			missing++
		}
	}
	sent := s.client.GetTelemetry().TotalPayloadsSent + e.sentinels
	received := uint64(got["statsd_exporter_udp_packets_total"])
	dropped := e.dropped(t)
	if received+dropped != sent {
		t.Errorf("sent %d packets, received %d, and the kernel dropped %d", sent, received, dropped)
	}
	overrun := uint64(got["statsd_exporter_udp_packet_drops_total"])
	if lost := dropped + overrun; (lost == 0) != (missing == 0) {
		t.Errorf("%d packets were lost, and %d of %d series lack something", lost, missing, len(want))
	}
	t.Logf("of %d packets the kernel dropped %d and statsd_exporter %d; %d of %d series lack something",
		sent, dropped, overrun, missing, len(want))
	noErrors(t, got)
}

// Without this, a model's name could break the line it stands in.
func TestHostileNamesArrive(t *testing.T) {
	e := startExporter(t)
	s, err := OpenStatsd(StatsdOptions{Addr: e.Unix, Tags: []string{"run:s3://bucket/a run,1|2"}})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{
		"a,kind:b", "a|c|#x:y", "a\nparity.compare.flips:1|c", "a\"b\\c", "{a}", "", " ", "größe-模型", "\xff\xfe", "#", "@0.1",
		strings.Repeat("x", 300) + "1", strings.Repeat("x", 300) + "2",
	}
	want := map[string]float64{}
	for i, name := range names {
		s.Count(CompareMismatches, int64(i+1), "model:"+name)
		label := strings.TrimPrefix(cleanTag("model:"+name), "model:")
		want[fmt.Sprintf(`parity_compare_mismatches{model="%s",run="s3://bucket/a_run_1_2"}`, label)] += float64(i + 1)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	got := e.received(t, e.Unix)
	for key := range got {
		if strings.HasPrefix(key, "parity_compare_") && !strings.Contains(key, "sentinel") {
			if got[key] != want[key] {
				t.Errorf("%s: sent %v, received %v", key, want[key], got[key])
			}
			delete(want, key)
		}
	}
	if len(want) > 0 {
		t.Errorf("not received: %v", want)
	}
	noErrors(t, got)
}

// noErrors checks that the receiver understood every line that came.
func noErrors(t *testing.T, got map[string]float64) {
	t.Helper()
	for key, n := range got {
		switch name, _, _ := strings.Cut(key, "{"); name {
		case "statsd_exporter_sample_errors_total", "statsd_exporter_tag_errors_total", "statsd_exporter_events_conflict_total", "statsd_exporter_events_error_total":
			if n != 0 {
				t.Errorf("the receiver did not understand: %s is %v", key, n)
			}
		}
	}
}
