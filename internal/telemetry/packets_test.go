package telemetry

import (
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// receive collects the packets that come to a socket, until it is closed.
func receive(t *testing.T, conn net.PacketConn) (stop func() [][]byte) {
	var packets [][]byte
	var reader sync.WaitGroup
	reader.Go(func() {
		buf := make([]byte, 1<<16)
		for {
			n, _, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if string(buf[:n]) == "stop" {
				return
			}
			packets = append(packets, append([]byte(nil), buf[:n]...))
		}
	})
	return func() [][]byte {
		c, err := net.Dial(conn.LocalAddr().Network(), conn.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte("stop")); err != nil {
			t.Fatal(err)
		}
		reader.Wait()
		conn.Close()
		return packets
	}
}

func listenUnixgram(t *testing.T) (net.PacketConn, string) {
	dir, err := os.MkdirTemp("", "statsd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	conn, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	return conn, path
}

var sample = regexp.MustCompile(`^parity\.compare\.error:[0-9.]+\|d(\|@0\.[0-9]+)?\|#env:test,model:[xy]+$`)

// Without this, packets could be longer than the receiver reads, and be cut in
// the middle of a metric (datadog-go issue 368). Sample rates of 20 and more
// digits fill packets past what datadog-go itself reckons.
func TestStatsdPacketsFit(t *testing.T) {
	withoutDatadog(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	conn, path := listenUnixgram(t)
	stop := receive(t, conn)
	s, err := OpenStatsd(StatsdOptions{Addr: path, Tags: []string{"env:test"}})
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for i := range 2000 {
		values := []WeightedValue{{math.Pi, 49_999}, {2, 1_999_999_999}, {3, 1}}
		s.Distribution(CompareError, values, "model:"+strings.Repeat("xy", 1+i%97))
		sent += len(values)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	received := 0
	for _, packet := range stop() {
		if len(packet) > 8192 {
			t.Errorf("a packet of %d bytes", len(packet))
		}
		for line := range strings.Lines(string(packet)) {
			received++
			if !sample.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Fatalf("not a whole metric: %q", line)
			}
		}
	}
	if received != sent {
		t.Errorf("sent %d metrics, received %d", sent, received)
	}
}

// Without this, UDP packets would be fragmented on an ordinary network, and the
// loss of one fragment would be the loss of all.
func TestStatsdPacketsFitUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := receive(t, conn)
	s, err := OpenStatsd(StatsdOptions{Addr: conn.LocalAddr().String(), Tags: []string{"env:test"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		s.Distribution(CompareError, []WeightedValue{{math.Pi, 49_999}}, "model:"+strings.Repeat("xy", 1+i%97))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	packets := stop()
	if len(packets) == 0 {
		t.Error("nothing was received")
	}
	for _, packet := range packets {
		if len(packet) > 1432 {
			t.Errorf("a packet of %d bytes", len(packet))
		}
	}
}

// Without this, several goroutines that send could overrun the queue in between
// and lose packets without a socket having refused any.
func TestStatsdManySenders(t *testing.T) {
	conn, path := listenUnixgram(t)
	stop := receive(t, conn)
	s, err := OpenStatsd(StatsdOptions{Addr: "unix://" + path})
	if err != nil {
		t.Fatal(err)
	}
	const senders, each = 8, 2000
	var done sync.WaitGroup
	for i := range senders {
		done.Go(func() {
			for range each {
				s.Count(CompareFlips, 1, fmt.Sprintf("model:m%d", i))
			}
		})
	}
	done.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	received := 0
	for _, packet := range stop() {
		received += strings.Count(string(packet), "\n")
	}
	if received != senders*each {
		t.Errorf("sent %d metrics, received %d", senders*each, received)
	}
}
