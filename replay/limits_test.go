package replay

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"golang.org/x/sync/errgroup"
)

// These tests are about what does *not* happen: a request more than allowed.
// In a synctest bubble one can wait until nothing can happen any more, so
// they need no sleep and can't pass by being early. A bubble can't see into
// the kernel: connections are pipes here, and all else is real.

// servePipes serves h over pipes to s, until the test's end.
func servePipes(t *testing.T, s *Sender, h http.HandlerFunc) {
	listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: h}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	s.client.(*httpClient).transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case listener.conns <- theirs:
			return ours, nil
		case <-listener.closed:
			return nil, net.ErrClosed
		}
	}
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// One answer that takes long must neither stop the others nor make memory grow
// with the split: requests and answers that wait go to the disk, and come back
// as they were.
func TestWhatWaitsGoesToTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t, Options{Target: "http://127.0.0.1", Concurrency: 2})
		s.memory.limit = 5000
		release := make(chan struct{})
		servePipes(t, s, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if r.URL.Query().Get("n") == "0" {
				<-release
			}
			w.Write(bytes.Repeat(body, 100))
		})
		rows, done := recording(200), make(chan []exchange.Exchange)
		go func() {
			got, _ := replay(t, s, rows...)
			done <- got
		}()
		synctest.Wait()
		if p := s.Progress(); p.Sent != 199 || p.InFlight != 1 {
			t.Errorf("behind a slow head: %+v", p)
		}
		if n := s.memory.taken.Load() - 200*taskBytes; n > s.memory.limit {
			t.Errorf("%d bytes wait in memory", n)
		}
		close(release)
		for i, e := range <-done {
			if want := bytes.Repeat(rows[i].Request.Body, 100); !bytes.Equal(e.Candidate.Body, want) || !bytes.Contains(e.Candidate.Headers, []byte("date")) {
				t.Fatalf("row %d: %d bytes %.50q, headers %q", i, len(e.Candidate.Body), e.Candidate.Body, e.Candidate.Headers)
			}
		}
		if n := s.memory.taken.Load(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	})
}

// The bytes of waiting answers are bounded by their lengths: a buffer that is
// mostly empty would let memory grow past that, many times for small answers.
func TestBodiesHoldNoSpareRoom(t *testing.T) {
	for _, n := range []int{0, 1, 100, 511, 513, 1500, 5000, 70_000} {
		for _, announced := range []int64{-1, int64(n)} {
			var a exchange.Answer
			res := &http.Response{StatusCode: 200, ContentLength: announced, Body: io.NopCloser(bytes.NewReader(make([]byte, n)))}
			if err := readAnswer(res, 1<<20, &a, nil); err != nil || len(a.Body) != n || a.Body == nil {
				t.Fatalf("%d bytes: %d, %v", n, len(a.Body), err)
			}
			if c := cap(a.Body); c > max(16, 2*n) {
				t.Errorf("%d bytes of an announced %d take %d", n, announced, c)
			}
		}
	}
}

// An answer that begins and never ends must not hold its slot for ever. What
// came of its body is not kept, or it would be judged.
func TestAnswerThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t, Options{Target: "http://127.0.0.1", Timeout: time.Minute})
		servePipes(t, s, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(20 * time.Second)
			w.Write([]byte("half of "))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		rows, _ := replay(t, s, recorded(0))
		c := rows[0].Candidate
		if c.Failure != exchange.Timeout || c.Status != 200 || c.Body != nil || c.Error != context.DeadlineExceeded.Error() {
			t.Errorf("got %+v", c)
		}
		// The bubble's clock moves only when nothing else can: these are exact.
		if c.FirstByteUS != 20_000_000 || c.LatencyUS != 60_000_000 {
			t.Errorf("first byte after %d µs, last after %d µs", c.FirstByteUS, c.LatencyUS)
		}
	})
}

// More requests in flight than were asked for can bring down the endpoint;
// fewer make a night's work last a week. The bound is over all splits.
func TestConcurrencyIsReachedAndNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const slots = 5
		s := newSender(t, Options{Target: "http://127.0.0.1", Concurrency: slots})
		var now, most atomic.Int64
		tick := make(chan struct{})
		servePipes(t, s, func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			defer now.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			<-tick
		})
		var splits errgroup.Group
		for range 3 {
			splits.Go(func() error {
				_, err := s.Split(t.Context(), &source{rows: recording(40)}, &sink{})
				return err
			})
		}
		synctest.Wait()
		if n, p := now.Load(), s.Progress(); n != slots || p.InFlight != slots {
			t.Errorf("%d at the server and %d in flight, want %d", n, p.InFlight, slots)
		}
		close(tick)
		if err := splits.Wait(); err != nil {
			t.Fatal(err)
		}
		if most.Load() != slots {
			t.Errorf("at most %d were in flight, want %d", most.Load(), slots)
		}
	})
}

// A pace that slows down with the target hides how slow the target is. Due
// times must be 1/rate apart over all splits, while the target takes far longer.
func TestDueIsOnPaceThoughTheTargetIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSender(t, Options{Target: "http://127.0.0.1", Rate: 40, Concurrency: 2})
		servePipes(t, s, func(http.ResponseWriter, *http.Request) { time.Sleep(70 * time.Millisecond) }) // the bubble's clock, not ours
		begin := exchange.At(time.Now())
		rows, _ := replay(t, s, recording(30)...)
		for i, e := range rows {
			if want := begin + exchange.Timestamp(i*25_000); e.Candidate.Due != want {
				t.Errorf("row %d was due at %d µs, want %d", i, e.Candidate.Due-begin, want-begin)
			}
			// Two at a time take 70 ms: one every 35 ms, so they fall behind.
			if late := e.Candidate.Sent - e.Candidate.Due; i%2 == 0 && late != exchange.Timestamp(i/2*70_000-i*25_000) {
				t.Errorf("row %d was sent %d µs late", i, late)
			}
		}
	})
}

// A pace is a promise to the owner of the endpoint. After a pause it must not
// be made up for by a flood, and rates that divide badly must not drift.
func TestPacer(t *testing.T) {
	start := time.Unix(1000, 123_456_789)
	begin := exchange.At(start)
	p := pacer{rate: 3}
	for i, want := range []exchange.Timestamp{0, 333_333, 666_666, 1_000_000} {
		if got := exchange.At(p.take(start)) - begin; got != want {
			t.Errorf("place %d is due after %d µs, want %d", i, got, want)
		}
	}
	for n := 4; n < 3_000_000; n++ {
		p.take(p.next())
	}
	if got := exchange.At(p.take(p.next())) - begin; got != 1_000_000_000_000 {
		t.Errorf("place 3,000,000 is due after %d µs", got)
	}
	pause := p.next().Add(time.Hour)
	if got := p.peek(pause); !got.Equal(pause.Truncate(time.Microsecond).Add(-maxBehind)) {
		t.Errorf("after a pause of an hour the next is due %s ago", pause.Sub(got))
	}
}

// BenchmarkSplit is a split against a server on loopback: requests a second.
func BenchmarkSplit(b *testing.B) {
	server := serve(b, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	})
	s := newSender(b, Options{Target: server.URL})
	rows := recording(b.N)
	b.ReportAllocs()
	b.ResetTimer()
	counts, err := s.Split(b.Context(), &source{rows: rows, batch: 1000}, &sink{})
	if err != nil || counts.Answered != int64(b.N) {
		b.Fatalf("%+v, %v", counts, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}
