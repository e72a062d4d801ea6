package answer

import (
	"bytes"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// field is the value of a header field, nil if it is not there. One that is
// repeated is joined with commas, as RFC 9110 section 5.3 says. Most answers have
// none, and nearly all others a plain one: both are seen without decoding the
// headers.
func field(headers []byte, name string) ([]byte, error) {
	if headers == nil {
		return nil, nil
	}
	end := find(headers, name)
	if end < 0 {
		return nil, nil
	}
	if value, rest, ok := plainValue(headers[end:]); ok && find(rest, name) < 0 {
		return value, nil
	}
	list, err := exchange.DecodeHeaders(headers)
	if err != nil {
		return nil, err
	}
	var values []string
	for _, h := range list {
		if h.Name == name {
			values = append(values, h.Value)
		}
	}
	return []byte(strings.Join(values, ",")), nil
}

// packing is the headers if they may say how the body is packed, nil if they don't.
func (r *reader) packing(headers []byte) []byte {
	if !bytes.Equal(headers, r.headers) {
		r.headers, r.packs = append(r.headers[:0], headers...), saysPacking(headers)
	}
	if r.packs {
		return headers
	}
	return nil
}

// saysPacking is one look for both names that there are (exchange.ContentEncoding,
// JSONLength). Nearly all answers have neither.
func saysPacking(headers []byte) bool {
	for rest := headers; ; {
		n := bytes.IndexByte(rest, 'g') // the last byte of the one, the third-last of the other
		if n < 0 {
			return false
		}
		if bytes.HasSuffix(rest[:n], []byte("codin")) || bytes.HasSuffix(rest[:n], []byte("header-content-len")) {
			return true
		}
		rest = rest[n+1:]
	}
}

// find is where the quoted name ends, -1 if it is not there. It looks for the
// name's end, because few other bytes of headers are like its last one: looking
// from its first, the quote, costs several times as much.
func find(headers []byte, name string) int {
	last := name[len(name)-1]
	for start := 0; ; {
		n := bytes.IndexByte(headers[start:], last)
		if n < 0 {
			return -1
		}
		start += n + 1
		before, isName := bytes.CutSuffix(headers[:start], []byte(name))
		if isName && bytes.HasSuffix(before, []byte{'"'}) && bytes.HasPrefix(headers[start:], []byte{'"'}) {
			return start + 1
		}
	}
}

// plainValue reads the value behind a name: ,"gzip"] without escapes.
func plainValue(text []byte) (value, rest []byte, ok bool) {
	text, ok = bytes.CutPrefix(text, []byte(`,"`))
	value, rest, closed := bytes.Cut(text, []byte{'"'})
	return value, rest, ok && closed && bytes.HasPrefix(rest, []byte{']'}) && bytes.IndexByte(value, '\\') < 0
}

// sameHeaders says that both bodies are packed alike.
func sameHeaders(a, b *exchange.Answer) bool {
	return bytes.Equal(a.Headers, b.Headers) || sameEncodings(a.Headers, b.Headers) && sameJSONHeader(a.Headers, b.Headers)
}

func sameEncodings(a, b []byte) bool {
	listA, errA := field(a, exchange.ContentEncoding)
	listB, errB := field(b, exchange.ContentEncoding)
	if errA != nil || errB != nil {
		return false
	}
	for len(listA) > 0 || len(listB) > 0 {
		var nameA, nameB string
		listA, nameA = lastEncoding(listA)
		listB, nameB = lastEncoding(listB)
		if nameA != nameB {
			return false
		}
	}
	return true
}

func sameJSONHeader(a, b []byte) bool {
	valueA, errA := field(a, exchange.JSONLength)
	valueB, errB := field(b, exchange.JSONLength)
	return errA == nil && errB == nil && bytes.Equal(valueA, valueB)
}

// lastEncoding takes the last content encoding off a list: its name in lower
// case and what comes before. Identity does not count; "" if there is no other.
func lastEncoding(list []byte) (rest []byte, name string) {
	for len(list) > 0 {
		comma := bytes.LastIndexByte(list, ',')
		name = encodingName(bytes.TrimSpace(list[comma+1:]))
		list = list[:max(comma, 0)]
		if name != "" {
			return list, name
		}
	}
	return nil, ""
}

// encodingName is the usual name, "" for identity.
func encodingName(name []byte) string {
	switch {
	case bytes.EqualFold(name, []byte("gzip")), bytes.EqualFold(name, []byte("x-gzip")): // RFC 9110 section 8.4.1.3
		return "gzip"
	case bytes.EqualFold(name, []byte("identity")):
		return ""
	}
	return strings.ToLower(string(name))
}
