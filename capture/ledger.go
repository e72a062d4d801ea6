package capture

import (
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/modelparity/parity/internal/exchange"
)

// ledger counts every finished exchange in memory that outlives the process, so that
// the counts survive kill -9; see openLedger.
//
// An exchange that ends is either pending, in memory on its way to the disk,
// or dropped. The writer makes pending ones written, or dropped after all.
//
//	tap:    pending+1 or dropped[reason]+1, then served+1; then the client gets the last bytes
//	writer: frames into the segment, then written+n and pending-n, which are one word, so one store
//	        or: pending-n, then dropped[reason]+n
//
// So the process may die at these points, and recover, which knows the rows
// that are in the spool, puts them right:
//
//  1. Before pending+1. The exchange is not known. Its client got no whole answer.
//  2. Between pending+1 (or dropped+1) and served+1. The parts are one more than
//     served. The exchange had come to its end, so it had been served: served+1.
//     (Its client does not have the last bytes.)
//  3. While it is pending and no whole frame of it is in the segment. It is lost.
//  4. Between the frame and written+n. The segment has more rows than the ledger
//     knows: these are settled first, and are not lost.
//  5. Between pending-n and dropped[reason]+n. Served is n more than the parts.
//     These are gone, and the reason with them: lost+n.
//  6. In recover itself. It goes through the same points (pending-n, then lost+n),
//     and doing it again puts right what is left.
//
// 2 and 5 together may cancel out; the ledger balances then, too. After a loss of
// power the file may be older than the spool or the other way round. The same
// corrections make it balance; what neither of them has is not known to anybody.
//
// While the process lives, each of the steps holds mu, so that a snapshot balances
// exactly; atomics keep the compiler from reordering the stores.
type ledger struct {
	instance string

	mu  sync.Mutex
	w   *words
	mem []byte // that w is in; nil once closed

	shared string   // its file in /dev/shm; empty: it dies with this process
	file   *os.File // the spool's, with the counts as they were saved last
	saved  []byte   // what is in it
}

// words is the layout of the memory and of the file, in the machine's byte order. New counters
// go to the end of what is used.
type words struct {
	magic    word
	instance word // its hexadecimal digits
	segment  word // when the newest segment was opened, in Unix milliseconds
	sealed   word // version that the last sealed segment holds
	served   word
	state    word // written<<pendingBits | pending
	lost     word
	dropped  [32]word // by reason
}

// word is kept three times over: the file is written to at every moment, so no
// checksum could be, and a bit that turns on the disk must not change a count. It is
// written by one at a time.
type word [3]atomic.Uint64

func (w *word) Load() uint64 { return w[0].Load() }
func (w *word) Add(n uint64) { w.Store(w.Load() + n) }

func (w *word) Store(n uint64) {
	for i := range w {
		w[i].Store(n)
	}
}

// median is what two agree in, whatever the third is. Where a crash came between
// them, it is what was there before or what was to come.
func (w *word) median() uint64 {
	a, b, c := w[0].Load(), w[1].Load(), w[2].Load()
	return max(min(a, b), min(max(a, b), c))
}

// all lists the words.
func (w *words) all() []word {
	return unsafe.Slice((*word)(unsafe.Pointer(w)), unsafe.Sizeof(*w)/unsafe.Sizeof(word{}))
}

const (
	ledgerMagic = "PARLEDG3"
	ledgerSize  = 4096

	// pending has 24 bits, written 40: enough for 10^12 rows.
	pendingBits = 24
	maxPending  = 1<<pendingBits - 1
)

// reason is why an exchange was dropped; its number is its place in the file.
type reason int

const (
	queueFull      reason = iota // the disk did not keep up
	spoolFull                    // shipping did not keep up
	spoolError                   // the disk refused
	upgrade                      // the connection was upgraded (101): no exchange any more
	recorderError                // a bug in here
	shutdown                     // it ended after Run had
	spoolDamaged                 // the row was written, and could not be read again or made a part of an object
	memoryFull                   // the copies of exchanges under way took too much memory
	mirrorFull                   // mirrored, and not asked: too many at a time
	mirrorTooLarge               // mirrored, and not asked: over the recording limit
	unreadable                   // sent to be recorded, and no exchange
	unpaired                     // an answer whose request was not sent
	unredactable                 // its body can't be read whole, and may hold what is to be hidden
	sampledOut                   // left out on purpose: no drop, but counted as one
	reasons
)

var reasonNames = [reasons]string{
	"queue_full", "spool_full", "spool_error", "upgrade", "recorder_error", "shutdown", "spool_damaged", "memory_full", "mirror_full", "mirror_too_large",
	"unreadable", "unpaired", "unredactable", "sampled_out",
}

// DropReasons are the keys that Ledger.Dropped may have here.
func DropReasons() []string {
	return slices.Delete(slices.Clone(reasonNames[:]), int(sampledOut), int(sampledOut)+1)
}

// accept counts an exchange that is on its way to the disk.
func (l *ledger) accept() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.state.Add(1)
	l.w.served.Add(1)
}

// drop counts an exchange that ended and is not recorded.
func (l *ledger) drop(why reason) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.dropped[why].Add(1)
	l.w.served.Add(1)
}

// settle counts n pending ones as written.
func (l *ledger) settle(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.state.Add(n<<pendingBits - n)
}

// dropPending counts n pending ones as dropped.
func (l *ledger) dropPending(why reason, n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.state.Add(-n)
	l.w.dropped[why].Add(n)
}

// damaged counts n written rows that can't be read again.
func (l *ledger) damaged(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.dropped[spoolDamaged].Add(n)
}

func (w *words) split() (written, pending uint64) {
	s := w.state.Load()
	return s >> pendingBits, s & maxPending
}

// written is how many rows ever went into segments.
func (l *ledger) written() uint64 {
	n, _ := l.w.split()
	return n
}

// snapshot is the ledger without the exchanges that are pending, and how many
// these are. Rows that turned out damaged were written but are not recorded.
func (l *ledger) snapshot() (exchange.Ledger, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	written, pending := l.w.split()
	led := exchange.Ledger{
		Served:   int64(l.w.served.Load() - pending),
		Recorded: int64(written - l.w.dropped[spoolDamaged].Load()),
		Lost:     int64(l.w.lost.Load()),
	}
	for i, name := range reasonNames {
		if reason(i) == sampledOut {
			led.SampledOut = int64(l.w.dropped[i].Load())
			continue
		}
		if n := l.w.dropped[i].Load(); n > 0 {
			if led.Dropped == nil {
				led.Dropped = map[string]int64{}
			}
			led.Dropped[name] = int64(n)
		}
	}
	return led, int64(pending)
}

// recover puts the counts right after a crash; see ledger for why this is
// all. written is how many rows are in segments by the spool's account; it returns
// how many exchanges are lost for good.
func (l *ledger) recover(written uint64) (lost uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.w.lost.Load()
	known, pending := l.w.split()
	if written > known {
		n := written - known
		l.w.state.Add(n<<pendingBits - min(n, pending))
		known, pending = l.w.split()
	}
	l.w.state.Add(-pending)
	l.w.lost.Add(pending)

	parts := known + l.w.lost.Load()
	for i := range l.w.dropped {
		if reason(i) != spoolDamaged { // these are among the written
			parts += l.w.dropped[i].Load()
		}
	}
	if served := l.w.served.Load(); served > parts {
		l.w.lost.Add(served - parts)
	} else {
		l.w.served.Store(parts)
	}
	return l.w.lost.Load() - before
}

// version grows with every change of what snapshot says.
func (w *words) version() uint64 {
	_, pending := w.split()
	return w.served.Load() - pending + w.dropped[spoolDamaged].Load()
}

// unsealed says that no sealed segment holds the counts as they are now.
func (l *ledger) unsealed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.version() != l.w.sealed.Load()
}

// noteSealed notes that a sealed segment holds led.
func (l *ledger) noteSealed(led exchange.Ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.sealed.Store(uint64(led.Served + led.Dropped[reasonNames[spoolDamaged]]))
}

// forgetSealed makes the next segment hold the counts: one's ledger was unreadable.
func (l *ledger) forgetSealed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.w.sealed.Store(0)
}

// nextID makes a segment's id. It is later than all before it even where the
// clock went back, so that the newest ledger of an instance has the highest id.
func (l *ledger) nextID(now time.Time) exchange.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	ms := max(now.UnixMilli(), int64(l.w.segment.Load())+1)
	l.w.segment.Store(uint64(ms))
	return exchange.NewID(time.UnixMilli(ms))
}
