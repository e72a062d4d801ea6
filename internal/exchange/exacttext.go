package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"
)

// unmarshalExact refuses text that encoding/json would quietly change: bytes
// that are not UTF-8 and lone surrogates, both of which become U+FFFD.
func unmarshalExact(text []byte, l *line) error {
	if !utf8.Valid(text) {
		return errors.New("not UTF-8; send such bodies as body_base64")
	}
	if err := json.Unmarshal(text, l); err != nil {
		return err
	}
	if lone := loneSurrogate(text); lone != nil {
		return fmt.Errorf("%s is a lone surrogate, which is no text; send such bodies as body_base64", lone)
	}
	return nil
}

var unicodeEscape = regexp.MustCompile(`\\\\|\\u[0-9a-fA-F]{4}`)

// loneSurrogate finds the first escape of half a UTF-16 pair in a JSON text.
func loneSurrogate(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u`)) { // as of nearly all
		return nil
	}
	var high []byte // waits for the other half
	end := 0        // of high
	for _, at := range unicodeEscape.FindAllIndex(text, -1) {
		escape := text[at[0]:at[1]]
		half := len(escape) == 6 && (escape[2] == 'd' || escape[2] == 'D') && escape[3] > '7'
		low := half && escape[3] != '8' && escape[3] != '9' && escape[3]|0x20 != 'a' && escape[3]|0x20 != 'b'
		switch {
		case high != nil && !(low && at[0] == end):
			return high
		case high != nil:
			high = nil
		case low:
			return escape
		case half:
			high, end = escape, at[1]
		}
	}
	return high
}
