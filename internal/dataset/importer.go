package dataset

import (
	"context"
	"errors"
	"fmt"
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
	hours    map[time.Time][]*exchange.Exchange
	slab     []exchange.Exchange // where the next ones go
	bytes    int
	named    bool // the instance is
}

const importBytes = 64 << 20

// NewImporter begins an import. The instance names the source; the first
// exchange adds to it, so that two sources of one name have a ledger each.
func NewImporter(b store.Bucket, instance string, limits Limits) *Importer {
	return &Importer{bucket: b, instance: instance, limits: limits, hours: map[time.Time][]*exchange.Exchange{}}
}

// Add takes one exchange, and keeps what it points to, into the partition of its time.
func (im *Importer) Add(ctx context.Context, e *exchange.Exchange) error {
	if !im.named {
		im.instance += fmt.Sprintf("-%x", e.ID[12:])
		im.named = true
	}
	hour := e.Time.Time().Truncate(time.Hour)
	if len(im.slab) == 0 {
		im.slab = make([]exchange.Exchange, 64)
	}
	row := &im.slab[0]
	im.slab = im.slab[1:]
	*row = *e
	im.hours[hour] = append(im.hours[hour], row)
	im.bytes += len(e.Request.Headers) + len(e.Request.Body) + len(e.Reference.Headers) + len(e.Reference.Body) + 512
	if im.bytes >= importBytes {
		return im.flush(ctx, nil)
	}
	return nil
}

// Finish writes what is left. The ledger goes with the last object, which has
// no rows where the last exchange had filled the one before.
func (im *Importer) Finish(ctx context.Context, l exchange.Ledger) error {
	if len(im.hours) == 0 {
		epoch := time.Unix(0, 0)
		id := exchange.DeriveID(epoch, []byte(im.instance), []byte(ledgerText(l)))
		return im.put(ctx, ObjectInfo{Hour: epoch, Instance: im.instance, ID: id, Ledger: &l}, nil)
	}
	return im.flush(ctx, &l)
}

func (im *Importer) flush(ctx context.Context, l *exchange.Ledger) error {
	hours := slices.SortedFunc(maps.Keys(im.hours), time.Time.Compare)
	for i, hour := range hours {
		var ids []byte
		for _, e := range im.hours[hour] {
			ids = append(ids, e.ID[:]...)
		}
		info := ObjectInfo{Hour: hour, Instance: im.instance, ID: exchange.DeriveID(hour, []byte(im.instance), ids)}
		if i == len(hours)-1 {
			info.Ledger = l
		}
		if err := im.put(ctx, info, im.hours[hour]); err != nil {
			return err
		}
		delete(im.hours, hour)
	}
	im.bytes = 0
	return nil
}

func (im *Importer) put(ctx context.Context, info ObjectInfo, rows []*exchange.Exchange) (err error) {
	w, err := newWriter(im.bucket, info.Key(), RecordingKind, im.limits, info.meta())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	w.take(rows)
	switch err := w.Commit(ctx); {
	case err == nil:
		im.Added++
	case !errors.Is(err, exchange.ErrExists):
		return err
	}
	return nil
}
