package dataset

import (
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Without this, a source that was closed would hold its largest split's bytes for
// as long as the process lives.
func TestReleaseHoldsNoChunks(t *testing.T) {
	m := &memory{sides: exchange.KeySide, chunks: make([]byte, keepChunks+1), rows: make([]exchange.Exchange, 1)}
	c := m.cursor(0, column{}, m.chunks)
	c.packed, m.rows[0].Request.Body = m.chunks[:1], m.chunks[:1]
	m.release()
	if m.chunks != nil || c.chunk != nil || c.packed != nil || m.rows[0].Request.Body != nil {
		t.Errorf("it holds %d, %d, %d, %d bytes", len(m.chunks), len(c.chunk), len(c.packed), len(m.rows[0].Request.Body))
	}
}
