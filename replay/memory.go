package replay

import "sync/atomic"

// memory is what bodies and headers that wait may take, over all splits.
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

func (m *memory) give(n int64) { m.taken.Add(-n) }

// roomy says that it is at most half full.
func (m *memory) roomy() bool { return m.taken.Load() <= m.limit/2 }
