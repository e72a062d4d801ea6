package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"golang.org/x/time/rate"

	"github.com/modelparity/parity/internal/exchange"
)

// Rows and bytes that go to the sink at once, and pauses after failures.
const (
	batchRows  = 256
	batchBytes = 4 << 20
	firstPause = 100 * time.Millisecond
	maxPause   = 30 * time.Second
	maxPanics  = 5 // of one segment
)

// shipper turns sealed segments into objects, the oldest first.
type shipper struct {
	spool  *spool
	open   func(context.Context, Segment) (exchange.Sink, error)
	log    *slog.Logger
	tell   func(error) // of each attempt
	panics int         // in a row, of the oldest segment
}

func (s *Sidecar) shipper() *shipper {
	return &shipper{spool: s.spool, open: s.opt.Ship, log: s.opt.Log, tell: func(err error) {
		if err == nil {
			s.shipped.Add(1)
		} else {
			s.failures.Add(1)
		}
	}}
}

// run ships until ctx is done, and never gives up.
func (s *shipper) run(ctx context.Context) {
	complain := rate.Sometimes{Interval: logEvery}
	pause := firstPause
	for ctx.Err() == nil {
		n, ok := s.spool.oldest()
		if !ok {
			select {
			case <-ctx.Done():
			case <-s.spool.wake:
			}
			continue
		}
		err := s.ship(ctx, n)
		s.tell(err)
		if err == nil {
			pause = firstPause
			continue
		}
		if ctx.Err() != nil {
			return
		}
		complain.Do(func() { s.log.Error("shipping; it will be tried again", "waiting", s.spool.unshipped(), "error", err) })
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause/2)): // jitter, so that many sidecars don't come at once
		}
		pause = min(2*pause, maxPause)
	}
}

// drain ships what there is, until the first failure.
func (s *shipper) drain(ctx context.Context) error {
	for {
		n, ok := s.spool.oldest()
		if !ok {
			return nil
		}
		err := s.ship(ctx, n)
		s.tell(err)
		if err != nil {
			return fmt.Errorf("%d segments stay in %s for the next start: %w", s.spool.unshipped(), s.spool.dir, err)
		}
	}
}

// ship makes one segment an object and lets go of the file. If the process dies
// in between, the next one meets the object, which is success.
//
// Rows that can't be read are counted once the segment is set aside. (A kill
// between the two, on top of the damage, would leave them uncounted; the other
// way round it would count them twice.)
func (s *shipper) ship(ctx context.Context, n sealedSegment) error {
	path := s.spool.path(n.segmentName, sealedSuffix)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return s.takenOut(n, path)
	}
	if err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	defer f.Close()
	foot, end, whole := n.readFooter(f, n.size)
	if !whole {
		foot = s.withoutFooter(f, n, path)
	}
	seg := Segment{n.instance, n.id, n.opened(), foot.Ledger}
	rows, err := s.send(ctx, seg, newFrames(f, n.segmentName, end), path)
	hopeless := s.hopeless(err, path)
	if hopeless {
		rows, err = s.sendNone(ctx, seg, foot.Rows)
	}
	if err != nil {
		return fmt.Errorf("ship %s: %w", path, err)
	}
	missing := foot.Rows - min(rows, foot.Rows)
	if err := s.spool.letGo(n, missing > 0 || !whole || hopeless); err != nil {
		return fmt.Errorf("let go of %s: %w", path, err)
	}
	if missing > 0 {
		s.log.Error("rows of a segment are not in the recording", "file", s.spool.path(n.segmentName, damagedSuffix), "rows", missing)
	}
	s.count(n, missing, whole)
	return nil
}

// takenOut counts the rows of a segment that somebody removed from the spool.
func (s *shipper) takenOut(n sealedSegment, path string) error {
	s.log.Error("a segment was taken out of the spool; its rows are not in the recording", "file", path, "rows", n.rows)
	if err := s.spool.letGo(n, false); err != nil {
		return err
	}
	s.count(n, n.rows, false)
	return nil
}

// withoutFooter makes up for a footer that can't be read.
func (s *shipper) withoutFooter(f *os.File, n sealedSegment, path string) footer {
	found := scanFrames(newFrames(f, n.segmentName, n.size))
	s.log.Error("a segment's footer is damaged", "file", path, "offset", found.end)
	rows := max(found.rows, n.rows)
	return footer{rows, rowsOnly(n.base + rows)}
}

// count notes damage, so that the next segment's ledger tells it. ledger says
// that the segment's own one was shipped.
func (s *shipper) count(n sealedSegment, missing uint64, ledger bool) {
	if !s.spool.mine(n.segmentName) {
		return
	}
	if missing > 0 {
		s.spool.ledger.damaged(missing)
	}
	if !ledger {
		s.spool.ledger.forgetSealed()
	}
}

// hopeless says that the segment has panicked so often that its rows must be
// the reason. Without an end to it, it would hold up all later ones.
func (s *shipper) hopeless(err error, path string) bool {
	var p *panicError
	if !errors.As(err, &p) {
		s.panics = 0
		return false
	}
	s.panics++
	if s.panics < maxPanics {
		return false
	}
	s.panics = 0
	s.log.Error("a segment panics each time; its object is made without its rows", "file", path, "error", err, "stack", string(p.stack))
	return true
}

// send fills an object with the rows that can be read, and commits it.
func (s *shipper) send(ctx context.Context, seg Segment, fr *frames, path string) (rows uint64, err error) {
	err = s.commit(ctx, seg, func(sink exchange.Sink) (err error) {
		rows, err = s.sendRows(ctx, sink, fr, path)
		return err
	})
	if errors.Is(err, exchange.ErrExists) {
		return rows, nil
	}
	return rows, err
}

// sendNone makes the segment an object without rows, and returns how many are
// in the recording. As an object is written once, none can get there any more; and
// where there is one already, a commit got through before it panicked. (Or it is
// this one, and the process was killed before it let go of the segment: then the
// ledger counts rows that are not there, which `parity ls` tells.)
//
// It also tells a sink that is broken from rows that break it: the former
// fails here again.
func (s *shipper) sendNone(ctx context.Context, seg Segment, rows uint64) (uint64, error) {
	err := s.commit(ctx, seg, func(exchange.Sink) error { return nil })
	if errors.Is(err, exchange.ErrExists) {
		return rows, nil
	}
	return 0, err
}

// commit makes the segment's object with what fill writes. A panic in the sink
// becomes a panicError.
func (s *shipper) commit(ctx context.Context, seg Segment, fill func(exchange.Sink) error) error {
	return guard(func() error {
		sink, err := s.open(ctx, seg)
		if err != nil {
			return err
		}
		defer sink.Close() // what Commit did not make visible is dropped; there is nothing to tell
		if err := fill(sink); err != nil {
			return err
		}
		return sink.Commit(ctx)
	})
}

func (s *shipper) sendRows(ctx context.Context, sink exchange.Sink, fr *frames, path string) (rows uint64, err error) {
	var b exchange.Batch
	for more := true; more; {
		more = s.fill(&b, fr, path)
		rows += uint64(len(b.Rows))
		if len(b.Rows) == 0 {
			continue
		}
		if err := sink.Write(ctx, &b); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// fill reads the next batch, and says whether there are more. Damaged rows are
// logged and passed over.
func (s *shipper) fill(b *exchange.Batch, fr *frames, path string) (more bool) {
	b.Rows, fr.buf = b.Rows[:0], fr.buf[:0]
	for len(b.Rows) < batchRows && len(fr.buf) < batchBytes {
		at, off := len(fr.buf), fr.off
		err := fr.next()
		var e exchange.Exchange
		if err == nil && exchange.Decode(fr.buf[at:], &e, exchange.RecordingSides) != nil {
			err = errFrame
		}
		switch err {
		case nil:
			b.Rows = append(b.Rows, e)
			continue
		case io.EOF:
			return false
		}
		s.log.Error("damage in the spool", "file", path, "offset", off, "error", err)
		if errors.Is(err, errTorn) {
			return false
		}
	}
	return true
}
