package replay

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/modelparity/parity/internal/exchange"
)

// split is one Split under way.
type split struct {
	*Sender
	ctx    context.Context
	cancel context.CancelFunc // of ctx
	spill  spill
	shared int64 // requests before it on connections that had been used

	running sync.WaitGroup // requests under way
	gone    bool           // it ends early; the scheduler's lock guards it
	reached map[string]int // Counts.Reached; likewise

	mu     sync.Mutex
	tasks  []*task // in the split's order; nil is written
	done   []bool
	left   int  // tasks that are not done
	loaded bool // there will be no more tasks
	err    error
	change sync.Cond // one of the above has changed
}

func newSplit(ctx context.Context, s *Sender) *split {
	sp := &split{Sender: s, shared: s.client.connections().sharing()}
	sp.ctx, sp.cancel = context.WithCancel(ctx)
	sp.change.L = &sp.mu
	return sp
}

// load makes a task of each planned row and hands it to the scheduler.
func (sp *split) load(src exchange.Source) error {
	from := exchange.Timestamp(0)
	begun := sync.OnceFunc(func() { sp.sched.begun(from) })
	defer begun()
	var b exchange.Batch
	for {
		err := src.Read(sp.ctx, &b)
		if err == io.EOF { // itself: a broken connection to the store may be wrapped around one
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the recorded requests: %w", err)
		}
		for i := range b.Rows {
			if e := &b.Rows[i]; sp.options.Selection.Match(e) {
				if from == 0 || e.Time < from {
					from = e.Time
				}
				if err := sp.plan(e); err != nil {
					return err
				}
			}
		}
		if sp.options.Speed == 0 { // else what is due first may come last
			begun()
		}
	}
}

// plan puts e in its place and, if it can be sent, on its way.
func (sp *split) plan(e *exchange.Exchange) error {
	if err := sp.ctx.Err(); err != nil {
		return err
	}
	t := newTask(sp, e)
	sp.mu.Lock()
	t.place = len(sp.tasks)
	sp.tasks, sp.done = append(sp.tasks, t), append(sp.done, false)
	sp.left++
	sp.mu.Unlock()
	if e.Defect != "" {
		t.fail(exchange.Skipped, string(e.Defect))
		sp.finish(t)
		return nil
	}
	endpoint, err := sp.client.endpoint(e)
	if err != nil {
		sp.failed.add(exchange.Unsendable)
		t.fail(exchange.Unsendable, err.Error())
		if err := sp.stopper.observe(exchange.Unsendable, &t.row.Candidate); err != nil {
			return err
		}
		sp.finish(t)
		return nil
	}
	if err := sp.sched.wanted(sp.ctx); err != nil {
		return err
	}
	if err := t.hold(e); err != nil {
		return err
	}
	sp.sched.add(t, endpoint)
	return nil
}

// keep counts bytes as memory, or puts them on the disk where that is short.
func (sp *split) keep(headers, body []byte) (held int64, place stored, err error) {
	n := int64(len(headers) + len(body))
	if n == 0 {
		return 0, stored{}, nil
	}
	if taken := n + taskBytes; sp.memory.take(taken) {
		return taken, stored{}, nil
	}
	sp.memory.force(taskBytes)
	place, err = sp.spill.store(headers, body)
	return taskBytes, place, err
}

// finish says that t is as it will be written.
func (sp *split) finish(t *task) {
	sp.finished.Add(1)
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.done[t.place] = true
	sp.left--
	sp.change.Signal()
}

// fail ends the split with its first error.
func (sp *split) fail(err error) {
	defer sp.cancel() // after err is set, or what the end of ctx makes fail could be first
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.err == nil {
		sp.err = err
	}
	sp.change.Signal()
}

// interrupt ends the split, unless all that is left is to write it.
func (sp *split) interrupt() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if sp.err == nil && !(sp.loaded && sp.left == 0) {
		sp.err = context.Canceled
	}
	sp.change.Signal()
}

// keepAnswer ends a task that was sent, or should have been.
func (sp *split) keepAnswer(t *task) {
	if err := t.answered(); err != nil {
		sp.fail(err)
		return
	}
	sp.finish(t)
}

// end says that all tasks are there.
func (sp *split) end() {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	sp.loaded = true
	sp.change.Signal()
}

// head waits for the task at a place to be done and takes it. It is nil after
// the last.
func (sp *split) head(place int) (*task, error) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	for {
		switch {
		case sp.err != nil:
			return nil, sp.err
		case place < len(sp.tasks) && sp.done[place]:
			t := sp.tasks[place]
			sp.tasks[place] = nil
			return t, nil
		case sp.loaded && place == len(sp.tasks):
			return nil, nil
		}
		sp.change.Wait()
	}
}

// Results go to the sink in batches of this many rows or bytes.
const (
	batchRows  = 256
	batchBytes = 1 << 20
)

// write hands the results to sink in the split's order.
func (sp *split) write(sink exchange.Sink) (Counts, error) {
	var counts Counts
	r := results{split: sp, sink: sink}
	for place := 0; ; place++ {
		t, err := sp.head(place)
		if err != nil {
			return counts, err
		}
		if err := sp.inTurn(t == nil); err != nil {
			return counts, err
		}
		if t == nil {
			counts.Reached = sp.reached // of tasks that are all done
			return counts, r.flush()
		}
		if err := r.add(t); err != nil {
			return counts, err
		}
		counts.count(&t.row, t.recorded)
	}
}

// inTurn is ErrOutOfTurn where an answer of the split may be another request's. At
// the end of it what came meanwhile is looked for.
func (sp *split) inTurn(end bool) error {
	c := sp.client.connections()
	if end {
		c.listen()
	}
	if c.outOfTurn() && c.sharing() > sp.shared {
		return ErrOutOfTurn
	}
	return nil
}

// results are rows on their way to the sink.
type results struct {
	split *split
	sink  exchange.Sink
	batch exchange.Batch
	size  int
}

// add writes t's row, or keeps it to be written with others. Of all splits only
// one has a large body in memory to write it.
func (r *results) add(t *task) error {
	if t.body.somewhere() {
		r.split.largeWrite.Lock()
		defer r.split.largeWrite.Unlock()
	}
	if err := t.recall(); err != nil {
		return err
	}
	b := &r.batch
	b.Rows = append(b.Rows, t.row)
	r.size += len(t.row.Candidate.Body) + len(t.row.Candidate.Headers)
	if len(b.Rows) < batchRows && r.size < batchBytes && !t.body.somewhere() {
		return nil
	}
	return r.flush()
}

func (r *results) flush() error {
	b := &r.batch
	if len(b.Rows) == 0 {
		return nil
	}
	if err := r.sink.Write(context.WithoutCancel(r.split.ctx), b); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	clear(b.Rows) // lets go of the bodies
	b.Rows, r.size = b.Rows[:0], 0
	return nil
}

// unfinish takes back what was counted as finished, as all of it is sent again.
func (sp *split) unfinish() {
	for _, done := range sp.done {
		if done {
			sp.finished.Add(-1)
		}
	}
}

// leave gives back what the tasks that are left hold.
func (sp *split) leave() error {
	for _, t := range sp.tasks {
		if t != nil {
			sp.memory.give(t.held)
		}
	}
	return sp.spill.close()
}
