package tape

import (
	"math/bits"
	"math/rand/v2"
)

// The seeds are random, so that nobody can send names that collide.
var seed, factor = rand.Uint64(), rand.Uint64() | 1

// hash is of a name with its escapes undone: its words of eight bytes, one after
// the other multiplied and folded, as wyhash does. The last word of a long name
// overlaps the one before; a short name is one word padded with zeros.
func hash(name []byte) uint32 {
	n := len(name)
	if n <= 8 {
		x := uint64(0)
		for i, c := range name {
			x |= uint64(c) << (8 * i)
		}
		return hashShort(x, n)
	}
	h := seed ^ uint64(n)
	for i := 0; i+8 < n; i += 8 {
		hi, lo := bits.Mul64(h^word(name, i), factor)
		h = hi ^ lo
	}
	return fold(h ^ word(name, n-8))
}

// hashShort is hash for a name of up to eight bytes, given as a word.
func hashShort(name uint64, n int) uint32 {
	return fold(seed ^ uint64(n) ^ name)
}

func fold(x uint64) uint32 {
	hi, lo := bits.Mul64(x, factor)
	return uint32(hi ^ lo)
}
