package capture

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openLedger maps the file, made anew where there is none.
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
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != ledgerSize {
		return nil, fmt.Errorf("ledger %s: not %d bytes long; move the spool away to start a new one", path, ledgerSize)
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, ledgerSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map ledger %s: %w", path, err)
	}
	w := (*words)(unsafe.Pointer(&mem[0]))
	if w.magic.median() != wordOf(ledgerMagic) {
		unix.Munmap(mem)
		return nil, fmt.Errorf("ledger %s: not a ledger that this version knows; ship the spool with the version that wrote it, or move it away to start a new one", path)
	}
	for i, all := 0, w.all(); i < len(all); i++ {
		all[i].Store(all[i].median())
	}
	instance := binary.NativeEndian.AppendUint64(nil, w.instance.Load())
	return &ledger{instance: string(instance), w: w, mem: mem}, nil
}

// createLedger makes a ledger whole or not at all. The zeros are written, not
// just a length set: a mapped page that finds no room on the disk kills the process.
func createLedger(path string) error {
	mem := make([]byte, ledgerSize)
	w := (*words)(unsafe.Pointer(&mem[0]))
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

// sync makes the counts durable. It does not hold mu: the live path must not
// wait for the disk.
func (l *ledger) sync() error { return unix.Msync(l.mem, unix.MS_SYNC) }

// close unmaps the file. What is counted later is counted in memory only.
func (l *ledger) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := make([]uint64, ledgerSize/8)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&last[0])), ledgerSize), l.mem)
	mem := l.mem
	l.w, l.mem = (*words)(unsafe.Pointer(&last[0])), nil
	return unix.Munmap(mem)
}
