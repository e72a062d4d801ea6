package main

import (
	"slices"
	"time"
)

// meterWindow is how long ago is still now: short enough to show that something has
// changed, long enough that the time left does not jump.
const meterWindow = 15 * time.Second

// meter is how fast it goes now.
type meter struct{ samples []sample }

type sample struct {
	at             time.Time
	done, requests int64
}

// add takes in how far it is, and forgets what is past the window, but for what the
// last sample is held against.
func (m *meter) add(s sample) {
	m.samples = append(m.samples, s)
	old := 0
	for len(m.samples)-old > 2 && s.at.Sub(m.samples[old].at) > meterWindow {
		old++
	}
	m.samples = slices.Delete(m.samples, 0, old)
}

// rates are how much a second was done and asked for.
func (m *meter) rates() (done, requests float64) {
	if len(m.samples) == 0 {
		return 0, 0
	}
	from, to := m.samples[0], m.samples[len(m.samples)-1]
	seconds := to.at.Sub(from.at).Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	return float64(to.done-from.done) / seconds, float64(to.requests-from.requests) / seconds
}
