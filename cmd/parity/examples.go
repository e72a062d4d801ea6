package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/modelparity/parity/compare"
)

// The widths of an example's columns: with the count and an id they fill the screen.
const (
	modelWidth   = 30
	literalWidth = 23
)

// example is a line on what some exchanges of a model have in common, and one on
// an exchange that shows it.
type example struct {
	exchanges   int64
	model, what string
	id          string // "" where none was kept
	text        string // what is to see in it
	whole       bool   // the text, in as many lines as it takes
}

func (x example) String() string {
	const count = 9
	line := fmt.Sprintf("%*d  %s  %s\n", count, x.exchanges, text.Pad(narrow(printable(x.model), modelWidth), modelWidth, ' '),
		narrow(printable(x.what), screenWidth-count-modelWidth-4))
	if x.id == "" {
		return line
	}
	indent, room := strings.Repeat(" ", count+2), screenWidth-count-len(x.id)-4
	if x.whole && text.StringWidthWithoutEscSequences(printable(x.text)) > room {
		return line + indent + strings.Join(append([]string{x.id}, wrapped(x.text, screenWidth-count-2)...), "\n"+indent) + "\n"
	}
	return line + strings.TrimRight(indent+x.id+"  "+narrow(printable(x.text), room), " ") + "\n"
}

// writeExamples writes a table of them, if there are any.
func writeExamples(b *strings.Builder, what string, all []example) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%9s  %s  %s, AND ONE EXCHANGE\n", "EXCHANGES", text.Pad("MODEL", modelWidth, ' '), what)
	for _, x := range all {
		b.WriteString(x.String())
	}
}

func sortExamples(all []example) {
	slices.SortFunc(all, func(x, y example) int {
		return cmp.Or(cmp.Compare(y.exchanges, x.exchanges), cmp.Compare(x.model, y.model), cmp.Compare(x.what, y.what))
	})
}

// unjudged lists the reasons for which exchanges have no verdict, most first.
func unjudged(t *compare.Tally) (all []example) {
	for model, m := range t.Models {
		for _, by := range []struct {
			outcome compare.Outcome
			counts  map[string]int64
		}{{compare.Unavailable, m.Unavailable}, {compare.Undecided, m.Undecided}, {compare.Skipped, m.Skipped}} {
			for reason, n := range by.counts {
				x := example{exchanges: n, model: model, what: string(by.outcome) + " " + reason, whole: true}
				if kept := m.Unjudged[x.what]; len(kept) > 0 {
					x.id, x.text = kept[0].ID.String(), unjudgedText(kept[0])
				}
				all = append(all, x)
			}
		}
	}
	sortExamples(all)
	return all
}

// unjudgedText says what is wrong with which side.
func unjudgedText(e compare.Exemplar) string {
	switch {
	case e.Reference == "":
		return e.Candidate
	case e.Candidate == "":
		return "reference: " + e.Reference
	}
	return "both: " + e.Candidate
}
