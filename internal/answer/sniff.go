package answer

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/tape"
)

// sniff reads a text whose type says nothing of its form. One that is an object
// or an array, as a whole or line by line, is JSON; where scalars is set a bare
// one is too. A text that is too large or too deep to tell is an error: as a
// text it could differ where its values do not.
func sniff(t *tape.Tape, text []byte, scalars bool) (Form, error) {
	start := bytes.TrimLeft(text, " \t\r\n")
	opens := len(start) > 0 && (start[0] == '{' || start[0] == '[')
	if opens || scalars {
		if err := t.ReadJSON(text); err == nil || isLimit(err) {
			return JSON, err
		}
	}
	if opens {
		if err := t.ReadLines(text); isLimit(err) || err == nil && allContainers(t) {
			return Lines, err
		}
	}
	t.ReadText(text)
	if utf8.Valid(text) {
		return Text, nil
	}
	return Binary, nil
}

func isLimit(err error) bool {
	return errors.Is(err, tape.ErrTooLarge) || errors.Is(err, tape.ErrTooDeep)
}

// allContainers says that every line is an object or an array.
func allContainers(t *tape.Tape) bool {
	for n := int32(1); n < t.Nodes[0].End; n = t.Nodes[n].End {
		if k := t.Nodes[n].Kind; k != tape.Object && k != tape.Array {
			return false
		}
	}
	return true
}
