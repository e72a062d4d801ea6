package compare

import (
	"bytes"

	"github.com/modelparity/parity/internal/tape"
)

// labels is the short way to a decision that is a text at one place, as most
// are: in answers of a shape that was seen before it stands where it stood then.
// TestTemplates holds it to what decisions says.
type labels struct {
	shape   tape.Shape
	at      int // of the shape's scalars
	known   bool
	scalars []tape.Scalar
	hope
}

// read is what an answer decides; false where that takes a tape.
func (l *labels) read(text []byte) (label []byte, ok bool) {
	if !l.known {
		return nil, false
	}
	if l.scalars, ok = l.shape.Read(l.scalars, text); !ok {
		return nil, false
	}
	l.fits()
	s := l.scalars[l.at]
	label = text[s.Start+1 : s.Stop-1]
	return label, len(label) > 0 && bytes.IndexByte(label, '\\') < 0
}

// learn takes the shape of an answer and the place of its decision.
func (l *labels) learn(d *decisionRule, t *tape.Tape) {
	if d.many || d.Threshold != nil || len(t.Text) > maxShape || !l.due() {
		return
	}
	places := follow(t, d.pattern)
	if l.known = len(places) == 1 && t.Nodes[places[0]].Kind == tape.String && l.shape.Learn(t); !l.known {
		return
	}
	for l.at = 0; l.shape.Node(l.at) != places[0]; {
		l.at++
	}
}

// hope says when to learn a shape anew: after as many more answers that did not
// fit as patience, which doubles each time and halves with each answer that fits.
type hope struct{ wait, patience int }

const maxPatience = 1 << 10

func (h *hope) fits() { h.patience /= 2 }

func (h *hope) due() bool {
	if h.wait > 0 {
		h.wait--
		return false
	}
	h.wait, h.patience = h.patience, min(2*h.patience+1, maxPatience)
	return true
}
