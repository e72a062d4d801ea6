package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/modelparity/parity/internal/telemetry"
	"github.com/modelparity/parity/replay"
)

// replayView is what is shown of a replay on its way.
type replayView struct {
	took      time.Duration
	planned   int64         // exchanges that are to be sent here
	splits    int           // of them
	committed int64         // splits
	rate      float64       // requests a second, now
	left      time.Duration // as it goes now; 0: not known
	judged    judgedView
	replay.Progress
}

// judgedView is what is shown of judging as it goes.
type judgedView struct {
	on                bool
	pairs, mismatches int64
	stopped           string // why
}

// lines are for a terminal of that size. The first matter most.
func (v *replayView) lines(width, height int) []string {
	b := viewLines{width: width - 1} // a full line takes the cursor to the next
	b.add("replay", "%s", v.head(b.width-nameWidth))
	now := fmt.Sprintf("%s in flight", thousands(v.InFlight))
	if len(v.Slowest) == 1 {
		now += single(v.Slowest[0])
	}
	if v.Waiting > 0 {
		now += fmt.Sprintf(", %s wait to be sent again", thousands(v.Waiting))
	}
	b.add("now", "%s; splits: %d open, %d of %d committed", now, v.Splits, v.committed, v.splits)
	if n := total(v.Failed); n > 0 {
		b.add("failed", "%s: %s", thousands(n), reasons(v.Failed))
	}
	if n := total(v.PutOff); n > 0 {
		b.add("sent again", "%s of %s: %s", thousands(v.Retried), thousands(n), reasons(v.PutOff))
	}
	if v.Warmed > 0 {
		b.add("warm-ups", "%s", thousands(v.Warmed))
	}
	if v.judged.on {
		b.add("judged", "%s", v.judged)
	}
	names := newAffixes(v.Down, v.Slowest)
	b.down(v, names)
	b.slowest(v, names)
	return b.lines[:min(len(b.lines), max(height-1, 1))]
}

// single is what there is to say of an endpoint that is alone.
func single(e replay.Endpoint) string {
	s := ""
	if e.Limit > 0 {
		s = fmt.Sprintf(" of at most %d", e.Limit)
	}
	return s + ", mean " + milliseconds(e.ServiceTime)
}

// head is how far it is: with a bar where there is room.
func (v *replayView) head(width int) string {
	left := "—"
	if v.left > 0 {
		left = clock(v.left)
	}
	s := fmt.Sprintf("%5.1f%%  %s of %s   %s/s   ETA %s   [%s]", 100*float64(v.Done)/float64(max(v.planned, 1)),
		thousands(v.Done), thousands(v.planned), perSecond(v.rate), left, clock(v.took))
	if bar := telemetry.Bar(v.Done, v.planned); text.StringWidthWithoutEscSequences(bar+" "+s) <= width {
		s = bar + " " + s
	}
	return s
}

func (j judgedView) String() string {
	s := fmt.Sprintf("%s: %s mismatches", thousands(j.pairs), thousands(j.mismatches))
	if j.mismatches > 0 {
		s += fmt.Sprintf(" (%.3g%%)", 100*float64(j.mismatches)/float64(max(j.pairs, 1)))
	}
	if j.stopped != "" {
		s += "; stopped until all is sent: " + printable(j.stopped)
	}
	return s
}

// viewLines are lines with names before them.
type viewLines struct {
	width int
	lines []string
}

func (b *viewLines) add(name, format string, args ...any) {
	b.lines = append(b.lines, narrow(text.Pad(name, nameWidth, ' ')+fmt.Sprintf(format, args...), b.width))
}

// down lists the endpoints whose breaker is open.
func (b *viewLines) down(v *replayView, names affixes) {
	columns := 0
	for _, e := range v.Down {
		columns = max(columns, text.StringWidthWithoutEscSequences(names.of(e)))
	}
	columns = min(columns, max(b.width-nameWidth-40, 12))
	for i, e := range v.Down {
		name := ""
		if i == 0 {
			name = "down"
		}
		b.add(name, "%s  %s: %s", text.Pad(narrow(names.of(e), columns), columns, ' '), downState(e), printable(e.Why))
	}
	if more := v.AllDown - len(v.Down); more > 0 {
		b.add("", "and %d more endpoints", more)
	}
}

func downState(e replay.Endpoint) string {
	state := "waited for"
	if e.GivenUp {
		state = "given up"
	}
	switch {
	case e.Again > 0:
		return fmt.Sprintf("%s, tried again in %.0f s", state, max(e.Again.Seconds(), 1))
	case e.InFlight > 0:
		return state + ", being tried"
	}
	return state
}

// slowest lists the endpoints that take longest. Their limits are shown where
// they adapt.
func (b *viewLines) slowest(v *replayView, names affixes) {
	if len(v.Slowest) < 2 {
		return
	}
	title := names.title(fmt.Sprintf("of %d", v.Endpoints))
	const facts = "%10s  %8s  %9s"
	head := fmt.Sprintf(facts, "MEAN", "ANSWERED", "IN FLIGHT")
	if v.Slowest[0].Limit > 0 {
		head += fmt.Sprintf("  %5s", "LIMIT")
	}
	columns := text.StringWidthWithoutEscSequences(title)
	for _, e := range v.Slowest {
		columns = max(columns, text.StringWidthWithoutEscSequences(names.of(e)))
	}
	columns = max(min(columns, b.width-nameWidth-len(head)), 8)
	b.add("slowest", "%s%s", text.Pad(narrow(title, columns), columns, ' '), head)
	for _, e := range v.Slowest {
		line := fmt.Sprintf(facts, milliseconds(e.ServiceTime), thousands(e.Answered), thousands(int64(e.InFlight)))
		if e.Limit > 0 {
			line += fmt.Sprintf("  %5d", e.Limit)
		}
		b.add("", "%s%s", text.Pad(narrow(names.of(e), columns), columns, ' '), line)
	}
}

// affixes are what the names of endpoints have in common: whole parts of paths.
type affixes struct{ before, after string }

func newAffixes(lists ...[]replay.Endpoint) (a affixes) {
	var names []string
	for _, e := range slices.Concat(lists...) {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) < 2 {
		return a
	}
	first := strings.Split(names[0], "/")
	head, tail := len(first)-1, len(first)-1
	for _, name := range names[1:] {
		parts := strings.Split(name, "/")
		head = min(head, len(parts)-1, alike(first, parts))
		slices.Reverse(parts)
		tail = min(tail, len(parts)-1, alike(reversed(first), parts))
	}
	for _, name := range names {
		tail = min(tail, strings.Count(name, "/")-head)
	}
	if head > 0 {
		a.before = strings.Join(first[:head], "/") + "/"
	}
	if tail > 0 {
		a.after = "/" + strings.Join(first[len(first)-tail:], "/")
	}
	return a
}

// alike counts how many parts at the beginning are the same.
func alike(a, b []string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func reversed(parts []string) []string {
	parts = slices.Clone(parts)
	slices.Reverse(parts)
	return parts
}

// of is what tells an endpoint apart.
func (a affixes) of(e replay.Endpoint) string {
	return printable(strings.TrimSuffix(strings.TrimPrefix(e.Name, a.before), a.after))
}

func (a affixes) title(count string) string {
	if a == (affixes{}) {
		return count
	}
	return count + ": " + printable(a.before) + "…" + printable(a.after)
}

// plain is one line for a log: names and values.
func (v *replayView) plain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "replay: done %d of %d (%.1f%%), rate %s/s", v.Done, v.planned, 100*float64(v.Done)/float64(max(v.planned, 1)), perSecond(v.rate))
	if v.left > 0 {
		fmt.Fprintf(&b, ", eta %s", v.left.Round(time.Second))
	}
	fmt.Fprintf(&b, ", elapsed %s, in flight %d, splits committed %d of %d, failed %d%s", v.took.Round(time.Second), v.InFlight, v.committed, v.splits,
		total(v.Failed), byReason(v.Failed))
	if n := total(v.PutOff); n > 0 {
		fmt.Fprintf(&b, ", sent again %d of %d%s", v.Retried, n, byReason(v.PutOff))
	}
	if v.Warmed > 0 {
		fmt.Fprintf(&b, ", warm-ups %d", v.Warmed)
	}
	if v.judged.on {
		fmt.Fprintf(&b, ", judged %d, mismatches %d", v.judged.pairs, v.judged.mismatches)
	}
	if v.AllDown > 0 {
		first := v.Down[0]
		fmt.Fprintf(&b, ", endpoints down %d (first %s: %s: %s)", v.AllDown, printable(first.Name), downState(first), printable(first.Why))
	}
	if len(v.Slowest) > 0 {
		fmt.Fprintf(&b, ", slowest %s (mean %s)", printable(v.Slowest[0].Name), milliseconds(v.Slowest[0].ServiceTime))
	}
	return b.String()
}
