package answer

import "github.com/modelparity/parity/internal/exchange"

// ReadReference decodes one answer alone to p.Reference, as Read would beside
// another one of the same kind.
func (p *Pair) ReadReference(a *exchange.Answer) {
	p.OpenReference(a)
	p.DecodeReference()
}

// OpenReference undoes what one answer is packed in: enough for ReferenceJSON.
func (p *Pair) OpenReference(a *exchange.Answer) { p.ref.open(a, &p.Reference) }

// DecodeReference fills the tape of what OpenReference opened.
func (p *Pair) DecodeReference() {
	d := &p.Reference
	p.ref.read(d)
	switch {
	case d.Err != nil:
	case d.Form == CSV && hasHeader(&d.Tape, p.ref.kind.header):
		if d.Tape.ReadCSV(p.ref.text, true) != nil {
			d.Err = d.Tape.ReadCSV(p.ref.text, false)
		}
	case d.Form == JSON && p.ref.canonicalise(d):
		p.ref.useCanonical(d)
	}
}

// ReferenceJSON is JSON, and PlainReference PlainJSON, of one answer alone.
func (p *Pair) ReferenceJSON() (text []byte, ok bool) {
	return p.ref.text, p.ref.isJSON(&p.Reference)
}

// PlainReference see ReferenceJSON.
func (p *Pair) PlainReference() bool { return p.ref.isPlain(&p.Reference) }

// ReferenceText is the text of one answer alone, without encodings and charset;
// nil where these can't be undone.
func (p *Pair) ReferenceText() []byte { return p.ref.text }
