package compare

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/modelparity/parity/internal/number"
	"github.com/modelparity/parity/internal/tape"
)

// digest is a hash of what a value says: equal for values that no tolerance is
// needed for, whatever their spelling.
type digest [sha256.Size]byte

// hiddenDigest stands for what a rule ignores, or counts as absent.
var hiddenDigest = digest{1}

func compareDigests(a, b digest) int { return bytes.Compare(a[:], b[:]) }

// digester computes the digests of one tape's values, each once a walk, however
// many arrays around it ask.
type digester struct {
	machine *machine
	tape    *tape.Tape
	known   []knownDigest // by node; empty until needed
}

// knownDigest is a value's digest in one state of the rules, nil where none is
// computed yet.
type knownDigest struct {
	at *state
	digest
}

func (g *digester) reset(m *machine, t *tape.Tape) {
	if cap(g.known) > keepFound {
		g.known = nil
	}
	g.machine, g.tape, g.known = m, t, g.known[:0]
}

// reordered says whether two arrays that differ hold the same elements, which
// then stand in another order.
func (w *walker) reordered(s *state, r, c int32) bool {
	a, b := w.refDigests.elements(s, r, false), w.candDigests.elements(s, c, false)
	slices.SortFunc(a, compareDigests)
	slices.SortFunc(b, compareDigests)
	return slices.Equal(a, b)
}

// of is the digest of a value under the rules that hold there. (An element can
// be asked for as itself and as any element of its array.)
func (g *digester) of(s *state, n int32) digest {
	if len(g.known) == 0 {
		g.known = slices.Grow(g.known, len(g.tape.Nodes))[:len(g.tape.Nodes)]
		clear(g.known)
	}
	if g.known[n].at != s {
		g.known[n] = knownDigest{s, g.compute(s, n)}
	}
	return g.known[n].digest
}

func (g *digester) compute(s *state, n int32) digest {
	node := &g.tape.Nodes[n]
	text := []byte{byte(node.Kind)}
	switch {
	case s.holds[ignoreAspect] != none:
		return hiddenDigest
	case node.Kind == tape.Number:
		text = number.Canonical(text, g.tape.Literal(n))
	case node.Kind == tape.String:
		text = append(text, g.machine.textForm(s, g.tape.Str(n))...)
	case node.Kind == tape.Cell:
		cell := g.machine.textForm(s, g.tape.Str(n))
		if number.Is(cell) {
			text = number.Canonical(text, cell)
		} else {
			text = append(append(text, '"'), cell...)
		}
	case node.Kind == tape.Array:
		ordered := s.holds[orderAspect] == none && g.machine.element(s, none).holds[keyAspect] == none
		list := g.elements(s, n, ordered)
		if !ordered {
			slices.SortFunc(list, compareDigests)
		}
		for _, d := range list {
			text = append(text, d[:]...)
		}
	case node.Kind == tape.Object:
		text = g.appendMembers(text, s, n)
	}
	return sha256.Sum256(text)
}

// elements lists the digests of those elements that count: each as the one at
// its place, or, where the order does not count, as any.
func (g *digester) elements(s *state, n int32, ordered bool) []digest {
	top := g.tape.Nodes[n].Size
	if rule := g.machine.rule(s, topAspect); rule != nil {
		top = min(top, int32(rule.Top))
	}
	out := make([]digest, 0, top)
	for i := n + 1; i < g.tape.Nodes[n].End && len(out) < int(top); i = g.tape.Nodes[i].End {
		index := none
		if ordered {
			index = len(out)
		}
		out = append(out, g.of(g.machine.element(s, index), i))
	}
	return out
}

// appendMembers adds the members that are neither ignored nor as good as absent,
// each as the digest of its name and value, sorted.
func (g *digester) appendMembers(dst []byte, s *state, n int32) []byte {
	members := make([]digest, 0, g.tape.Nodes[n].Size)
	for m := n + 1; m < g.tape.Nodes[n].End; m = g.tape.Nodes[m].End {
		name := g.tape.Name(m)
		below := g.machine.member(s, name)
		value := g.of(below, m)
		if value == hiddenDigest || isVoid(below, g.tape, m) {
			continue
		}
		pair := binary.AppendUvarint(nil, uint64(len(name)))
		pair = append(append(pair, name...), value[:]...)
		members = append(members, sha256.Sum256(pair))
	}
	slices.SortFunc(members, compareDigests)
	for _, m := range members {
		dst = append(dst, m[:]...)
	}
	return dst
}
