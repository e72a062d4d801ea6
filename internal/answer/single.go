package answer

import "github.com/modelparity/parity/internal/exchange"

// ReadReference decodes one answer alone to p.Reference, as Read would beside
// another one of the same kind.
func (p *Pair) ReadReference(a *exchange.Answer) {
	d := &p.Reference
	p.ref.open(a, d)
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
