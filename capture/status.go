package capture

import (
	"sync/atomic"
	"time"
)

// Status is how the sidecar is, as of now.
type Status struct {
	InFlight   int64 // exchanges under way
	CopyBytes  int64 // memory that their copies take
	Pending    int64 // exchanges that wait for the disk
	QueueBytes int64 // memory that they take
	SpoolBytes int64 // size of the spool's segment files
	Unshipped  int   // sealed segments that wait for Ship
	// Oldest is when the oldest of these was begun; zero where none waits. How
	// long ago that is, is how far the recording is behind.
	Oldest time.Time
	// Unknown counts the exchanges without a model since New: no rule yielded one, it
	// was too long, or there were too many others before.
	Unknown int64
	// Since New: objects that Ship made, and attempts that failed.
	Shipped, ShipFailures int64
	// Added is how long the sidecar itself held up exchanges, since New: from the
	// request's head to passing it on, and from the answer's last bytes to their
	// being written. The ways through the kernel that a proxy takes more than none
	// are not in it.
	Added Durations
}

// Status tells it.
func (s *Sidecar) Status() Status {
	_, pending := s.ledger.snapshot()
	st := Status{
		InFlight: s.inFlight.Load(), CopyBytes: s.opt.CopyBytes - s.memory.left.Load(),
		Pending: pending, QueueBytes: s.queue.held(),
		SpoolBytes: s.spool.bytes.Load(), Unshipped: s.spool.unshipped(),
		Unknown: s.unknown.Load(), Shipped: s.shipped.Load(), ShipFailures: s.failures.Load(),
		Added: s.added.read(),
	}
	if n, ok := s.spool.oldest(); ok {
		st.Oldest = n.opened()
	}
	return st
}

// DurationBounds are the upper bounds of the buckets of Durations.
var DurationBounds = [...]time.Duration{
	10 * time.Microsecond, 25 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond, time.Second,
}

// Durations counts by DurationBounds: Counts[i] are those up to the bound, and the
// last those over all.
type Durations struct {
	Counts [len(DurationBounds) + 1]uint64
	Sum    time.Duration
}

// Total is how many there are.
func (d Durations) Total() (n uint64) {
	for _, c := range d.Counts {
		n += c
	}
	return n
}

// durations is Durations that many add to.
type durations struct {
	counts [len(DurationBounds) + 1]atomic.Uint64
	sum    atomic.Int64
}

func (d *durations) add(took time.Duration) {
	i := 0
	for i < len(DurationBounds) && took > DurationBounds[i] {
		i++
	}
	d.counts[i].Add(1)
	d.sum.Add(int64(took))
}

func (d *durations) read() (r Durations) {
	for i := range d.counts {
		r.Counts[i] = d.counts[i].Load()
	}
	r.Sum = time.Duration(d.sum.Load())
	return r
}
