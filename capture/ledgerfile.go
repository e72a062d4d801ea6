package capture

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The counts live in memory that no disk is behind, since whoever counts is on the
// live path: a store to a page of a file waits where its disk does. On Linux that
// memory is a file of /dev/shm, which outlives the process and not the machine. The
// spool's file has the counts as of the last write; where the memory is gone, as in a
// container that was made anew, these are what is known.
const sharedMemory = "/dev/shm"

// openLedger reads the spool's file, made anew where there is none, and what a
// process that died has counted since.
func openLedger(path string) (*ledger, error) {
	if _, err := os.Stat(path); os.IsNotExist(err) {
		if err := createLedger(path); err != nil {
			return nil, fmt.Errorf("create ledger: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &ledger{file: f}
	if err := l.load(path); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

func (l *ledger) load(path string) error {
	if info, err := l.file.Stat(); err != nil || info.Size() != ledgerSize {
		return fmt.Errorf("ledger %s: not %d bytes long; move the spool away to start a new one", path, ledgerSize)
	}
	disk := make([]byte, ledgerSize)
	if _, err := l.file.ReadAt(disk, 0); err != nil {
		return fmt.Errorf("read ledger %s: %w", path, err)
	}
	saved := wordsOf(disk)
	if saved.magic.median() != wordOf(ledgerMagic) {
		return fmt.Errorf("ledger %s: not a ledger that this version knows; ship the spool with the version that wrote it, or move it away to start a new one", path)
	}
	saved.heal()
	l.instance = string(binary.NativeEndian.AppendUint64(nil, saved.instance.Load()))
	var err error
	if l.mem, l.shared, err = mapMemory(filepath.Dir(path), l.instance); err != nil {
		return fmt.Errorf("take memory for the ledger: %w", err)
	}
	l.w = wordsOf(l.mem)
	l.w.heal()
	if l.w.magic != saved.magic || l.w.instance != saved.instance || l.w.served.Load() < saved.served.Load() {
		copy(l.mem, disk)
	}
	return nil
}

// mapMemory maps the shared memory of a spool's ledger, or memory of this process
// alone where there is none to be had.
func mapMemory(spool, instance string) (mem []byte, path string, err error) {
	if path, err = sharedPath(spool, instance); err == nil {
		if mem, err = mapShared(path); err == nil {
			return mem, path, nil
		}
	}
	mem, err = unix.Mmap(-1, 0, ledgerSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	return mem, "", err
}

// sharedPath has the folder's inode in it: a copy of a spool is another one.
func sharedPath(spool, instance string) (string, error) {
	info, err := os.Stat(spool)
	if err != nil {
		return "", err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", errors.ErrUnsupported
	}
	return fmt.Sprintf("%s/parity-%s-%x-%x", sharedMemory, instance, stat.Dev, stat.Ino), nil
}

// mapShared maps a file of /dev/shm, where anybody may make files: it must be ours.
func mapShared(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() || info.Mode() != 0o600 {
		return nil, fs.ErrPermission
	}
	// The zeros are written, not just a length set: a mapped page that finds no room
	// kills the process.
	if info.Size() < ledgerSize {
		if _, err := f.WriteAt(make([]byte, ledgerSize), 0); err != nil {
			os.Remove(path)
			return nil, err
		}
	}
	return unix.Mmap(int(f.Fd()), 0, ledgerSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

func wordsOf(mem []byte) *words { return (*words)(unsafe.Pointer(&mem[0])) }

// heal sets each word to what two of it agree in.
func (w *words) heal() {
	for i, all := 0, w.all(); i < len(all); i++ {
		all[i].Store(all[i].median())
	}
}

// createLedger makes a ledger whole or not at all.
func createLedger(path string) error {
	mem := make([]byte, ledgerSize)
	w := wordsOf(mem)
	var instance [4]byte
	rand.Read(instance[:])
	w.magic.Store(wordOf(ledgerMagic))
	w.instance.Store(wordOf(hex.EncodeToString(instance[:])))
	return writeWhole(path, mem)
}

// wordOf is eight bytes of text.
func wordOf(text string) uint64 { return binary.NativeEndian.Uint64([]byte(text)) }

// writeWhole makes a small file, whole or not at all.
func writeWhole(path string, text []byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// save writes the counts to the file, where they outlive the process. It holds mu for
// a copy alone: the live path must not wait for the disk.
func (l *ledger) save() error {
	now := make([]byte, ledgerSize)
	l.mu.Lock()
	copy(now, unsafe.Slice((*byte)(unsafe.Pointer(l.w)), ledgerSize))
	l.mu.Unlock()
	if bytes.Equal(now, l.saved) {
		return nil
	}
	if _, err := l.file.WriteAt(now, 0); err != nil {
		return err
	}
	l.saved = now
	return nil
}

// sync makes the counts durable.
func (l *ledger) sync() error {
	if err := l.save(); err != nil {
		return err
	}
	return l.file.Sync()
}

// close lets go of the file and of the memory, which nobody needs once the counts are
// on the disk. What is counted later is counted in this process only.
func (l *ledger) close() error {
	err := l.sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	last := make([]uint64, ledgerSize/8)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&last[0])), ledgerSize), l.mem)
	mem := l.mem
	l.w, l.mem = (*words)(unsafe.Pointer(&last[0])), nil
	if err == nil && l.shared != "" {
		os.Remove(l.shared)
	}
	return errors.Join(err, l.file.Close(), unix.Munmap(mem))
}
