package replay

import (
	"container/heap"
	"slices"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// original has tasks due as they were recorded: in the same order, with the same
// gaps divided by speed. Splits that overlap in time are merged.
type original struct {
	speed float64
	from  exchange.Timestamp // is due at start
	start time.Time
	tasks timeHeap[*task]
	// until is where the next split begins that is not loaded yet: what comes after
	// it has to wait. 0: there is none.
	until exchange.Timestamp
}

func (o *original) add(t *task)  { heap.Push(&o.tasks, t) }
func (o *original) waiting() int { return len(o.tasks) }
func (o *original) begin() {
	if o.start.IsZero() {
		o.start = microseconds(time.Now())
	}
}

// at is when something of that time is due.
func (o *original) at(recorded exchange.Timestamp) time.Time {
	return o.start.Add(nanoseconds(float64(recorded-o.from) / o.speed * float64(time.Microsecond)))
}

func (o *original) due(now time.Time) (*task, time.Time) {
	if len(o.tasks) == 0 {
		return nil, time.Time{}
	}
	if o.until != 0 && o.tasks[0].row.Time > o.until {
		return nil, time.Time{}
	}
	o.begin()
	due := o.at(o.tasks[0].row.Time)
	if due.After(now) {
		return nil, due
	}
	if behind := microseconds(now).Sub(due) - maxBehind; behind > 0 { // a pause moves all that comes after it
		o.start = o.start.Add(behind)
		due = due.Add(behind)
	}
	t := heap.Pop(&o.tasks).(*task)
	t.setDue(due)
	return t, time.Time{}
}

func (o *original) forget(sp *split) {
	o.tasks = slices.DeleteFunc(o.tasks, func(t *task) bool { return t.split == sp })
	heap.Init(&o.tasks)
}
