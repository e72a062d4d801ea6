package capture

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// spool is the folder:
//
//	lock                         held with flock as long as a sidecar runs
//	ledger                       the counts, see ledger
//	INSTANCE-ID-BASE.open        the segment that is written, at most one
//	INSTANCE-ID-BASE.sealed      segments that wait to be shipped
//	INSTANCE-ID-BASE.damaged     what was shipped as far as it could be read; kept for a look, count against the quota
type spool struct {
	dir    string
	log    *slog.Logger
	lock   *os.File
	ledger *ledger
	bytes  atomic.Int64 // size of the segment files
	wake   chan struct{}

	mu     sync.Mutex
	sealed []segmentName // oldest first
}

// openSpool locks the folder and recovers what is in it.
func openSpool(dir string, log *slog.Logger) (*spool, error) {
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
	if s.ledger, err = openLedger(filepath.Join(dir, "ledger")); err == nil {
		if err = s.recover(); err == nil {
			return s, nil
		}
		s.ledger.close()
	}
	lock.Close()
	return nil, err
}

func (s *spool) close() error {
	return errors.Join(s.ledger.sync(), s.ledger.close(), s.lock.Close())
}

func (s *spool) path(n segmentName, suffix string) string {
	return filepath.Join(s.dir, n.String()+suffix)
}

// create opens the next segment.
func (s *spool) create(n segmentName) (*os.File, error) {
	return os.OpenFile(s.path(n, openSuffix), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
}

// seal makes an open segment ready to ship. After an error it is as it was, and
// may be written to and sealed again.
func (s *spool) seal(f *os.File, n segmentName, end int64, foot footer) error {
	if err := n.seal(f, end, foot); err != nil {
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
	if n.instance == s.ledger.instance {
		s.ledger.report(foot.Ledger)
	}
	s.mu.Lock()
	s.sealed = append(s.sealed, n)
	s.mu.Unlock()
	notify(s.wake)
	return nil
}

func (s *spool) unshipped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sealed)
}

func (s *spool) oldest() (segmentName, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sealed) == 0 {
		return segmentName{}, false
	}
	return s.sealed[0], true
}

// shipped lets the oldest segment go: deletes it, or sets it aside for a look.
func (s *spool) shipped(n segmentName, size int64, damaged bool) error {
	path := s.path(n, sealedSuffix)
	if damaged {
		if err := os.Rename(path, s.path(n, damagedSuffix)); err != nil {
			return err
		}
	} else {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		s.bytes.Add(-size)
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
