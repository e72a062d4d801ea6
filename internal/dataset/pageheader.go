package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// pageHeader is what stands in front of each page of a column chunk, as far as
// flat required columns need it: PageHeader of parquet.thrift.
type pageHeader struct {
	kind         int64 // pageData, pageDictionary
	uncompressed int64 // bytes
	compressed   int64 // bytes
	values       int64
	encoding     int64
	plain        bool // not compressed
	levels       int64
}

// Types of page and encodings, as parquet.thrift numbers them.
const (
	pageDictionary = 2
	pageData       = 3 // version 2, which is all that is written here

	encodingPlain             = 0
	encodingDeltaBinaryPacked = 5
	encodingRLEDictionary     = 8
)

// readPageHeader takes the header off data. What it says of sizes is checked by
// whoever reads the page.
func readPageHeader(data []byte) (h pageHeader, rest []byte, err error) {
	t := thriftReader{data: data}
	t.structure(func(id int16, kind byte) {
		switch id {
		case 1:
			h.kind = t.int()
		case 2:
			h.uncompressed = t.int()
		case 3:
			h.compressed = t.int()
		case 7:
			t.structure(func(id int16, kind byte) { h.dictionary(&t, id, kind) })
		case 8:
			t.structure(func(id int16, kind byte) { h.dataV2(&t, id, kind) })
		default:
			t.skip(kind)
		}
	})
	if t.err != nil {
		return h, nil, fmt.Errorf("page header: %w", t.err)
	}
	return h, t.data, nil
}

func (h *pageHeader) dictionary(t *thriftReader, id int16, kind byte) {
	switch id {
	case 1:
		h.values = t.int()
	case 2:
		h.encoding = t.int()
	default:
		t.skip(kind)
	}
}

func (h *pageHeader) dataV2(t *thriftReader, id int16, kind byte) {
	switch id {
	case 1:
		h.values = t.int()
	case 4:
		h.encoding = t.int()
	case 5, 6:
		h.levels += t.int()
	case 7:
		h.plain = kind == thriftFalse
	default:
		t.skip(kind)
	}
}

// thriftReader reads Thrift's compact protocol. After an error it reads zeros.
type thriftReader struct {
	data  []byte
	depth int
	err   error
}

// The types of a field, as far as they are told apart.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftInt64  = 6 // 4 to 6 are integers, all written alike
	thriftBinary = 8
	thriftStruct = 12
)

var errThrift = errors.New("no Thrift, or cut short")

// structure calls field for every field; it must read or skip the value.
func (t *thriftReader) structure(field func(id int16, kind byte)) {
	if t.depth++; t.depth > 8 {
		t.fail()
	}
	for id := int16(0); ; {
		head := t.byte()
		if head == 0 || t.err != nil {
			t.depth--
			return
		}
		if delta := int16(head >> 4); delta != 0 {
			id += delta
		} else {
			id = int16(t.int())
		}
		field(id, head&0x0f)
	}
}

func (t *thriftReader) skip(kind byte) {
	switch {
	case kind == thriftTrue || kind == thriftFalse:
	case kind >= 4 && kind <= thriftInt64:
		t.uvarint()
	case kind == thriftBinary:
		t.take(t.uvarint())
	case kind == thriftStruct:
		t.structure(func(_ int16, kind byte) { t.skip(kind) })
	default: // lists, maps and doubles, which page headers have none of
		t.fail()
	}
}

func (t *thriftReader) int() int64 {
	u := t.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (t *thriftReader) uvarint() uint64 {
	u, n := binary.Uvarint(t.data)
	if n <= 0 {
		t.fail()
		return 0
	}
	t.data = t.data[n:]
	return u
}

func (t *thriftReader) byte() byte {
	if len(t.data) == 0 {
		t.fail()
		return 0
	}
	b := t.data[0]
	t.data = t.data[1:]
	return b
}

func (t *thriftReader) take(n uint64) {
	if n > uint64(len(t.data)) {
		t.fail()
		return
	}
	t.data = t.data[n:]
}

func (t *thriftReader) fail() { t.data, t.err = nil, errThrift }
