package replay

import "sync/atomic"

// taskBytes is about what a task takes beside the bytes that it holds.
const taskBytes = 640

// Large requests are in flight at the same time only as far as their bodies add up
// to this many bytes. One always may be.
const largeBytes = 32 << 20

// memory is what tasks that wait may take, over all splits.
type memory struct {
	limit int64
	taken atomic.Int64
}

// take says whether n bytes fit, and counts them if so.
func (m *memory) take(n int64) bool {
	if m.taken.Add(n) <= m.limit {
		return true
	}
	m.taken.Add(-n)
	return false
}

// force counts n bytes that are there anyhow.
func (m *memory) force(n int64) { m.taken.Add(n) }

func (m *memory) give(n int64) { m.taken.Add(-n) }

// roomy says that more may be loaded before it is needed: at most a quarter is taken.
func (m *memory) roomy() bool { return m.taken.Load() <= m.limit/4 }
