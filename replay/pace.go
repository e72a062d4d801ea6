package replay

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// maxBehind is how much a pace may have to make up for. A target that stalls
// does not lower the pace: what is sent late says so, by due and sent. But a
// long pause is not followed by a flood.
const maxBehind = time.Second

// pacer says when requests are due: the n-th at start + n/rate, whether or not
// the ones before were answered. (A rate.Limiter would start anew whenever the
// target is slow, and so hide that it was.)
type pacer struct {
	rate float64 // a second; 0 is as fast as it goes

	mu    sync.Mutex
	start time.Time
	n     int64
}

// wait takes the next place and returns when it is due: then the time of the
// place, or 0 if there is no pace.
func (p *pacer) wait(ctx context.Context) (exchange.Timestamp, error) {
	if p.rate == 0 {
		return 0, ctx.Err()
	}
	due := p.next(time.Now())
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return exchange.At(due), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (p *pacer) next(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	now = now.Add(-time.Duration(now.Nanosecond() % 1000)) // whole microseconds, as they are stored
	if p.start.IsZero() {
		p.start = now
	}
	if oldest := now.Add(-maxBehind); p.due().Before(oldest) {
		p.start, p.n = oldest, 0
	}
	due := p.due()
	p.n++
	return due
}

func (p *pacer) due() time.Time {
	return p.start.Add(time.Duration(math.Round(float64(p.n) / p.rate * float64(time.Second))))
}
