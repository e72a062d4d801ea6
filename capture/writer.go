package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/time/rate"

	"github.com/modelparity/parity/internal/exchange"
)

const (
	flushBytes = 1 << 20          // frames gathered for one write
	logEvery   = 10 * time.Second // of repeated complaints
)

// writer makes rows of records and frames of rows. It belongs to one goroutine.
type writer struct {
	*Sidecar
	rows builder

	seg      *segment // nil before the first row
	unsynced bool
	lastSeal time.Time

	buf     []byte // frames to be written
	ends    []int  // of the frames in buf
	held    int64  // memory of the records that became them or were dropped
	problem rate.Sometimes
	dropLog rate.Sometimes
	logged  map[string]int64 // drops that were logged
	full    bool             // it is told that there are too many models
}

// segment is the open one.
type segment struct {
	name   segmentName
	opened time.Time // with the monotonic clock, which the name has not
	f      *os.File
	size   int64 // end of the last whole frame
	rows   uint64
}

func newWriter(s *Sidecar) *writer {
	before, _ := s.ledger.snapshot()
	return &writer{
		Sidecar: s,
		rows:    builder{s.opt.Model, s.opt.Version, names{}, names{}, newSampler(&s.opt.Sampling), &s.sampledOut, &s.unknown, newRedactor(&s.opt.Redact)},
		problem: rate.Sometimes{Interval: logEvery},
		dropLog: rate.Sometimes{Interval: logEvery},
		logged:  before.Dropped,
	}
}

// run writes what comes until ctx is done, and then the rest.
func (w *writer) run(ctx context.Context) error {
	tick := time.NewTicker(w.opt.SyncInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			w.write(w.queue.close())
			w.logDrops()
			return w.sealLast()
		case <-w.queue.wake:
			w.write(w.queue.take())
		case now := <-tick.C:
			w.sync()
			w.sealDue(now)
			w.dropLog.Do(w.logDrops)
		}
	}
}

func (w *writer) write(records []*record) {
	for i, r := range records {
		w.add(r)
		records[i] = nil // its memory is free from here on
		if len(w.buf) >= flushBytes {
			w.flush()
		}
	}
	w.flush()
}

// add turns a record into a frame in buf, or drops it.
func (w *writer) add(r *record) {
	w.held += r.bytes
	row, err := w.rows.row(r)
	if w.opt.Preview != nil {
		w.preview(r, row, err)
		return
	}
	switch {
	case errors.Is(err, errSampledOut):
		w.ledger.dropPending(sampledOut, 1)
		return
	case errors.Is(err, errUnredactable):
		w.ledger.dropPending(unredactable, 1)
		return
	}
	if err != nil {
		w.drop(recorderError, 1, err)
		return
	}
	if err := w.open(); err != nil {
		w.drop(spoolError, 1, err)
		return
	}
	before := len(w.buf)
	w.buf = appendFrame(w.buf, w.seg.name.seed(), row)
	if w.spool.bytes.Load()+int64(len(w.buf)) > w.opt.SpoolBytes {
		w.buf = w.buf[:before]
		w.ledger.dropPending(spoolFull, 1)
		return
	}
	w.ends = append(w.ends, len(w.buf))
}

func (w *writer) drop(why reason, n int, err error) {
	w.ledger.dropPending(why, uint64(n))
	w.complain("recording", err)
}

func (w *writer) complain(doing string, err error) {
	w.problem.Do(func() { w.opt.Log.Error(doing, "spool", w.opt.Spool, "error", err) })
}

// open begins a segment where there is none.
func (w *writer) open() error {
	if w.seg != nil {
		return nil
	}
	now := time.Now()
	n := segmentName{w.ledger.instance, w.ledger.nextID(now), w.ledger.written()}
	f, err := w.spool.create(n)
	if err != nil {
		return fmt.Errorf("open segment: %w", err)
	}
	w.seg = &segment{name: n, opened: now, f: f}
	return nil
}

// flush writes buf. Where the disk takes only a part, the whole frames in it
// count, and the rest is cut off and dropped.
func (w *writer) flush() {
	defer func() {
		w.queue.release(w.held)
		w.buf, w.ends, w.held = w.buf[:0], w.ends[:0], 0
	}()
	if len(w.ends) == 0 {
		return
	}
	g := w.seg
	n, err := g.f.WriteAt(w.buf, g.size)
	whole, end := wholeFrames(w.ends, n)
	g.size += int64(end)
	g.rows += uint64(whole)
	w.spool.bytes.Add(int64(end))
	w.ledger.settle(uint64(whole))
	if err := w.ledger.save(); err != nil {
		w.complain("write ledger", err)
	}
	w.unsynced = true
	if err != nil {
		// If this fails, too, the next write or the recovery gets rid of the rest.
		g.f.Truncate(g.size)
		w.drop(spoolError, len(w.ends)-whole, err)
	}
	if g.size >= w.opt.SegmentBytes {
		w.seal()
	}
}

// wholeFrames is how many of the frames that end at ends are within n bytes,
// and where the last of these ends.
func wholeFrames(ends []int, n int) (whole, end int) {
	for whole < len(ends) && ends[whole] <= n {
		end = ends[whole]
		whole++
	}
	return whole, end
}

// sync makes what was written durable.
func (w *writer) sync() {
	if !w.unsynced {
		if err := w.ledger.save(); err != nil { // what was dropped
			w.complain("write ledger", err)
		}
		return
	}
	if w.seg != nil {
		if err := w.seg.f.Sync(); err != nil {
			w.complain("sync segment", err)
		}
	}
	w.unsynced = false
	if err := w.ledger.sync(); err != nil {
		w.complain("sync ledger", err)
	}
}

// sealDue seals a segment that is old enough or of an hour that is over. Counts
// that no segment holds go into an empty one after the same time.
func (w *writer) sealDue(now time.Time) {
	if w.seg == nil {
		if now.Sub(w.lastSeal) >= w.opt.SegmentAge && w.ledger.unsealed() {
			w.sealNow()
		}
		return
	}
	// After, not other than: a clock that goes back over the hour must not seal
	// a segment at every tick.
	nextHour := now.Truncate(time.Hour).After(w.seg.name.opened().Truncate(time.Hour))
	if nextHour || now.Sub(w.seg.opened) >= w.opt.SegmentAge {
		w.seal()
	}
}

// sealNow seals the open segment, or one without rows, for its ledger.
func (w *writer) sealNow() error {
	if err := w.open(); err != nil {
		w.complain("recording the ledger", err)
		return err
	}
	return w.seal()
}

// seal closes the segment and hands it to the shipper. After an error it stays
// open, and the next tick tries again.
func (w *writer) seal() error {
	g := w.seg
	led, _ := w.ledger.snapshot()
	if err := w.spool.seal(g.f, g.name, g.size, footer{g.rows, led}); err != nil {
		err = fmt.Errorf("seal segment %s: %w", g.name, err)
		w.complain("recording", err)
		return err
	}
	w.seg, w.lastSeal = nil, time.Now()
	return g.f.Close()
}

// sealLast ends the writer's work.
func (w *writer) sealLast() error {
	var err error
	if w.seg != nil || w.ledger.unsealed() {
		err = w.sealNow()
	}
	if w.seg != nil {
		w.seg.f.Close()
	}
	return err
}

// logDrops logs the drops since it last did, and the tap's last panic: the
// live path does not log, as a log may block.
func (w *writer) logDrops() {
	if p := w.tapPanic.Swap(nil); p != nil {
		w.opt.Log.Error("recording panicked; the exchange is dropped", "error", p, "stack", string(p.stack))
	}
	if !w.full && len(w.rows.models) >= maxNames {
		w.full = true
		w.opt.Log.Warn("clients named as many models as are told apart: all others are recorded as "+exchange.UnknownModel, "models", maxNames)
	}
	now, _ := w.ledger.snapshot()
	var news []any
	for why, n := range now.Dropped {
		if n > w.logged[why] {
			news = append(news, why, n-w.logged[why])
		}
	}
	w.logged = now.Dropped
	if len(news) > 0 {
		w.opt.Log.Warn("exchanges were served and not recorded", news...)
	}
}
