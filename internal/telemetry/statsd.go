package telemetry

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/DataDog/datadog-go/v5/statsd"
)

const (
	// Bytes a packet may have. datadog-go reckons 18 for a sample rate, which
	// takes up to 37, and has overrun its limit by other fields before (its issue
	// 368); what a receiver has no room for it cuts. Hence the room to spare under
	// what an Ethernet frame carries and what a Datadog agent reads.
	spare     = 64
	udpPacket = statsd.OptimalUDPPayloadSize - spare
	udsPacket = statsd.DefaultMaxAgentPayloadSize - spare

	// datadog-go drops a packet for which its queue has no place. A packet holds
	// at least one metric, so a queue that is emptied each time that so many
	// metrics were sent never fills up.
	flushEvery = 64
	queueSize  = 4 * flushEvery // its own telemetry has to fit in too

	// How long a Unix socket may take to accept a packet, and how long nothing is
	// sent after a packet was lost: a receiver that hangs or is gone must not
	// hold up the work that is being measured.
	writeTimeout = 5 * time.Second
	pause        = 30 * time.Second
)

// StatsdOptions says where metrics go.
type StatsdOptions struct {
	// Addr is host:port for UDP, and unix:///path or /path for a Unix datagram
	// socket, unixstream:///path for a stream. Empty takes DD_DOGSTATSD_URL, or
	// DD_AGENT_HOST with DD_DOGSTATSD_PORT; where these are not set either,
	// nothing is sent.
	Addr string
	// Tags are key:value, on every metric. DD_ENV, DD_SERVICE and DD_VERSION come
	// on top.
	Tags []string
}

// Statsd sends metrics to a DogStatsD receiver: a Datadog agent, statsd_exporter,
// Vector. It sends those of Metrics and no others. A nil *Statsd sends nothing.
// It may be used by several goroutines.
//
// Over a Unix socket what is not accepted is known, and Close says it. Over UDP
// packets get lost unseen: bursts outrun the receiver's buffer even on one
// machine.
type Statsd struct {
	client *statsd.ClientDirect
	addr   string

	mu        sync.Mutex
	unflushed int       // metrics since the queue was empty
	lost      uint64    // packets, when the queue was last empty
	resume    time.Time // until then nothing is sent
	unsent    int       // metrics, because of resume
	refused   int       // metrics
	refusal   error     // why, of the first

	failure sync.Once
	failed  error // why the first packet was lost
}

// OpenStatsd prepares to send metrics. It returns nil where there is nothing to
// send them to. That nobody listens is seen when sending, not here.
func OpenStatsd(o StatsdOptions) (*Statsd, error) {
	addr := cmp.Or(o.Addr, os.Getenv("DD_DOGSTATSD_URL"), os.Getenv("DD_AGENT_HOST"))
	if addr == "" {
		return nil, nil
	}
	if strings.HasPrefix(o.Addr, "/") {
		o.Addr = statsd.UnixAddressPrefix + o.Addr
	}
	for _, tag := range o.Tags {
		if key, _, ok := strings.Cut(tag, ":"); !ok || key == "" {
			return nil, fmt.Errorf("statsd tag %q: want key:value", tag)
		}
	}
	packet := udpPacket
	if strings.HasPrefix(addr, "unix") || strings.HasPrefix(addr, "/") {
		packet = udsPacket
	}
	s := &Statsd{addr: addr}
	// Counts are sums of a split already, so nothing is won by aggregating them
	// again for seconds, and a worker that is killed would lose more of them. The
	// container's tags would multiply series: a run's workers are many and alike.
	client, err := statsd.NewDirect(
		o.Addr,
		statsd.WithTags(cleanTags(o.Tags)),
		statsd.WithoutClientSideAggregation(),
		statsd.WithoutOriginDetection(),
		statsd.WithMaxBytesPerPayload(packet),
		statsd.WithSenderQueueSize(queueSize),
		statsd.WithBufferPoolSize(queueSize),
		statsd.WithWorkersCount(1),
		statsd.WithWriteTimeout(writeTimeout),
		statsd.WithErrorHandler(func(err error) { s.failure.Do(func() { s.failed = err }) }),
	)
	if err != nil {
		return nil, fmt.Errorf("send metrics to %s: %w", addr, err)
	}
	s.client = client
	return s, nil
}

// Count adds value to a count of Metrics. A tag is key:value, with the keys that
// Metrics lists; characters that receivers don't keep become underscores.
func (s *Statsd) Count(name string, value int64, tags ...string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := checkMetric(name, CountType, tags)
	if value < 0 {
		err = errors.Join(err, fmt.Errorf("metric %s is counted down by %d", name, -value))
	}
	if err != nil {
		s.refuse(err)
		return
	}
	clean := cleanTags(tags)
	s.send(func() error { return s.client.Count(name, value, clean, 1) })
}

// Gauge sets a gauge of Metrics. Tags are as for Count.
func (s *Statsd) Gauge(name string, value float64, tags ...string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := checkMetric(name, GaugeType, tags); err != nil {
		s.refuse(err)
		return
	}
	clean := cleanTags(tags)
	s.send(func() error { return s.client.Gauge(name, value, clean, 1) })
}

// Distribution adds values to a distribution of Metrics, each as often as its
// count says. At most 64 messages are sent, each with the rate at which the
// receiver counts it so many times; more values than that are merged with
// their neighbours (see merge). Tags are as for Count.
//
// statsd_exporter does as much work for a message as its count says, so counts
// should be those of a split, not of a run of millions.
func (s *Statsd) Distribution(name string, values []WeightedValue, tags ...string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := checkMetric(name, DistributionType, tags); err != nil {
		s.refuse(err)
		return
	}
	samples, err := merge(values, maxSamples)
	if err != nil {
		s.refuse(fmt.Errorf("metric %s: %w", name, err))
		return
	}
	clean := cleanTags(tags)
	for _, v := range samples {
		// Not Distribution: that would throw dice by the rate once more.
		s.send(func() error {
			return s.client.DistributionSamples(name, []float64{v.Value}, clean, rate(v.Count))
		})
	}
}

// send writes one metric, and waits now and then until all is written out.
func (s *Statsd) send(write func() error) {
	if time.Now().Before(s.resume) {
		s.unsent++
		return
	}
	if err := write(); err != nil {
		s.refuse(err)
		return
	}
	if s.unflushed++; s.unflushed >= flushEvery {
		s.flush()
	}
}

// Flush sends what waits to be sent.
func (s *Statsd) Flush() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
}

func (s *Statsd) flush() {
	_ = s.client.Flush() // errors only without a client
	s.unflushed = 0
	if lost := s.client.GetTelemetry().TotalPayloadsDropped; lost > s.lost {
		s.lost, s.resume = lost, time.Now().Add(pause)
	}
}

func (s *Statsd) refuse(why error) {
	if s.refused == 0 {
		s.refusal = why
	}
	s.refused++
}

// Close sends what is left. The error says what was not sent, in packets of many
// metrics, and why; packets that UDP lost on the way nobody can count here.
func (s *Statsd) Close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.client.Close()
	if t := s.client.GetTelemetry(); t.TotalPayloadsDropped > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d packets with %d bytes of metrics were lost, and %d metrics not sent in the %s after such a loss: %w",
			t.TotalPayloadsDropped, t.TotalPayloadsDropped+t.TotalPayloadsSent, t.TotalBytesDropped, s.unsent, pause, s.failed))
	}
	if s.refused > 0 {
		err = errors.Join(err, fmt.Errorf("%d metrics were refused, the first because %w", s.refused, s.refusal))
	}
	if err != nil {
		return fmt.Errorf("send metrics to %s: %w", s.addr, err)
	}
	return nil
}
