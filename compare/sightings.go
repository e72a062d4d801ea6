package compare

import (
	"maps"
	"math"
	"math/bits"
	"slices"
	"sync"
)

const (
	// maxSeen is how many hashes Sightings tells apart at a time, in 24 MiB.
	maxSeen = 1 << 22
	// maxRepeated is how many repeated requests are looked at, at 32 bytes each.
	maxRepeated = 1 << 21
)

// Sightings finds the requests that are met more than once. It is safe for
// concurrent use.
//
// Of each hash it holds 32 bits and a place, which takes two different ones for the
// same once in thousands of runs: such a request is then looked at for nothing. Of
// more than maxSeen it can tell only a part at a time, and Unstable reads the
// hashes again for the others.
type Sightings struct {
	mu     sync.Mutex
	slots  []uint32 // 0: free
	part   uint64   // of parts, the one that is looked at
	parts  uint64
	again  []uint64 // that were met again
	tidied int      // how many of them, from the first, are sorted and without repeats
	most   int      // maxRepeated, but in tests
	mask   uint64   // the bits of a hash that must be 0
}

// NewSightings makes one for so many requests.
func NewSightings(requests int64) *Sightings { return newSightings(requests, maxSeen) }

func newSightings(requests, most int64) *Sightings {
	parts := (max(requests, 1) + most - 1) / most
	slots := max(requests/parts/2*3, 1<<10) // two in three are taken in the end
	return &Sightings{slots: make([]uint32, slots), parts: uint64(parts), most: maxRepeated}
}

// Add meets some requests. It is faster where they are sorted, because the slots
// are spread over more memory than a cache holds.
func (s *Sightings) Add(hashes []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, hash := range hashes {
		if s.parts > 1 && hash>>16%s.parts != s.part || !s.met(hash) || hash&s.mask != 0 {
			continue
		}
		s.again = append(s.again, hash)
		if len(s.again) > 2*s.tidied+4096 {
			s.tidy()
		}
	}
}

// Tally meets the requests of a split that was judged, of so many rows, if its tally
// has each row as a request of its own, which it does where nothing is repeated and
// all was judged. false: it does not, and they are to be read and added.
func (s *Sightings) Tally(t *Tally, rows int64) bool {
	var sets []*HashSet
	for _, m := range t.Models {
		for _, v := range m.Versions {
			sets = append(append(sets, &v.Matched), slices.Collect(maps.Values(v.Mismatched))...)
		}
	}
	for _, set := range sets {
		rows -= set.Len()
	}
	if rows != 0 {
		return false
	}
	for _, set := range sets {
		s.Add(set.hashes)
	}
	return true
}

// maxProbes is how many slots are looked at for one hash. Where hashes are spread,
// as digests are, few need more than ten; but each that needs more counts as met, and
// a single one has all answers looked at. Of a million, the longest row of slots that
// are taken has some 200.
const maxProbes = 512

// met says whether a hash was met before. Where there is no room for it, it says
// that it was.
func (s *Sightings) met(hash uint64) bool {
	mark := max(uint32(hash), 1)
	at, _ := bits.Mul64(hash, uint64(len(s.slots)))
	for range maxProbes {
		switch s.slots[at] {
		case mark:
			return true
		case 0:
			s.slots[at] = mark
			return false
		}
		if at++; at == uint64(len(s.slots)) {
			at = 0
		}
	}
	return true
}

// next goes on to the next part of the hashes; false where there is none.
func (s *Sightings) next() bool {
	s.part++
	clear(s.slots)
	return s.part < s.parts
}

// tidy drops repeats. Of too many hashes it keeps those that end in zeros, which are
// a fair sample and do not depend on the order in which they come.
func (s *Sightings) tidy() {
	s.again = slices.Compact(sorted(s.again))
	for len(s.again) > s.most && s.mask != math.MaxUint64 {
		s.mask = s.mask<<1 | 1
		s.again = slices.DeleteFunc(s.again, func(h uint64) bool { return h&s.mask != 0 })
	}
	s.tidied = len(s.again)
}

// repeated lists the hashes that were met more than once, sorted, and lets go of
// all else.
func (s *Sightings) repeated() []uint64 {
	s.tidy()
	s.slots = nil
	return s.again
}
