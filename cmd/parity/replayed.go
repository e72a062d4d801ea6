package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/telemetry"
	"github.com/modelparity/parity/replay"
)

// replayed is what became of what was to be sent here.
type replayed struct {
	planned int64         // exchanges
	splits  int           // that they are in
	counts  replay.Counts // of the splits that were committed here
	here    int64         // how many these are
	// Of splits that another worker committed first: how many, their exchanges, and
	// the requests that were sent for them here.
	elsewhere, theirs, twice int64
	unsure                   int64 // splits that were committed here before the target was known to answer out of turn
	unsent                   int64 // exchanges of splits that nobody has sent yet, as far as it is known here
	took                     time.Duration
	progress                 replay.Progress
}

// balanced says an error where the sum is not what was planned: each term is
// counted by itself.
func (r *replayed) balanced() error {
	c := &r.counts
	if sum := c.Answered + total(c.Failed) + total(c.Skipped) + r.theirs + r.unsent; sum != r.planned {
		return fmt.Errorf("the ledger does not balance: %d exchanges were planned, and it has %d: %s; don't rely on this run, and report this as a bug of parity", r.planned, sum, r.ledger())
	}
	return nil
}

// unavailable are those for which `--again unavailable` may be worth it.
func (r *replayed) unavailable() int64 {
	return total(r.counts.Failed) - r.counts.Failed[string(exchange.Unsendable)] - r.counts.Failed[string(exchange.TooLarge)] + total(r.counts.Unavailable)
}

// ledger is the sum that planned is.
func (r *replayed) ledger() string {
	c := r.counts
	s := fmt.Sprintf("planned %d = answered %d + failed %d%s + skipped %d%s", r.planned, c.Answered,
		total(c.Failed), byReason(c.Failed), total(c.Skipped), byReason(c.Skipped))
	if r.elsewhere > 0 {
		s += fmt.Sprintf(" + sent by another worker %d", r.theirs)
	}
	if r.unsent > 0 {
		s += fmt.Sprintf(" + not sent yet %d", r.unsent)
	}
	return s
}

// requests says what was sent, and how fast.
func (r *replayed) requests() string {
	p := r.progress
	again := p.Retried
	s := fmt.Sprintf("%s in %s", counted(p.Sent+again+p.Warmed, "request"), r.took.Round(time.Millisecond))
	if r.took > 0 {
		s += fmt.Sprintf(" (%s/s)", perSecond(float64(p.Sent+again+p.Warmed)/r.took.Seconds()))
	}
	if again > 0 {
		s += fmt.Sprintf("; %d of them again, after %s", again, reasons(p.PutOff))
	}
	if p.Warmed > 0 {
		s += fmt.Sprintf("; %d of them to warm up", p.Warmed)
	}
	if r.twice > 0 {
		s += fmt.Sprintf("; %d for splits with which another worker was first", r.twice)
	}
	if open := p.Sent - r.counts.Sent - r.twice; open > 0 && r.unsent == 0 && p.OutOfTurn {
		s += fmt.Sprintf("; %d whose answers may have been to other requests", open)
	} else if open > 0 {
		s += fmt.Sprintf("; %d for splits that are not complete: the same command sends these again", open)
	}
	return s
}

func (a *app) sayReplayed(r replayed) {
	fmt.Fprintf(a.stderr, "replay: %s\n", r.ledger())
	if c := r.counts.Unavailable; len(c) > 0 {
		fmt.Fprintf(a.stderr, "replay: of the answers, %d have a status that says that the endpoint itself did not answer%s\n", total(c), byReason(c))
	}
	if c := r.counts.Redirects; len(c) > 0 {
		fmt.Fprintf(a.stderr, "replay: of the answers, %d are redirects, by status%s: %s\n", total(c), byReason(c), redirectAdvice)
	}
	fmt.Fprintf(a.stderr, "replay: %s\n", r.requests())
	if r.progress.OutOfTurn {
		fmt.Fprintln(a.stderr, "replay: warning: the target sent more answers than requests; since that was noticed, each request has a connection of its own, and the splits that were open were sent again")
	}
	if r.progress.OutOfTurn && r.unsure > 0 {
		fmt.Fprintf(a.stderr, "replay: warning: %s committed before: answers in them may be to other requests; replay into a new folder when the target is put right\n", counted(r.unsure, "split"))
	}
	if r.unsent > 0 {
		fmt.Fprintf(a.stderr, "replay: not complete: %d of %s committed, with %s\n", r.here+r.elsewhere, counted(r.splits, "split"), counted(r.counts.Planned+r.theirs, "exchange"))
	}
}

// redirectAdvice is what to do where the target redirects.
const redirectAdvice = "give the place that they name as --target, or let `follow_redirects: true` of the config's target follow those (307 and 308) that stay with its server"

// sent is a run, or a generation of one, that was sent as far as it is this
// worker's.
type sent struct {
	replayed
	run       *dataset.Run // nil: there was nothing to send
	shard     dataset.Shard
	judgement *dataset.Judgement // nil: it was not judged
}

// sayNext says what to do next, as a command to paste, unless there is an error,
// which it returns.
func (a *app) sayNext(s sent, err error) error {
	if err != nil || s.run == nil || s.planned == 0 {
		return err
	}
	place, when := shellQuote(s.run.Location)+a.configFlag(), ""
	if s.shard.Count > 1 {
		when = ", when all shards are done"
	}
	next := fmt.Sprintf("`parity compare %s`", place)
	if s.judgement != nil {
		next = fmt.Sprintf("`parity report %s`", place)
	}
	if n := s.unavailable(); n > 0 {
		next += fmt.Sprintf("; `parity replay %s --again unavailable` sends %d again that got no answer", place, n)
		if s.shard.Count > 1 {
			next += ", and those of the other shards"
		}
	}
	fmt.Fprintf(a.stderr, "replay: next%s: %s\n", when, next)
	return nil
}

// replayWatch follows a replay on its way.
type replayWatch struct {
	sender *replay.Sender
	aside  *aside
	begun  time.Time
	meter  meter

	mu   sync.Mutex
	open map[int]int64 // exchanges of splits that are not committed, by split
	sum  replayed
}

func watchReplay(sender *replay.Sender, aside *aside, left []dataset.Split) *replayWatch {
	w := &replayWatch{sender: sender, aside: aside, begun: time.Now(), open: map[int]int64{}}
	w.sum = replayed{planned: dataset.Planned(left), splits: len(left)}
	for _, s := range left {
		w.open[s.Index] = s.Planned
	}
	return w
}

// show draws it until stop is called.
func (w *replayWatch) show(a *app) (stop func()) {
	w.meter.add(sample{at: w.begun})
	lines := func(width, height int) []string { return w.view(time.Now()).lines(width, height) }
	if a.getenv("TERM") == "dumb" {
		lines = nil
	}
	return telemetry.WatchLines(a.stderr, lines, func() string { return w.view(time.Now()).plain() })
}

// ended takes in what became of a split.
func (w *replayWatch) ended(s dataset.Split, c replay.Counts, err error) {
	w.mu.Lock()
	switch {
	case err == nil:
		w.sum.here++
		if !w.sender.OutOfTurn() {
			w.sum.unsure++
		}
		w.sum.counts.Add(c)
	case errors.Is(err, exchange.ErrExists):
		w.sum.elsewhere++
		w.sum.theirs += s.Planned
		w.sum.twice += c.Sent
	default:
		w.mu.Unlock()
		return
	}
	delete(w.open, s.Index)
	w.mu.Unlock()
	w.aside.take(s)
}

// end is what became of it all.
func (w *replayWatch) end() replayed {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sum.took, w.sum.progress = time.Since(w.begun), w.sender.Progress()
	for _, n := range w.open {
		w.sum.unsent += n
	}
	return w.sum
}

func (w *replayWatch) view(now time.Time) *replayView {
	v := &replayView{took: now.Sub(w.begun), Progress: w.sender.Progress(), judged: w.aside.view()}
	w.mu.Lock()
	v.planned, v.splits, v.committed = w.sum.planned, w.sum.splits, w.sum.here+w.sum.elsewhere
	w.mu.Unlock()
	w.meter.add(sample{at: now, done: v.Done, requests: v.Sent + v.Retried})
	var done float64
	done, v.rate = w.meter.rates()
	v.left = timeLeft(max(v.planned-v.Done, 0), done, v.LastDue.Sub(now))
	return v
}

// timeLeft is how long it takes to the end: by the rate at which exchanges are done
// now, or, where the pace is the recording's, until the last is due, as its rate
// says nothing of that: nights and lunch breaks are in it. 0: it is not known.
func timeLeft(exchanges int64, rate float64, due time.Duration) time.Duration {
	switch {
	case exchanges > 0 && due > 0:
		return due
	case rate > 0:
		return time.Duration(float64(exchanges) / rate * float64(time.Second))
	}
	return 0
}
