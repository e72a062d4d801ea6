package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/modelparity/parity/compare"
)

// hiding is what one rule or tolerance holds equal.
type hiding struct {
	by     string
	places []compare.Hidden
}

// writeHidden lists what differs and is held equal: by rules first, the numbers
// furthest apart first.
func writeHidden(b *strings.Builder, x *compare.Explanation) {
	if len(x.Hidden) == 0 {
		return
	}
	groups := hidings(x.Hidden)
	g := grid{head: []string{"HELD EQUAL", "", "APART"}}
	for _, h := range groups[:min(len(groups), maxShownRules)] {
		text := places(len(h.places))
		if far := h.places[0].AbsError; far > 0 {
			text += fmt.Sprintf(", at most %.3g apart", far)
		}
		g.rows = append(g.rows, gridRow{whole: true, place: "by " + h.by + ": " + text})
		shown := h.places[:min(len(h.places), maxShownPlaces)]
		for _, p := range shown {
			g.rows = append(g.rows, gridRow{sign: "=", place: p.Path, size: apart(p.Delta), ref: p.Reference, cand: p.Candidate})
		}
		if n := len(h.places) - len(shown); n > 0 {
			g.rows = append(g.rows, gridRow{whole: true, place: fmt.Sprintf("… and %d more", n)})
		}
	}
	b.WriteByte('\n')
	g.write(b)
	writeRest(b, len(groups)-maxShownRules, "rules")
	writeRest(b, int(x.MoreHidden), "places")
}

func hidings(hidden []compare.Hidden) (groups []hiding) {
	at := map[string]int{}
	for _, h := range hidden {
		i, ok := at[h.By]
		if !ok {
			i = len(groups)
			at[h.By], groups = i, append(groups, hiding{by: h.By})
		}
		groups[i].places = append(groups[i].places, h)
	}
	for _, g := range groups {
		slices.SortStableFunc(g.places, func(a, b compare.Hidden) int { return cmp.Compare(b.AbsError, a.AbsError) })
	}
	slices.SortStableFunc(groups, func(a, b hiding) int {
		return cmp.Compare(rank(!a.places[0].Rule), rank(!b.places[0].Rule))
	})
	return groups
}
