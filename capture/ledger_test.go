package capture

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/modelparity/parity/internal/exchange"
)

// crashed makes a spool as a process leaves it that is killed in the middle:
// nothing is sealed, synced or put right.
func crashed(t *testing.T, dir string, f func(*writer)) {
	t.Helper()
	store := newStore()
	o := options(t, "http://127.0.0.1:1", store)
	o.Spool = dir
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(s.ledger.shared) }) // where nobody starts anew
	w := newWriter(s)
	f(w)
	if w.seg != nil {
		w.seg.f.Close()
	}
	if err := errors.Join(unix.Munmap(s.ledger.mem), s.ledger.file.Close(), s.spool.lock.Close()); err != nil {
		t.Fatal(err)
	}
}

// restart recovers a spool, ships it and returns the store.
func restart(t *testing.T, dir string) *objects {
	t.Helper()
	store := newStore()
	o := options(t, "http://127.0.0.1:1", store)
	o.Spool = dir
	start(t, o).stop()
	return store
}

func someRecord() *record {
	return &record{arrival: time.Now(), method: "POST", uri: "/x", status: 200, response: copied{data: []byte("answer"), seen: 6, ended: true}}
}

// put queues n records.
func (w *writer) put(n int) {
	for range n {
		w.queue.put(someRecord())
	}
}

// frame writes one record's frame, or a part of it, past the settled ones, and
// settles nothing.
func (w *writer) frame(cutOff int) {
	w.add(someRecord())
	f := w.buf[:len(w.buf)-cutOff]
	w.seg.f.WriteAt(f, w.seg.size)
	w.seg.size += int64(len(f))
	w.buf, w.ends = nil, nil
}

// If this fails, a kill at one of these points leaves a ledger that does not
// balance, or that says recorded of what is not in the recording. The numbers are
// those of ledger's comment.
func TestKillPoints(t *testing.T) {
	written := func(w *writer) { w.put(3); w.write(w.queue.take()) }
	tests := []struct {
		name                   string
		f                      func(*writer)
		served, recorded, lost int64
		dropped                string
	}{
		{"at rest", func(*writer) {}, 3, 3, 0, ""},
		{"2: between pending and served", func(w *writer) { w.ledger.w.state.Add(1) }, 4, 3, 1, ""},
		{"2: between dropped and served", func(w *writer) { w.ledger.w.dropped[queueFull].Add(1) }, 4, 3, 0, "queue_full"},
		{"3: in the queue", func(w *writer) { w.put(2) }, 5, 3, 2, ""},
		{"3: in the middle of a frame", func(w *writer) { w.put(1); w.frame(5) }, 4, 3, 1, ""},
		{"3: in the middle of a head", func(w *writer) { w.put(2); w.frame(0); w.seg.f.WriteAt([]byte{1, 2}, w.seg.size) }, 5, 4, 1, ""},
		{"4: between frame and written", func(w *writer) { w.put(3); w.frame(0); w.frame(0) }, 6, 5, 1, ""},
		{"5: between pending and dropped", func(w *writer) { w.put(2); w.ledger.w.state.Add(^uint64(1)) }, 5, 3, 2, ""},
		{"between footer and rename", func(w *writer) {
			w.put(1)
			w.write(w.queue.take())
			led, _ := w.ledger.snapshot()
			w.seg.name.seal(w.seg.f, w.seg.size, footer{w.seg.rows, led})
		}, 4, 4, 0, ""},
		{"between rename and noteSealed", func(w *writer) { w.seal(); w.seg = nil; w.ledger.forgetSealed() }, 3, 3, 0, ""},
		{"between creating and the first row", func(w *writer) { w.seal(); w.open() }, 3, 3, 0, ""},
		{"power: the ledger is older than the spool", func(w *writer) { w.frame(0); w.seal() }, 4, 4, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			crashed(t, dir, func(w *writer) {
				written(w)
				if strings.HasPrefix(tt.name, "power") {
					w.seg.rows++ // that of the frame which the ledger does not know
				}
				tt.f(w)
			})
			store := restart(t, dir)
			l := store.ledger()
			balanced(t, l, len(store.rows()))
			if l.Served != tt.served || l.Recorded != tt.recorded || l.Lost != tt.lost {
				t.Errorf("%s; want served %d, recorded %d, lost %d", l, tt.served, tt.recorded, tt.lost)
			}
			if tt.dropped != "" && l.Dropped[tt.dropped] != 1 {
				t.Errorf("dropped %v, want one %s", l.Dropped, tt.dropped)
			}
			if again := restart(t, dir); len(again.committed) != 0 {
				t.Errorf("a start with nothing new ships %d segments", len(again.committed))
			}
		})
	}
}

// If this fails a loss of power brings back a ledger that is older than what was
// sealed, shipped and deleted, and it never balances again.
func TestLedgerIsDurableBeforeASegment(t *testing.T) {
	dir := t.TempDir()
	crashed(t, dir, func(w *writer) {
		w.put(1)
		w.write(w.queue.take())
		file := w.ledger.file
		w.ledger.file = must(os.Open(filepath.Join(dir, "ledger")))
		w.ledger.file.Close() // can't be synced
		err := w.seal()
		w.ledger.file = file
		if sealed, _ := filepath.Glob(filepath.Join(dir, "*"+sealedSuffix)); err == nil || len(sealed) > 0 {
			t.Errorf("sealed %v without the ledger: %v", sealed, err)
		}
	})
	store := restart(t, dir)
	balanced(t, store.ledger(), 1)
}

// If this fails a torn file name or a foreign file stops the old service from
// being reachable, or is taken for a ledger.
func TestForeignLedger(t *testing.T) {
	earlier := "PARLEDG1" + strings.Repeat("\x00", ledgerSize-8) // its segments have other columns
	for _, content := range []string{"", "short", strings.Repeat("x", ledgerSize), earlier} {
		o := options(t, "http://127.0.0.1:1", newStore())
		path := filepath.Join(o.Spool, "ledger")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%.10q: %v", content, err)
		}
	}
}

// If this fails segments of a spool whose ledger was deleted are never shipped.
func TestLedgerDeleted(t *testing.T) {
	dir := t.TempDir()
	crashed(t, dir, func(w *writer) { w.put(2); w.write(w.queue.take()) })
	if err := os.Remove(filepath.Join(dir, "ledger")); err != nil {
		t.Fatal(err)
	}
	store := restart(t, dir)
	balanced(t, store.ledger(), 2)
}

// If this fails the newest ledger of an instance is not the one with the
// highest id once the clock has been set back.
func TestIDsGrowWhenTheClockDoesNot(t *testing.T) {
	l := must(openLedger(filepath.Join(t.TempDir(), "ledger")))
	defer l.close()
	now := time.Now()
	last := exchange.ID{}
	for _, at := range []time.Time{now, now, now.Add(-time.Hour), now.Add(time.Second)} {
		id := l.nextID(at)
		if id.String() <= last.String() {
			t.Errorf("%s after %s", id, last)
		}
		last = id
	}
}

// If this fails, a bit that turns on the disk changes what a recording says was
// dropped or lost, or makes it the recording of two sidecars, and nobody is told.
func TestLedgerOutlivesAnyBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := openLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		l.accept()
	}
	l.settle(200)
	l.drop(queueFull)
	l.nextID(time.Now())
	want, pending := l.snapshot()
	segment, instance := l.w.segment.Load(), l.instance
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * int(unsafe.Sizeof(words{})) {
		damaged := bytes.Clone(whole)
		damaged[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := openLedger(path)
		if err != nil {
			t.Fatalf("bit %d: %v", bit, err)
		}
		got, p := l.snapshot()
		if !reflect.DeepEqual(got, want) || p != pending || l.w.segment.Load() != segment || l.instance != instance {
			t.Errorf("bit %d: %+v, %d pending, of %s; want %+v, %d, %s", bit, got, p, l.instance, want, pending, instance)
		}
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
	}
}
