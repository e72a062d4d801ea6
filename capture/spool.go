package capture

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// spool is the folder:
//
//	lock                         held with flock as long as a sidecar runs
//	recording                    what the spool ships to; it belongs to one recording
//	ledger                       the counts as of the last write, see ledger
//	room                         is given up where a segment can't be sealed for lack of room
//	INSTANCE-ID-BASE.open        the segment that is written, at most one
//	INSTANCE-ID-BASE.sealed      segments that wait to be shipped
//	INSTANCE-ID-BASE.damaged     what was shipped as far as it could be; kept for a look as long as there is room, count against the quota
type spool struct {
	dir    string
	log    *slog.Logger
	lock   *os.File
	ledger *ledger
	bytes  atomic.Int64 // size of the segment files
	lost   uint64       // exchanges that recovering it found lost
	wake   chan struct{}

	mu     sync.Mutex
	sealed []sealedSegment // oldest first
}

// sealedSegment waits to be shipped.
type sealedSegment struct {
	segmentName
	size int64  // of the file
	rows uint64 // 0 where nothing is known of them
}

// openSpool locks the folder and recovers what is in it.
func openSpool(dir, recording string, log *slog.Logger) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create spool: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock spool: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("spool %s: another sidecar uses it; give each its own", dir)
		}
		return nil, fmt.Errorf("lock spool %s: %w", dir, err)
	}
	s := &spool{dir: dir, log: log, lock: lock, wake: make(chan struct{}, 1)}
	if s.ledger, err = openLedger(s.ledgerPath()); err == nil {
		if err = s.load(recording); err == nil {
			return s, nil
		}
		s.ledger.close()
	}
	lock.Close()
	return nil, err
}

func (s *spool) load(recording string) error {
	open, err := s.list()
	if err != nil {
		return err
	}
	if err := s.claim(recording, open); err != nil {
		return err
	}
	return s.recover(open)
}

// claim makes a new spool that of the recording, and refuses one of another:
// its exchanges would be shipped to the wrong place, and its ledger, which counts
// all that went through the spool, would balance nowhere.
func (s *spool) claim(recording string, open []segmentName) error {
	path := filepath.Join(s.dir, "recording")
	text, err := os.ReadFile(path)
	owner := strings.TrimSuffix(string(text), "\n")
	switch {
	case err == nil && owner == recording:
		return nil
	case err == nil:
		return fmt.Errorf("spool %s belongs to recording %s: choose another --spool, or record to %s", s.dir, owner, owner)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("read which recording a spool belongs to: %w", err)
	}
	if err := s.adopt(open); err != nil {
		return err
	}
	if err := writeWhole(path, []byte(recording+"\n")); err != nil {
		return fmt.Errorf("write which recording a spool belongs to: %w", err)
	}
	s.syncDir()
	return nil
}

// adopt takes a spool that names no recording: a new one, or one of an older
// layout that has shipped everything. The latter's counts are in a recording that
// is not known, so it gets a new ledger, with a new instance.
func (s *spool) adopt(open []segmentName) error {
	_, pending := s.ledger.w.split()
	if len(open)+len(s.sealed) > 0 || pending > 0 || s.ledger.unsealed() {
		return fmt.Errorf("spool %s has exchanges to ship and does not say to which recording: choose another --spool", s.dir)
	}
	if s.ledger.w.served.Load() == 0 {
		return nil
	}
	if err := os.Remove(s.ledgerPath()); err != nil {
		return fmt.Errorf("start a new ledger: %w", err)
	}
	l, err := openLedger(s.ledgerPath())
	if err != nil {
		return err
	}
	s.ledger.close()
	s.ledger = l
	return nil
}

func (s *spool) ledgerPath() string { return filepath.Join(s.dir, "ledger") }

func (s *spool) close() error {
	return errors.Join(s.ledger.close(), s.lock.Close())
}

// keepRoom keeps room for a footer on a disk that may run full, and no segment is
// opened without: one that could not be sealed could not be shipped, and so never
// make room itself.
func (s *spool) keepRoom() error {
	if _, err := os.Stat(s.roomPath()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	write := func() error { return os.WriteFile(s.roomPath(), make([]byte, footerRoom), 0o600) }
	err := write()
	if errors.Is(err, unix.ENOSPC) && s.giveUpDamaged() {
		err = write()
	}
	if err != nil {
		os.Remove(s.roomPath())
	}
	return err
}

// giveUpDamaged deletes what was kept for a look: on a full disk what is to be
// recorded counts for more. It says whether there was any.
func (s *spool) giveUpDamaged() (some bool) {
	files, err := filepath.Glob(filepath.Join(s.dir, "*"+damagedSuffix))
	if err != nil {
		return false
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || os.Remove(file) != nil {
			continue
		}
		s.bytes.Add(-info.Size())
		s.log.Warn("a damaged segment that was kept for a look made room on a full disk", "file", file)
		some = true
	}
	return some
}

const footerRoom = 16 << 10

func (s *spool) roomPath() string { return filepath.Join(s.dir, "room") }

func (s *spool) path(n segmentName, suffix string) string {
	return filepath.Join(s.dir, n.String()+suffix)
}

// create opens the next segment.
func (s *spool) create(n segmentName) (*os.File, error) {
	if err := s.keepRoom(); err != nil {
		return nil, fmt.Errorf("keep room for a footer: %w", err)
	}
	return os.OpenFile(s.path(n, openSuffix), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}

// seal makes an open segment ready to ship. After an error it is as it was, and
// may be written to and sealed again.
//
// The ledger goes to the disk first: a ledger that is older than a segment which
// was shipped and deleted could never be put right.
func (s *spool) seal(f *os.File, n segmentName, end int64, foot footer) error {
	if err := s.ledger.sync(); err != nil {
		return fmt.Errorf("sync ledger: %w", err)
	}
	err := n.seal(f, end, foot)
	if errors.Is(err, unix.ENOSPC) && os.Remove(s.roomPath()) == nil {
		err = n.seal(f, end, foot)
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := os.Rename(s.path(n, openSuffix), s.path(n, sealedSuffix)); err != nil {
		return err
	}
	s.bytes.Add(info.Size() - end)
	s.syncDir()
	if s.mine(n) {
		s.ledger.noteSealed(foot.Ledger)
	}
	s.mu.Lock()
	s.sealed = append(s.sealed, sealedSegment{n, info.Size(), foot.Rows})
	s.mu.Unlock()
	notify(s.wake)
	return nil
}

func (s *spool) unshipped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sealed)
}

func (s *spool) oldest() (sealedSegment, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sealed) == 0 {
		return sealedSegment{}, false
	}
	return s.sealed[0], true
}

// letGo deletes the oldest segment, or sets it aside for a look.
func (s *spool) letGo(n sealedSegment, damaged bool) error {
	path := s.path(n.segmentName, sealedSuffix)
	if damaged {
		if err := os.Rename(path, s.path(n.segmentName, damagedSuffix)); err != nil {
			return err
		}
	} else {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		s.bytes.Add(-n.size)
	}
	s.syncDir()
	s.mu.Lock()
	s.sealed = s.sealed[1:]
	s.mu.Unlock()
	return nil
}

// syncDir makes names durable. Where it can't, a loss of power may bring an
// old name back: a segment is then shipped again, to the object that it has.
func (s *spool) syncDir() {
	d, err := os.Open(s.dir)
	if err == nil {
		err = d.Sync()
		d.Close()
	}
	if err != nil {
		s.log.Error("sync spool", "folder", s.dir, "error", err)
	}
}
