package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// requests is a sink that adds the request to each row on its way to another
// sink. It is opened at the first row, so that a split without mismatches costs
// nothing.
type requests struct {
	exchange.Sink
	recording *Recording
	split     Split
	source    *source
	batch     exchange.Batch
	at        int // in the batch, of the next row to look at
	row       [1]exchange.Exchange
}

// WithRequests returns a sink to which the caller writes rows of the split, in
// the split's order and with key and reference alone. It reads their requests,
// verifies them, and passes the rows on. Closing it closes the inner sink.
//
// Judging needs no requests and mismatches are few: most are so neither
// taken apart nor held.
func (r *Recording) WithRequests(s Split, to exchange.Sink) exchange.Sink {
	return &requests{Sink: to, recording: r, split: s}
}

// Write passes the rows on one by one: what a row's request points to is valid
// until the next row's is read.
func (r *requests) Write(ctx context.Context, b *exchange.Batch) error {
	for i := range b.Rows {
		r.row[0] = b.Rows[i]
		if err := r.find(ctx); err != nil {
			return fmt.Errorf("read the request of exchange %s: %w", b.Rows[i].ID, err)
		}
		if err := r.Sink.Write(ctx, &exchange.Batch{Rows: r.row[:]}); err != nil {
			return err
		}
	}
	return nil
}

// find goes on to the row with the id of r.row and fills in its request.
func (r *requests) find(ctx context.Context) error {
	if r.source == nil {
		o, err := r.recording.openSplit(ctx, r.split)
		if err != nil {
			return err
		}
		r.source = newSource(o, exchange.RequestSide, ids, r.split.RowGroup)
	}
	for {
		for ; r.at < len(r.batch.Rows); r.at++ {
			if r.batch.Rows[r.at].ID == r.row[0].ID {
				return r.load()
			}
		}
		r.at = 0
		if err := r.source.Read(ctx, &r.batch); err == io.EOF {
			r.batch.Rows = nil
			return inObject(r.recording.bucket, r.split.Object, errors.New("it is not in the split, or not where it was"))
		} else if err != nil {
			return err
		}
	}
}

// load fills in the request of r.row, whose key is under its checksum.
func (r *requests) load() error {
	found := &r.batch.Rows[r.at]
	*found = r.row[0]
	if err := r.source.Load(r.at); err != nil {
		return err
	}
	r.row[0].Request = found.Request
	r.at++
	return nil
}

// Close drops what was not committed and gives the pages back.
func (r *requests) Close() error {
	err := r.Sink.Close()
	if r.source != nil {
		err = errors.Join(err, r.source.Close())
	}
	return err
}
