package replay

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// Who watches a replay must see which endpoints hold it up: the slowest, without
// their cold starts, and those that are gone, with the reason and what comes next.
func TestProgressSaysHowEndpointsDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, _ := senderTo(t, Options{Concurrency: 20, Adaptive: true, Retries: 1}, func(ctx context.Context, n int, e *exchange.Exchange, c *exchange.Candidate) {
			var model int
			fmt.Sscanf(e.Model, "model-%d", &model)
			switch {
			case n < firstLimit: // those in flight at the beginning are cold
				takes(ctx, time.Minute)
			case model == 8 && time.Since(begin) >= time.Minute:
				c.Failure, c.Error = exchange.Refused, "connection refused"
			default:
				takes(ctx, time.Duration(model+1)*time.Second)
			}
		})
		done := make(chan Counts)
		go func() {
			_, counts := replay(t, s, byModel(20, 20, 20, 20, 20, 20, 20, 20, 500)...)
			done <- counts
		}()
		time.Sleep(80 * time.Second)
		synctest.Wait()
		p := s.Progress()
		if p.Endpoints != 9 || p.AllDown != 1 || len(p.Down) != 1 || len(p.Slowest) != mostListed {
			t.Fatalf("%+v", p)
		}
		if d := p.Down[0]; d.Name != "model-8" || !d.GivenUp || d.Again <= 0 || d.Again > giveUpPause || d.Why != "refused: connection refused" {
			t.Errorf("down: %+v", d)
		}
		for i, e := range p.Slowest {
			if want := fmt.Sprintf("model-%d", 7-i); e.Name != want || e.ServiceTime != time.Duration(8-i)*time.Second || e.Limit < 1 {
				t.Errorf("place %d of the slowest: %+v, want %s", i, e, want)
			}
		}
		counts := <-done
		if p := s.Progress(); p.Done != counts.Planned || p.Failed["endpoint_down"] != counts.Failed["endpoint_down"] || p.Waiting != 0 || p.InFlight != 0 {
			t.Errorf("in the end: %+v, %+v", p, counts)
		}
	})
}

// A status that stays 503 must neither look like a failure to keep the answer nor
// like an answer of the model's.
func TestUnavailableIsToldFromAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Retries: 2}, func(_ context.Context, _ int, e *exchange.Exchange, c *exchange.Candidate) {
			if e.Model == "model-0" {
				c.Status = 503
			}
		})
		_, counts := replay(t, s, byModel(3, 4)...)
		if counts.Answered != 7 || counts.Unavailable["not_ready"] != 3 || len(counts.Failed) != 0 {
			t.Errorf("%+v", counts)
		}
		if p := s.Progress(); p.Failed["not_ready"] != 3 || p.PutOff["not_ready"] != 6 || p.Retried != 6 || p.Done != 7 {
			t.Errorf("%+v", p)
		}
	})
}

// An endpoint that rests because it throttled is not a request that waits: who
// watches would see more of these than there are.
func TestWaitingCountsRequestsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Concurrency: 1, Retries: 1}, func(_ context.Context, n int, _ *exchange.Exchange, c *exchange.Candidate) {
			if n == 0 {
				c.Failure, c.Error = exchange.Throttled, "slow down"
			}
		})
		done := make(chan struct{})
		go func() {
			replay(t, s, byModel(1)...)
			close(done)
		}()
		synctest.Wait() // the only request has failed, and both it and its endpoint wait
		if p := s.Progress(); p.Waiting != 1 || p.PutOff["throttled"] != 1 {
			t.Errorf("%+v", p)
		}
		<-done
	})
}

// Looking at the progress takes the lock of sending.
func BenchmarkProgress(b *testing.B) {
	for _, endpoints := range []int{10, 400, 4000} {
		b.Run(fmt.Sprint(endpoints), func(b *testing.B) {
			s := newSender(b, Options{Target: "http://127.0.0.1"})
			for i := range endpoints {
				name := fmt.Sprintf("endpoint-%d", i)
				s.sched.lanes[name] = &lane{name: name, timed: 1, tookUS: int64(i * 7919 % endpoints)}
			}
			for b.Loop() {
				s.Progress()
			}
		})
	}
}
