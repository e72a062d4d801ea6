package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// screenWidth is how many columns show takes; only what is to be pasted may be wider.
const screenWidth = 100

// nameWidth is that of the names before facts.
const nameWidth = 11

// writeFact writes a name and what there is to say of it, which may be hostile,
// in as many lines as it takes.
func writeFact(b *strings.Builder, name, what string) {
	lines := strings.Split(text.WrapSoft(printable(what), screenWidth-nameWidth), "\n")
	for i, line := range lines {
		if i > 0 {
			name = ""
		}
		b.WriteString(strings.TrimRight(text.Pad(name, nameWidth, ' ')+strings.TrimRight(line, " "), " ") + "\n")
	}
}

// narrow cuts what is printable to some columns.
func narrow(s string, columns int) string {
	if text.StringWidthWithoutEscSequences(s) <= columns {
		return s
	}
	return text.Trim(s, columns-1) + "…"
}

// facing makes two literals printable and fits each into some columns. Where
// they are too long it shows where they begin to differ.
func facing(ref, cand string, columns int) (string, string) {
	ref, cand = printable(ref), printable(cand)
	if len(ref) <= columns && len(cand) <= columns {
		return ref, cand
	}
	const before = 8 // bytes of what both have
	from := commonPrefix(ref, cand) - before
	if from < columns/2 {
		return narrow(ref, columns), narrow(cand, columns)
	}
	for !utf8.RuneStart(ref[from]) {
		from--
	}
	return narrow("…"+ref[from:], columns), narrow("…"+cand[from:], columns)
}

func commonPrefix(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// grid is a table whose first column may be as long as it has to: what does not
// fit stands on a line of its own. Its last columns are two literals to compare.
type grid struct {
	head []string
	rows []gridRow
}

type gridRow struct {
	sign                         string // ! ~ = or none
	place, kind, size, ref, cand string
	whole                        bool // place is a line of its own
}

// write aligns the columns within the screen. Places and literals may be hostile.
func (g *grid) write(b *strings.Builder) {
	place, kind, size := len(g.head[0]), len(g.head[1]), len(g.head[2])
	const most, gap, sign = 36, 2, 2
	for i := range g.rows {
		r := &g.rows[i]
		r.place = printable(r.place)
		if w := text.StringWidthWithoutEscSequences(r.place); w <= most && !r.whole {
			place = max(place, w)
		}
		kind, size = max(kind, len(r.kind)), max(size, len(r.size))
	}
	literal := (screenWidth - sign - place - kind - size - 4*gap) / 2
	line := func(sign, p, k, s, ref, cand string) {
		if text.StringWidthWithoutEscSequences(p) > place {
			fmt.Fprintf(b, "%s%s\n", text.Pad(sign, 2, ' '), narrow(p, screenWidth-2))
			sign, p = "", ""
		}
		cells := []string{text.Pad(sign, 2, ' ') + text.Pad(p, place, ' '), text.Pad(k, kind, ' '), text.Pad(s, size, ' '), text.Pad(ref, literal, ' '), cand}
		b.WriteString(strings.TrimRight(strings.Join(cells, "  "), " ") + "\n")
	}
	line("", g.head[0], g.head[1], g.head[2], "REFERENCE", "CANDIDATE")
	for _, r := range g.rows {
		if r.whole {
			fmt.Fprintf(b, "  %s\n", narrow(r.place, screenWidth-2))
			continue
		}
		ref, cand := facing(r.ref, r.cand, literal)
		line(r.sign, r.place, r.kind, r.size, ref, cand)
	}
}

// printable writes what a terminal would obey rather than show as Go escapes.
func printable(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r != utf8.RuneError && strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			quoted := strconv.Quote(s[:n])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[n:]
	}
	return b.String()
}
