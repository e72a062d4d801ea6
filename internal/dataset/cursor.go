package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"

	"github.com/modelparity/parity/internal/exchange"
)

// cursor walks the pages of one column chunk, which is in memory and verified.
// Pages of different columns end at different rows, so each column has one.
//
// It reads what Parity writes, flat required columns in data pages of version
// 2, and nothing else. parquet-go's own pages decompress each page they pass,
// clear and copy every value; passing over pages, and pointing into them, is
// what makes judging cost less than reading (BenchmarkRead, make bench-compare).
type cursor struct {
	column
	chunk []byte // what is left of it

	// The open page holds the rows from first to end; at is the next one to take.
	at, first, end int
	header         pageHeader
	packed         []byte // its values as stored; nil once they are decoded

	buf    []byte   // its values, decompressed: UUIDs and hashes as they are
	nums   []int64  // of Time and Int
	starts []uint32 // of Text, JSON and Blob that are plain: value i is buf[starts[i]+4:starts[i+1]]
	index  []int32  // of Text with a dictionary
	dict   dictionary
}

// dictionary holds the texts of a chunk.
type dictionary struct {
	buf     []byte
	starts  []uint32
	strings []string // made at once where they are few
}

var (
	codec      zstd.Codec
	indexCodec rle.DictionaryEncoding
	deltaCodec delta.BinaryPackedEncoding
)

// newCursor starts at the first row of a chunk.
func newCursor(c column, chunk []byte) *cursor { return &cursor{column: c, chunk: chunk} }

// seek goes on to a row, which may not lie before the open page, and passes
// over the pages before it without decoding them.
func (c *cursor) seek(row int) error {
	for row >= c.end {
		if err := c.nextPage(); err != nil {
			return fmt.Errorf("column %s: %w", c.name(), err)
		}
	}
	c.at = row
	return nil
}

// remaining counts the rows of the open page that are not taken.
func (c *cursor) remaining() int { return c.end - c.at }

func (c *cursor) nextPage() error {
	for {
		if len(c.chunk) == 0 {
			return errors.New("it ends early")
		}
		h, rest, err := readPageHeader(c.chunk)
		if err != nil {
			return err
		}
		if h.compressed < 0 || h.compressed > int64(len(rest)) || h.uncompressed < 0 || h.values < 0 || h.levels != 0 {
			return fmt.Errorf("a page of %d bytes and %d values, with %d bytes left", h.compressed, h.values, len(rest))
		}
		c.header, c.packed, c.chunk = h, rest[:h.compressed], rest[h.compressed:]
		switch h.kind {
		case pageDictionary:
			if err := c.readDictionary(); err != nil {
				return err
			}
		case pageData:
			c.first, c.end = c.end, c.end+int(h.values)
			return nil
		default:
			return fmt.Errorf("a page of type %d", h.kind)
		}
	}
}

func (c *cursor) readDictionary() (err error) {
	d := &c.dict
	if d.buf, err = unpack(d.buf, c.packed, c.header); err != nil {
		return err
	}
	d.starts, err = split(d.starts, d.buf, c.header.values)
	if err != nil || len(d.starts) > batchRows { // of a large one most texts are used once, if at all
		return err
	}
	d.strings = make([]string, len(d.starts)-1)
	for i := range d.strings {
		d.strings[i] = string(value(d.buf, d.starts, i))
	}
	return nil
}

func (d *dictionary) text(i int32) string {
	if d.strings != nil {
		return d.strings[i]
	}
	return string(value(d.buf, d.starts, int(i)))
}

// maxPage is the size up to which what a page says of itself is believed before
// it is decompressed.
const maxPage = 1 << 20

// unpack decompresses a page into buf.
func unpack(buf, packed []byte, h pageHeader) ([]byte, error) {
	if h.plain {
		return append(buf[:0], packed...), nil
	}
	if need := int(h.uncompressed); cap(buf) < need && need <= maxPage {
		buf = make([]byte, 0, need+need/4+64) // the next pages are about as large
	}
	buf, err := codec.Decode(buf, packed)
	if err == nil && int64(len(buf)) != h.uncompressed {
		err = fmt.Errorf("a page of %d bytes says that it has %d", len(buf), h.uncompressed)
	}
	return buf, err
}

// split finds where each of n values, its length before it, starts in a plain
// page; the end of the last one is one more.
func split(starts []uint32, buf []byte, n int64) ([]uint32, error) {
	starts = slices.Grow(starts[:0], int(min(n, maxPage))+1)
	at := 0
	for range n {
		if len(buf)-at < 4 {
			return nil, errShortPage
		}
		starts = append(starts, uint32(at))
		size := binary.LittleEndian.Uint32(buf[at:])
		if at += 4; uint64(size) > uint64(len(buf)-at) {
			return nil, errShortPage
		}
		at += int(size)
	}
	if at != len(buf) {
		return nil, fmt.Errorf("a page has %d bytes too many", len(buf)-at)
	}
	return append(starts, uint32(at)), nil
}

var errShortPage = errors.New("a page ends early")

func value(buf []byte, starts []uint32, i int) []byte {
	return buf[starts[i]+4 : starts[i+1] : starts[i+1]]
}

// decode makes the values of the open page ready.
func (c *cursor) decode() (err error) {
	if c.packed == nil {
		return nil
	}
	if c.buf, err = unpack(c.buf, c.packed, c.header); err != nil {
		return fmt.Errorf("column %s: %w", c.name(), err)
	}
	c.packed = nil
	if err := c.read(int(c.header.values)); err != nil {
		return fmt.Errorf("column %s: %w", c.name(), err)
	}
	return nil
}

// read takes the n values of the open page out of buf.
func (c *cursor) read(n int) (err error) {
	have := n
	switch c.header.encoding {
	case encodingDeltaBinaryPacked:
		c.nums, err = deltaCodec.DecodeInt64(c.nums[:0], c.buf)
		have = len(c.nums)
	case encodingRLEDictionary:
		c.index, err = indexCodec.DecodeInt32(c.index[:0], c.buf)
		have = min(len(c.index), n) // the last run may be padded
	case encodingPlain:
		if width := c.width(); width > 0 && len(c.buf) != n*width {
			err = fmt.Errorf("a page of %d values has %d bytes", n, len(c.buf))
		} else if width == 0 {
			c.starts, err = split(c.starts, c.buf, int64(n))
		}
	}
	if err == nil && (have != n || !c.hasEncoding()) {
		err = fmt.Errorf("a page of %d values has %d in encoding %d", n, have, c.header.encoding)
	}
	return err
}

// width is how many bytes a plain value has, 0 where they differ.
func (c *cursor) width() int {
	switch {
	case c.Column == nil || c.Kind == exchange.Hash || c.Kind == exchange.Float:
		return 8
	case c.Kind == exchange.UUID:
		return 16
	}
	return 0
}

// hasEncoding says whether the page is encoded as its column is.
func (c *cursor) hasEncoding() bool {
	e := c.header.encoding
	switch {
	case c.Column != nil && (c.Kind == exchange.Int || c.Kind == exchange.Time):
		return e == encodingDeltaBinaryPacked
	case c.Column != nil && c.Kind == exchange.Text:
		return e == encodingRLEDictionary || e == encodingPlain // a dictionary may have grown too large
	}
	return e == encodingPlain
}

// take moves the next len(rows) values of the open page into the rows.
func (c *cursor) take(rows []exchange.Exchange) error {
	if err := c.decode(); err != nil {
		return err
	}
	from := c.at - c.first
	c.at += len(rows)
	switch {
	case c.Column == nil: // a checksum, which is looked at and not kept
	case c.Kind == exchange.Int || c.Kind == exchange.Time:
		for i := range rows {
			*c.Num(&rows[i]) = c.nums[from+i]
		}
	case c.Kind == exchange.Hash || c.Kind == exchange.Float: // of which Num is the bits
		for i := range rows {
			*c.Num(&rows[i]) = c.hash(from + i)
		}
	case c.Kind == exchange.UUID:
		for i := range rows {
			rows[i].ID = exchange.ID(c.buf[16*(from+i):])
		}
	case c.Kind != exchange.Text:
		for i := range rows {
			*c.Blob(&rows[i]) = value(c.buf, c.starts, from+i)
		}
	case c.header.encoding == encodingRLEDictionary:
		for i := range rows {
			*c.Text(&rows[i]) = c.dict.text(c.index[from+i])
		}
	default:
		for i := range rows {
			*c.Text(&rows[i]) = string(value(c.buf, c.starts, from+i))
		}
	}
	return nil
}

// hash is the i-th of the open page.
func (c *cursor) hash(i int) int64 { return int64(binary.LittleEndian.Uint64(c.buf[8*i:])) }
