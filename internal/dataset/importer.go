package dataset

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Importer makes a recording of exchanges from elsewhere. Its objects are named
// for the exchanges in them, so that importing the same again adds nothing. It
// holds at most importBytes of exchanges in memory.
type Importer struct {
	Added int64 // objects that were not there before

	bucket   store.Bucket
	instance string
	limits   Limits
	hours    map[time.Time]*writer
	ids      map[time.Time][]byte
	bytes    int64
	row      exchange.Batch
}

const importBytes = 64 << 20

// NewImporter begins an import. The instance names the source.
func NewImporter(b store.Bucket, instance string, limits Limits) *Importer {
	return &Importer{
		bucket: b, instance: instance, limits: limits,
		hours: map[time.Time]*writer{}, ids: map[time.Time][]byte{},
	}
}

// Add takes one exchange, into the partition of its time.
func (im *Importer) Add(ctx context.Context, e *exchange.Exchange) error {
	hour := e.Time.Time().Truncate(time.Hour)
	w := im.hours[hour]
	if w == nil {
		var err error
		if w, err = newWriter(im.bucket, "", RecordingKind, im.limits, nil); err != nil {
			return err
		}
		im.hours[hour] = w
	}
	im.row.Rows = append(im.row.Rows[:0], *e)
	if err := w.Write(ctx, &im.row); err != nil {
		return err
	}
	im.ids[hour] = append(im.ids[hour], e.ID[:]...)
	if im.bytes += w.size(e) + 512; im.bytes >= importBytes {
		return im.flush(ctx, nil)
	}
	return nil
}

// Finish writes what is left. The ledger goes with the last object.
func (im *Importer) Finish(ctx context.Context, l exchange.Ledger) error {
	return im.flush(ctx, &l)
}

func (im *Importer) flush(ctx context.Context, l *exchange.Ledger) error {
	hours := slices.SortedFunc(maps.Keys(im.hours), time.Time.Compare)
	for i, hour := range hours {
		info := ObjectInfo{Hour: hour, Instance: im.instance, ID: exchange.DeriveID(hour, []byte(im.instance), im.ids[hour])}
		if i == len(hours)-1 {
			info.Ledger = l
		}
		if err := im.commit(ctx, im.hours[hour], info); err != nil {
			return err
		}
		delete(im.hours, hour)
		delete(im.ids, hour)
	}
	im.bytes = 0
	if len(hours) > 0 || l == nil {
		return nil
	}
	return im.commitLedger(ctx, *l)
}

// commitLedger writes an object of no rows, when the last exchange had filled
// the one before.
func (im *Importer) commitLedger(ctx context.Context, l exchange.Ledger) error {
	w, err := newWriter(im.bucket, "", RecordingKind, im.limits, nil)
	if err != nil {
		return err
	}
	epoch := time.Unix(0, 0)
	id := exchange.DeriveID(epoch, []byte(im.instance), []byte(ledgerText(l)))
	return im.commit(ctx, w, ObjectInfo{Hour: epoch, Instance: im.instance, ID: id, Ledger: &l})
}

func (im *Importer) commit(ctx context.Context, w *writer, info ObjectInfo) error {
	w.key = info.Key()
	for k, v := range info.meta() {
		w.parquet.SetKeyValueMetadata(k, v)
	}
	err := w.Commit(ctx)
	if err == nil {
		im.Added++
	}
	if errors.Is(err, exchange.ErrExists) {
		err = nil
	}
	return errors.Join(err, w.Close())
}

// Close drops what was not written.
func (im *Importer) Close() error {
	var err error
	for _, w := range im.hours {
		err = errors.Join(err, w.Close())
	}
	im.hours = nil
	return err
}
