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
)

// shipper turns sealed segments into objects, the oldest first.
type shipper struct {
	spool *spool
	open  func(context.Context, Segment) (exchange.Sink, error)
	log   *slog.Logger
}

func (s *Sidecar) shipper() *shipper { return &shipper{s.spool, s.opt.Ship, s.opt.Log} }

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
		if err := s.ship(ctx, n); err != nil {
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
func (s *shipper) ship(ctx context.Context, n segmentName) error {
	path := s.spool.path(n, sealedSuffix)
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		s.log.Error("a segment was taken out of the spool; its rows are not in the recording", "file", path)
		return s.spool.shipped(n, 0, false)
	}
	if err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("ship %s: %w", path, err)
	}
	foot, end, whole := n.readFooter(f, info.Size())
	if !whole {
		found, err := scanFrames(newFrames(f, n, end))
		if err != nil {
			return fmt.Errorf("ship %s: %w", path, err)
		}
		foot = footer{found.rows, rowsOnly(n.base + found.rows)}
		s.log.Error("a segment's footer is damaged", "file", path, "offset", found.end)
	}
	rows, err := s.send(ctx, Segment{n.instance, n.id, n.opened(), foot.Ledger}, newFrames(f, n, end), path)
	if err != nil {
		return fmt.Errorf("ship %s: %w", path, err)
	}
	missing := foot.Rows - min(rows, foot.Rows)
	if err := s.spool.shipped(n, info.Size(), missing > 0 || !whole); err != nil {
		return fmt.Errorf("let go of %s: %w", path, err)
	}
	if n.instance == s.spool.ledger.instance {
		s.count(missing, whole)
	}
	return nil
}

// count notes damage, so that the next segment's ledger tells it.
func (s *shipper) count(missing uint64, whole bool) {
	if missing > 0 {
		s.spool.ledger.damaged(missing)
	}
	if !whole {
		s.spool.ledger.forgetReport()
	}
}

// send fills an object with the rows that can be read, and commits it.
func (s *shipper) send(ctx context.Context, seg Segment, fr *frames, path string) (rows uint64, err error) {
	sink, err := s.open(ctx, seg)
	if err != nil {
		return 0, err
	}
	defer sink.Close() // what Commit did not make visible is dropped; there is nothing to tell
	var b exchange.Batch
	for more := true; more; {
		err := s.fill(&b, fr, path)
		if err != nil && err != io.EOF {
			return rows, err
		}
		more = err == nil
		rows += uint64(len(b.Rows))
		if len(b.Rows) == 0 {
			continue
		}
		if err := sink.Write(ctx, &b); err != nil {
			return rows, err
		}
	}
	if err := sink.Commit(ctx); err != nil && !errors.Is(err, exchange.ErrExists) {
		return rows, err
	}
	return rows, nil
}

// fill reads the next batch, and returns io.EOF with the last one. Damaged rows
// are logged and passed over.
func (s *shipper) fill(b *exchange.Batch, fr *frames, path string) error {
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
		case errFrame, errTorn:
			s.log.Error("damage in the spool", "file", path, "offset", off, "error", err)
			if err == errTorn {
				return io.EOF
			}
		default:
			return err
		}
	}
	return nil
}
