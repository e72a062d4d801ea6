package capture

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// recover settles the ledger by what is in the segments, and seals what a
// crash left open.
func (s *spool) recover(open []segmentName) error {
	known := s.ledger.written()
	s.inferRows(open, known)
	var written uint64
	for _, n := range s.sealed {
		if s.mine(n.segmentName) {
			written = max(written, n.base+n.rows)
		}
	}
	found := make([]leftOpen, len(open))
	for i, n := range open {
		var err error
		if found[i], err = s.scan(n); err != nil {
			return fmt.Errorf("recover segment %s: %w", s.path(n, openSuffix), err)
		}
		if s.mine(n) {
			written = max(written, n.base+found[i].rows)
		}
	}
	if s.lost = s.ledger.recover(written); s.lost > 0 {
		s.log.Warn("the sidecar had died: what it held in memory is lost", "exchanges", s.lost)
	}
	for i, n := range open {
		if err := s.sealLeftOpen(n, found[i], s.upTo(n, open, known)); err != nil {
			// As on a full disk. To start matters more: the old service is behind it.
			s.log.Error("a segment that a crash left open can't be sealed; the next start tries again", "file", s.path(n, openSuffix), "error", err)
		}
	}
	return nil
}

// upTo is how many rows the ledger knows of up to the end of an open segment: where
// an earlier start could not seal it, another follows.
func (s *spool) upTo(n segmentName, open []segmentName, known uint64) uint64 {
	for _, next := range open {
		if s.mine(next) && older(n, next) < 0 {
			known = min(known, next.base)
		}
	}
	for _, next := range s.sealed {
		if s.mine(next.segmentName) && older(n, next.segmentName) < 0 {
			known = min(known, next.base)
		}
	}
	return known
}

// mine says that the rows of n are in this spool's ledger; they are not where
// the ledger's file was lost.
func (s *spool) mine(n segmentName) bool { return n.instance == s.ledger.instance }

// list finds the segments and how much room they take.
func (s *spool) list() (open []segmentName, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list spool: %w", err)
	}
	for _, e := range entries {
		suffix := filepath.Ext(e.Name())
		n, ok := parseName(strings.TrimSuffix(e.Name(), suffix))
		if !ok {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) { // somebody took it out just now
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list spool: %w", err)
		}
		switch suffix {
		case openSuffix:
			open = append(open, n)
		case sealedSuffix:
			s.sealed = append(s.sealed, sealedSegment{n, info.Size(), s.sealedRows(n, info.Size())})
		case damagedSuffix:
		default:
			continue
		}
		s.bytes.Add(info.Size())
	}
	slices.SortFunc(s.sealed, func(a, b sealedSegment) int { return older(a.segmentName, b.segmentName) })
	if len(s.sealed) > 0 {
		notify(s.wake)
	}
	return open, nil
}

func older(a, b segmentName) int {
	return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.instance, b.instance))
}

// sealedRows is the number of rows by the footer, 0 where it can't be read.
func (s *spool) sealedRows(n segmentName, size int64) uint64 {
	f, err := os.Open(s.path(n, sealedSuffix))
	if err != nil {
		return 0
	}
	defer f.Close()
	foot, _, _ := n.readFooter(f, size)
	return foot.Rows
}

// inferRows says how many rows are in the sealed segments whose footer does
// not: they go up to where the next segment begins, or the ledger ends.
func (s *spool) inferRows(open []segmentName, known uint64) {
	next := known
	for _, n := range open {
		if s.mine(n) {
			next = min(next, n.base)
		}
	}
	for i := len(s.sealed) - 1; i >= 0; i-- {
		n := &s.sealed[i]
		if !s.mine(n.segmentName) {
			continue
		}
		if n.rows == 0 {
			n.rows = max(next, n.base) - n.base
		}
		next = n.base
	}
}

// leftOpen is what a crash left of a segment.
type leftOpen struct {
	rows      uint64 // damaged ones included
	end, size int64  // of the last frame, of the file
}

func (s *spool) scan(n segmentName) (leftOpen, error) {
	f, err := os.Open(s.path(n, openSuffix))
	if err != nil {
		return leftOpen{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return leftOpen{}, err
	}
	return scanFrames(newFrames(f, n, info.Size())), nil
}

// scanFrames counts the frames as far as they can be told apart.
func scanFrames(fr *frames) leftOpen {
	found := leftOpen{size: fr.size}
	for {
		fr.buf = fr.buf[:0]
		if err := fr.next(); err != nil && err != errFrame {
			found.end = fr.off
			return found
		}
		found.rows++
	}
}

// sealLeftOpen cuts off a torn tail and seals the rest. Where rows are missing
// that the ledger knows as written, up to known, the file is damaged, not torn:
// it stays whole, and shipping it will count them.
func (s *spool) sealLeftOpen(n segmentName, found leftOpen, known uint64) error {
	foot := footer{Rows: found.rows}
	foot.Ledger, _ = s.ledger.snapshot()
	end := found.end
	switch {
	case !s.mine(n):
		foot.Ledger = rowsOnly(n.base + found.rows)
	case n.base+found.rows < known:
		foot.Rows, end = known-n.base, found.size
	case found.rows == 0 && !s.ledger.unsealed():
		s.bytes.Add(-found.size)
		return os.Remove(s.path(n, openSuffix))
	}
	f, err := os.OpenFile(s.path(n, openSuffix), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	s.bytes.Add(end - found.size)
	return s.seal(f, n, end, foot)
}

// rowsOnly is all that can be said where a segment's own ledger can't be read.
func rowsOnly(rows uint64) exchange.Ledger {
	return exchange.Ledger{Served: int64(rows), Recorded: int64(rows)}
}
