package dataset

import (
	"context"
	"errors"
	"slices"

	"github.com/modelparity/parity/internal/store"
)

// repeatsFormat is that of what a judgement says of repeated requests.
const repeatsFormat = "parity.repeats/1"

func repeatsKey(id string) string { return "judgements/" + id + "/repeats.json" }

// PutRepeats writes what a judgement says of the requests that were repeated,
// wherever in the run they lie: it is made when all splits are judged.
func (j *Judgement) PutRepeats(ctx context.Context, tally any) error {
	return putDocument(ctx, j.run.bucket, repeatsKey(j.Info.ID), repeatsFormat, j.run.Info.ID+"/"+j.Info.ID, tally)
}

// Repeats reads it; false where it is not made yet.
func (j *Judgement) Repeats(ctx context.Context, tally any) (bool, error) {
	err := getDocument(ctx, j.run.bucket, repeatsKey(j.Info.ID), repeatsFormat, j.run.Info.ID+"/"+j.Info.ID, tally)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// RequestHashes calls fn with the hashes of all requests that a split's row group
// has, also of those that nobody asks for, some at a time. It reads one column and
// makes no exchanges of it.
func (r *Recording) RequestHashes(ctx context.Context, s Split, fn func(hashes []uint64)) (err error) {
	o, err := r.openSplit(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = inObject(r.bucket, s.Object, recovered(recover(), err)) }()
	columns := fileColumns(kindSides[o.kind])
	at := slices.IndexFunc(columns, func(c column) bool { return c.Column != nil && c.Name == "request_hash" })
	chunks, _, err := o.fetch(ctx, s.RowGroup, []int{at}, nil)
	if err != nil {
		return err
	}
	var hashes []uint64
	c := newCursor(columns[at], chunks[0])
	for row := 0; row < int(o.rows(s.RowGroup)); row = c.end {
		if err := errors.Join(c.seek(row), c.decode()); err != nil {
			return err
		}
		hashes = hashes[:0]
		for i := range c.remaining() {
			hashes = append(hashes, uint64(c.hash(i)))
		}
		fn(hashes)
	}
	return nil
}
