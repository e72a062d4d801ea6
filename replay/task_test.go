package replay

import (
	"testing"
	"time"
	"unsafe"

	"github.com/modelparity/parity/internal/exchange"
)

// setBack is t as it had been read if somebody set the clock on the wall back by d
// since, which the monotonic clock does not see. (A Time with a monotonic clock has
// the seconds of the wall's in bits 30 to 62 of its first word.)
func setBack(t time.Time, d time.Duration) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += uint64(d/time.Second) << 30
	return t
}

// Without this, a clock that is set while a run waits, or a machine that sleeps,
// would make requests late by hours that were not, or sent before they were due.
func TestDueWhenTheClockIsSet(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name string
		due  time.Time
		want time.Duration // before now, as it is stored
	}{
		{"not set", now.Add(-70 * time.Millisecond), 70 * time.Millisecond},
		{"set back", setBack(now.Add(-70*time.Millisecond), time.Hour), 70 * time.Millisecond},
		{"set forward", setBack(now.Add(-70*time.Millisecond), -time.Hour), 70 * time.Millisecond},
	} {
		var x task
		x.setDue(c.due)
		x.row.Candidate.Sent = exchange.At(now)
		if got := exchange.At(now) - x.dueBy(now); got != exchange.Timestamp(c.want.Microseconds()) && got != exchange.Timestamp(c.want.Microseconds())+1 {
			t.Errorf("%s: was due %d µs before it was sent, want %s", c.name, got, c.want)
		}
	}
	var x task
	x.row.Candidate.Sent = exchange.At(now)
	if got := x.dueBy(now); got != exchange.At(now) {
		t.Errorf("without a pace: due at %d", got)
	}
}
