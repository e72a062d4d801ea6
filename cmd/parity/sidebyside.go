package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// signs are those of both sides of a row. What is written alike has none, so
// that the others are seen.
var signs = map[compare.Mark]string{
	compare.HeldEqual: "=", compare.Differs: "!", compare.IsNoise: "~",
	compare.ReferenceOnly: "<", compare.CandidateOnly: ">", compare.Broken: "!",
}

// writeSideBySide sets two answers beside each other: what came when, their
// headers, and their bodies aligned as the judge compared them.
func writeSideBySide(b *strings.Builder, e *exchange.Exchange, x *compare.Explanation) {
	sheet := compare.Beside(e, x, compare.BesideOptions{})
	writeSheet(b, "ANSWER", compare.BesideAnswers(e))
	writeSheet(b, "HEADERS", compare.BesideHeaders(e))
	writeSheet(b, "BODY", sheet.Rows)
	if sheet.More > 0 {
		fmt.Fprintf(b, "  … and %d more, %d of which differ: parity cat has all of it\n", sheet.More, sheet.MoreDiffer)
	}
	if !sheet.Compared && x.Outcome != compare.Match {
		b.WriteString("  the bodies were not compared\n")
	}
}

// writeSheet writes rows, if there are any, as a table.
func writeSheet(b *strings.Builder, what string, rows []compare.Row) {
	if len(rows) == 0 {
		return
	}
	g := grid{head: []string{what, "", "APART"}}
	for _, r := range rows {
		g.rows = append(g.rows, sheetRow(r))
	}
	if !slices.ContainsFunc(g.rows, func(r gridRow) bool { return r.size != "" }) {
		g.head[2] = ""
	}
	g.write(b)
	b.WriteByte('\n')
}

func sheetRow(r compare.Row) gridRow {
	indent := strings.Repeat("  ", min(r.Depth, 12))
	if r.Folded > 0 {
		return gridRow{whole: true, place: fmt.Sprintf("%s… %d %s", indent, r.Folded, foldedWords[r.Mark])}
	}
	row := gridRow{
		sign: signs[r.Mark], place: indent + cmp.Or(r.Key, r.Path, "$"),
		ref: r.Reference.Text, cand: r.Candidate.Text,
	}
	for _, d := range r.Deltas {
		row.size = cmp.Or(row.size, apart(d.Delta))
	}
	return row
}

var foldedWords = map[compare.Mark]string{
	compare.Equal: "equal", compare.HeldEqual: "held equal", compare.Unmarked: "not compared",
	compare.ReferenceOnly: "of the reference only", compare.CandidateOnly: "of the candidate only",
}
