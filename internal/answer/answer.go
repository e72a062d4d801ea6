// Package answer decodes the two answers of an exchange to tapes that can be
// walked side by side: content encodings and charsets are undone, the form
// (JSON, CSV, …) is told, and what two servers may write in two ways, such as
// the columns of a CSV or the tensors of the Open Inference Protocol, is brought
// to one.
package answer

import (
	"bytes"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/tape"
)

// Form is how a body is read.
type Form string

// The forms of an answer.
const (
	JSON    Form = "json"
	Lines   Form = "jsonl"   // JSON Lines: a value a line
	CSV     Form = "csv"     // an array of rows; with a header, each row an object
	Tensors Form = "tensors" // an Open Inference Protocol v2 answer, its outputs an object by name
	Text    Form = "text"    // one cell, valid UTF-8
	Binary  Form = "binary"  // one cell of any bytes
)

// ErrTooLarge says that decoding would take more than 64 MiB, or more values
// than a tape takes.
var ErrTooLarge = tape.ErrTooLarge

// maxDecoded is how many bytes decoding an answer may make of it: as many as replay
// takes of one that is not packed.
const maxDecoded = 64 << 20

// Tensor is one output of an answer of Form Tensors.
type Tensor struct {
	Data     int32  // the array of the values, flat and row-major, in the tape
	Datatype string // FP32, INT64, …
}

// Decoded is one answer. It points into the answer's body and into what the Pair
// holds, so it is valid until either changes.
type Decoded struct {
	Tape      tape.Tape
	Form      Form
	MediaType string   // as declared, in lower case, without parameters
	Tensors   []Tensor // of Form Tensors, in the order of appearance
	Err       error    // why it can't be read; the tape means nothing then
}

// Pair reads the two answers of an exchange. It is reused, and not safe for
// concurrent use. The zero value works.
type Pair struct {
	Reference, Candidate Decoded
	SameText             bool // decoded, both are the same text of the same form; the tapes are not filled then

	ref, cand reader
	sameBytes bool // once opened
}

// Read decodes both answers. What can't be read is told in Err, by side.
func (p *Pair) Read(ref, cand *exchange.Answer) {
	p.Open(ref, cand)
	p.Decode()
}

// Open undoes what the answers are packed in: enough for SameText and JSON.
func (p *Pair) Open(ref, cand *exchange.Answer) {
	r, c := &p.Reference, &p.Candidate
	p.ref.open(ref, r)
	p.cand.open(cand, c)
	p.sameBytes = r.Err == nil && c.Err == nil && p.sameReading() && bytes.Equal(p.ref.text, p.cand.text)
	p.SameText = p.sameBytes && r.Form == c.Form && r.Form != ""
}

// Decode fills the tapes of what Open opened, unless both are the same text.
func (p *Pair) Decode() {
	r, c := &p.Reference, &p.Candidate
	if p.SameText {
		return
	}
	p.ref.read(r)
	p.cand.read(c)
	switch {
	case r.Err != nil || c.Err != nil || r.Form != c.Form:
	case p.sameBytes:
		p.SameText = true // both were sniffed, or one was
	case r.Form == CSV:
		p.nameColumns()
	case r.Form == JSON:
		p.matchTensors()
	}
}

// JSON returns, of answers that are opened, the texts, if both are declared to be
// JSON and nothing else.
func (p *Pair) JSON() (ref, cand []byte, ok bool) {
	ok = p.ref.isJSON(&p.Reference) && p.cand.isJSON(&p.Candidate)
	return p.ref.text, p.cand.text, ok
}

// PlainJSON says of answers that are decoded that both are JSON, and would be so
// whatever their values: with outputs it hangs on these whether they are tensors.
func (p *Pair) PlainJSON() bool {
	return p.ref.isPlain(&p.Reference) && p.cand.isPlain(&p.Candidate)
}

// sameReading says that the same text, once decoded, means the same on both sides.
func (p *Pair) sameReading() bool {
	return p.ref.jsonHeader == p.cand.jsonHeader && sameHeaderRow(p.ref.kind, p.cand.kind)
}

// Same says whether both bodies are the same bytes and would be decoded alike,
// be it in a way that is not known here.
func Same(ref, cand *exchange.Answer) bool {
	return SameHash(ref, cand) || bytes.Equal(ref.Body, cand.Body) && sameContentType(ref, cand) && sameHeaders(ref, cand)
}

// SameHash says so of answers whose bodies and headers need not be there. false
// says nothing.
func SameHash(ref, cand *exchange.Answer) bool {
	return ref.Hash == cand.Hash && ref.Hash != 0 && sameContentType(ref, cand)
}

func sameContentType(a, b *exchange.Answer) bool {
	if a.ContentType == b.ContentType {
		return true
	}
	typeA, typeB := parseContentType(a.ContentType), parseContentType(b.ContentType)
	return typeA.charset == typeB.charset && typeA.jsonHeader == typeB.jsonHeader && sameHeaderRow(typeA, typeB)
}
