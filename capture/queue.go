package capture

import "sync"

// queue holds the records that wait for the disk, bounded by their bytes. To
// put one never waits.
type queue struct {
	ledger *ledger
	limit  int64
	wake   chan struct{} // has room for one: something is there

	mu      sync.Mutex
	records []*record
	bytes   int64 // of records, and of those taken until they are released
	closed  bool
}

func newQueue(limit int64, l *ledger) *queue {
	return &queue{ledger: l, limit: limit, wake: make(chan struct{}, 1)}
}

// offer is put, but where there is no room nothing is counted: whoever offers it
// keeps it.
func (q *queue) offer(r *record) bool {
	r.bytes = r.size()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.bytes+r.bytes > q.limit {
		return false
	}
	q.add(r)
	return true
}

// put counts the exchange as pending and queues its record, or drops it. It is
// counted before the writer can see it, so that it is pending before it is settled.
func (q *queue) put(r *record) {
	r.bytes = r.size()
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		q.ledger.drop(shutdown)
		return
	case q.bytes+r.bytes > q.limit:
		q.ledger.drop(queueFull)
		return
	}
	q.add(r)
}

func (q *queue) add(r *record) {
	q.ledger.accept()
	q.bytes += r.bytes
	q.records = append(q.records, r)
	notify(q.wake)
}

// take returns all that waits. Its bytes count until they are released.
func (q *queue) take() []*record {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.records
	q.records = nil
	return r
}

// close refuses what comes from now on, and returns the rest.
func (q *queue) close() []*record {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	return q.take()
}

func (q *queue) release(bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= bytes
}

func (q *queue) held() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// notify leaves a message in a channel with room for one.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
