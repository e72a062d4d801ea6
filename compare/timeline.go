package compare

import (
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// Timeline counts exchanges over time. A step is the smallest power of two of
// seconds that keeps the span within MaxSteps. The span of a part is never
// longer than that of the whole, so timelines merge in any order to the same.
type Timeline struct {
	Width int64  `json:"width"` // of a step, in seconds
	Steps []Step `json:"steps"` // those with an exchange, in their order
}

// Step counts the exchanges whose requests came from At·Width seconds since 1970
// on to before the next step.
type Step struct {
	At         int64 `json:"at"`
	Judged     int64 `json:"judged"`
	Mismatched int64 `json:"mismatched,omitempty"`
}

// MaxSteps is how many steps a timeline spans at most, empty ones counted.
const MaxSteps = 64

// add counts an exchange that was judged.
func (t *Timeline) add(when exchange.Timestamp, mismatched bool) {
	if when == 0 {
		return // it is not known
	}
	if t.Width == 0 {
		t.Width = 1
	}
	step := Step{At: floorDiv(int64(when), 1e6*t.Width), Judged: 1}
	if mismatched {
		step.Mismatched = 1
	}
	t.put(step)
	t.fit()
}

// put adds a step of the timeline's width. Most exchanges come in their order.
func (t *Timeline) put(s Step) {
	i := len(t.Steps)
	for i > 0 && t.Steps[i-1].At > s.At {
		i--
	}
	if i > 0 && t.Steps[i-1].At == s.At {
		t.Steps[i-1].Judged += s.Judged
		t.Steps[i-1].Mismatched += s.Mismatched
		return
	}
	t.Steps = slices.Insert(t.Steps, i, s)
}

// fit widens the steps until they are few enough.
func (t *Timeline) fit() {
	for n := len(t.Steps); n > 0 && t.Steps[n-1].At-t.Steps[0].At >= MaxSteps; n = len(t.Steps) {
		t.widen(2 * t.Width)
	}
}

// widen takes a multiple of the width for it.
func (t *Timeline) widen(width int64) {
	old := *t
	t.Width, t.Steps = width, nil
	for _, s := range old.Steps {
		s.At = floorDiv(s.At, width/old.Width)
		t.put(s)
	}
}

func (t *Timeline) merge(o Timeline) {
	if len(o.Steps) == 0 {
		return
	}
	if t.Width < o.Width {
		t.widen(max(o.Width, 1))
	}
	if o.Width < t.Width {
		o.widen(t.Width)
	}
	for _, s := range o.Steps {
		t.put(s)
	}
	t.fit()
}

// floorDiv rounds down, for times before 1970 too.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
