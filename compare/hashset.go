package compare

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// HashSet is a set of request hashes, sorted and without repeats once Union
// or MarshalJSON was called. Add may be called with repeats.
type HashSet struct {
	hashes []uint64
	dirty  bool
}

// Add puts a hash in.
func (s *HashSet) Add(hash int64) {
	s.hashes = append(s.hashes, uint64(hash))
	s.dirty = true
}

// Len counts the different hashes.
func (s *HashSet) Len() int64 {
	s.tidy()
	return int64(len(s.hashes))
}

// Union adds all of o.
func (s *HashSet) Union(o HashSet) {
	s.hashes = append(s.hashes, o.hashes...)
	s.dirty = s.dirty || len(o.hashes) > 0
}

func (s *HashSet) tidy() {
	if s.dirty {
		slices.Sort(s.hashes)
		s.hashes = slices.Compact(s.hashes)
		s.dirty = false
	}
}

// MarshalJSON writes the hashes as base64 of 8 bytes each, little-endian, sorted.
func (s *HashSet) MarshalJSON() ([]byte, error) {
	s.tidy()
	b := make([]byte, 0, 8*len(s.hashes))
	for _, h := range s.hashes {
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(b))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *HashSet) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	if len(b)%8 != 0 {
		return fmt.Errorf("a set of hashes has %d bytes, which is no multiple of 8", len(b))
	}
	*s = HashSet{hashes: make([]uint64, 0, len(b)/8), dirty: true}
	for ; len(b) > 0; b = b[8:] {
		s.hashes = append(s.hashes, binary.LittleEndian.Uint64(b))
	}
	return nil
}
