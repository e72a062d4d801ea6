package tape

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// A word of eight bytes is looked at in one go. Of each mask below, the lowest
// bit that is set is right: a borrow goes up from a byte that is a hit itself.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of a word that end a run of plain characters in a
// string: quotes, backslashes, control characters and all that is not ASCII
// (whose high bit outlives at least one of the subtractions).
func special(x uint64) uint64 {
	quote, backslash := x^('"'*ones), x^('\\'*ones)
	return ((quote - ones) | (backslash - ones) | (x - ' '*ones)) & highs
}

// plain is how many bits of a word come before the first special byte. Of a word
// without one it leads to a byte that is not special.
func plain(x uint64) int {
	return bits.TrailingZeros64(special(x)|1<<63) & 0x38
}

func word(text []byte, i int) uint64 {
	return binary.LittleEndian.Uint64(text[i:])
}

// first is the word at i, 0 if the text is too short for one.
func first(text []byte, i int) uint64 {
	if len(text)-i >= 8 {
		return word(text, i)
	}
	return 0
}

// stringEnd finds the quote that ends the string whose first character is at i,
// and says whether escapes were met. If the string is not well formed, ok is
// false and end is where.
func stringEnd(text []byte, i int) (end int, escaped, ok bool) {
	for {
		for i+8 <= len(text) {
			m := special(word(text, i))
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(text) {
			return len(text), escaped, false
		}
		switch c := text[i]; {
		case c == '"':
			return i, escaped, true
		case c == '\\':
			n := escape(text[i:])
			if n == 0 {
				return i, escaped, false
			}
			escaped = true
			i += n
		case c < ' ':
			return i, escaped, false
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && n == 1 {
				return i, escaped, false
			}
			i += n
		}
	}
}

// escape is the length of the escape that text begins with: 0 if it is none of
// JSON's, or half of a surrogate pair.
func escape(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, n := unicode(text); n > 0 {
			return n
		}
	}
	return 0
}

// unicode decodes \uXXXX, and a surrogate pair of two, with its length: 0 if it
// is neither.
func unicode(text []byte) (rune, int) {
	r := hex4(text)
	if r < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if pair := utf16.DecodeRune(r, hex4(text[6:])); pair != utf8.RuneError {
		return pair, 12
	}
	return 0, 0
}

// hex4 is the number in the \uXXXX that text begins with, -1 if it doesn't.
func hex4(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range text[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// char decodes the first character of a string that stringEnd took, escaped or
// not, with its length.
func char(raw []byte) (rune, int) {
	if raw[0] != '\\' {
		return utf8.DecodeRune(raw)
	}
	switch c := raw[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return unicode(raw)
	default:
		return rune(c), 2
	}
}

// appendUnescaped appends what a string means that stringEnd took, given
// without its quotes.
func appendUnescaped(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		r, n := char(raw[i:])
		dst = utf8.AppendRune(dst, r)
		raw = raw[i+n:]
	}
}

// same says whether two strings that stringEnd took mean the same.
func same(a, b []byte, escaped bool) bool {
	return bytes.Equal(a, b) || escaped && sameChars(a, b)
}

func sameChars(a, b []byte) bool {
	for len(a) > 0 && len(b) > 0 {
		r, n := char(a)
		s, m := char(b)
		if r != s {
			return false
		}
		a, b = a[n:], b[m:]
	}
	return len(a) == len(b)
}
