package replay

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/sagemakertest"
)

// A quota of the account is used up by hundreds of endpoints that each are asked
// for one thing at a time. Without this, the limits of single endpoints, which can't
// go below one, would have all of them throttled until exchanges are given up, or
// the replay stops.
func TestTotalFindsTheQuotaOfAll(t *testing.T) {
	const quota, models, each = 2, 256, 6
	endpoints := map[string]*sagemakertest.Endpoint{}
	var rows []exchange.Exchange
	for m := range models {
		name := fmt.Sprintf("mod-%d", m)
		endpoints[name] = container(func(http.ResponseWriter, *http.Request) { time.Sleep(2 * time.Millisecond) })
		for i := range each {
			e := recorded(m*each + i)
			e.Model = fmt.Sprint(m)
			rows = append(rows, e)
		}
	}
	r := sageMaker(t, endpoints)
	r.MaxConcurrency = quota
	s := newSender(t, Options{Target: "sagemaker://mod-{model}", Adaptive: true, Retries: 3})
	_, counts := replay(t, s, rows...)
	throttled := s.Progress().PutOff[string(exchange.Throttled)]
	t.Logf("%d throttled for %d answers", throttled, counts.Answered)
	if lost := int64(len(rows)) - counts.Answered; lost > 10 { // where each endpoint goes by itself, 15 to 20; with the usual retries none
		t.Errorf("%d of %d were throttled each time: %v", lost, len(rows), counts.Failed)
	}
}

// An endpoint that throttles whatever it is sent, or more than one request at a
// time, must not take from the others: that would slow all down by what single ones
// can't take.
func TestTotalGoesByThrottlesOfMany(t *testing.T) {
	now := time.Unix(1000, 0)
	total := newTotal(100)
	after := func(n, inFlight int, alone bool, inRow int, class exchange.Failure, want int, what string) {
		t.Helper()
		now = now.Add(time.Millisecond)
		for range n {
			total.observe(now, inFlight, alone, inRow, class, now)
		}
		if got := total.now(); got != want {
			t.Fatalf("%s: %d may be in flight, want %d", what, got, want)
		}
	}
	after(1000, 40, false, 1, exchange.Throttled, 100, "throttled beside others at its endpoint")
	after(1000, 40, true, throttlesInRow+1, exchange.Throttled, 100, "of an endpoint that takes nothing")
	after(1000, 40, true, 0, exchange.Timeout, 100, "slow")
	after(1, 40, true, 1, exchange.Throttled, 100, "one alone")
	after(2, 40, true, 1, exchange.Throttled, 20, "two alone; it is once for what was under way")
	after(20+21, 20, true, 0, "", 22, "two windows later")
	after(1, 22, true, 1, exchange.Throttled, 22, "one again")
	after(19, 22, true, 0, "", 22, "as are few of many")
	after(1, 22, true, 2, exchange.Throttled, 22, "less than a tenth")
	after(1, 22, true, 1, exchange.Throttled, 17, "a tenth: a fifth less, as it had been found")
}
