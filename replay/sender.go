package replay

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/modelparity/parity/internal/exchange"
)

// Sender sends requests to the endpoints of one target. Splits run side by side
// share its pace, its slots and what it knows of the endpoints. For each split:
//
//	Source ▶ load ─▶ tasks, in the split's order ─────────────────▶ write ▶ Sink
//	          │                        ▲
//	          └─▶ scheduler ─▶ run: ask, and ask again, until it is done
//
// All of a split is loaded, so that an endpoint whose rows come late in it need
// not wait for one whose rows come first. What waits, requests to be sent and
// answers to be written, is in memory up to a bound over all splits, and on the
// disk beyond.
type Sender struct {
	options Options
	client  client
	sched   *scheduler
	memory  memory
	stopper stopper

	largeWrite sync.Mutex

	finished, sent, inFlight, retried, warmed atomic.Int64
	failed                                    byClass
}

// waitingBytes is the bound of what waits in memory.
const waitingBytes = 64 << 20

// New makes a Sender. It connects to nothing yet. Errors are those of
// Options.Validate.
func New(o Options) (*Sender, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	o.unasked = new(atomic.Bool)
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	s := &Sender{options: o, client: c, memory: memory{limit: waitingBytes}, stopper: stopper{share: o.AbortAfter}}
	s.sched = &scheduler{
		options: &s.options, run: s.run, lose: s.lose, memory: s.memory.roomy,
		lanes: map[string]*lane{}, putOff: map[string]int64{}, pace: s.options.pace(), total: newTotal(o.Concurrency),
	}
	s.sched.wake.L = &s.sched.mu
	return s, nil
}

// Close gives back the idle connections. No Split may be running.
func (s *Sender) Close() {
	s.sched.stop()
	s.client.close()
}

// Split sends the planned requests of src, which must read RecordingSides or
// the key and the request, and writes one result row for each to sink, in their
// order. It neither commits nor closes. A row with a Defect is not sent; its
// result has the class Skipped.
//
// An error means that the split was not done and that sink must not be
// committed: src or sink could not be used, too many requests failed (a
// *AbortError), or ctx ended, which gives ctx.Err(). The Counts are zero then. A
// split whose last answer was there when ctx ended is done. Split is safe for
// concurrent use.
func (s *Sender) Split(ctx context.Context, src exchange.Source, sink exchange.Sink) (Counts, error) {
	sp := newSplit(ctx, s)
	defer sp.cancel()
	stop := context.AfterFunc(ctx, sp.interrupt)
	defer stop()
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		if err := sp.load(src); err != nil {
			sp.fail(err)
			return
		}
		sp.end()
	}()
	counts, err := sp.write(sink)
	if err != nil {
		sp.cancel()
		s.sched.forget(sp)
	}
	<-loaded
	sp.running.Wait()
	if closed := sp.leave(); err == nil {
		err = closed
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return Counts{}, ctx.Err()
	case err != nil:
		return Counts{}, err
	}
	return counts, nil
}

// run sends t and then whatever is next, until there is nothing to send.
func (s *Sender) run(t *task) {
	for t != nil {
		class := s.attempt(t)
		decided, next := s.sched.done(t, class)
		if decided {
			s.settle(t, class)
		}
		t.split.running.Done()
		t = next
	}
}

// attempt sends t once and says what became of it.
func (s *Sender) attempt(t *task) exchange.Failure {
	s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	if t.split.ctx.Err() != nil {
		return exchange.Canceled
	}
	if err := t.ask(t.split.ctx, s.client); err != nil {
		t.split.fail(err)
		return exchange.Canceled
	}
	c := &t.row.Candidate
	defer s.countResent(t)
	switch {
	case t.split.ctx.Err() != nil:
		return exchange.Canceled // we may have broken it off ourselves: that is no answer of the candidate's
	case c.Sent == 0: // nothing went out
	case t.warming:
		s.warmed.Add(1)
	case len(t.attempts) > 0:
		s.retried.Add(1)
	default:
		s.sent.Add(1)
	}
	if c.Failure != "" {
		return c.Failure
	}
	if c.Status == t.recorded {
		return "" // as it was recorded, so there is nothing to try again
	}
	return exchange.StatusFailure(c.Status)
}

// countResent counts what the client sent more than once within one attempt, as
// attempts of t.
func (s *Sender) countResent(t *task) {
	again := t.row.Candidate.Attempts()
	if len(again) == 0 || t.warming {
		return
	}
	t.attempts = append(t.attempts, again...)
	s.retried.Add(int64(len(again)))
	s.sched.mu.Lock()
	defer s.sched.mu.Unlock()
	for _, a := range again {
		s.sched.putOff[string(a.Failure)]++
	}
}

// settle hands t to its split with what came last.
func (s *Sender) settle(t *task, class exchange.Failure) {
	if class == exchange.Canceled {
		return
	}
	if class != "" {
		s.failed.add(class)
	}
	if err := s.stopper.observe(class, &t.row.Candidate); err != nil {
		t.split.fail(err)
		return
	}
	t.split.keepAnswer(t)
}

// lose ends a task whose endpoint is given up.
func (s *Sender) lose(t *task, abort error) {
	if abort != nil {
		go t.split.fail(abort) // not under the scheduler's lock
		return
	}
	s.failed.add(exchange.EndpointDown)
	t.split.keepAnswer(t)
}
