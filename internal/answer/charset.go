package answer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

const (
	utf16LE = "utf-16le"
	utf16BE = "utf-16be"
)

// toUTF8 undoes a charset and a byte order mark, using buf where it has to
// convert. UTF-8 comes back unchecked. Bytes that are not valid in another
// charset are an error.
func toUTF8(buf, text []byte, charset string, limit int) (converted, grown []byte, err error) {
	if charset == "" || strings.HasPrefix(charset, "utf-16") {
		text, charset = cutMark(text, charset)
	}
	switch charset {
	case "":
		return text, buf, nil
	case utf16LE:
		buf, err = appendUTF16(buf[:0], text, binary.LittleEndian, limit)
	case utf16BE:
		buf, err = appendUTF16(buf[:0], text, binary.BigEndian, limit)
	default:
		buf, err = appendDecoded(buf[:0], text, charset, limit)
	}
	if err != nil {
		err = fmt.Errorf("read charset %s: %w", charset, err)
	}
	return buf, buf, err
}

// cutMark cuts a byte order mark off, which overrides the kind of Unicode that
// is declared.
func cutMark(text []byte, charset string) (rest []byte, unicode string) {
	switch {
	case len(text) > 0 && text[0] < utf8.RuneSelf:
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return text[3:], ""
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		return text[2:], utf16LE
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		return text[2:], utf16BE
	}
	return text, charset
}

func appendUTF16(dst, text []byte, order binary.ByteOrder, limit int) ([]byte, error) {
	if len(text)%2 != 0 {
		return dst, errors.New("an odd number of bytes")
	}
	dst = slices.Grow(dst, len(text)/2)
	for i := 0; i < len(text); i += 2 {
		r := rune(order.Uint16(text[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i += 2; i < len(text) {
				low = rune(order.Uint16(text[i:]))
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return dst, fmt.Errorf("half a surrogate pair near byte %d", i)
			}
		}
		if dst = utf8.AppendRune(dst, r); len(dst) > limit {
			return dst, ErrTooLarge
		}
	}
	return dst, nil
}

// appendDecoded goes by the WHATWG's table of charsets. Its decoders write
// U+FFFD for what is not valid; no text is expected to hold that itself.
func appendDecoded(dst, text []byte, charset string, limit int) ([]byte, error) {
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return dst, errors.New("it is not known")
	}
	const longest = 3 // bytes of UTF-8 that one byte of any charset becomes
	dst = slices.Grow(dst, min(longest*len(text), limit))
	n, _, err := encoding.NewDecoder().Transform(dst[:cap(dst)], text, true)
	if dst = dst[:n]; errors.Is(err, transform.ErrShortDst) || n > limit {
		return dst, ErrTooLarge
	}
	if err == nil && bytes.ContainsRune(dst, utf8.RuneError) {
		err = errors.New("bytes that it does not have")
	}
	return dst, err
}
