package dataset

import (
	"context"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/modelparity/parity/internal/exchange"
)

// source reads row groups of one object in batches that point into the
// decoded pages. It implements exchange.Source.
type source struct {
	object *object
	sides  exchange.Sides
	noKey  bool  // of the key the id alone: the rows to be filled have it
	groups []int // still to read

	cursors []*cursor
	left    int64 // rows of the open group
	row     int64 // of the next one, within the object, for messages
	rows    []exchange.Exchange
	sum     exchange.Summer
	verify  []*cursor // the checksum columns among the cursors
}

var _ exchange.Source = (*source)(nil)

// newSource reads the given row groups, key and sides.
func newSource(o *object, sides exchange.Sides, groups ...int) *source {
	return &source{object: o, sides: sides, groups: groups}
}

// batchRows of two sources and their bodies fit a core's cache.
const batchRows = 256

// Read fills b with the rows up to the end of the first page that ends.
func (s *source) Read(ctx context.Context, b *exchange.Batch) (err error) {
	defer func() { err = inObject(s.object.bucket, s.object.key, recovered(recover(), err)) }()
	for s.left == 0 {
		if err := s.nextGroup(ctx); err != nil {
			return err
		}
	}
	n, err := s.fill(batchRows)
	if err != nil {
		return err
	}
	if s.rows == nil {
		s.rows = make([]exchange.Exchange, batchRows)
	}
	b.Rows = s.rows[:n]
	clear(b.Rows)
	return s.take(b.Rows)
}

// fill makes sure that every cursor has values, and says how many rows, at
// most limit, all of them have.
func (s *source) fill(limit int) (int, error) {
	n := int(min(s.left, int64(limit)))
	for _, c := range s.cursors {
		if err := c.fill(); err != nil {
			return 0, fmt.Errorf("row %d: %w", s.row, err)
		}
		n = min(n, c.remaining())
	}
	return n, nil
}

// take moves the next rows into rows and verifies them.
func (s *source) take(rows []exchange.Exchange) error {
	for _, c := range s.cursors {
		c.take(rows)
	}
	if err := s.checkSums(rows); err != nil {
		return err
	}
	s.left -= int64(len(rows))
	s.row += int64(len(rows))
	return nil
}

// skip passes over rows that fill has found.
func (s *source) skip(n int) {
	for _, c := range s.cursors {
		c.at += n
	}
	s.left -= int64(n)
	s.row += int64(n)
}

func (s *source) nextGroup(ctx context.Context) error {
	if err := s.Close(); err != nil {
		return err
	}
	if len(s.groups) == 0 {
		return io.EOF
	}
	group := s.groups[0]
	s.groups = s.groups[1:]
	s.cursors, s.verify = nil, nil
	var numbers []int
	for i, c := range fileColumns(kindSides[s.object.kind]) {
		if s.wants(c) {
			numbers = append(numbers, i)
			s.cursors = append(s.cursors, &cursor{column: c})
		}
	}
	data, err := s.object.fetch(ctx, group, numbers)
	if err != nil {
		return err
	}
	chunks := s.object.file.RowGroups()[group].ColumnChunks()
	for i, c := range s.cursors {
		at := s.object.chunks[group*len(chunks)+numbers[i]].offset
		c.pages = chunks[numbers[i]].(*parquet.FileColumnChunk).PagesFrom(tailReader{data[i], at})
		if c.checksum != 0 {
			s.verify = append(s.verify, c)
		}
	}
	s.left = s.object.rows(group)
	return nil
}

func (s *source) wants(c column) bool {
	switch {
	case c.Column == nil:
		return c.checksum&s.sides != 0
	case c.Side == exchange.KeySide:
		return !s.noKey || c.Kind == exchange.UUID
	}
	return c.Side&s.sides != 0
}

func (s *source) checkSums(rows []exchange.Exchange) error {
	for _, c := range s.verify {
		for i := range rows {
			if got := s.sum.Checksum(&rows[i], c.checksum); int64(got) != c.sums[i] {
				return fmt.Errorf("row %d (%s) is damaged: %s does not fit", s.row+int64(i), rows[i].ID, c.name())
			}
		}
	}
	return nil
}

// Close gives the pages back.
func (s *source) Close() error {
	var err error
	for _, c := range s.cursors {
		if e := c.close(); err == nil {
			err = e
		}
	}
	s.cursors = nil
	return err
}

// cursor walks the pages of one column chunk. Pages of different columns end
// at different rows, so each column has one.
type cursor struct {
	column
	pages parquet.Pages
	page  parquet.Page
	at, n int
	nums  []int64  // Time, Int and checksums
	fixed []byte   // UUID
	bytes []byte   // JSON, Blob, and Text that outgrew its dictionary
	ends  []uint32 // value i is bytes[ends[i]:ends[i+1]]
	index []int32  // Text: into dict or, where that is nil, into texts
	dict  []string
	texts parquet.Dictionary
	sums  []int64 // the checksums of the rows last taken
}

// fill makes sure that there are values left in the open page.
func (c *cursor) fill() error {
	for c.at == c.n {
		parquet.Release(c.page)
		c.page = nil
		p, err := c.pages.ReadPage()
		if err == io.EOF {
			return fmt.Errorf("column %s ends early", c.name())
		}
		if err != nil {
			return fmt.Errorf("column %s: %w", c.name(), err)
		}
		if err := c.open(p); err != nil {
			return fmt.Errorf("column %s: %w", c.name(), err)
		}
	}
	return nil
}

func (c *cursor) remaining() int { return c.n - c.at }

func (c *cursor) open(p parquet.Page) error {
	c.page, c.at, c.n = p, 0, int(p.NumValues())
	data := p.Data()
	c.nums, c.fixed, c.bytes, c.ends, c.index = nil, nil, nil, nil, nil
	have := 0
	switch {
	case c.Column == nil || c.Kind == exchange.Int || c.Kind == exchange.Time:
		c.nums = data.Int64()
		have = len(c.nums)
	case c.Kind == exchange.UUID:
		var size int
		if c.fixed, size = data.FixedLenByteArray(); size != len(exchange.ID{}) {
			return fmt.Errorf("values of %d bytes", size)
		}
		have = len(c.fixed) / len(exchange.ID{})
	case p.Dictionary() != nil:
		c.intern(p.Dictionary())
		c.index = data.Int32()
		have = len(c.index)
	default:
		c.bytes, c.ends = data.ByteArray()
		have = len(c.ends) - 1
	}
	if have != c.n {
		return fmt.Errorf("a page has %d values and says %d", have, c.n)
	}
	return nil
}

// intern makes strings of the dictionary's values, once a chunk. Of a large
// dictionary most values are used once, if at all.
func (c *cursor) intern(d parquet.Dictionary) {
	if c.texts = d; c.dict != nil || d.Len() > batchRows {
		return
	}
	c.dict = make([]string, d.Len())
	for i := range c.dict {
		c.dict[i] = string(d.Index(int32(i)).ByteArray())
	}
}

// take moves the next len(rows) values into the rows.
func (c *cursor) take(rows []exchange.Exchange) {
	from := c.at
	c.at += len(rows)
	switch {
	case c.Column == nil:
		c.sums = c.nums[from:c.at]
	case c.nums != nil:
		for i := range rows {
			*c.Num(&rows[i]) = c.nums[from+i]
		}
	case c.fixed != nil:
		for i := range rows {
			rows[i].ID = exchange.ID(c.fixed[16*(from+i):])
		}
	case c.index != nil && c.dict == nil:
		for i := range rows {
			*c.Text(&rows[i]) = string(c.texts.Index(c.index[from+i]).ByteArray())
		}
	case c.index != nil:
		for i := range rows {
			*c.Text(&rows[i]) = c.dict[c.index[from+i]]
		}
	case c.Kind == exchange.Text:
		for i := range rows {
			*c.Text(&rows[i]) = string(c.bytes[c.ends[from+i]:c.ends[from+i+1]])
		}
	default:
		for i := range rows {
			*c.Blob(&rows[i]) = c.bytes[c.ends[from+i]:c.ends[from+i+1]:c.ends[from+i+1]]
		}
	}
}

func (c *cursor) close() error {
	parquet.Release(c.page)
	c.page = nil
	if c.pages == nil {
		return nil
	}
	return c.pages.Close()
}
