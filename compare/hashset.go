package compare

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
)

// HashSet is a set of request hashes. It takes memory for the different ones,
// not for their repeats.
type HashSet struct {
	hashes []uint64
	tidied int // how many of hashes, from the first, are sorted and without repeats
}

// Add puts a hash in.
func (s *HashSet) Add(hash int64) { s.add(uint64(hash)) }

// Has says whether a hash is in the set.
func (s *HashSet) Has(hash int64) bool {
	s.tidy()
	_, found := slices.BinarySearch(s.hashes, uint64(hash))
	return found
}

// Len counts the different hashes.
func (s *HashSet) Len() int64 {
	s.tidy()
	return int64(len(s.hashes))
}

// Union adds all of o.
func (s *HashSet) Union(o HashSet) { s.add(o.hashes...) }

// And are the hashes that are in both.
func (s *HashSet) And(o *HashSet) HashSet { return s.filter(o, true) }

// Minus are the hashes that are not in o.
func (s *HashSet) Minus(o *HashSet) HashSet { return s.filter(o, false) }

// filter keeps the hashes that are in o, or those that are not. It takes a
// pointer because looking tidies up, and a copy shares what is tidied.
func (s *HashSet) filter(o *HashSet, in bool) (kept HashSet) {
	s.tidy()
	o.tidy()
	others := o.hashes
	for _, hash := range s.hashes {
		for len(others) > 0 && others[0] < hash {
			others = others[1:]
		}
		if found := len(others) > 0 && others[0] == hash; found == in {
			kept.hashes = append(kept.hashes, hash)
		}
	}
	kept.tidied = len(kept.hashes)
	return kept
}

// add tidies up whenever repeats may be most of what the set holds: that bounds
// the memory, and is rare enough to cost little.
func (s *HashSet) add(hashes ...uint64) {
	s.hashes = append(s.hashes, hashes...)
	if len(s.hashes) > 2*s.tidied+4096 {
		s.tidy()
	}
}

func (s *HashSet) tidy() {
	if s.tidied < len(s.hashes) {
		s.hashes = slices.Compact(sorted(s.hashes))
		s.tidied = len(s.hashes)
	}
}

// sorted returns the hashes in order, in a slice of its own where they are many.
// Hashes are spread evenly, so a bucket for each first byte leaves little to sort:
// BenchmarkHashSet shows what that buys.
func sorted(hashes []uint64) []uint64 {
	if len(hashes) < 256 {
		slices.Sort(hashes)
		return hashes
	}
	var at [256]int // where the next hash of a bucket goes
	for _, h := range hashes {
		at[h>>56]++
	}
	end := len(hashes)
	for b := len(at) - 1; b >= 0; b-- {
		end -= at[b]
		at[b] = end
	}
	out := make([]uint64, len(hashes))
	for _, h := range hashes {
		out[at[h>>56]] = h
		at[h>>56]++
	}
	from := 0
	for _, end := range at {
		slices.Sort(out[from:end])
		from = end
	}
	return out
}

// MarshalText writes the hashes as base64 of 8 bytes each, little-endian, sorted.
func (s *HashSet) MarshalText() ([]byte, error) {
	s.tidy()
	b := make([]byte, 0, 8*len(s.hashes))
	for _, h := range s.hashes {
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *HashSet) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("a set of hashes: %w", err)
	}
	if len(b)%8 != 0 {
		return fmt.Errorf("a set of hashes has %d bytes, which is no multiple of 8", len(b))
	}
	*s = HashSet{hashes: make([]uint64, 0, len(b)/8)}
	for ; len(b) > 0; b = b[8:] {
		s.hashes = append(s.hashes, binary.LittleEndian.Uint64(b))
	}
	return nil
}
