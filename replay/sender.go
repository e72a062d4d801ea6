package replay

import (
	"context"
	"sync/atomic"

	"github.com/modelparity/parity/internal/exchange"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Sender sends requests to one target. Splits run side by side share its pace
// and its slots. For each split:
//
//	             ┌────────── queue, in the split's order ──────────┐
//	Source ▶ dispatch                                            write ▶ Sink
//	             │ pace ▶ slot ▶ go                                ▲
//	             └─────────────▶ worker: send, then close done ────┘
//
// dispatch puts each planned row into the queue before it is sent; write takes
// them out in that order and waits for each one's answer. So answers that come
// early wait in the queue, which is bounded: by its length and by the bytes of
// the answers in it. At either bound dispatch stops until the head is
// done. Split's errgroup owns all three kinds of goroutine.
type Sender struct {
	options Options
	client  client
	pace    pacer
	slots   *semaphore.Weighted // requests in flight

	window    int   // rows in a split's queue
	maxQueued int64 // bytes of answers in a split's queue before dispatch stops

	sent, inFlight, failed atomic.Int64
}

// New makes a Sender. It connects to nothing yet. Errors are those of
// Options.Validate.
func New(o Options) (*Sender, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	return &Sender{
		options: o, client: c, pace: pacer{rate: o.Rate},
		slots:  semaphore.NewWeighted(int64(o.Concurrency)),
		window: max(4*o.Concurrency, 1024), maxQueued: 32 << 20,
	}, nil
}

// Close gives back the idle connections. No Split may be running.
func (s *Sender) Close() { s.client.close() }

// Split sends the planned requests of src, which must read RecordingSides or
// the key and the request, and writes one result row for each to sink, in their
// order. It neither commits nor closes. A row with a Defect is not sent; its
// result has the class Skipped.
//
// An error means that the split was not done and that sink must not be
// committed: src or sink could not be used, or ctx ended, which gives ctx.Err().
// The Counts are zero then. Split is safe for concurrent use.
func (s *Sender) Split(ctx context.Context, src exchange.Source, sink exchange.Sink) (Counts, error) {
	group, inner := errgroup.WithContext(ctx)
	sp := &split{Sender: s, group: group, queue: make(chan *pending, s.window), taken: make(chan struct{}, 1)}
	var counts Counts
	group.Go(func() error { return sp.dispatch(inner, src) })
	group.Go(func() (err error) { counts, err = sp.write(inner, sink); return err })
	err := group.Wait()
	switch {
	case err != nil && ctx.Err() != nil:
		return Counts{}, ctx.Err()
	case err != nil:
		return Counts{}, err
	}
	return counts, nil
}
