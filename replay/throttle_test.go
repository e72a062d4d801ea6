package replay

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// perSecond lets so many requests through in each second.
type perSecond struct {
	mu     sync.Mutex
	second time.Time
	n      int
}

func (p *perSecond) allows(most int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now().Truncate(time.Second); now != p.second {
		p.second, p.n = now, 0
	}
	p.n++
	return p.n <= most
}

// An endpoint that takes one request a second must lose none with the default flags,
// however it says that it takes no more.
func TestOneASecondLosesNothing(t *testing.T) {
	after := exchange.EncodeHeaders(http.Header{"Retry-After": {"1"}})
	for name, refuse := range map[string]func(*exchange.Candidate){
		"429":                                func(c *exchange.Candidate) { c.Status, c.Headers = 429, after },
		"429 that does not say for how long": func(c *exchange.Candidate) { c.Status = 429 },
		"ThrottlingException": func(c *exchange.Candidate) {
			c.Failure, c.Error = exchange.Throttled, "ThrottlingException, status 400"
		},
		"503 with Retry-After": func(c *exchange.Candidate) { c.Status, c.Headers = 503, after },
	} {
		for _, target := range []string{"http://127.0.0.1", "http://127.0.0.1/{model}"} {
			t.Run(name+" "+target, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var limit perSecond
					s, c := senderTo(t, Options{Target: target, Retries: DefaultRetries, AbortAfter: 0.5}, func(ctx context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
						takes(ctx, 5*time.Millisecond)
						if !limit.allows(1) {
							refuse(c)
						}
					})
					_, counts := replay(t, s, byModel(300)...)
					if counts.Answered != 300 || len(counts.Unavailable) > 0 || len(counts.Failed) > 0 {
						t.Errorf("%+v", counts)
					}
					if n := c.asks["model-0"]; n > 1500 {
						t.Errorf("asked %d times for 300 answers", n)
					}
				})
			})
		}
	}
}

// Where the limit is the account's, all endpoints are throttled together, and one that
// comes too late several times in a row is not at fault: none may be given up, and
// nothing lost.
func TestLimitOfAllEndpointsLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var limit perSecond
		s, c := senderTo(t, Options{Target: "http://127.0.0.1/{model}", Retries: DefaultRetries, AbortAfter: 0.5}, func(ctx context.Context, _ int, _ *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, 20*time.Millisecond)
			if !limit.allows(10) {
				c.Failure, c.Error = exchange.Throttled, "ThrottlingException, status 400"
			}
		})
		counts := make([]int, 100)
		for i := range counts {
			counts[i] = 20
		}
		begin := time.Now()
		_, got := replay(t, s, byModel(counts...)...)
		if got.Answered != 2000 || len(got.Failed) > 0 {
			t.Errorf("%+v", got)
		}
		asked := 0
		for _, n := range c.asks {
			asked += n
		}
		t.Logf("asked %d times, within %s", asked, time.Since(begin))
		if asked > 25_000 {
			t.Errorf("asked %d times for 2,000 answers", asked)
		}
	})
}

// One that throttles whatever it is sent, as its quota is used up, must not hold up
// the run for days, nor the others at all.
func TestThrottlingForEverIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := senderTo(t, Options{Target: "http://127.0.0.1/{model}", Retries: DefaultRetries}, func(ctx context.Context, _ int, e *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, 5*time.Millisecond)
			if e.Model == "model-0" {
				c.Status = 429
			}
		})
		rows, counts := replay(t, s, byModel(5000, 100)...)
		// Within two minutes some are tried as often as anything is.
		if down := counts.Failed["endpoint_down"]; counts.Answered+down != 5100 || counts.Unavailable["throttled"] != 5000-down || down < 4900 || c.asks["model-0"] > 300 {
			t.Errorf("%+v, asked %v", counts, c.asks)
		}
		if last := rows[4999].Candidate; last.Error != "throttled: status 429" {
			t.Errorf("%+v", last)
		}
	})
}

// A request that is throttled for what it is must not have its endpoint given up
// while others wait there, and must end.
func TestThrottledForWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := byModel(1)[0].ID
		s, _ := senderTo(t, Options{Retries: DefaultRetries}, func(ctx context.Context, _ int, e *exchange.Exchange, c *exchange.Candidate) {
			takes(ctx, 100*time.Millisecond)
			if e.ID == bad {
				c.Status = 429
			}
		})
		rows, counts := replay(t, s, byModel(5000)...)
		d, err := rows[0].Candidate.HowDelivered()
		if err != nil || counts.Answered != 5000 || len(d.Attempts) == 0 || d.Attempts[0].Status != 429 {
			t.Errorf("%+v, %+v, %v", counts, d, err)
		}
	})
}
