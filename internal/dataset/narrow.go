package dataset

import (
	"context"
	"fmt"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// narrowing is what a selection asks for beyond what its Match says. Only the
// sources of a recording that is narrowed know of it: a row that it leaves out is
// not there for anybody.
type narrowing struct {
	sel  exchange.Selection
	rest *exchange.Rest // nil: nothing
	cut  *exchange.Cut  // nil: nothing is cut off
}

// Narrow is the recording with only those exchanges that a selection asks for by
// statuses, ids and signatures, and that are before the cut, if there is one.
// Source and LazyAnswers go by it. Where the selection asks for nothing of the kind
// it changes nothing.
func (r *Recording) Narrow(sel exchange.Selection, cut *exchange.Cut) *Recording {
	n := &narrowing{sel: sel, rest: sel.Rest(), cut: cut}
	if n.rest == nil && n.cut == nil && len(sel.Signatures) == 0 {
		return r
	}
	return &Recording{Location: r.Location, bucket: r.bucket, keys: r.keys, narrow: n}
}

// Narrow is the recording with only what the run is about, as Recording opens it.
// It needs the run's plan, where that is cut.
func (r *Run) Narrow(ctx context.Context, rec *Recording) (*Recording, error) {
	cut, err := r.cut(ctx)
	return rec.Narrow(r.Info.Selection, cut), err
}

// of is what is left of a row group.
func (n *narrowing) of(ctx context.Context, o *object, group int) (keep func(*exchange.Exchange) bool, err error) {
	var ids map[exchange.ID]bool // nil: all
	if len(n.sel.Signatures) > 0 {
		if ids, err = signed(ctx, o, group, n.sel.Signatures, nil); err != nil {
			return nil, err
		}
	}
	if n.rest != nil {
		if ids, err = n.restOf(ctx, o, group, ids); err != nil {
			return nil, err
		}
	}
	return func(e *exchange.Exchange) bool {
		return (ids == nil || ids[e.ID]) && (n.cut == nil || n.cut.Has(e))
	}, nil
}

// restOf are those of ids, nil for all, that the selection's Rest matches.
func (n *narrowing) restOf(ctx context.Context, o *object, group int, ids map[exchange.ID]bool) (map[exchange.ID]bool, error) {
	left := map[exchange.ID]bool{}
	rest := exchange.Selection{Statuses: n.sel.Statuses, IDs: n.sel.IDs}
	return left, EachRow(ctx, newColumnSource(o, append(rest.Columns(), "id"), group), func(e *exchange.Exchange) error {
		if (ids == nil || ids[e.ID]) && n.rest.Match(e) {
			left[e.ID] = true
		}
		return nil
	})
}

// newColumnSource reads the named columns of row groups, of whichever side, and no
// checksums but the chunks'.
func newColumnSource(o *object, columns []string, groups ...int) *source {
	return &source{object: o, columns: columns, groups: groups}
}

// signed are the exchanges of a row group that have one of the signatures in a
// delta that is no noise. seen is called with each that it has, if it is not nil.
func signed(ctx context.Context, o *object, group int, signatures []string, seen func(signature string)) (map[exchange.ID]bool, error) {
	if o.kind != MismatchKind {
		return nil, fmt.Errorf("%v is no mismatch set, and only what differs has signatures: name RUN/mismatches, or leave --signature out", o.bucket)
	}
	ids := map[exchange.ID]bool{}
	return ids, EachRow(ctx, newSource(o, exchange.VerdictSide, whole, group), func(e *exchange.Exchange) error {
		has, err := e.Verdict.Signatures()
		if err != nil {
			return fmt.Errorf("exchange %s of %v: %w", e.ID, o.bucket, err)
		}
		for _, signature := range has {
			if seen != nil {
				seen(signature)
			}
			if slices.Contains(signatures, signature) {
				ids[e.ID] = true
			}
		}
		return nil
	})
}
