package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/modelparity/parity/internal/store"
)

// planRow is a row of plan.parquet.
type planRow struct {
	Split      int64  `parquet:"split,plain"`
	Object     string `parquet:"object,dict"`
	ObjectSize int64  `parquet:"object_size,plain"`
	RowGroup   int64  `parquet:"row_group,plain"`
	Rows       int64  `parquet:"rows,plain"`
	Planned    int64  `parquet:"planned,plain"`
}

// FreezePlan writes the plan, unless there is one, and returns the one that
// counts: the first worker's.
func (r *Run) FreezePlan(ctx context.Context, splits []Split) ([]Split, error) {
	err := r.writePlan(ctx, splits)
	if err != nil && !errors.Is(err, store.ErrExists) {
		return nil, fmt.Errorf("write plan of %s: %w", r.Location, err)
	}
	plan, _, err := r.Plan(ctx)
	return plan, err
}

func (r *Run) writePlan(ctx context.Context, splits []Split) error {
	f, err := unnamedFile()
	if err != nil {
		return err
	}
	defer f.Close()
	w := parquet.NewGenericWriter[planRow](f, writerOptions(PlanKind)...)
	w.SetKeyValueMetadata(keyFormat, FormatVersion)
	w.SetKeyValueMetadata(keyKind, string(PlanKind))
	w.SetKeyValueMetadata(keyOf, r.Info.ID)
	rows := make([]planRow, len(splits))
	for i, s := range splits {
		rows[i] = planRow{int64(s.Index), s.Object, s.ObjectSize, int64(s.RowGroup), s.Rows, s.Planned}
	}
	if _, err := w.Write(rows); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := closeSealed(w, f, 1, len(w.Schema().Columns())); err != nil {
		return err
	}
	return r.bucket.Put(ctx, planKey, f)
}

// Plan reads the frozen plan; false where there is none yet.
func (r *Run) Plan(ctx context.Context) (plan []Split, ok bool, err error) {
	o, err := openObject(ctx, r.bucket, planKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if err := o.belongs(r.Info.ID); err != nil {
		return nil, false, err
	}
	defer func() { err = inObject(r.bucket, planKey, recovered(recover(), err)) }()
	data, err := o.readWhole(ctx)
	if err != nil {
		return nil, false, err
	}
	reader := parquet.NewGenericReader[planRow](bytes.NewReader(data))
	rows := make([]planRow, reader.NumRows())
	if n, err := reader.Read(rows); n < len(rows) && err != io.EOF || n != len(rows) {
		return nil, false, fmt.Errorf("%d of %d rows: %w", n, len(rows), err)
	}
	for i, row := range rows {
		if row.Split != int64(i) {
			return nil, false, fmt.Errorf("row %d is split %d", i, row.Split)
		}
		plan = append(plan, Split{i, row.Object, row.ObjectSize, int(row.RowGroup), row.Rows, row.Planned})
	}
	return plan, true, reader.Close()
}

// Planned adds up what a plan's splits have to send.
func Planned(plan []Split) (n int64) {
	for _, s := range plan {
		n += s.Planned
	}
	return n
}
