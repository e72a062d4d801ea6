package dataset

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Limits bound a row group, which is a split. Zero values mean the defaults.
type Limits struct {
	Rows  int   // default 10,000
	Bytes int64 // of bodies and headers before compression, default 16 MiB
}

// Validate names the field that makes no sense.
func (l Limits) Validate() error {
	if l.Rows < 0 || l.Bytes < 0 {
		return fmt.Errorf("split rows %d, bytes %d: must be above 0, or 0 for the default", l.Rows, l.Bytes)
	}
	return nil
}

func (l Limits) orDefaults() Limits {
	return Limits{Rows: cmp.Or(l.Rows, 10_000), Bytes: cmp.Or(l.Bytes, 16<<20)}
}

// writer makes one object of exchanges: a temporary Parquet file that Commit
// puts into the bucket. It implements exchange.Sink.
type writer struct {
	bucket store.Bucket
	key    string
	kind   Kind
	limits Limits
	sorted bool // by (model, id) over the whole object, which is then held in memory

	file    *os.File
	parquet *parquet.GenericWriter[any]
	columns []column
	blobs   []*exchange.Column // those that point to bytes
	groups  int

	rows    []*exchange.Exchange // that wait; pointers, because a row is too large to move about
	slab    []exchange.Exchange  // where the next rows go
	bytes   int64                // of the rows that wait
	largest int64                // of them, by its bytes
	arena   arena
	sum     exchange.Summer
	vals    []parquet.Value
}

var _ exchange.Sink = (*writer)(nil)

func newWriter(b store.Bucket, key string, kind Kind, limits Limits, meta map[string]string) (*writer, error) {
	f, err := unnamedFile()
	if err != nil {
		return nil, fmt.Errorf("make a temporary file for %s: %w", key, err)
	}
	w := &writer{
		bucket: b, key: key, kind: kind, limits: limits.orDefaults(), sorted: kind == RecordingKind,
		file: f, columns: fileColumns(kindSides[kind]),
	}
	for _, c := range exchange.Columns(kindSides[kind]) {
		if c.Kind == exchange.Blob || c.Kind == exchange.JSON {
			w.blobs = append(w.blobs, c)
		}
	}
	w.parquet = parquet.NewGenericWriter[any](f, append(writerOptions(kind), schemas[kind])...)
	w.parquet.SetKeyValueMetadata(keyFormat, FormatVersion)
	w.parquet.SetKeyValueMetadata(keyKind, string(kind))
	for _, k := range slices.Sorted(maps.Keys(meta)) { // the same rows, the same bytes
		w.parquet.SetKeyValueMetadata(k, meta[k])
	}
	return w, nil
}

// Write copies the rows. All but recordings go to the file as soon as they
// fill a row group.
func (w *writer) Write(_ context.Context, b *exchange.Batch) error {
	for i := range b.Rows {
		size := w.size(&b.Rows[i])
		if !w.sorted && w.full(len(w.rows), w.bytes, size) {
			if err := w.endGroup(); err != nil {
				return err
			}
		}
		w.rows = append(w.rows, w.keep(&b.Rows[i]))
		w.hold(size)
		if !w.sorted && w.crowded() {
			if err := w.endGroup(); err != nil {
				return err
			}
		}
	}
	return nil
}

// take is Write for rows that, with all that they point to, are the writer's from now
// on: nothing is copied. It is for recordings alone, which are held as a whole.
func (w *writer) take(rows []*exchange.Exchange) {
	for _, e := range rows {
		w.complete(e)
		w.hold(w.size(e))
	}
	w.rows = rows
}

// endGroup writes the rows that wait.
func (w *writer) endGroup() error {
	if err := w.flush(w.rows); err != nil {
		return fmt.Errorf("write %s: %w", w.key, err)
	}
	w.release()
	w.arena.reset() // the rows are in the file's pages now
	return nil
}

func (w *writer) full(rows int, bytes, next int64) bool {
	return rows > 0 && (rows >= w.limits.Rows || bytes+next > w.limits.Bytes)
}

// size is what a row counts against Limits.Bytes.
func (w *writer) size(e *exchange.Exchange) (n int64) {
	for _, c := range w.blobs {
		n += int64(len(*c.Blob(e)))
	}
	return n
}

// keep copies a row and what it points to.
func (w *writer) keep(row *exchange.Exchange) *exchange.Exchange {
	if len(w.slab) == 0 {
		w.slab = make([]exchange.Exchange, 64)
	}
	e := &w.slab[0]
	w.slab = w.slab[1:]
	*e = *row
	w.complete(e)
	for _, c := range w.blobs {
		*c.Blob(e) = w.arena.clone(*c.Blob(e))
	}
	return e
}

// complete fills in what follows from the rest of a row.
func (w *writer) complete(e *exchange.Exchange) {
	e.SamplingProbability = cmp.Or(e.SamplingProbability, 1)
	if sides := kindSides[w.kind]; sides&exchange.ReferenceSide != 0 {
		e.Reference.Hash = exchange.HashAnswer(&e.Reference)
	}
	if sides := kindSides[w.kind]; sides&exchange.CandidateSide != 0 {
		e.Candidate.Hash = exchange.HashAnswer(&e.Candidate.Answer)
	}
}

// flush writes rows as one row group, column after column.
func (w *writer) flush(rows []*exchange.Exchange) error {
	if len(rows) == 0 {
		return nil
	}
	if w.largest >= largeRow {
		encodingLarge.Lock()
		defer encodingLarge.Unlock()
	}
	for i, cw := range w.parquet.ColumnWriters() {
		if err := w.writeColumn(w.columns[i], cw, rows); err != nil {
			return fmt.Errorf("column %s: %w", w.columns[i].name(), err)
		}
	}
	w.groups++
	return w.parquet.Flush()
}

// A page ends after pageBytes. Smaller ones compress worse and take longer, as each
// begins with tables: bodies of 300 bytes take 7 % more room at 16 KiB and a fifth
// more time to decompress, at 8 KiB 16 % and twice as much. Larger ones would gain
// 1 %, and past 64 KiB the encoder wants 8 MiB to look back. Of requests the judge
// wants those of mismatches only, which are few: of their bodies and headers it
// decompresses little more than it wants.
const (
	pageBytes        = 56 << 10
	requestPageBytes = 16 << 10
)

func (c column) pageBytes() int {
	switch {
	case c.large() && c.Side == exchange.RequestSide:
		return requestPageBytes
	}
	return pageBytes
}

func (w *writer) writeColumn(c column, to *parquet.ColumnWriter, rows []*exchange.Exchange) error {
	w.vals = w.vals[:0]
	size := 0
	for i, e := range rows {
		v := w.value(c, e)
		w.vals = append(w.vals, v)
		if size += c.size(v); size < c.pageBytes() && i < len(rows)-1 {
			continue
		}
		if _, err := to.WriteRowValues(w.vals); err != nil {
			return err
		}
		if err := to.Flush(); err != nil {
			return err
		}
		w.vals, size = w.vals[:0], 0
	}
	return nil
}

// size is about what a value takes in memory where it is read.
func (c column) size(v parquet.Value) int {
	switch {
	case c.large():
		return 4 + len(v.ByteArray())
	case c.Column != nil && c.Kind == exchange.UUID:
		return 16
	}
	return 8
}

func (w *writer) value(c column, e *exchange.Exchange) parquet.Value {
	if c.Column == nil {
		return parquet.Int64Value(int64(w.sum.Checksum(e, c.checksum)))
	}
	switch c.Kind {
	case exchange.UUID:
		return parquet.FixedLenByteArrayValue(e.ID[:])
	case exchange.Time, exchange.Int, exchange.Hash:
		return parquet.Int64Value(*c.Num(e))
	case exchange.Float:
		return parquet.DoubleValue(math.Float64frombits(uint64(*c.Num(e))))
	case exchange.Text:
		// The value only reads the bytes, and is copied into a page at once.
		t := *c.Text(e)
		return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(t), len(t)))
	default:
		return parquet.ByteArrayValue(*c.Blob(e))
	}
}

// Commit finishes the file and creates the object.
func (w *writer) Commit(ctx context.Context) error {
	if err := w.finish(); err != nil {
		return fmt.Errorf("write %s: %w", w.key, err)
	}
	err := w.bucket.Put(ctx, w.key, w.file)
	if errors.Is(err, store.ErrExists) {
		return exchange.ErrExists
	}
	return err
}

func (w *writer) finish() error {
	if w.sorted {
		w.sort()
	}
	for rows := w.rows; len(rows) > 0; {
		n := w.groupLength(rows)
		if err := w.flush(rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	w.release()
	return closeSealed(w.parquet, w.file, w.groups, len(w.columns))
}

func (w *writer) sort() {
	slices.SortStableFunc(w.rows, func(a, b *exchange.Exchange) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

// groupLength says how many of the rows fit the limits; at least one.
func (w *writer) groupLength(rows []*exchange.Exchange) int {
	var size int64
	for i := range rows {
		next := w.size(rows[i])
		if w.full(i, size, next) {
			return i
		}
		size += next
	}
	return len(rows)
}

// Close drops the temporary file. Only the first call does anything.
func (w *writer) Close() error {
	w.release()
	if err := w.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// unnamedFile makes a temporary file without a name, so that a process that is
// killed leaves nothing behind.
func unnamedFile() (*os.File, error) {
	f, err := store.Temp("parity-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// arena copies many small slices into few large ones.
type arena struct{ free []byte }

const arenaBlock = 64 << 10

func (a *arena) clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if len(b) > arenaBlock/4 {
		return bytes.Clone(b)
	}
	if len(b) > cap(a.free)-len(a.free) {
		a.free = make([]byte, 0, arenaBlock)
	}
	at := len(a.free)
	a.free = append(a.free, b...)
	return a.free[at:len(a.free):len(a.free)]
}

func (a *arena) reset() { a.free = a.free[:0] }

// ledgerText is the JSON of a ledger for an object's metadata.
func ledgerText(l exchange.Ledger) string {
	text, err := json.Marshal(l)
	if err != nil {
		panic("a ledger always marshals: " + err.Error())
	}
	return string(text)
}
