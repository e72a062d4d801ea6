package capture

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// If this fails, a spool that has filled its disk to the last byte is never shipped:
// the segment has no room for its footer, and only shipping it would make some.
func TestSealsOnADiskThatItFilled(t *testing.T) {
	disk := t.TempDir()
	err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=1000000")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skip("this process may not mount a file system: run as root to see what a full disk does")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	store := newStore()
	o := options(t, "http://127.0.0.1:1", store)
	o.Spool = filepath.Join(disk, "spool")
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(s)
	for s.ledger.w.dropped[spoolError].Load() == 0 {
		w.add(someRecord())
		w.flush()
	}
	page := int64(os.Getpagesize())
	for end := (w.seg.size + page - 1) / page * page; w.seg.size < end; w.seg.size++ { // what is left of its last page
		if _, err := w.seg.f.WriteAt([]byte{1}, w.seg.size); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.seg.f.WriteAt([]byte{1}, w.seg.size); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("%d bytes fit, %v: the disk is not full", n, err)
	}
	if err := w.seal(); err != nil {
		t.Error(err)
	}
	// The next segment finds no room, but for what was only kept for a look.
	sealed := must(filepath.Glob(filepath.Join(o.Spool, "*"+sealedSuffix)))
	if err := w.open(); !errors.Is(err, unix.ENOSPC) || len(sealed) != 1 {
		t.Errorf("a segment is opened without room for its footer: %v, %v", err, sealed)
	}
	damaged := strings.TrimSuffix(sealed[0], sealedSuffix) + damagedSuffix
	if err := os.Rename(sealed[0], damaged); err != nil {
		t.Fatal(err)
	}
	if err := w.open(); err != nil {
		t.Error(err)
	}
	if err := s.spool.close(); err != nil {
		t.Fatal(err)
	}
}
