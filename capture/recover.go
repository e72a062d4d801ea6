package capture

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// recover settles the ledger by what is in the segments, and seals what a
// crash left open.
func (s *spool) recover() error {
	open, err := s.list()
	if err != nil {
		return err
	}
	var written uint64
	for _, n := range s.sealed {
		if n.instance == s.ledger.instance {
			written = max(written, n.base+s.sealedRows(n))
		}
	}
	known := s.ledger.written()
	found := make([]leftOpen, len(open))
	for i, n := range open {
		if found[i], err = s.scan(n); err != nil {
			return fmt.Errorf("recover segment %s: %w", s.path(n, openSuffix), err)
		}
		if n.instance == s.ledger.instance {
			written = max(written, n.base+found[i].rows)
		}
	}
	if lost := s.ledger.recover(written); lost > 0 {
		s.log.Warn("the sidecar had died: what it held in memory is lost", "exchanges", lost)
	}
	for i, n := range open {
		if err := s.sealLeftOpen(n, found[i], known); err != nil {
			return fmt.Errorf("seal segment %s: %w", s.path(n, openSuffix), err)
		}
	}
	return nil
}

// list finds the segments and how much room they take.
func (s *spool) list() (open []segmentName, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list spool: %w", err)
	}
	for _, e := range entries {
		suffix := filepath.Ext(e.Name())
		n, ok := parseName(strings.TrimSuffix(e.Name(), suffix))
		info, err := e.Info()
		if !ok || err != nil {
			continue
		}
		switch suffix {
		case openSuffix:
			open = append(open, n)
		case sealedSuffix:
			s.sealed = append(s.sealed, n)
		case damagedSuffix:
		default:
			continue
		}
		s.bytes.Add(info.Size())
	}
	slices.SortFunc(s.sealed, older)
	if len(s.sealed) > 0 {
		notify(s.wake)
	}
	return open, nil
}

func older(a, b segmentName) int {
	return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.instance, b.instance))
}

// sealedRows is the number of rows by the footer, 0 where it can't be read.
func (s *spool) sealedRows(n segmentName) uint64 {
	f, err := os.Open(s.path(n, sealedSuffix))
	if err != nil {
		return 0
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	foot, _, _ := n.readFooter(f, info.Size())
	return foot.Rows
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
	return scanFrames(newFrames(f, n, info.Size()))
}

// scanFrames counts the frames.
func scanFrames(fr *frames) (leftOpen, error) {
	found := leftOpen{size: fr.size}
	for {
		fr.buf = fr.buf[:0]
		switch err := fr.next(); err {
		case nil, errFrame:
			found.rows++
		case io.EOF, errTorn:
			found.end = fr.off
			return found, nil
		default:
			return found, err
		}
	}
}

// sealLeftOpen cuts off a torn tail and seals the rest. Where rows are missing
// that the ledger knows as written, as known says, the file is damaged, not torn:
// it stays whole, and shipping it will count them.
func (s *spool) sealLeftOpen(n segmentName, found leftOpen, known uint64) error {
	foot := footer{Rows: found.rows}
	foot.Ledger, _ = s.ledger.snapshot()
	end := found.end
	switch mine := n.instance == s.ledger.instance; {
	case !mine: // its ledger file is gone
		foot.Ledger = rowsOnly(n.base + found.rows)
	case n.base+found.rows < known:
		foot.Rows, end = known-n.base, found.size
	case found.rows == 0 && !s.ledger.unreported():
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
