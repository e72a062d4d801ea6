package compare

import (
	"fmt"
	"strconv"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/tape"
)

// add spells out one row.
func (a *aligner) add(depth int, r, c int32, mark Mark, s *said) {
	if a.full(mark) {
		return
	}
	row := Row{Depth: depth, Mark: mark}
	t, n := a.tape(r == none), r
	if r == none {
		n = c
	}
	w := &a.model.comparer.walker
	w.steps = t.Chain(w.steps[:0], n)
	exact, _ := w.paths(t)
	row.Path, row.Key = cut(exact, maxLiteral), a.key(t, n)
	if r > 0 && c > 0 && a.isMoved(r, c) {
		row.Key += " → " + a.key(a.tape(true), c)
	}
	row.Reference, row.Candidate = a.literals(r, c)
	if s != nil {
		for _, i := range s.differences {
			row.Deltas = append(row.Deltas, a.explained(i, s))
		}
		row.By = s.held
	}
	a.push(row)
}

// isMoved says that an element stands at another place.
func (a *aligner) isMoved(r, c int32) bool {
	ref, cand := a.tape(false), a.tape(true)
	return ref.Nodes[ref.Nodes[r].Parent].Kind == tape.Array && ref.Nodes[r].Index != cand.Nodes[c].Index
}

func (a *aligner) explained(difference int, s *said) ExplainedDelta {
	return a.model.explain(a.finding(difference), s.over)
}

// full says that there is no room for another row, and counts it then.
func (a *aligner) full(m Mark) bool {
	if len(a.sheet.Rows) < a.options.MaxRows {
		return false
	}
	a.skip(m, 1)
	return true
}

// skip counts rows that are left out, all of one mark.
func (a *aligner) skip(m Mark, n int) {
	a.sheet.More += n
	if m != Unmarked && m != Equal && m != HeldEqual {
		a.sheet.MoreDiffer += n
	}
}

func (a *aligner) push(r Row) { a.sheet.Rows = append(a.sheet.Rows, r) }

func (a *aligner) key(t *tape.Tape, n int32) string {
	switch node := &t.Nodes[n]; {
	case node.Parent < 0:
		return ""
	case t.Nodes[node.Parent].Kind == tape.Object:
		return cut(t.Name(n), maxExemplar)
	default:
		return "[" + strconv.Itoa(int(node.Index)) + "]"
	}
}

// literals are what both sides have at a place. Long ones are cut so that the
// first byte that differs is among what is left.
func (a *aligner) literals(r, c int32) (ref, cand Literal) {
	x, y := a.text(a.ref, r), a.text(a.cand, c)
	most, from := a.options.MaxLiteral, 0
	if r != none && c != none && max(len(x), len(y)) > most {
		same := 0
		for same < len(x) && same < len(y) && x[same] == y[same] {
			same++
		}
		if from = same - most/4; from < most/4 || same == max(len(x), len(y)) {
			from = 0
		}
	}
	return Literal{cutFrom(x, from, most), r == none}, Literal{cutFrom(y, from, most), c == none}
}

// cutFrom is text from about a byte on, at most so many bytes of it.
func cutFrom(text []byte, from, most int) string {
	if from == 0 {
		return cut(text, most)
	}
	for from < len(text) && text[from]&0xC0 == 0x80 {
		from++
	}
	return "…" + cut(text[min(from, len(text)):], most)
}

// text is a value as it is written, or how much it holds.
func (a *aligner) text(side *answer.Decoded, n int32) []byte {
	if n == none {
		return nil
	}
	node := &side.Tape.Nodes[n]
	switch {
	case side.Form == answer.Binary:
		return []byte(spell(side, n, KindBytes))
	case node.Size == 0:
		return side.Tape.Literal(n)
	case node.Kind == tape.Object:
		return fmt.Appendf(nil, "{ %s }", sized(node.Size, "member"))
	}
	return fmt.Appendf(nil, "[ %s ]", sized(node.Size, "element"))
}

func sized(n int32, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
