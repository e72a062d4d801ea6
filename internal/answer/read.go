package answer

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/exchange"
)

// reader decodes one side. It keeps buffers between answers.
type reader struct {
	kind       contentType
	kindOf     string // the Content-Type that kind is of: nearly always the last one's
	text       []byte // without encodings, in UTF-8 unless it is binary
	jsonHeader int    // how many bytes of JSON binary tensors follow; -1 if none do

	headers []byte // of the last answer: the next one's are often the same
	packs   bool   // they may say how its body is packed

	unpacker  unpacker
	converted []byte   // from another charset
	outputs   []output // of the Open Inference Protocol
	canonical []byte   // the text that tensors are rewritten to
	limit     int      // bytes that decoding may make; 0: maxDecoded
}

// What was large is not kept for the next answer: a buffer by its capacity, a
// tape by the text that it was of.
const (
	largeBuffer = 4 << 20
	largeText   = 64 << 10
)

// open undoes the encodings, and tells the form as far as it is declared.
func (r *reader) open(a *exchange.Answer, d *Decoded) {
	r.release(d)
	if a.ContentType != r.kindOf || r.kind.media == "" {
		r.kindOf, r.kind = a.ContentType, parseContentType(a.ContentType)
	}
	d.MediaType, d.Form, d.Tensors = r.kind.media, r.kind.form, d.Tensors[:0]
	d.Err = r.decode(a)
}

// isJSON says that an opened answer is declared to be one JSON text.
func (r *reader) isJSON(d *Decoded) bool {
	return d.Err == nil && d.Form == JSON && r.jsonHeader < 0
}

// isPlain says of a decoded answer that it is JSON whatever its values.
func (r *reader) isPlain(d *Decoded) bool {
	return r.isJSON(d) && member(&d.Tape, 0, "outputs") == 0
}

// decode undoes encoding and charset.
func (r *reader) decode(a *exchange.Answer) error {
	r.text, r.jsonHeader = nil, -1
	headers := r.packing(a.Headers)
	encodings, err := field(headers, exchange.ContentEncoding)
	if err != nil {
		return err
	}
	text, err := r.unpacker.unpack(a.Body, encodings, r.most())
	if err != nil {
		return err
	}
	if uint64(len(text)) >= math.MaxUint32 { // positions in a tape have 32 bits
		return ErrTooLarge
	}
	r.text = text
	if r.kind.form == JSON || r.kind.scalars {
		if r.jsonHeader, err = r.findJSONHeader(headers); err != nil || r.jsonHeader >= 0 {
			return err
		}
	}
	if r.kind.form == Binary {
		return nil
	}
	return r.decodeText(text)
}

// findJSONHeader is the length of the JSON that binary tensors follow, -1 if none do.
func (r *reader) findJSONHeader(headers []byte) (int, error) {
	n := r.kind.jsonHeader
	value, err := field(headers, exchange.JSONLength)
	if err != nil {
		return n, err
	}
	if value != nil {
		if n, err = strconv.Atoi(string(value)); err != nil || n < 0 {
			return n, fmt.Errorf("read header %s: %q is no length", exchange.JSONLength, value)
		}
	}
	if n > len(r.text) {
		return n, fmt.Errorf("the JSON before binary tensors has %d bytes as declared, the whole answer %d", n, len(r.text))
	}
	return n, nil
}

// decodeText makes UTF-8 of the text. Where neither form nor charset are declared
// it may be binary: then it stays as it is. JSON and CSV are checked when they
// are read.
func (r *reader) decodeText(text []byte) (err error) {
	r.text, r.converted, err = toUTF8(r.converted, text, r.kind.charset, r.most())
	switch {
	case r.kind.form != "" || errors.Is(err, ErrTooLarge):
		return err
	case !r.kind.declared && err != nil:
		r.text = text
		return nil
	case r.kind.declared && err == nil && !utf8.Valid(r.text):
		return errors.New("read charset utf-8: bytes that it does not have")
	}
	return err
}

// read fills the tape.
func (r *reader) read(d *Decoded) {
	if d.Err != nil {
		return
	}
	switch {
	case r.jsonHeader >= 0:
		d.Form = JSON
		d.Err = r.readBinaryTensors(d)
	case d.Form == JSON:
		d.Err = d.Tape.ReadJSON(r.text)
	case d.Form == Lines:
		d.Err = d.Tape.ReadLines(r.text)
	case d.Form == CSV:
		d.Err = r.readCSV(d)
	case d.Form == Binary:
		d.Tape.ReadText(r.text)
	default:
		d.Form, d.Err = sniff(&d.Tape, r.text, r.kind.scalars)
	}
	if d.Err != nil {
		d.Err = fmt.Errorf("read as %s: %w", d.Form, d.Err)
	}
}

// release gives back what the last answer made the buffers grow to, if it was
// large.
func (r *reader) release(d *Decoded) {
	for _, b := range []*[]byte{&r.unpacker.buffers[0], &r.unpacker.buffers[1], &r.converted, &r.canonical} {
		if cap(*b) > largeBuffer {
			*b = nil
		}
	}
	if len(r.text) > largeText {
		d.Tape.Release()
	}
}
