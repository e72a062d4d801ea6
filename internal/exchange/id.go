package exchange

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// ID is a UUID of version 7 (RFC 9562): 48 bits of milliseconds, the rest
// random or derived. Nothing depends on the order of IDs.
type ID [16]byte

// NewID makes an ID for something that happens at t.
func NewID(t time.Time) ID {
	var id ID
	rand.Read(id[:]) // crypto/rand.Read never fails since Go 1.24
	return id.stamp(t)
}

// DeriveID makes the ID that follows from t and parts: the same in, the same
// out, so that importing twice adds nothing.
func DeriveID(t time.Time, parts ...[]byte) ID {
	var id ID
	sum := digest(parts...)
	copy(id[:], sum[:])
	return id.stamp(t)
}

func (id ID) stamp(t time.Time) ID {
	ms := uint64(max(t.UnixMilli(), 0))
	id[0], id[1], id[2] = byte(ms>>40), byte(ms>>32), byte(ms>>24)
	id[3], id[4], id[5] = byte(ms>>16), byte(ms>>8), byte(ms)
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// String gives the usual form: 8-4-4-4-12 hexadecimal digits.
func (id ID) String() string {
	var b [36]byte
	id.Encode(b[:])
	return string(b[:])
}

// Encode writes the usual form to the first 36 bytes of b.
func (id ID) Encode(b []byte) {
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
}

// ParseID reads what String writes.
func ParseID(s string) (ID, error) {
	var id ID
	digits := strings.ReplaceAll(s, "-", "")
	if len(s) != 36 || len(digits) != 32 {
		return id, fmt.Errorf("%q is not an exchange id (36 characters, as in %s)", s, ID{})
	}
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return id, fmt.Errorf("%q is not an exchange id: %w", s, err)
	}
	return id, nil
}

// MarshalText and UnmarshalText make an ID a string in JSON.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (id *ID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseID(string(b))
	return err
}
