package exchange

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
)

// The canonical encoding of some sides of an exchange is their columns in table
// order: an ID as its 16 bytes, a number as 8 bytes little-endian, a text or
// blob as its length in 4 bytes little-endian and its bytes. Checksums are
// taken over it, and capture's spool stores it.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksumColumns are the key's and one side's columns, by side.
var checksumColumns = func() (byside [VerdictSide + 1][]*Column) {
	for _, s := range ChecksummedSides {
		byside[s] = Columns(s)
	}
	return byside
}()

// Summer computes checksums; it keeps a buffer between calls. It is not safe
// for concurrent use. The zero value works.
type Summer struct{ small []byte }

// Checksum is the CRC-32C of the canonical encoding of the key and one side.
func (s *Summer) Checksum(e *Exchange, side Sides) uint32 {
	// Copying costs less than a call for each piece, and the CRC is three times
	// as fast on pieces over half a KiB.
	const large = 4 << 10
	crc, buf := uint32(0), s.small[:0]
	for _, c := range checksumColumns[side] {
		if c.Kind < JSON || len(*c.Blob(e)) < large {
			buf = c.append(buf, e)
			continue
		}
		b := *c.Blob(e)
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(b)))
		crc = crc32.Update(crc, castagnoli, buf)
		crc = crc32.Update(crc, castagnoli, b)
		buf = buf[:0]
	}
	s.small = buf
	return crc32.Update(crc, castagnoli, buf)
}

// Append adds the canonical encoding of the key and the given sides to dst.
func Append(dst []byte, e *Exchange, sides Sides) []byte {
	for _, c := range columns {
		if c.Side&(sides|KeySide) != 0 {
			dst = c.append(dst, e)
		}
	}
	return dst
}

// append adds the canonical encoding of one column.
func (c *Column) append(dst []byte, e *Exchange) []byte {
	at := c.field(e)
	switch c.Kind {
	case UUID:
		return append(dst, (*ID)(at)[:]...)
	case Time, Int, Hash, Float:
		return binary.LittleEndian.AppendUint64(dst, uint64(*(*int64)(at)))
	case Text:
		t := *(*string)(at)
		return append(binary.LittleEndian.AppendUint32(dst, uint32(len(t))), t...)
	default:
		b := *(*[]byte)(at)
		return append(binary.LittleEndian.AppendUint32(dst, uint32(len(b))), b...)
	}
}

var errShort = errors.New("the encoding ends early")

// Decode reads what Append wrote. Blobs of e point into src.
func Decode(src []byte, e *Exchange, sides Sides) error {
	for _, c := range columns {
		if c.Side&(sides|KeySide) == 0 {
			continue
		}
		v, rest, err := cut(src, c.Kind)
		if err != nil {
			return fmt.Errorf("decode column %s: %w", c.Name, err)
		}
		switch c.Kind {
		case UUID:
			e.ID = ID(v)
		case Time, Int, Hash, Float:
			*c.Num(e) = int64(binary.LittleEndian.Uint64(v))
		case Text:
			*c.Text(e) = string(v)
		case JSON, Blob:
			*c.Blob(e) = slices.Clip(v)
		}
		src = rest
	}
	if len(src) != 0 {
		return fmt.Errorf("decode exchange: %d bytes too many", len(src))
	}
	return nil
}

// cut takes one value of the kind from the front of src.
func cut(src []byte, k Kind) (value, rest []byte, err error) {
	n := 8
	switch k {
	case UUID:
		n = 16
	case Text, JSON, Blob:
		if len(src) < 4 {
			return nil, nil, errShort
		}
		n = int(binary.LittleEndian.Uint32(src))
		src = src[4:]
	}
	if n > len(src) {
		return nil, nil, errShort
	}
	return src[:n], src[n:], nil
}
