package answer

import (
	"math"

	"github.com/modelparity/parity/internal/tape"
)

// output is one tensor of an Open Inference Protocol v2 answer: the nodes of its
// members, 0 for one that is not there.
//
// https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol
type output struct {
	object, name, datatype, shape, parameters, data int32

	size   int64 // parameters.binary_data_size, in bytes; -1 if it is not there
	values int64 // as the shape says; math.MaxInt64 if they are too many to count
}

// matchTensors brings both answers to one form if both are of the Open Inference
// Protocol: outputs by name, their data flat. Otherwise both stay JSON.
func (p *Pair) matchTensors() {
	r, c := &p.Reference, &p.Candidate
	if !p.ref.canonicalise(r) || !p.cand.canonicalise(c) || !p.ref.useCanonical(r) {
		return
	}
	if !p.cand.useCanonical(c) {
		p.ref.usePlain(r)
	}
}

// canonicalise writes the canonical text of an answer in JSON. It says whether
// the answer has one.
func (r *reader) canonicalise(d *Decoded) bool {
	if r.jsonHeader >= 0 {
		return len(r.outputs) > 0 // readBinaryTensors has done it
	}
	outputs, ok := r.findOutputs(&d.Tape)
	return ok && r.allPlain(&d.Tape) && r.rewrite(&d.Tape, outputs, nil) == nil
}

// useCanonical makes the canonical text the answer's. It can't where two outputs
// have one name: then the answer stays as it was.
func (r *reader) useCanonical(d *Decoded) bool {
	t := &d.Tape
	if r.jsonHeader < 0 && t.ReadJSON(r.canonical) != nil {
		r.usePlain(d)
		return false
	}
	d.Form = Tensors
	outputs := member(t, 0, "outputs")
	for n := outputs + 1; n < t.Nodes[outputs].End; n = t.Nodes[n].End {
		d.Tensors = append(d.Tensors, Tensor{Data: member(t, n, "data"), Datatype: datatype(t, member(t, n, "datatype"))})
	}
	return true
}

// usePlain undoes useCanonical. Of binary tensors the tape keeps the canonical
// text: the plain one lacks their data.
func (r *reader) usePlain(d *Decoded) {
	d.Form, d.Tensors = JSON, d.Tensors[:0]
	if r.jsonHeader < 0 {
		d.Err = d.Tape.ReadJSON(r.text)
	}
}

// findOutputs fills r.outputs. It is false for an answer that is none of the
// protocol.
func (r *reader) findOutputs(t *tape.Tape) (outputs int32, ok bool) {
	r.outputs = r.outputs[:0]
	outputs = member(t, 0, "outputs")
	if outputs == 0 || t.Nodes[outputs].Kind != tape.Array {
		return 0, false
	}
	for n := outputs + 1; n < t.Nodes[outputs].End; n = t.Nodes[n].End {
		o, ok := readOutput(t, n)
		if !ok {
			return 0, false
		}
		r.outputs = append(r.outputs, o)
	}
	return outputs, len(r.outputs) > 0
}

func readOutput(t *tape.Tape, n int32) (o output, ok bool) {
	o = output{
		object: n, name: member(t, n, "name"), datatype: member(t, n, "datatype"), shape: member(t, n, "shape"),
		parameters: member(t, n, "parameters"), data: member(t, n, "data"), size: -1,
	}
	if !isKind(t, o.name, tape.String) || !isKind(t, o.datatype, tape.String) || !isKind(t, o.shape, tape.Array) {
		return o, false
	}
	if o.values, ok = countValues(t, o.shape); !ok {
		return o, false
	}
	if size := member(t, o.parameters, "binary_data_size"); size > 0 {
		if o.size, ok = natural(t, size); !ok {
			return o, false
		}
	}
	return o, isKind(t, o.data, tape.Array) || o.data == 0 && o.size >= 0
}

// countValues is the product of a shape.
func countValues(t *tape.Tape, shape int32) (values int64, ok bool) {
	values, empty := 1, false
	for n := shape + 1; n < t.Nodes[shape].End; n = t.Nodes[n].End {
		size, ok := natural(t, n)
		if !ok {
			return 0, false
		}
		empty = empty || size == 0
		if size > 0 && values > math.MaxInt64/size {
			values = math.MaxInt64
		} else {
			values *= max(size, 1)
		}
	}
	if empty {
		return 0, true
	}
	return values, true
}

// allPlain says that all data is in the JSON, as many values as the shape has.
func (r *reader) allPlain(t *tape.Tape) bool {
	for i := range r.outputs {
		if !r.outputs[i].isPlain(t) {
			return false
		}
	}
	return true
}

func (o *output) isPlain(t *tape.Tape) bool {
	if o.data == 0 {
		return false
	}
	values := int64(0)
	for n := o.data + 1; n < t.Nodes[o.data].End; n++ {
		switch t.Nodes[n].Kind {
		case tape.Object:
			return false
		case tape.Array:
		default:
			values++
		}
	}
	return values == o.values
}

// member finds a member by its name; 0 if the node is no object that has it.
func member(t *tape.Tape, object int32, name string) int32 {
	if t.Nodes[object].Kind != tape.Object {
		return 0
	}
	for n := object + 1; n < t.Nodes[object].End; n = t.Nodes[n].End {
		if string(t.Name(n)) == name {
			return n
		}
	}
	return 0
}

func isKind(t *tape.Tape, n int32, kind tape.Kind) bool { return n > 0 && t.Nodes[n].Kind == kind }

// natural reads a number without sign, fraction and exponent.
func natural(t *tape.Tape, n int32) (value int64, ok bool) {
	literal := t.Literal(n)
	if t.Nodes[n].Kind != tape.Number || len(literal) > 18 || digits(literal) != len(literal) {
		return 0, false
	}
	for _, digit := range literal {
		value = value*10 + int64(digit-'0')
	}
	return value, true
}

// datatype is the text of a datatype, without allocating for those of the protocol.
func datatype(t *tape.Tape, n int32) string {
	text := t.Str(n)
	if string(text) == bytesDatatype {
		return bytesDatatype
	}
	for i := range datatypes {
		if string(text) == datatypes[i].name {
			return datatypes[i].name
		}
	}
	return string(text)
}
