package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/internal/exchange"
)

// endpoints are a client whose endpoints are models. What they do is the test's:
// it runs in a bubble, where time is exact and passes only when all wait.
type endpoints struct {
	mu   sync.Mutex
	asks map[string]int // requests so far, by model
	do   func(ctx context.Context, n int, e *exchange.Exchange, c *exchange.Candidate)
}

func (s *endpoints) endpoint(e *exchange.Exchange) (string, error) { return e.Model, nil }
func (s *endpoints) connections() *pool                            { return nil }
func (s *endpoints) close()                                        {}

func (s *endpoints) send(ctx context.Context, e *exchange.Exchange, c *exchange.Candidate, _ *overflow) {
	s.mu.Lock()
	n := s.asks[e.Model]
	s.asks[e.Model]++
	s.mu.Unlock()
	start := time.Now()
	c.Sent = exchange.At(start)
	s.do(ctx, n, e, c)
	c.LatencyUS = time.Since(start).Microseconds()
	if c.Failure == "" && c.Status == 0 {
		c.Status = 200
	}
}

// takes waits as a slow endpoint has one wait, or until the context ends.
func takes(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func senderTo(t *testing.T, o Options, do func(ctx context.Context, n int, e *exchange.Exchange, c *exchange.Candidate)) (*Sender, *endpoints) {
	o.Target = cmp.Or(o.Target, "http://127.0.0.1")
	s := newSender(t, o)
	c := &endpoints{asks: map[string]int{}, do: do}
	s.client = c
	return s, c
}

// byModel is a split as recordings have them: sorted by model.
func byModel(counts ...int) []exchange.Exchange {
	var rows []exchange.Exchange
	for m, n := range counts {
		for range n {
			e := recorded(len(rows))
			e.Model = fmt.Sprintf("model-%d", m)
			rows = append(rows, e)
		}
	}
	return rows
}

// Splits are sorted by model. The requests of a model that hangs, which come
// first, must not keep all slots from those that answer.
func TestSlowEndpointDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, _ := senderTo(t, Options{Target: "http://127.0.0.1/{model}", Concurrency: 8}, func(ctx context.Context, _ int, e *exchange.Exchange, _ *exchange.Candidate) {
			if e.Model == "model-0" {
				takes(ctx, time.Minute)
			} else {
				takes(ctx, 10*time.Millisecond)
			}
		})
		rows, _ := replay(t, s, byModel(100, 400, 400)...)
		last := map[string]time.Duration{}
		for _, e := range rows {
			last[e.Model] = max(last[e.Model], e.Candidate.Sent.Time().Sub(begin))
		}
		for _, model := range []string{"model-1", "model-2"} {
			if last[model] > 5*time.Second {
				t.Errorf("%s was done after %s", model, last[model])
			}
		}
	})
}

// What may depend on how many requests an endpoint had at a time is told by how many
// it had, not by how many it might have had.
func TestReachedIsWhatWasInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Concurrency: 64, PerEndpoint: 8}, func(ctx context.Context, _ int, _ *exchange.Exchange, _ *exchange.Candidate) {
			takes(ctx, time.Second)
		})
		_, counts := replay(t, s, byModel(100, 3, 1)...)
		if r := counts.Reached; r["model-0"] != 8 || r["model-1"] != 3 || r["model-2"] != 1 {
			t.Errorf("%v", r)
		}
		if _, counts = replay(t, s, byModel(1)...); counts.Reached["model-0"] != 1 {
			t.Errorf("alone: %v", counts.Reached)
		}
	})
}

// A rate is kept for all, whatever one of them does.
func TestHangingEndpointHoldsNoPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, _ := senderTo(t, Options{Concurrency: 16, PerEndpoint: 4, Rate: 50}, func(ctx context.Context, _ int, e *exchange.Exchange, _ *exchange.Candidate) {
			if e.Model == "model-0" {
				takes(ctx, time.Minute)
			}
		})
		rows, _ := replay(t, s, byModel(100, 1000)...)
		for _, e := range rows {
			c := &e.Candidate
			if e.Model == "model-1" && (c.Sent != c.Due || c.Due.Time().Sub(begin) > 22*time.Second) {
				t.Fatalf("due after %s, sent after %s", c.Due.Time().Sub(begin), c.Sent.Time().Sub(begin))
			}
		}
	})
}

// Requests that were under way when the breaker opened say nothing of an endpoint
// that came back meanwhile.
func TestOldFailuresAreNoProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, _ := senderTo(t, Options{Concurrency: 64}, func(ctx context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			if up := time.Since(begin); up > 30*time.Second && up < 97*time.Second {
				takes(ctx, time.Minute)
				c.Failure = exchange.Timeout
				return
			}
			takes(ctx, time.Second)
		})
		_, counts := replay(t, s, byModel(4000)...)
		if n := counts.Failed["endpoint_down"]; n > 0 || counts.Failed["timeout"] > 100 {
			t.Errorf("%+v", counts)
		}
	})
}

// Who answers as the old service did, with a status by which others would be
// unavailable, is neither asked again nor given up.
func TestAsItWasRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := senderTo(t, Options{AbortAfter: 0.5, Retries: 5}, func(_ context.Context, _ int, e *exchange.Exchange, c *exchange.Candidate) {
			c.Status = 502
		})
		rows := byModel(2000)
		for i := range rows {
			rows[i].Reference.Status = 502
		}
		_, counts := replay(t, s, rows...)
		if counts.Answered != 2000 || c.asks["model-0"] != 2000 {
			t.Errorf("%+v, asked %d times", counts, c.asks["model-0"])
		}
	})
}

// Large bodies must not be in flight as many at a time as small ones: memory would
// be theirs. The small ones of other endpoints go on.
func TestLargeBodiesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		s, _ := senderTo(t, Options{Concurrency: 64}, func(ctx context.Context, _ int, e *exchange.Exchange, _ *exchange.Candidate) {
			if e.Model != "model-0" {
				takes(ctx, time.Millisecond)
				return
			}
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			takes(ctx, time.Second)
			mu.Lock()
			now--
			mu.Unlock()
		})
		rows := byModel(20, 500)
		for i := range 20 {
			rows[i].Request.Body = make([]byte, 8<<20)
		}
		got, counts := replay(t, s, rows...)
		if most != 4 || counts.Answered != 520 {
			t.Errorf("%d large ones at a time, %+v", most, counts)
		}
		if last := got[519].Candidate.Sent - got[20].Candidate.Sent; last > 1_000_000 {
			t.Errorf("the small ones took %d µs", last)
		}
	})
}

// An outage of everything must not make a weekend's recording unavailable within
// a minute.
func TestNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{AbortAfter: 0.5}, func(_ context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			c.Failure, c.Error = exchange.Refused, "connection refused"
		})
		_, err := s.Split(t.Context(), &source{rows: byModel(2000, 2000), batch: 500}, &sink{})
		if aborted, ok := errors.AsType[*AbortError](err); !ok || aborted.Class != exchange.Refused {
			t.Fatalf("%v", err)
		}
	})
}

// Who throttles is let alone for a while, or the others fail too, and in the end
// for good.
func TestThrottlingHoldsTheEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		second, n := time.Time{}, 0
		s, c := senderTo(t, Options{Concurrency: 16, Retries: 5, AbortAfter: 0.5}, func(ctx context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			if now := time.Now().Truncate(time.Second); now != second {
				second, n = now, 0
			}
			if n++; n > 100 {
				c.Status, c.Headers = 429, exchange.EncodeHeaders(http.Header{"Retry-After": {"1"}})
			}
		})
		_, counts := replay(t, s, byModel(3000)...)
		if counts.Answered != 3000 || len(counts.Unavailable) > 0 || c.asks["model-0"] > 4500 {
			t.Errorf("%+v, asked %d times", counts, c.asks["model-0"])
		}
	})
}

// Slots must be shared evenly among endpoints that answer alike, whichever has
// more to do.
func TestEndpointsShareSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := map[string]int{}, map[string]int{}
		gate := make(chan struct{})
		s, _ := senderTo(t, Options{Concurrency: 9}, func(ctx context.Context, n int, e *exchange.Exchange, _ *exchange.Candidate) {
			mu.Lock()
			now[e.Model]++
			if n >= 20 { // past the beginning, when only some were known
				most[e.Model] = max(most[e.Model], now[e.Model])
			}
			mu.Unlock()
			<-gate
			takes(ctx, time.Millisecond)
			mu.Lock()
			now[e.Model]--
			mu.Unlock()
		})
		go func() {
			time.Sleep(time.Second) // all are loaded
			close(gate)
		}()
		replay(t, s, byModel(500, 100, 100)...)
		for model, n := range most {
			if model != "model-0" && n > 4 {
				t.Errorf("%s had %d of 9 slots", model, n)
			}
		}
	})
}

// A dead endpoint must become a class of failure within seconds, however many
// requests it has, and must be found when it is back.
func TestDeadEndpointIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, c := senderTo(t, Options{Concurrency: 4}, func(ctx context.Context, _ int, e *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, time.Millisecond)
			if e.Model == "model-0" && time.Since(begin) < time.Minute {
				c.Failure, c.Error = exchange.Refused, "connection refused"
			}
		})
		rows, counts := replay(t, s, byModel(5000, 100)...)
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("it took %s", d)
		}
		if n := c.asks["model-0"]; n > 20 {
			t.Errorf("a dead endpoint was asked %d times", n)
		}
		if counts.Failed["endpoint_down"] < 4900 || counts.Answered != 100 || counts.Planned != 5100 {
			t.Errorf("%+v", counts)
		}
		if last := rows[4999].Candidate; last.Failure != exchange.EndpointDown || last.Error != "refused: connection refused" || last.Sent != 0 {
			t.Errorf("%+v", last)
		}
		time.Sleep(2 * time.Minute)
		_, counts = replay(t, s, byModel(50)...)
		if counts.Answered != 50 {
			t.Errorf("it is back: %+v", counts)
		}
	})
}

// An endpoint that starts anew must lose nothing: its requests wait.
func TestShortOutageLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s, _ := senderTo(t, Options{Concurrency: 4, Retries: 5}, func(ctx context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, time.Millisecond)
			if up := time.Since(begin); up > 50*time.Millisecond && up < 3*time.Second {
				c.Failure = exchange.Refused
			}
		})
		rows, counts := replay(t, s, byModel(1000)...)
		if counts.Answered != 1000 {
			t.Errorf("%+v", counts)
		}
		again := 0
		for _, e := range rows {
			d, err := e.Candidate.HowDelivered()
			if err != nil {
				t.Fatal(err)
			}
			if again += len(d.Attempts); len(d.Attempts) > 0 && d.Attempts[0].Failure != exchange.Refused {
				t.Errorf("%+v", d)
			}
		}
		if again == 0 || int64(again) != s.Progress().Retried {
			t.Errorf("%d attempts are kept, %+v", again, s.Progress())
		}
	})
}

// Throttling passes by itself. It must be waited for as long as the endpoint
// asks, and what came must stay as evidence.
func TestThrottledIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Retries: 2}, func(_ context.Context, n int, _ *exchange.Exchange, c *exchange.Candidate) {
			if n == 0 {
				c.Status, c.Body = 429, []byte("slow down")
				c.Headers = exchange.EncodeHeaders(http.Header{"Retry-After": {"17"}})
			}
		})
		rows, counts := replay(t, s, recorded(0))
		c := rows[0].Candidate
		d, err := c.HowDelivered()
		if err != nil || c.Status != 200 || counts.Sent != 1 || len(d.Attempts) != 1 {
			t.Fatalf("%+v, %+v, %v", c, counts, err)
		}
		a := d.Attempts[0]
		if a.Failure != exchange.Throttled || a.Status != 429 || a.Body != "slow down" {
			t.Errorf("%+v", a)
		}
		if wait := c.Sent - a.Sent; wait < 17_000_000 || wait > 18_000_000 {
			t.Errorf("it was asked again after %d µs", wait)
		}
	})
}

// An endpoint that never gets ready must not cost six attempts for each of its
// exchanges, nor hold up the others; one that takes a minute to start must lose
// none.
func TestNeverReadyIsGivenUp(t *testing.T) {
	for name, start := range map[string]time.Duration{"never": 1000 * time.Hour, "in a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				s, c := senderTo(t, Options{Concurrency: 16, Retries: DefaultRetries}, func(ctx context.Context, _ int, e *exchange.Exchange, c *exchange.Candidate) {
					takes(ctx, 10*time.Millisecond)
					if e.Model == "model-0" && time.Since(begin) < start {
						c.Failure = exchange.NotReady
					}
				})
				_, counts := replay(t, s, byModel(2000, 100)...)
				if start == time.Minute {
					if counts.Answered != 2100 {
						t.Errorf("%+v", counts)
					}
					return
				}
				if took := time.Since(begin); counts.Answered != 100 || counts.Failed["endpoint_down"] < 1950 || c.asks["model-0"] > 60 || took < time.Minute || took > 4*time.Minute {
					t.Errorf("%+v, asked %v, after %s", counts, c.asks, took)
				}
			})
		})
	}
}

// Without this, somebody on call would read that an endpoint is down as "not_ready:".
func TestGivenUpByItsStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{}, func(ctx context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, 10*time.Millisecond)
			c.Status = 503
		})
		rows, _ := replay(t, s, byModel(100)...)
		if last := rows[99].Candidate; last.Failure != exchange.EndpointDown || last.Error != "not_ready: status 503" {
			t.Errorf("%s, %q", last.Failure, last.Error)
		}
	})
}

// After the last attempt the failure stands, with those before it.
func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := senderTo(t, Options{Retries: 3}, func(_ context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			c.Status = 503
		})
		rows, _ := replay(t, s, recorded(0))
		d, err := rows[0].Candidate.HowDelivered()
		if err != nil || rows[0].Candidate.Status != 503 || len(d.Attempts) != 3 || c.asks[rows[0].Model] != 4 || !d.Cold {
			t.Errorf("%+v, %v, asked %d times", d, err, c.asks[rows[0].Model])
		}
	})
}

// What an endpoint takes to start says nothing of its speed: its first answers
// are marked, and those after a long pause, and no others.
func TestColdStartsAreMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Concurrency: 2}, func(ctx context.Context, n int, _ *exchange.Exchange, _ *exchange.Candidate) {
			takes(ctx, time.Second)
		})
		cold := func(rows []exchange.Exchange) (places []int) {
			for i, e := range rows {
				if e.Candidate.Cold() {
					places = append(places, i)
				}
			}
			return places
		}
		first, _ := replay(t, s, byModel(10)...)
		if got := cold(first); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("cold are %v", got)
		}
		soon, _ := replay(t, s, byModel(10)...)
		if got := cold(soon); len(got) > 0 {
			t.Errorf("cold are %v, of a warm endpoint", got)
		}
		time.Sleep(idleCold + time.Second)
		late, _ := replay(t, s, byModel(10)...)
		if got := cold(late); !slices.Equal(got, []int{0, 1}) {
			t.Errorf("after a pause cold are %v", got)
		}
	})
}

// Requests for their effect are no exchanges: each endpoint gets them first, and
// nothing of them is in the run.
func TestWarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := senderTo(t, Options{Concurrency: 8, Warm: 3}, func(ctx context.Context, n int, _ *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, time.Second)
			c.Body = fmt.Append(nil, n)
		})
		rows, counts := replay(t, s, byModel(20, 20)...)
		if counts.Sent != 40 || c.asks["model-0"] != 23 || c.asks["model-1"] != 23 || s.Progress().Warmed != 6 {
			t.Errorf("%+v, asked %v, %+v", counts, c.asks, s.Progress())
		}
		for _, e := range rows {
			if string(e.Candidate.Body) < "3" && len(e.Candidate.Body) == 1 || e.Candidate.Cold() {
				t.Errorf("%s: answer %s, cold %v", e.Model, e.Candidate.Body, e.Candidate.Cold())
			}
		}
	})
}

// An adaptive limit must find what an endpoint takes: no more than about twice
// what it works on at a time, no less than all of it.
func TestAdaptiveLimitFindsTheEndpoint(t *testing.T) {
	for _, workers := range []int{1, 4, 20} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slots := make(chan struct{}, workers)
				s, _ := senderTo(t, Options{Concurrency: 200, Adaptive: true}, func(ctx context.Context, _ int, _ *exchange.Exchange, _ *exchange.Candidate) {
					slots <- struct{}{}
					takes(ctx, 10*time.Millisecond)
					<-slots
				})
				begin := time.Now()
				replay(t, s, byModel(10_000)...)
				ideal := 10_000 / workers * 10 * int(time.Millisecond)
				if took := time.Since(begin); took > time.Duration(ideal)*5/4 {
					t.Errorf("it took %s; %s at best", took, time.Duration(ideal))
				}
				if got := s.sched.lanes["model-0"].limit.now(); got < workers || got > 3*workers+2 {
					t.Errorf("the limit is %d", got)
				}
			})
		})
	}
}

// Throttling and timeouts must lower the limit, and what is throttled must not
// end as an answer.
func TestAdaptiveLimitHeedsThrottling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, throttled := 0, 0
		s, _ := senderTo(t, Options{Concurrency: 100, Adaptive: true, Retries: 10}, func(ctx context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			mu.Lock()
			now++
			over := now > 10
			if over {
				throttled++
			}
			mu.Unlock()
			if over {
				c.Failure = exchange.Throttled
			} else {
				takes(ctx, 20*time.Millisecond)
			}
			mu.Lock()
			now--
			mu.Unlock()
		})
		_, counts := replay(t, s, byModel(5000)...)
		if counts.Answered != 5000 {
			t.Errorf("%+v", counts)
		}
		if throttled == 0 || throttled > 500 {
			t.Errorf("%d of 5000 were throttled", throttled)
		}
	})
}

// An expired token must not make a million mismatches: sending stops, and what
// stops it is said.
func TestTooManyFailuresStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := senderTo(t, Options{AbortAfter: 0.5}, func(_ context.Context, n int, _ *exchange.Exchange, c *exchange.Candidate) {
			if n >= 1000 {
				c.Status = 401
			}
		})
		_, err := s.Split(t.Context(), &source{rows: byModel(20_000), batch: 1000}, &sink{})
		aborted, ok := errors.AsType[*AbortError](err)
		if !ok || aborted.Class != exchange.Auth || aborted.Status != 401 || !strings.Contains(err.Error(), "of the last 1000 requests failed as auth (status 401)") {
			t.Fatalf("%v", err)
		}
		if n := c.asks["model-0"]; n > 1600 {
			t.Errorf("%d were sent", n)
		}
	})
}

// The recording's pace: same order, same gaps, over splits that overlap in time
// and are sorted by model.
func TestOriginalPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Concurrency: 50, Speed: 2, Begin: 1_000_000, End: 200_000_000}, func(ctx context.Context, _ int, e *exchange.Exchange, _ *exchange.Candidate) {
			if e.Time%7 == 0 {
				takes(ctx, 3*time.Second)
			}
		})
		all := recording(200) // one a second, from 1 s on; three models
		var splits [3][]exchange.Exchange
		for i, e := range all {
			splits[i%3] = append(splits[i%3], e)
		}
		begin := exchange.At(time.Now())
		var out [3]sink
		var g errgroup.Group
		for i, rows := range splits {
			g.Go(func() error {
				_, err := s.Split(t.Context(), &source{rows: rows}, &out[i])
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if last := exchange.At(s.Progress().LastDue) - begin; last != 199_000_000/2 {
			t.Errorf("the last is said to be due after %d µs", last)
		}
		for _, o := range out {
			for _, e := range o.rows {
				want := begin + (e.Time-1_000_000)/2
				if e.Candidate.Due != want || e.Candidate.Sent != want {
					t.Errorf("recorded at %d: due at %d, sent at %d, want %d", e.Time, e.Candidate.Due-begin, e.Candidate.Sent-begin, want-begin)
				}
			}
		}
	})
}

// A model's own rate holds for it alone, and the rate of all for all.
func TestModelRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Rate: 100, ModelRates: map[string]float64{"model-0": 5, "model-*": 50}}, func(context.Context, int, *exchange.Exchange, *exchange.Candidate) {})
		begin := exchange.At(time.Now())
		rows, _ := replay(t, s, byModel(20, 100, 100)...)
		last := map[string]exchange.Timestamp{}
		for _, e := range rows {
			last[e.Model] = max(last[e.Model], e.Candidate.Sent-begin)
		}
		if got := last["model-0"]; got < 3_800_000 || got > 3_850_000 {
			t.Errorf("20 at 5 a second were sent within %d µs", got)
		}
		for _, model := range []string{"model-1", "model-2"} {
			if got := last[model]; got < 1_980_000 || got > 2_200_000 {
				t.Errorf("%s: 100 at no more than 50 a second were sent within %d µs", model, got)
			}
		}
	})
}

// Splits are opened in their order: two, and more only while slots are free that
// nothing open can use. Those of a recording's pace are opened when it is time.
func TestAdmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Concurrency: 4}, nil)
		var open []func()
		for range 3 {
			go func() {
				leave, err := s.Admit(t.Context(), 0)
				if err == nil {
					open = append(open, leave)
				}
			}()
			synctest.Wait()
		}
		if len(open) != 2 {
			t.Errorf("%d are open while two have not begun", len(open))
		}
		s.sched.begun(0)
		s.sched.begun(0)
		synctest.Wait()
		if len(open) != 3 {
			t.Errorf("%d are open while slots are free", len(open))
		}
		for _, leave := range open {
			leave()
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Speed: 1, Begin: 1_000_000}, nil)
		begin := time.Now()
		for _, c := range []struct {
			from exchange.Timestamp
			want time.Duration
		}{{1_000_000, 0}, {5_000_000, 0}, {31_000_000, 20 * time.Second}, {32_000_000, 21 * time.Second}} {
			if _, err := s.Admit(t.Context(), c.from); err != nil || time.Since(begin) != c.want {
				t.Errorf("from %d: opened after %s, %v", c.from, time.Since(begin), err)
			}
		}
	})
}

// A retried answer that differs from the first is evidence: without it nobody could
// tell that an endpoint says now this and now that.
func TestWhatARetryReplacesIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := senderTo(t, Options{Retries: 3}, func(_ context.Context, n int, _ *exchange.Exchange, c *exchange.Candidate) {
			c.Body = fmt.Appendf(nil, "answer %d", n)
			if n < 2 {
				c.Status = 502
			}
		})
		got, counts := replay(t, s, byModel(1)...)
		c := &got[0].Candidate
		var bodies []string
		for _, a := range c.Attempts() {
			bodies = append(bodies, fmt.Sprint(a.Status, " ", a.Failure, " ", a.Body))
		}
		if string(c.Body) != "answer 2" || c.Status != 200 || !slices.Equal(bodies, []string{"502 gateway answer 0", "502 gateway answer 1"}) {
			t.Errorf("the answer is %d %q, those before %q; %+v", c.Status, c.Body, bodies, counts)
		}
	})
}

// Splits are sorted by model. With four hundred models each must have its turns from
// the beginning, though all requests of the first come before any of the last.
func TestFourHundredEndpointsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const models, each = 400, 5
		var mu sync.Mutex
		asked := map[string]int{}
		widest, total := 0, 0
		s, _ := senderTo(t, Options{Target: "http://127.0.0.1/{model}", Concurrency: 16}, func(ctx context.Context, n int, e *exchange.Exchange, _ *exchange.Candidate) {
			mu.Lock()
			asked[e.Model]++
			if total++; total > models && total < models*(each-1) { // in the middle all are on their way
				widest = max(widest, n+1-total/models)
			}
			mu.Unlock()
			takes(ctx, 10*time.Millisecond)
		})
		counts := make([]int, models)
		for m := range counts {
			counts[m] = each
		}
		if _, c := replay(t, s, byModel(counts...)...); c.Answered != models*each || len(asked) != models {
			t.Errorf("%+v of %d models", c, len(asked))
		}
		if widest > 2 {
			t.Errorf("one model was %d requests ahead of the others", widest)
		}
	})
}

// oneAddress is all endpoints in one.
type oneAddress struct{ *endpoints }

func (oneAddress) endpoint(*exchange.Exchange) (string, error) { return "one", nil }

// Behind one address there may be many models. One that is broken must not make the
// others be given up with it.
func TestABrokenModelIsNotItsNeighbours(t *testing.T) {
	for _, class := range []exchange.Failure{exchange.NotReady, exchange.Gateway} {
		t.Run(string(class), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c := senderTo(t, Options{Concurrency: 16, Retries: DefaultRetries, AbortAfter: 1}, func(ctx context.Context, _ int, e *exchange.Exchange, c *exchange.Candidate) {
					takes(ctx, 10*time.Millisecond)
					if e.Model == "model-1" {
						c.Status = map[exchange.Failure]int64{exchange.NotReady: 503, exchange.Gateway: 502}[class]
					}
				})
				s.client = oneAddress{c}
				got, counts := replay(t, s, byModel(300, 2000, 300)...)
				for _, e := range got {
					if e.Model != "model-1" && e.Candidate.Status != 200 {
						t.Fatalf("of %s: %d %s %s; %+v", e.Model, e.Candidate.Status, e.Candidate.Failure, e.Candidate.Error, counts)
					}
				}
			})
		})
	}
}
