package exchange

import "fmt"

// Ledger counts every exchange that came into a recording and where it went.
// Every term is counted where it happens; none is computed from the others, so
// that Balanced means something.
type Ledger struct {
	Served     int64            `json:"served"`            // answered by the old system, or read by an import
	Recorded   int64            `json:"recorded"`          // in the recording, or on the way there in the spool
	SampledOut int64            `json:"sampled_out"`       // left out on purpose
	Dropped    map[string]int64 `json:"dropped,omitempty"` // lost for a reason that is known
	Lost       int64            `json:"lost_in_crash"`     // in memory when the recorder died
}

// DroppedTotal adds up all reasons.
func (l Ledger) DroppedTotal() (n int64) {
	for _, d := range l.Dropped {
		n += d
	}
	return n
}

// Balanced says whether served = recorded + sampled out + dropped + lost.
func (l Ledger) Balanced() bool {
	return l.Served == l.Recorded+l.SampledOut+l.DroppedTotal()+l.Lost
}

// Add sums o into l, for several recorders of one recording.
func (l *Ledger) Add(o Ledger) {
	l.Served += o.Served
	l.Recorded += o.Recorded
	l.SampledOut += o.SampledOut
	l.Lost += o.Lost
	for reason, n := range o.Dropped {
		if l.Dropped == nil {
			l.Dropped = map[string]int64{}
		}
		l.Dropped[reason] += n
	}
}

func (l Ledger) String() string {
	return fmt.Sprintf("served %d = recorded %d + sampled out %d + dropped %d + lost in a crash %d",
		l.Served, l.Recorded, l.SampledOut, l.DroppedTotal(), l.Lost)
}
