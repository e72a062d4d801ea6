package dataset

import (
	"sync"
	"sync/atomic"

	"github.com/modelparity/parity/internal/exchange"
)

// What waits in writers is bounded over all of them, as a replay at the recording's
// pace has many open: past mostHeld they end their row groups early. A large row ends
// its row group at once, and one writer at a time encodes such, which takes nine
// times its size.
const (
	mostHeld   = 32 << 20
	leastGroup = 512 << 10
	largeRow   = 1 << 20
)

var (
	held          atomic.Int64 // bytes of bodies and headers, in all writers
	encodingLarge sync.Mutex
)

// crowded says that the row group should end, though it is not full.
func (w *writer) crowded() bool {
	return w.largest >= largeRow || w.bytes >= leastGroup && held.Load() > mostHeld
}

// hold counts a row of n bytes that waits.
func (w *writer) hold(n int64) {
	w.bytes += n
	w.largest = max(w.largest, n)
	held.Add(n)
}

// release counts all that wait as written, or as dropped.
func (w *writer) release() {
	for _, e := range w.rows {
		*e = exchange.Exchange{} // its neighbours in the slab would hold its bytes
	}
	held.Add(-w.bytes)
	w.rows, w.bytes, w.largest = w.rows[:0], 0, 0
}
