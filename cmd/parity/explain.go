package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/compare"
)

// How much of an explanation is written.
const (
	maxShownDeltas  = 40
	maxShownControl = 12 // signatures
	maxShownRules   = 12 // that hid something
	maxShownPlaces  = 5  // of a rule
)

// writeDeltas lists what differs, those that are no noise first.
func writeDeltas(b *strings.Builder, x *compare.Explanation) {
	if len(x.Deltas) == 0 {
		return
	}
	deltas := slices.Clone(x.Deltas)
	slices.SortStableFunc(deltas, func(a, b compare.ExplainedDelta) int {
		return cmp.Compare(rank(a.Noise), rank(b.Noise))
	})
	g := grid{head: []string{"DIFFERENCE", "KIND", "APART"}}
	for _, d := range deltas[:min(len(deltas), maxShownDeltas)] {
		g.rows = append(g.rows, gridRow{sign: signOf(d.Noise), place: d.Path, kind: string(d.Kind), size: apart(d.Delta), ref: d.Reference, cand: d.Candidate})
	}
	b.WriteByte('\n')
	g.write(b)
	if left := int64(len(deltas)-len(g.rows)) + x.MoreDelta; left > 0 {
		fmt.Fprintf(b, "  … and %d more\n", left)
	}
	writeAllowed(b, deltas)
	writeControl(b, x, deltas)
}

func rank(noise bool) int {
	if noise {
		return 1
	}
	return 0
}

// signOf tells noise from what counts.
func signOf(noise bool) string {
	if noise {
		return "~"
	}
	return "!"
}

func apart(d compare.Delta) string {
	if d.AbsError == 0 {
		return ""
	}
	return fmt.Sprintf("%.3g", d.AbsError)
}

// writeAllowed says what the numbers that differ are over.
func writeAllowed(b *strings.Builder, deltas []compare.ExplainedDelta) {
	by := map[string]int{}
	for _, d := range deltas {
		if d.By != "" {
			by[d.By]++
		}
	}
	if len(by) == 0 {
		return
	}
	b.WriteByte('\n')
	rules := slices.Sorted(maps.Keys(by))
	for _, rule := range rules[:min(len(rules), maxShownRules)] {
		writeFact(b, "over", fmt.Sprintf("%s: %s", rule, places(by[rule])))
	}
	writeRest(b, len(rules)-maxShownRules, "rules")
}

// writeControl sets beside each signature what the old system does.
func writeControl(b *strings.Builder, x *compare.Explanation, deltas []compare.ExplainedDelta) {
	if x.Control == 0 {
		return
	}
	fmt.Fprintf(b, "\nof %d pairs of the old system's own answers, the control has\n", x.Control)
	seen := map[string]bool{}
	for _, d := range deltas {
		key := d.Signature + signOf(d.Noise)
		if seen[key] {
			continue
		}
		seen[key] = true
		if len(seen) <= maxShownControl {
			fmt.Fprintf(b, "%s %s\n", signOf(d.Noise), narrow(printable(d.Signature)+": "+controlWords(d), screenWidth-2))
		}
	}
	writeRest(b, len(seen)-maxShownControl, "signatures")
}

func controlWords(d compare.ExplainedDelta) string {
	switch c := d.Control; {
	case c == nil:
		return "none that differ so"
	case d.Kind == compare.KindDecision && d.Flips:
		return fmt.Sprintf("%d that flip, from %s to %s too", c.Exchanges, brief(d.Reference), brief(d.Candidate))
	case d.Kind == compare.KindDecision:
		return fmt.Sprintf("%d that flip, none from %s to %s", c.Exchanges, brief(d.Reference), brief(d.Candidate))
	case d.Kind == compare.KindNumber:
		return fmt.Sprintf("%d that differ, at most %.3g apart", c.Exchanges, c.MaxAbs)
	default:
		return fmt.Sprintf("%d that differ so", c.Exchanges)
	}
}

func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}

func writeRest(b *strings.Builder, n int, what string) {
	if n > 0 {
		fmt.Fprintf(b, "  … and %d more %s\n", n, what)
	}
}
