package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// decoder reads documents to the values that gojq works on, with numbers as
// json.Number: their literals. jsontext refuses what encoding/json loses in
// silence: duplicate names and text that is not UTF-8.
type decoder struct{ *jsontext.Decoder }

// decode reads the one JSON value that doc is.
func decode(doc []byte) (any, error) {
	if len(doc) > MaxDocument {
		return nil, fmt.Errorf("%w: a document of %d bytes (at most %d)", ErrTooLarge, len(doc), MaxDocument)
	}
	// jsontext parses straight from a bytes.Buffer, without a copy.
	d := decoder{jsontext.NewDecoder(bytes.NewBuffer(doc))}
	v, err := d.value(0)
	if err == nil {
		err = d.end()
	}
	if err == nil || errors.Is(err, ErrTooLarge) {
		return v, err
	}
	return nil, fmt.Errorf("%w: %w", ErrInput, err)
}

// end makes sure that nothing follows the value: `01` reads as two.
func (d decoder) end() error {
	switch _, err := d.ReadToken(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("more than one JSON value")
	default:
		return err
	}
}

func (d decoder) value(depth int) (any, error) {
	token, err := d.ReadToken()
	if err == io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	if depth >= maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch token.Kind() {
	case '{':
		return d.object(depth + 1)
	case '[':
		return d.array(depth + 1)
	case '"':
		return token.String(), nil
	case '0':
		return number(token.String())
	case 'n':
		return nil, nil
	default:
		return token.Bool(), nil
	}
}

func number(literal string) (any, error) {
	if len(literal) > maxNumber {
		return nil, fmt.Errorf("%w: a number of %d characters (at most %d)", ErrTooLarge, len(literal), maxNumber)
	}
	return json.Number(literal), nil
}

func (d decoder) object(depth int) (any, error) {
	members := map[string]any{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		text := name.String() // before the next read makes the token void
		if members[text], err = d.value(depth); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return members, err
}

func (d decoder) array(depth int) (any, error) {
	elements := []any{}
	for d.PeekKind() != ']' {
		element, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	_, err := d.ReadToken()
	return elements, err
}
