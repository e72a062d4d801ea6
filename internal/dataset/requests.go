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
func (r *requests) find(ctx context.Context) (err error) {
	if r.source == nil {
		o, err := r.recording.openSplit(ctx, r.split)
		if err != nil {
			return err
		}
		r.source = newSource(o, exchange.RequestSide, r.split.RowGroup)
		r.source.noKey = true
	}
	s := r.source
	defer func() { err = inObject(s.object.bucket, s.object.key, recovered(recover(), err)) }()
	for {
		if s.left == 0 {
			if err := s.nextGroup(ctx); err == io.EOF {
				return errors.New("it is not in the split, or not where it was")
			} else if err != nil {
				return err
			}
		}
		n, err := s.fill(batchRows)
		if err != nil {
			return err
		}
		at := s.find(r.row[0].ID, n)
		s.skip(at)
		if at < n {
			return s.take(r.row[:])
		}
	}
}

// find says where among the next n rows the id is; n where it is not.
func (s *source) find(id exchange.ID, n int) int {
	for _, c := range s.cursors {
		if c.fixed == nil {
			continue
		}
		for i := range n {
			if exchange.ID(c.fixed[16*(c.at+i):]) == id {
				return i
			}
		}
	}
	return n
}

// Close drops what was not committed and gives the pages back.
func (r *requests) Close() error {
	err := r.Sink.Close()
	if r.source != nil {
		err = errors.Join(err, r.source.Close())
	}
	return err
}
