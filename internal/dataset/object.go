// Package dataset keeps exchanges as Parquet objects in a bucket: recordings,
// runs over them, and judgements of runs. It knows which objects there are and
// what they are called (FORMAT.md), reads the columns asked for and verifies
// every checksum, and runs a function over the splits of a plan. The verbs meet
// it through exchange.Source and exchange.Sink.
package dataset

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// object is an opened Parquet object: its footer, verified and parsed.
type object struct {
	bucket store.Bucket
	key    string
	size   int64
	file   *parquet.File
	kind   Kind
	chunks []extent // of the file in its order, the page index last
	sums   []uint32 // their checksums
}

// tailSize is what opening reads at once: nearly every footer fits.
const tailSize = 64 << 10

// openObject reads and verifies the footer. Its errors name the object.
func openObject(ctx context.Context, b store.Bucket, key string) (o *object, err error) {
	defer func() { err = inObject(b, key, recovered(recover(), err)) }()
	tail, size, err := b.Get(ctx, key, -tailSize, 0)
	if err != nil {
		return nil, err
	}
	at := tailReader{tail, size - int64(len(tail))}
	footer, err := readFooter(at, size)
	if errors.Is(err, errOutside) { // a large footer
		n := int64(binary.LittleEndian.Uint32(tail[len(tail)-8:])) // readFooter found it to be within the object
		if tail, _, err = b.Get(ctx, key, -(n + 8), 0); err != nil {
			return nil, err
		}
		at = tailReader{tail, size - int64(len(tail))}
		footer, err = readFooter(at, size)
	}
	if err != nil {
		return nil, err
	}
	if err := verifyFooter(footer); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(at, size, openOptions...)
	if err != nil {
		return nil, err
	}
	o = &object{bucket: b, key: key, size: size, file: f}
	return o, o.check(int64(len(footer)))
}

// check holds the footer against what this version of Parity writes.
func (o *object) check(footer int64) error {
	if v := o.meta(keyFormat); v != FormatVersion {
		return fmt.Errorf("it has format %q, and this parity reads format %q: use the version that wrote it (%s)",
			v, FormatVersion, o.file.Metadata().CreatedBy)
	}
	o.kind = Kind(o.meta(keyKind))
	if _, known := kindSides[o.kind]; known {
		if err := checkSchema(o.file, o.kind); err != nil {
			return err
		}
	} else if o.kind != PlanKind {
		return fmt.Errorf("it holds %q, which this parity does not know", o.kind)
	}
	var err error
	if o.chunks, err = layout(o.file, o.size, footer); err != nil {
		return err
	}
	return o.checkSums()
}

func (o *object) checkSums() error {
	digits, err := hex.DecodeString(o.meta(keyChunksCRC))
	if err != nil || len(digits) != 4*len(o.chunks) {
		return fmt.Errorf("%s has not one checksum for each of %d chunks", keyChunksCRC, len(o.chunks))
	}
	for ; len(digits) > 0; digits = digits[4:] {
		o.sums = append(o.sums, uint32(digits[0])<<24|uint32(digits[1])<<16|uint32(digits[2])<<8|uint32(digits[3]))
	}
	return nil
}

// belongs refuses an object that somebody moved here from elsewhere: it would
// be whole, and say something of another run.
func (o *object) belongs(of string) error {
	if has := o.meta(keyOf); has != of {
		return inObject(o.bucket, o.key, fmt.Errorf("it belongs to %q, not to %q: somebody moved it here", has, of))
	}
	return nil
}

func (o *object) meta(key string) string {
	v, _ := o.file.Lookup(key)
	return v
}

// groups and rows count an object's row groups and the rows of one.
func (o *object) groups() int          { return len(o.file.RowGroups()) }
func (o *object) rows(group int) int64 { return o.file.RowGroups()[group].NumRows() }

func (o *object) allRows() (n int64) {
	for g := range o.groups() {
		n += o.rows(g)
	}
	return n
}

func (o *object) ledger() (l exchange.Ledger, ok bool) {
	text := o.meta(keyLedger)
	return l, text != "" && json.Unmarshal([]byte(text), &l) == nil
}

// bridge is the gap between two chunks that is cheaper to read than to skip.
const bridge = 64 << 10

// fetch reads the chunks of a row group that have the given column numbers,
// ascending, in few ranged reads, and verifies them. They are part of buf, if it
// has room; it comes back as large as was needed.
func (o *object) fetch(ctx context.Context, group int, columns []int, buf []byte) (data [][]byte, grown []byte, err error) {
	first := group * len(o.file.Metadata().RowGroups[group].Columns)
	var need int64
	spans := o.spans(first, columns)
	for _, s := range spans {
		need += s.size
	}
	if int64(cap(buf)) < need {
		buf = make([]byte, need, need+need/16) // the next row group is about as large
	}
	free := buf[:need]
	for _, s := range spans {
		bytes, _, err := o.bucket.GetInto(ctx, o.key, s.offset, s.size, free[:s.size:s.size])
		if err != nil {
			return nil, buf, err
		}
		if int64(len(bytes)) != s.size {
			return nil, buf, fmt.Errorf("%d bytes at %d are cut short to %d", s.size, s.offset, len(bytes))
		}
		free = free[s.size:]
		for len(data) < len(columns) {
			column := columns[len(data)]
			c := o.chunks[first+column]
			if c.end() > s.end() {
				break
			}
			chunk := bytes[c.offset-s.offset:][:c.size]
			if crc32.Checksum(chunk, castagnoli) != o.sums[first+column] {
				return nil, buf, fmt.Errorf("row group %d column %d is damaged: the checksum does not fit", group, column)
			}
			data = append(data, chunk)
		}
	}
	return data, buf, nil
}

// spans lists what is to be read in one go for the given columns of the row group
// whose first chunk is first.
func (o *object) spans(first int, columns []int) (spans []extent) {
	for _, column := range columns {
		c := o.chunks[first+column]
		last := len(spans) - 1
		if last < 0 || c.offset-spans[last].end() > bridge {
			spans = append(spans, c)
		} else {
			spans[last].size = c.end() - spans[last].offset
		}
	}
	return spans
}

// readWhole reads a small object and verifies all its chunks.
func (o *object) readWhole(ctx context.Context) ([]byte, error) {
	data, _, err := o.bucket.Get(ctx, o.key, 0, -1)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != o.size {
		return nil, fmt.Errorf("it has %d bytes and had %d", len(data), o.size)
	}
	for i, c := range o.chunks {
		if crc32.Checksum(data[c.offset:c.end()], castagnoli) != o.sums[i] {
			return nil, fmt.Errorf("chunk %d is damaged: the checksum does not fit", i)
		}
	}
	return data, nil
}

// verifyIndex checks the bytes that no reader of ours looks at.
func (o *object) verifyIndex(ctx context.Context) error {
	last := len(o.chunks) - 1
	index := o.chunks[last]
	data, _, err := o.bucket.Get(ctx, o.key, index.offset, index.size)
	if err != nil {
		return err
	}
	head, _, err := o.bucket.Get(ctx, o.key, 0, int64(len(magic)))
	if err != nil {
		return err
	}
	if string(head) != magic {
		return errors.New("its first bytes are damaged")
	}
	if crc32.Checksum(data, castagnoli) != o.sums[last] {
		return errors.New("its page index is damaged: the checksum does not fit")
	}
	return nil
}

var errOutside = errors.New("outside of what was read")

// tailReader serves the end of an object from memory.
type tailReader struct {
	data []byte
	from int64
}

func (t tailReader) ReadAt(p []byte, off int64) (int, error) {
	if off < t.from {
		return 0, errOutside
	}
	if off-t.from > int64(len(t.data)) {
		return 0, io.EOF
	}
	n := copy(p, t.data[off-t.from:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// recovered turns a panic into an error: what a decoder does on bytes that pass
// every checksum and are wrong all the same must not end the process.
func recovered(panicked any, err error) error {
	if panicked != nil {
		return fmt.Errorf("decoding panicked: %v", panicked)
	}
	return err
}

// inObject says which object an error is about.
func inObject(b store.Bucket, key string, err error) error {
	if err == nil || err == io.EOF { // a wrapped io.EOF is a failure of the store
		return err
	}
	return fmt.Errorf("read %s: %w", store.Join(fmt.Sprint(b), strings.Split(key, "/")...), err)
}
