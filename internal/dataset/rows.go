package dataset

import (
	"context"
	"errors"
	"io"

	"github.com/modelparity/parity/internal/exchange"
)

// EachRow calls fn for every row of src and closes it. What fn gets is valid
// during the call.
func EachRow(ctx context.Context, src exchange.Source, fn func(*exchange.Exchange) error) (err error) {
	defer func() { err = errors.Join(err, src.Close()) }()
	var b exchange.Batch
	for {
		if err := src.Read(ctx, &b); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		for i := range b.Rows {
			if err := fn(&b.Rows[i]); err != nil {
				return err
			}
		}
	}
}

// Rows calls fn for every exchange of the recording, object after object, with
// the sides that the object has.
func (r *Recording) Rows(ctx context.Context, fn func(*exchange.Exchange, exchange.Sides) error) error {
	for _, key := range r.keys {
		o, err := r.open(ctx, key)
		if err != nil {
			return err
		}
		sides := kindSides[o.kind]
		err = EachRow(ctx, newSource(o, sides, whole, allGroups(o)...), func(e *exchange.Exchange) error { return fn(e, sides) })
		if err != nil {
			return err
		}
	}
	return nil
}
