package compare

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// digest is a hash of what a value says: equal for values that no tolerance is
// needed for, whatever their spelling. The zero digest means not computed yet.
type digest [sha256.Size]byte

// hiddenDigest stands for what a rule ignores.
var hiddenDigest = digest{1}

// reordered says whether two arrays that differ hold the same elements, which
// then stand in another order.
func (w *walker) reordered(r, c int32) bool {
	a, b := w.elements(&w.ref, r), w.elements(&w.cand, c)
	slices.SortFunc(a, compareDigests)
	slices.SortFunc(b, compareDigests)
	return slices.Equal(a, b)
}

func compareDigests(a, b digest) int { return bytes.Compare(a[:], b[:]) }

func (w *walker) elements(t *tape, n int32) []digest {
	out := make([]digest, 0, t.nodes[n].size)
	for i := n + 1; i < t.nodes[n].end; i = t.nodes[i].end {
		out = append(out, w.digest(t, i))
	}
	return out
}

// digest computes each value's digest once a walk, however many arrays around
// it ask.
func (w *walker) digest(t *tape, n int32) digest {
	if len(t.digests) == 0 {
		t.digests = slices.Grow(t.digests, len(t.nodes))[:len(t.nodes)]
		clear(t.digests)
	}
	if t.digests[n] == (digest{}) {
		t.digests[n] = w.newDigest(t, n)
	}
	return t.digests[n]
}

func (w *walker) newDigest(t *tape, n int32) digest {
	if w.hiding(t, n) != none {
		return hiddenDigest
	}
	text := []byte{byte(t.nodes[n].kind)}
	switch t.nodes[n].kind {
	case '0':
		text = append(text, canonicalNumber(t.literal(n))...)
	case '"':
		text = append(text, t.str(n)...)
	case cell:
		text = appendCell(text, t.literal(n))
	case '[':
		for _, d := range w.elements(t, n) {
			text = append(text, d[:]...)
		}
	case '{':
		text = w.appendMembers(text, t, n)
	}
	return sha256.Sum256(text)
}

// appendCell spells a number in one way; texts that look like one are numbers
// on both sides.
func appendCell(dst, literal []byte) []byte {
	if isNumber(literal) {
		return append(dst, canonicalNumber(literal)...)
	}
	return append(append(dst, '"'), literal...)
}

// appendMembers adds the members that are not ignored, each as the digest of its
// name and value, sorted.
func (w *walker) appendMembers(dst []byte, t *tape, n int32) []byte {
	members := make([]digest, 0, t.nodes[n].size)
	for name := n + 1; name < t.nodes[n].end; name = t.nodes[name+1].end {
		value := w.digest(t, name+1)
		if value == hiddenDigest {
			continue
		}
		pair := binary.AppendUvarint(nil, uint64(len(t.str(name))))
		pair = append(append(pair, t.str(name)...), value[:]...)
		members = append(members, sha256.Sum256(pair))
	}
	slices.SortFunc(members, compareDigests)
	for _, m := range members {
		dst = append(dst, m[:]...)
	}
	return dst
}
