package capture

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

func sampling(t *testing.T, s Sampling) *sampler {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	return newSampler(&s)
}

func rowOf(model string, request int, at time.Time) *exchange.Exchange {
	return &exchange.Exchange{Model: model, Time: exchange.At(at), SamplingProbability: 1, Request: exchange.Request{Body: fmt.Append(nil, request)}}
}

// Without this, a share could be another, hit the same request now and then, or be
// the very requests that a later --sample takes all of.
func TestSampleAShare(t *testing.T) {
	s := sampling(t, Sampling{All: must(ParseSample("10%")), Models: map[string]Sample{"rare-*": {Share: 1}}})
	now, kept, low := time.Now(), 0, 0
	for i := range 20_000 {
		e := rowOf("m", i, now)
		in := s.take(e)
		if in {
			kept++
			if uint64(exchange.HashRequest(e)) < math.MaxUint64/10 {
				low++
			}
			if e.SamplingProbability != 0.1 {
				t.Fatalf("probability %v", e.SamplingProbability)
			}
		}
		if again := s.take(rowOf("m", i, now)); again != in {
			t.Fatalf("request %d is in %v and %v", i, in, again)
		}
		if e := rowOf("rare-x", i, now); !s.take(e) || e.SamplingProbability != 1 {
			t.Fatal("a model that is to be recorded whole is not")
		}
	}
	if kept < 1850 || kept > 2150 || low > 260 {
		t.Errorf("%d of 20,000 are kept, %d of them with low hashes", kept, low)
	}
}

// Without this, a busy model would be recorded for more than it should cost, a rare
// one in part, or what is recorded stand for another number than came.
func TestSampleANumberAMinute(t *testing.T) {
	s := sampling(t, Sampling{All: must(ParseSample("600/m"))})
	start := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	// After a busy minute the share is small, whatever comes: minutes 3 and 5.
	traffic := []int{60_000, 60_000, 60_000, 500, 60_000, 200, 0, 3000, 0, 300}
	for minute, n := range traffic {
		kept, weight := 0, 0.0
		for i := range n {
			e := rowOf("busy", i, start.Add(time.Duration(minute)*time.Minute+time.Duration(i)*time.Minute/time.Duration(n)))
			if s.take(e) {
				kept++
				weight += 1 / e.SamplingProbability
			}
		}
		steady := minute > 0 && traffic[minute-1] == n
		if kept > 1800 || steady && (kept < 480 || kept > 780) || n < 600 && minute != 3 && minute != 5 && kept != n {
			t.Errorf("minute %d: %d of %d are kept", minute, kept, n)
		}
		if n > 1000 && math.Abs(weight/float64(n)-1) > 0.35 {
			t.Errorf("minute %d: what is kept stands for %.0f of %d", minute, weight, n)
		}
	}
}

// Without this, what is left out on purpose would look like a loss, or the ledger
// not balance.
func TestSampledOutIsCounted(t *testing.T) {
	store := newStore()
	back := httptest.NewServer(http.HandlerFunc(echo))
	defer back.Close()
	o := options(t, back.URL, store)
	o.Sampling = Sampling{All: Sample{Share: 0.5}}
	r := start(t, o)
	post(t, r.url, 2, 100)
	r.stop()
	l := store.ledger()
	balanced(t, l, len(store.rows()))
	if l.Served != 200 || l.SampledOut < 50 || l.SampledOut > 150 || l.DroppedTotal() != 0 {
		t.Errorf("%s, %v", l, l.Dropped)
	}
	if out := r.SampledOut(); out[exchange.UnknownModel] != l.SampledOut {
		t.Errorf("by model %v are left out, in all %d", out, l.SampledOut)
	}
	for _, e := range store.rows() {
		if e.SamplingProbability != 0.5 {
			t.Errorf("probability %v", e.SamplingProbability)
		}
	}
}

func TestWrongSamples(t *testing.T) {
	for _, text := range []string{"", "0", "0%", "101%", "x", "600", "0/m", "-1/m", "1.5/m", "NaN", "10%/m"} {
		if s, err := ParseSample(text); err == nil {
			t.Errorf("%q is %+v", text, s)
		}
	}
	s := Sampling{Models: map[string]Sample{"a-*": {Share: 1}, "*-b": {Share: 1}}}
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "can both match one model") {
		t.Errorf("globs that overlap: %v", err)
	}
}
