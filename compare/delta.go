package compare

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/tape"
)

// finding is a delta and the path of its signature.
type finding struct {
	Delta
	folded string
}

// signature names the deltas of one kind at one path.
func (f *finding) signature() string { return f.folded + " " + string(f.Kind) }

// describe spells out a difference.
func (w *walker) describe(d difference) finding {
	t, n := w.side(d)
	w.steps = t.Chain(w.steps[:0], n)
	exact, folded := w.paths(t)
	f := finding{folded: cut(folded, maxLiteral)}
	f.Delta = Delta{Path: cut(exact, maxLiteral), Kind: d.kind, AbsError: d.size.Abs, RelError: d.size.Rel, ULPs: d.size.ULPs}
	f.Reference, f.Candidate = spell(&w.pair.Reference, d.ref, d.kind), spell(&w.pair.Candidate, d.cand, d.kind)
	return f
}

// paths spells the way along steps twice: as it is, and with array indices
// folded, and names where a rule folds them.
func (w *walker) paths(t *tape.Tape) (exact, folded []byte) {
	exact, folded = []byte{'$'}, []byte{'$'}
	at := w.machine.root
	for _, n := range w.steps {
		if t.Nodes[t.Nodes[n].Parent].Kind == tape.Object {
			name := string(t.Name(n))
			exact = exchange.AppendName(exact, name)
			if at.holds[foldAspect] != none {
				folded = append(folded, "[*]"...)
			} else {
				folded = exchange.AppendName(folded, name)
			}
			at = w.memberState(at, t, n)
		} else {
			index := int(t.Nodes[n].Index)
			exact, folded = appendIndex(exact, index), append(folded, "[*]"...)
			at = w.machine.element(at, index)
		}
		if len(folded) > maxLiteral {
			break // it is cut anyway
		}
	}
	return exact, folded
}

func spell(side *answer.Decoded, n int32, kind Kind) string {
	switch {
	case n == none:
		return ""
	case kind == KindLength:
		return strconv.Itoa(int(side.Tape.Nodes[n].Size))
	case side.Form == answer.Binary:
		sum := sha256.Sum256(side.Tape.Text)
		return fmt.Sprintf("%d bytes, SHA-256 %x…", len(side.Tape.Text), sum[:8])
	}
	return cut(side.Tape.Literal(n), maxLiteral)
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
