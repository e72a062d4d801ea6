package dataset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// Narrow is the recording, a mismatch set, with only those exchanges that have a
// delta of one of the signatures which is no noise. Source and LazyAnswers go by
// it; without signatures it changes nothing.
//
// It is no matter of exchange.Selection.Match, because the deltas are no part of
// the key that everybody reads.
func (r *Recording) Narrow(signatures []string) *Recording {
	if len(signatures) == 0 {
		return r
	}
	return &Recording{Location: r.Location, bucket: r.bucket, keys: r.keys, narrow: signatures}
}

// narrowed are the exchanges of a split that have one of the signatures.
func (r *Recording) narrowed(ctx context.Context, s Split) (map[exchange.ID]bool, error) {
	ids := map[exchange.ID]bool{}
	err := r.eachSigned(ctx, s, func(id exchange.ID, signatures []string) {
		if slices.ContainsFunc(signatures, func(has string) bool { return slices.Contains(r.narrow, has) }) {
			ids[id] = true
		}
	})
	return ids, err
}

// eachSigned calls fn for every exchange of a split with its signatures.
func (r *Recording) eachSigned(ctx context.Context, s Split, fn func(exchange.ID, []string)) error {
	o, err := r.openSplit(ctx, s)
	if err != nil {
		return err
	}
	if o.kind != MismatchKind {
		return fmt.Errorf("%s is no mismatch set, and only what differs has signatures: name RUN/mismatches, or leave --signature out", r.Location)
	}
	return EachRow(ctx, newSource(o, exchange.VerdictSide, whole, s.RowGroup), func(e *exchange.Exchange) error {
		signatures, err := e.Verdict.Signatures()
		if err != nil {
			return fmt.Errorf("exchange %s of %s: %w", e.ID, r.Location, err)
		}
		fn(e.ID, signatures)
		return nil
	})
}

// checkSignatures wants each of the signatures to be one of the mismatch set's:
// a slip in one would send less than was asked for.
func (r *Recording) checkSignatures(ctx context.Context, splits []Split) error {
	const most = 12 // that an error names
	left, seen := slices.Clone(r.narrow), map[string]bool{}
	for _, s := range splits {
		if len(left) == 0 {
			break
		}
		err := r.eachSigned(ctx, s, func(_ exchange.ID, signatures []string) {
			for _, signature := range signatures {
				left = slices.DeleteFunc(left, func(asked string) bool { return asked == signature })
				if len(seen) < most {
					seen[fmt.Sprintf("%q", signature)] = true
				}
			}
		})
		if err != nil {
			return err
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("no exchange of %s differs at %q: it has %s; `parity show RUN` lists all signatures",
			r.Location, left[0], strings.Join(slices.Sorted(maps.Keys(seen)), ", "))
	}
	return nil
}
