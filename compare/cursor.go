package compare

import (
	"context"
	"fmt"

	"github.com/modelparity/parity/internal/exchange"
)

// cursor reads a source row by row. A row is valid until the next read from a
// drained cursor.
type cursor struct {
	source exchange.Source
	batch  exchange.Batch
	at     int
	row    int64 // of the split, from 1; that of the last row read
}

func (c *cursor) drained() bool { return c.at == len(c.batch.Rows) }

func (c *cursor) read(ctx context.Context) (*exchange.Exchange, error) {
	for c.drained() {
		if err := c.source.Read(ctx, &c.batch); err != nil {
			c.batch.Rows, c.at = nil, 0
			return nil, err
		}
		c.at = 0
	}
	e := &c.batch.Rows[c.at]
	c.at++
	c.row++
	return e, nil
}

// load fills in what a lazy source left out of the row read last, and verifies it.
func (c *cursor) load() error { return c.filled(exchange.LazySource.Load) }

// fill fills it in and does not verify it.
func (c *cursor) fill() error { return c.filled(exchange.LazySource.Fill) }

func (c *cursor) filled(by func(exchange.LazySource, int) error) error {
	lazy, ok := c.source.(exchange.LazySource)
	if !ok {
		return nil
	}
	if err := by(lazy, c.at-1); err != nil {
		return fmt.Errorf("read row %d: %w", c.row, err)
	}
	return nil
}
