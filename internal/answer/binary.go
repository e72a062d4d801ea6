package answer

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/modelparity/parity/internal/tape"
)

// datatypes are those of the protocol that have a size, and how JSON writes the
// bytes of one value, which are little-endian.
//
// https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_binary_data.html
var datatypes = []struct {
	name   string
	size   int
	append func(dst, b []byte) []byte
}{
	{"FP32", 4, func(dst, b []byte) []byte { return appendFloat(dst, float64(fp32(b)), 32) }},
	{"FP64", 8, func(dst, b []byte) []byte { return appendFloat(dst, math.Float64frombits(le.Uint64(b)), 64) }},
	{"FP16", 2, func(dst, b []byte) []byte { return appendFloat(dst, fp16(le.Uint16(b)), 32) }},
	{"BF16", 2, func(dst, b []byte) []byte { return appendFloat(dst, float64(bf16(le.Uint16(b))), 32) }},
	{"INT64", 8, func(dst, b []byte) []byte { return strconv.AppendInt(dst, int64(le.Uint64(b)), 10) }},
	{"INT32", 4, func(dst, b []byte) []byte { return strconv.AppendInt(dst, int64(int32(le.Uint32(b))), 10) }},
	{"INT16", 2, func(dst, b []byte) []byte { return strconv.AppendInt(dst, int64(int16(le.Uint16(b))), 10) }},
	{"INT8", 1, func(dst, b []byte) []byte { return strconv.AppendInt(dst, int64(int8(b[0])), 10) }},
	{"UINT64", 8, func(dst, b []byte) []byte { return strconv.AppendUint(dst, le.Uint64(b), 10) }},
	{"UINT32", 4, func(dst, b []byte) []byte { return strconv.AppendUint(dst, uint64(le.Uint32(b)), 10) }},
	{"UINT16", 2, func(dst, b []byte) []byte { return strconv.AppendUint(dst, uint64(le.Uint16(b)), 10) }},
	{"UINT8", 1, func(dst, b []byte) []byte { return strconv.AppendUint(dst, uint64(b[0]), 10) }},
	{"BOOL", 1, func(dst, b []byte) []byte { return strconv.AppendBool(dst, b[0] != 0) }},
}

// bytesDatatype is the one whose values have no fixed size.
const bytesDatatype = "BYTES"

var le = binary.LittleEndian

// readBinaryTensors reads an answer of the binary tensor extension: JSON of the
// declared length, then the data of the outputs that declare a size, one behind
// the other. The tape gets the canonical text, with all data. It is an error if
// sizes do not fit.
func (r *reader) readBinaryTensors(d *Decoded) error {
	header, data := r.text[:r.jsonHeader], r.text[r.jsonHeader:]
	if err := d.Tape.ReadJSON(header); err != nil {
		return err
	}
	outputs, ok := r.findOutputs(&d.Tape)
	if !ok && len(data) > 0 {
		return fmt.Errorf("%d bytes follow JSON that has no outputs of the Open Inference Protocol", len(data))
	}
	if !ok {
		r.outputs = r.outputs[:0]
		return nil
	}
	for i := range r.outputs {
		switch o := &r.outputs[i]; {
		case o.data > 0 && o.size >= 0:
			return fmt.Errorf("output %s has its data twice, in JSON and as binary", d.Tape.Literal(o.name))
		case o.data > 0 && !o.isPlain(&d.Tape):
			return fmt.Errorf("output %s has other than its shape's %d values", d.Tape.Literal(o.name), o.values)
		}
	}
	if err := r.rewrite(&d.Tape, outputs, data); err != nil {
		return err
	}
	return d.Tape.ReadJSON(r.canonical)
}

// appendBinary writes the values that binary begins with.
func (o *output) appendBinary(dst []byte, t *tape.Tape, binary []byte) ([]byte, error) {
	if o.size > int64(len(binary)) {
		return dst, fmt.Errorf("output %s has %d bytes as declared, and %d are left", t.Literal(o.name), o.size, len(binary))
	}
	binary = binary[:o.size]
	var err error
	if name := datatype(t, o.datatype); name == bytesDatatype {
		dst, err = appendStrings(dst, binary, o.values)
	} else {
		dst, err = appendValues(dst, binary, o.values, name)
	}
	if err != nil {
		return dst, fmt.Errorf("output %s: %w", t.Literal(o.name), err)
	}
	return dst, nil
}

func appendValues(dst, binary []byte, values int64, datatype string) ([]byte, error) {
	for i := range datatypes {
		d := &datatypes[i]
		if d.name != datatype {
			continue
		}
		if int64(len(binary)/d.size) != values || len(binary)%d.size != 0 {
			return dst, fmt.Errorf("%d bytes are not the shape's %d values of %s", len(binary), values, datatype)
		}
		for value := range slices.Chunk(binary, d.size) {
			if dst = append(d.append(dst, value), ','); len(dst) > maxDecoded {
				return dst, ErrTooLarge
			}
		}
		return withoutComma(dst, values), nil
	}
	return dst, fmt.Errorf("binary data of datatype %q can't be read", datatype)
}

// appendStrings writes BYTES: each a length in 4 bytes, and so many bytes.
func appendStrings(dst, binary []byte, values int64) ([]byte, error) {
	for left := values; left > 0; left-- {
		if len(binary) < 4 || uint64(le.Uint32(binary)) > uint64(len(binary)-4) {
			return dst, fmt.Errorf("the data ends within value %d of the shape's %d of BYTES", values-left+1, values)
		}
		n := 4 + int(le.Uint32(binary))
		dst = append(appendString(dst, binary[4:n]), ',')
		if binary = binary[n:]; len(dst) > maxDecoded {
			return dst, ErrTooLarge
		}
	}
	if len(binary) > 0 {
		return dst, fmt.Errorf("%d bytes follow the shape's %d values of BYTES", len(binary), values)
	}
	return withoutComma(dst, values), nil
}

// appendString writes a JSON string, of bytes that are no UTF-8 their base64, as
// servers do that answer in JSON.
func appendString(dst, value []byte) []byte {
	if !utf8.Valid(value) {
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), value), '"')
	}
	dst, _ = jsontext.AppendQuote(dst, value) // fails on invalid UTF-8 only
	return dst
}

func withoutComma(dst []byte, values int64) []byte {
	return dst[:len(dst)-int(min(values, 1))]
}

// appendFloat writes the shortest decimal that means f in so many bits; what is
// not finite as Python does.
func appendFloat(dst []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

func fp32(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) }

func bf16(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

// fp16 is the value of an IEEE 754 binary16, which a float64 holds exactly: 1
// bit sign, 5 exponent, 10 fraction.
func fp16(bits uint16) float64 {
	sign, exponent, fraction := float64(1), int(bits>>10&0x1f), float64(bits&0x3ff)
	if bits>>15 == 1 {
		sign = -1
	}
	switch {
	case exponent == 0x1f && fraction == 0:
		return math.Inf(int(sign))
	case exponent == 0x1f:
		return math.NaN()
	case exponent == 0:
		return math.Copysign(math.Ldexp(fraction, -24), sign)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
