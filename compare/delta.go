package compare

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// finding is a delta and the path of its signature.
type finding struct {
	Delta
	folded string
}

// describe spells out a difference.
func (w *walker) describe(d difference) finding {
	t, n := w.side(d)
	w.steps = t.chain(w.steps[:0], n)
	exact, folded := t.path(w.steps)
	f := finding{folded: cut(folded, maxLiteral)}
	f.Delta = Delta{Path: cut(exact, maxLiteral), Kind: d.kind, AbsError: d.abs, RelError: d.rel}
	f.Reference, f.Candidate = spell(&w.ref, d.ref, d.kind), spell(&w.cand, d.cand, d.kind)
	return f
}

func spell(t *tape, n int32, kind Kind) string {
	switch {
	case n == none:
		return ""
	case kind == KindLength:
		return strconv.Itoa(int(t.nodes[n].size))
	}
	return cut(t.literal(n), maxLiteral)
}

// maxLiteral and maxExemplar are how many bytes of a literal a delta and an
// exemplar keep.
const (
	maxLiteral  = 1 << 10
	maxExemplar = 120
)

// cut shortens text to max bytes, at a character's border, and makes it UTF-8.
func cut[T string | []byte](text T, max int) string {
	rest := ""
	if len(text) > max {
		end := max - len("…")
		for range utf8.UTFMax - 1 {
			if !utf8.RuneStart(text[end]) {
				end--
			}
		}
		text, rest = text[:end], "…"
	}
	return strings.ToValidUTF8(string(text), "\uFFFD") + rest
}
