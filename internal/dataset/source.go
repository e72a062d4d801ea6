package dataset

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// source reads row groups of one object in batches that point into the
// decoded pages. It implements exchange.LazySource.
type source struct {
	object *object
	wanted exchange.Sides
	depth  depth
	groups []int // still to read
	skip   int   // rows of the first of them to pass over

	columns []string // to read instead of key and sides, and no checksums; nil: see newColumnSource

	eager []*cursor // filled in by Read
	lazy  []*cursor // filled in by Load
	left  int       // rows of the open group that are not read
	row   int       // within the group, of the next one to read
	batch int       // how many rows were read last
	sum   exchange.Summer

	*memory // nil until there is something to read
}

// depth says which columns of the sides Read fills in; Load does the rest.
type depth int

const (
	whole   depth = iota // all
	answers              // all but bodies, headers and checksums
	keys                 // the key
	ids                  // the id, of all sides: the rows to be loaded have the rest of the key
)

func (d depth) eager(c column) bool {
	switch d {
	case ids:
		return c.Column != nil && c.Kind == exchange.UUID
	case keys:
		return c.Column != nil && c.Side == exchange.KeySide
	case answers:
		return c.Column != nil && !c.large()
	}
	return true
}

var _ exchange.LazySource = (*source)(nil)

// newSource reads the given row groups, key and sides.
func newSource(o *object, sides exchange.Sides, d depth, groups ...int) *source {
	return &source{object: o, wanted: sides, depth: d, groups: groups}
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
	n, err := s.fill()
	if err != nil {
		return err
	}
	b.Rows = s.rows[:n]
	clear(b.Rows)
	if err := s.take(b.Rows, s.eager); err != nil {
		return err
	}
	if err := s.verify(b.Rows, s.eager); err != nil {
		return err
	}
	s.left, s.row, s.batch = s.left-n, s.row+n, n
	return nil
}

// fill opens the pages of the next row, and says how many rows, at most
// batchRows, all of them have.
func (s *source) fill() (int, error) {
	n := min(s.left, batchRows)
	for _, c := range s.eager {
		if err := c.seek(s.row); err != nil {
			return 0, err
		}
		n = min(n, c.remaining())
	}
	return n, nil
}

// take moves the next values of the cursors into rows.
func (s *source) take(rows []exchange.Exchange, from []*cursor) error {
	for _, c := range from {
		if err := c.take(rows); err != nil {
			return err
		}
	}
	return nil
}

// verify holds the rows that were taken last against their checksums.
func (s *source) verify(rows []exchange.Exchange, from []*cursor) error {
	for _, c := range from {
		if c.checksum == 0 {
			continue
		}
		for i := range rows {
			at := c.at - len(rows) + i
			if got := s.sum.Checksum(&rows[i], c.checksum); int64(got) != c.hash(at-c.first) {
				return fmt.Errorf("row %d (%s) is damaged: %s does not fit", at, rows[i].ID, c.name())
			}
		}
	}
	return nil
}

// Load fills in what Read left out of row i of its last batch, and verifies it.
func (s *source) Load(i int) (err error) {
	if err := s.Fill(i); err != nil {
		return err
	}
	err = s.verify(s.rows[i:i+1], s.lazy)
	return inObject(s.object.bucket, s.object.key, err)
}

// Fill fills in what Read left out of row i of its last batch. It passes over the
// pages of rows that nobody wants.
func (s *source) Fill(i int) (err error) {
	defer func() { err = inObject(s.object.bucket, s.object.key, recovered(recover(), err)) }()
	for _, c := range s.lazy {
		if err := c.seek(s.row - s.batch + i); err != nil {
			return err
		}
	}
	return s.take(s.rows[i:i+1], s.lazy)
}

func (s *source) nextGroup(ctx context.Context) error {
	if len(s.groups) == 0 {
		s.Close() // whoever reads to the end may go on to another source, or be long at what it has read
		return io.EOF
	}
	s.eager, s.lazy = nil, nil
	group := s.groups[0]
	s.groups = s.groups[1:]
	var numbers []int
	columns := fileColumns(kindSides[s.object.kind])
	for i, c := range columns {
		if s.wants(c) {
			numbers = append(numbers, i)
		}
	}
	if s.memory == nil {
		s.memory = newMemory(s.wanted)
	}
	data, grown, err := s.object.fetch(ctx, group, numbers, s.chunks)
	if s.chunks = grown; err != nil {
		return err
	}
	for i, n := range numbers {
		if c := s.cursor(i, columns[n], data[i]); s.depth.eager(c.column) {
			s.eager = append(s.eager, c)
		} else {
			s.lazy = append(s.lazy, c)
		}
	}
	s.left, s.row, s.skip = int(s.object.rows(group))-s.skip, s.skip, 0
	return nil
}

func (s *source) wants(c column) bool {
	switch {
	case s.columns != nil:
		return c.Column != nil && slices.Contains(s.columns, c.Name)
	case c.Column == nil:
		return c.checksum&s.wanted != 0
	case c.Side == exchange.KeySide:
		return s.depth != ids || c.Kind == exchange.UUID
	}
	return c.Side&s.wanted != 0
}

// Close lets go of the pages.
func (s *source) Close() error {
	s.eager, s.lazy, s.left, s.batch, s.groups = nil, nil, 0, 0, nil
	if s.memory != nil {
		s.memory.release()
		s.memory = nil
	}
	return nil
}
