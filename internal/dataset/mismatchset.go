package dataset

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// MismatchSplits lists the splits that have mismatches, in their order.
func (j *Judgement) MismatchSplits(ctx context.Context) ([]int, error) {
	splits, err := listSplits(ctx, j.run.bucket, j.folder("mismatches"))
	return slices.Sorted(maps.Keys(splits)), err
}

// Mismatches reads the given sides of a split's mismatches, from a row on,
// counted from 0. It reads nothing of the other sides, and nothing of the row
// groups before.
func (j *Judgement) Mismatches(ctx context.Context, split int, sides exchange.Sides, from int64) (exchange.Source, error) {
	o, err := j.mismatches(ctx, split)
	if err != nil {
		return nil, err
	}
	groups := allGroups(o)
	for len(groups) > 0 && from >= o.rows(groups[0]) {
		from -= o.rows(groups[0])
		groups = groups[1:]
	}
	src := newSource(o, sides, whole, groups...)
	src.skip = int(from)
	return src, nil
}

// Mismatch calls fn with one exchange of a split's mismatches, with all its
// sides, and is false where it is not there. Of the others it looks at the ids.
func (j *Judgement) Mismatch(ctx context.Context, split int, id exchange.ID, fn func(*exchange.Exchange) error) (found bool, err error) {
	o, err := j.mismatches(ctx, split)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, group := range allGroups(o) {
		if found, err = find(ctx, newSource(o, exchange.KeySide, ids, group), id); !found {
			if err != nil {
				return false, err
			}
			continue
		}
		return load(ctx, newSource(o, exchange.MismatchSides, keys, group), id, fn)
	}
	return false, nil
}

// find says whether a source has an exchange.
func find(ctx context.Context, src exchange.Source, id exchange.ID) (found bool, err error) {
	err = EachRow(ctx, src, func(e *exchange.Exchange) error {
		found = found || e.ID == id
		return nil
	})
	return found, err
}

// load fills in one row of a source that reads keys.
func load(ctx context.Context, src exchange.LazySource, id exchange.ID, fn func(*exchange.Exchange) error) (_ bool, err error) {
	defer func() { err = errors.Join(err, src.Close()) }()
	var b exchange.Batch
	for {
		if err := src.Read(ctx, &b); err != nil {
			return false, fmt.Errorf("read exchange %s: %w", id, err)
		}
		for i := range b.Rows {
			if b.Rows[i].ID != id {
				continue
			}
			if err := src.Load(i); err != nil {
				return false, err
			}
			return true, fn(&b.Rows[i])
		}
	}
}

// mismatches opens the mismatch object of a split.
func (j *Judgement) mismatches(ctx context.Context, split int) (*object, error) {
	s := Split{Index: split}
	o, err := openObject(ctx, j.run.bucket, j.mismatchKey(s))
	if err == nil {
		err = o.belongs(j.of(s))
	}
	return o, err
}
