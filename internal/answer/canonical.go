package answer

import (
	"bytes"
	"errors"

	"github.com/modelparity/parity/internal/tape"
)

// rewrite writes the canonical text to r.canonical: the answer's members as they
// are but for outputs, which become an object by name. Outputs without data in
// the JSON take theirs from binary, which must be used up.
func (r *reader) rewrite(t *tape.Tape, outputs int32, binary []byte) (err error) {
	dst := append(r.canonical[:0], '{')
	for n := int32(1); n < t.Nodes[0].End; n = t.Nodes[n].End {
		if n != outputs {
			dst = append(appendMember(dst, t, n), ',')
			continue
		}
		dst = append(dst, `"outputs":{`...)
		for i := range r.outputs {
			if dst, binary, err = r.outputs[i].append(dst, t, binary); err != nil {
				return err
			}
			dst = append(dst, ',')
		}
		dst = append(closed(dst, '}'), ',')
	}
	r.canonical = closed(dst, '}')
	if len(r.canonical) > maxDecoded {
		return ErrTooLarge
	}
	if len(binary) > 0 {
		return errors.New("binary data that no output has")
	}
	return nil
}

// append writes one output, and takes its data off what is left of binary.
func (o *output) append(dst []byte, t *tape.Tape, binary []byte) ([]byte, []byte, error) {
	dst = append(append(dst, t.Literal(o.name)...), ":{"...)
	for n := o.object + 1; n < t.Nodes[o.object].End; n = t.Nodes[n].End {
		switch n {
		case o.parameters:
			dst = o.appendParameters(dst, t)
		case o.name, o.data:
		default:
			dst = append(appendMember(dst, t, n), ',')
		}
	}
	dst = append(dst, `"data":[`...)
	if o.data == 0 {
		var err error
		if dst, err = o.appendBinary(dst, t, binary); err != nil {
			return dst, nil, err
		}
		return append(dst, "]}"...), binary[o.size:], nil
	}
	for n := o.data + 1; n < t.Nodes[o.data].End; n++ {
		if t.Nodes[n].Kind != tape.Array {
			dst = append(append(dst, t.Literal(n)...), ',')
		}
	}
	return append(closed(dst, ']'), '}'), binary, nil
}

// appendParameters leaves out what says how the data is sent, and an object that
// has nothing else.
func (o *output) appendParameters(dst []byte, t *tape.Tape) []byte {
	if !isKind(t, o.parameters, tape.Object) {
		return append(appendMember(dst, t, o.parameters), ',')
	}
	start := len(dst)
	dst = append(dst, `"parameters":{`...)
	empty := len(dst)
	for n := o.parameters + 1; n < t.Nodes[o.parameters].End; n = t.Nodes[n].End {
		if string(t.Name(n)) != "binary_data_size" {
			dst = append(appendMember(dst, t, n), ',')
		}
	}
	if len(dst) == empty {
		return dst[:start]
	}
	return append(closed(dst, '}'), ',')
}

// closed ends a list whose every item has a comma behind it.
func closed(dst []byte, bracket byte) []byte {
	return append(bytes.TrimSuffix(dst, []byte{','}), bracket)
}

// appendMember writes a member as it stands in the answer.
func appendMember(dst []byte, t *tape.Tape, n int32) []byte {
	return append(dst, t.Text[t.Nodes[n].NameStart-1:t.Nodes[n].Stop]...)
}
