package dataset

import (
	"sync"

	"github.com/modelparity/parity/internal/exchange"
)

// memory is what an open source holds. The next source goes on with it, as judging
// a split takes some MiB.
type memory struct {
	sides   exchange.Sides
	chunks  []byte
	rows    []exchange.Exchange
	cursors []*cursor
}

// What is larger than usual is not kept.
const (
	keepChunks = 8 << 20
	keepPages  = 512 << 10 // of one column: a dictionary of 10,000 texts that don't repeat, and a page
)

// memories are by the sides that are read, so that each cursor finds the buffers of
// a column like its own.
var memories [exchange.MismatchSides + 1]sync.Pool

func newMemory(sides exchange.Sides) *memory {
	if m, ok := memories[sides].Get().(*memory); ok {
		return m
	}
	return &memory{sides: sides, rows: make([]exchange.Exchange, batchRows)}
}

// cursor is the i-th, at the first row of a chunk. The one of the chunk before is
// at its end.
func (m *memory) cursor(i int, c column, chunk []byte) *cursor {
	if i == len(m.cursors) {
		m.cursors = append(m.cursors, newCursor(c, chunk))
		return m.cursors[i]
	}
	old := m.cursors[i]
	*old = cursor{
		column: c, chunk: chunk, buf: old.buf, nums: old.nums, starts: old.starts, index: old.index,
		dict: dictionary{buf: old.dict.buf, starts: old.dict.starts},
	}
	return old
}

// release gives the memory back. Rows and cursors point into chunks, and would hold
// those that are dropped.
func (m *memory) release() {
	clear(m.rows)
	if cap(m.chunks) > keepChunks {
		m.chunks = nil
	}
	for _, c := range m.cursors {
		c.chunk, c.packed = nil, nil
		if cap(c.buf)+cap(c.dict.buf)+8*cap(c.nums)+4*cap(c.starts)+4*cap(c.index) > keepPages {
			*c = cursor{}
		}
	}
	memories[m.sides].Put(m)
}
