package replay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/modelparity/parity/internal/exchange"
	"golang.org/x/sync/errgroup"
)

// split is one Split under way.
type split struct {
	*Sender
	group  *errgroup.Group
	queue  chan *pending
	queued atomic.Int64  // bytes of the answers in queue
	taken  chan struct{} // says that queued has become less
}

// pending is a planned row. row belongs to whoever fills it in until done is
// closed, and to write after that.
type pending struct {
	row  exchange.Exchange
	done chan struct{}
}

func (p *pending) size() int64 {
	c := &p.row.Candidate
	return int64(len(c.Body) + len(c.Headers))
}

func (p *pending) fail(class exchange.Failure, why string) {
	p.row.Candidate.Failure, p.row.Candidate.Error = class, short(why)
	close(p.done)
}

func (sp *split) dispatch(ctx context.Context, src exchange.Source) error {
	defer close(sp.queue)
	var b exchange.Batch
	for {
		err := src.Read(ctx, &b)
		if err == io.EOF { // itself: a broken connection to the store may be wrapped around one
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the recorded requests: %w", err)
		}
		for i := range b.Rows {
			if e := &b.Rows[i]; sp.options.Selection.Match(e) {
				if err := sp.plan(ctx, e); err != nil {
					return err
				}
			}
		}
	}
}

// plan queues e and, unless it can't be sent, starts sending it.
func (sp *split) plan(ctx context.Context, e *exchange.Exchange) error {
	p := &pending{done: make(chan struct{}), row: exchange.Exchange{
		ID: e.ID, Time: e.Time, Model: e.Model, ModelVersion: e.ModelVersion, RequestHash: e.RequestHash, Defect: e.Defect,
		SamplingProbability: e.SamplingProbability,
	}}
	if e.Defect != "" {
		p.fail(exchange.Skipped, string(e.Defect))
		return sp.enqueue(ctx, p)
	}
	if _, err := sp.client.endpoint(e); err != nil {
		sp.failed.Add(1)
		p.fail(exchange.Unsendable, err.Error())
		return sp.enqueue(ctx, p)
	}
	if err := sp.enqueue(ctx, p); err != nil {
		return err
	}
	p.row.Request = e.Request
	p.row.Request.Body, p.row.Request.Headers = bytes.Clone(e.Request.Body), bytes.Clone(e.Request.Headers)
	var err error
	if p.row.Candidate.Due, err = sp.pace.wait(ctx); err != nil {
		return err
	}
	if err := sp.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	sp.group.Go(func() error { return sp.work(ctx, p) })
	return nil
}

// enqueue waits until there is room in the queue.
func (sp *split) enqueue(ctx context.Context, p *pending) error {
	for sp.queued.Load() >= sp.maxQueued {
		select {
		case <-sp.taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case sp.queue <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work sends p and gives its slot back.
func (sp *split) work(ctx context.Context, p *pending) error {
	defer sp.slots.Release(1)
	sp.sent.Add(1)
	sp.inFlight.Add(1)
	defer sp.inFlight.Add(-1)
	sp.client.send(ctx, &p.row, &p.row.Candidate)
	p.row.Request = exchange.Request{}
	if err := ctx.Err(); err != nil {
		return err // we may have broken it off ourselves: that is no answer of the candidate's
	}
	switch p.row.Candidate.Failure {
	case "":
	case exchange.Unsendable:
		sp.sent.Add(-1)
		fallthrough
	default:
		sp.failed.Add(1)
	}
	sp.queued.Add(p.size())
	close(p.done)
	return nil
}

// Results go to the sink in batches of this many rows or bytes.
const (
	batchRows  = 256
	batchBytes = 1 << 20
)

// write hands the results to sink in the queue's order.
func (sp *split) write(ctx context.Context, sink exchange.Sink) (Counts, error) {
	var counts Counts
	var b exchange.Batch
	var size int64
	flush := func() error {
		if len(b.Rows) == 0 {
			return nil
		}
		if err := sink.Write(ctx, &b); err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
		clear(b.Rows) // lets go of the bodies
		b.Rows, size = b.Rows[:0], 0
		return nil
	}
	for p := range sp.queue {
		select {
		case <-p.done:
		case <-ctx.Done():
			return counts, ctx.Err()
		}
		sp.take(p)
		counts.count(&p.row)
		b.Rows = append(b.Rows, p.row)
		if size += p.size(); len(b.Rows) == batchRows || size >= batchBytes {
			if err := flush(); err != nil {
				return counts, err
			}
		}
	}
	return counts, flush()
}

// take lets dispatch know that p no longer waits.
func (sp *split) take(p *pending) {
	sp.queued.Add(-p.size())
	select {
	case sp.taken <- struct{}{}:
	default:
	}
}
