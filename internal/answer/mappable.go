package answer

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/modelparity/parity/internal/exchange"
)

// Mappable returns a body as one JSON text, for a mapping to read: content encodings
// and charset are undone, and JSON Lines become an array. Whether it is JSON is
// for the mapping to find out. More than limit bytes are ErrTooLarge, packed or
// not. What it returns may point into the body.
func Mappable(a *exchange.Answer, limit int) ([]byte, error) {
	r, d := reader{limit: limit}, Decoded{}
	r.open(a, &d)
	switch {
	case errors.Is(d.Err, ErrTooLarge):
		return nil, tooLong(limit)
	case d.Err != nil:
		return nil, d.Err
	case len(r.text) > limit:
		return nil, tooLong(limit)
	case r.jsonHeader >= 0:
		return nil, errors.New("binary tensors are no JSON")
	case d.Form != Lines:
		return r.text, nil
	}
	r.read(&d)
	return d.JSONText(), d.Err
}

func tooLong(limit int) error {
	return fmt.Errorf("%w: more than %d bytes, unpacked", ErrTooLarge, limit)
}

// JSONText is a decoded answer of values as one JSON text: lines are an array.
func (d *Decoded) JSONText() []byte {
	t := &d.Tape
	switch {
	case d.Err != nil:
		return nil
	case d.Form != Lines:
		return t.Literal(0)
	}
	text := []byte{'['}
	for n := int32(1); n < t.Nodes[0].End; n = t.Nodes[n].End {
		if n > 1 {
			text = append(text, ',')
		}
		text = append(text, t.Literal(n)...)
	}
	return append(text, ']')
}

// most is how many bytes decoding may make.
func (r *reader) most() int {
	return cmp.Or(r.limit, maxDecoded)
}
