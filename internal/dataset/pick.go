package dataset

import (
	"context"
	"errors"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// Pick calls fn for the rows of a split with the given ids, in the split's order.
// It takes the pages of the sides apart for these alone. What fn gets is valid
// during the call.
func (r *Recording) Pick(ctx context.Context, s Split, picked map[exchange.ID]bool, sides exchange.Sides, fn func(*exchange.Exchange) error) (err error) {
	o, err := r.openSplit(ctx, s)
	if err != nil {
		return err
	}
	src := newSource(o, sides, answers, s.RowGroup)
	defer func() { err = errors.Join(err, src.Close()) }()
	var b exchange.Batch
	for {
		if err := src.Read(ctx, &b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		for i := range b.Rows {
			if !picked[b.Rows[i].ID] {
				continue
			}
			if err := src.Load(i); err != nil {
				return err
			}
			if err := fn(&b.Rows[i]); err != nil {
				return err
			}
		}
	}
}
