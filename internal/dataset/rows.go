package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

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
		o, err := openObject(ctx, r.bucket, key)
		if err != nil {
			return err
		}
		sides := kindSides[o.kind]
		err = EachRow(ctx, newSource(o, sides, allGroups(o)...), func(e *exchange.Exchange) error { return fn(e, sides) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Select counts in every split what the selection matches and drops the splits
// that have none. It reads nothing when everything is selected. That nothing
// at all matches is an error that names what there is.
func (r *Recording) Select(ctx context.Context, splits []Split, sel exchange.Selection) ([]Split, error) {
	if sel.All() {
		return splits, nil
	}
	models := make([]map[string]bool, len(splits))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i := range splits {
		g.Go(func() error {
			models[i] = map[string]bool{}
			splits[i].Planned = 0
			src, err := r.Source(gctx, splits[i], exchange.KeySide)
			if err != nil {
				return err
			}
			return EachRow(gctx, src, func(e *exchange.Exchange) error {
				models[i][e.Model] = true
				if sel.Match(e) {
					splits[i].Planned++
				}
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(slices.Clone(splits), func(s Split) bool { return s.Planned == 0 })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no exchange of %s is selected: its models are %s", r.Location, someNames(models))
	}
	for i := range chosen {
		chosen[i].Index = i
	}
	return chosen, nil
}

func someNames(sets []map[string]bool) string {
	const most = 12
	var names []string
	for _, set := range sets {
		for name := range set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > most {
		names = append(names[:most], fmt.Sprintf("… (%d in all)", len(names)))
	}
	return strings.Join(names, ", ")
}
