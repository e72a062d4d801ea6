package replay

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// task is a planned row on its way. It belongs to whoever holds it: a queue of
// the scheduler, the goroutine that sends it, and in the end its split.
type task struct {
	split *split
	place int   // in the split's order
	lane  *lane // where it goes
	row   exchange.Exchange

	due      time.Time // when the pace wanted it sent; zero: there is none
	sent     time.Time // when it was last sent
	recorded int64     // status of the reference, where that is no answer of the endpoint's own
	large    int64     // bytes of a request that is large; 0: it is not
	held     int64     // bytes of the request, or of the answer, that count as memory
	spilled  stored    // where they lie while memory is short
	body     stored    // where the answer's body lies, if it is large
	head     []byte    // how that begins
	attempts []exchange.Attempt
	passed   int // of these, throttled while its endpoint answered others
	cold     bool
	probe    bool // sent to find out whether its endpoint is back
	warming  bool // sent for its effect: the answer is dropped
}

func (t *task) when() time.Time { return t.row.Time.Time() }

// newTask takes what a result needs of e; it keeps none of e's bytes.
func newTask(sp *split, e *exchange.Exchange) *task {
	return &task{split: sp, recorded: e.Reference.Status, row: exchange.Exchange{
		ID: e.ID, Time: e.Time, Model: e.Model, ModelVersion: e.ModelVersion, RequestHash: e.RequestHash, Defect: e.Defect,
		SamplingProbability: e.SamplingProbability,
	}}
}

// reach takes in how many requests were in flight to t's endpoint.
func (t *task) reach(n int) {
	if t.warming || n <= t.split.reached[t.row.Model] {
		return
	}
	if t.split.reached == nil {
		t.split.reached = map[string]int{}
	}
	t.split.reached[t.row.Model] = n
}

// warmingOf is t sent for its effect.
func warmingOf(t *task) *task {
	w := *t
	w.warming = true
	return &w
}

// fail ends t with a class of failure.
func (t *task) fail(class exchange.Failure, why string) {
	t.row.Candidate.Failure, t.row.Candidate.Error = class, short(why)
}

// hold takes over the request of e: in memory while there is room.
func (t *task) hold(e *exchange.Exchange) (err error) {
	t.row.Request = e.Request
	r := &t.row.Request
	if n := int64(len(r.Body)); n >= largeBody {
		t.large = n
	}
	if t.held, t.spilled, err = t.split.keep(r.Headers, r.Body); t.spilled.somewhere() {
		r.Headers, r.Body = nil, nil
		return err
	}
	r.Headers, r.Body = bytes.Clone(r.Headers), bytes.Clone(r.Body)
	return err
}

// ask sends t once and fills in the candidate's answer.
func (t *task) ask(ctx context.Context, client client) (err error) {
	row := &t.row
	if t.spilled.somewhere() {
		copied := t.row // as another attempt reads it from the disk again
		row = &copied
		if row.Request.Headers, row.Request.Body, err = t.split.spill.load(t.spilled); err != nil {
			return err
		}
	}
	c := &t.row.Candidate
	o := overflow{spill: &t.split.spill}
	t.sent = time.Now()
	client.send(ctx, row, c, &o)
	c.Due = t.dueBy(t.sent)
	t.body, t.head = o.place, o.head
	return o.err
}

// setDue says when the pace wants t sent.
func (t *task) setDue(due time.Time) {
	if due.IsZero() {
		return
	}
	t.due, t.row.Candidate.Due = due, exchange.At(due)
}

// dueBy is when t was due, by a clock that reads now. Due and sent are read off the
// clock on the wall at different times, and somebody may have set it in between, or
// have the machine sleep: how long t waited is what the monotonic clock says. A
// difference that could be of rounding leaves the due time where the pace had it.
func (t *task) dueBy(now time.Time) exchange.Timestamp {
	c := &t.row.Candidate
	if t.due.IsZero() {
		return cmp.Or(c.Due, c.Sent)
	}
	due, told := exchange.At(now.Round(0).Add(-now.Sub(t.due))), exchange.At(t.due)
	if gap := due - told; -1000 < gap && gap < 1000 {
		return told
	}
	return due
}

// retry keeps what came as evidence and makes t ready to be sent again.
func (t *task) retry(class exchange.Failure) {
	c := &t.row.Candidate
	if t.body.somewhere() {
		c.Body = t.head
		t.body, t.head = stored{}, nil
	}
	t.attempts = append(t.attempts, exchange.NewAttempt(c, class))
	t.cold = t.cold || class == exchange.NotReady
	*c = exchange.Candidate{Due: c.Due}
}

// answered lets go of the request, says how the answer came about, and keeps it.
func (t *task) answered() (err error) {
	t.split.memory.give(t.held)
	t.held, t.row.Request = 0, exchange.Request{}
	c := &t.row.Candidate
	if c.Sent == 0 && len(t.attempts) == 0 {
		t.cold = false // nothing went out
	}
	if t.cold || len(t.attempts) > 0 {
		d, err := c.HowDelivered() // the client has said which variant answered
		if err != nil {
			return err
		}
		d.Cold, d.Attempts = t.cold, t.attempts
		c.Delivery = d.String()
	}
	if t.held, t.spilled, err = t.split.keep(c.Headers, c.Body); t.spilled.somewhere() {
		c.Headers, c.Body = nil, nil
	}
	return err
}

// recall has the answer in memory to be written. Its bytes no longer count.
func (t *task) recall() (err error) {
	t.split.memory.give(t.held)
	t.held = 0
	c := &t.row.Candidate
	if t.spilled.somewhere() {
		if c.Headers, c.Body, err = t.split.spill.load(t.spilled); err != nil {
			return err
		}
	}
	if t.body.somewhere() {
		_, c.Body, err = t.split.spill.load(t.body)
	}
	return err
}
