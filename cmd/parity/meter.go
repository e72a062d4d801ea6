package main

import (
	"slices"
	"time"
)

// What is shown as now is of the last rateWindow; what is left is reckoned by the
// last etaWindow, so that it does not jump.
const (
	rateWindow = 10 * time.Second
	etaWindow  = time.Minute
)

// meter is how fast it goes.
type meter struct{ samples []sample }

type sample struct {
	at             time.Time
	done, requests int64
}

// add takes in how far it is, and forgets what is past all windows.
func (m *meter) add(s sample) {
	m.samples = append(m.samples, s)
	old := 0
	for len(m.samples)-old > 2 && s.at.Sub(m.samples[old+1].at) >= etaWindow {
		old++
	}
	m.samples = slices.Delete(m.samples, 0, old)
}

// over is how much a second was done and asked for within a window, or since the
// sample before the last where that is longer ago.
func (m *meter) over(window time.Duration) (done, requests float64) {
	last := len(m.samples) - 1
	if last < 1 {
		return 0, 0
	}
	first := last - 1
	for first > 0 && m.samples[last].at.Sub(m.samples[first-1].at) <= window {
		first--
	}
	from, to := m.samples[first], m.samples[last]
	seconds := to.at.Sub(from.at).Seconds()
	if seconds <= 0 {
		return 0, 0
	}
	return float64(to.done-from.done) / seconds, float64(to.requests-from.requests) / seconds
}
