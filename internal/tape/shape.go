package tape

import (
	"bytes"
	"slices"
)

// A Shape is a JSON text without its scalars: the brackets, names, commas and
// white space between them. Answers of one model mostly have one shape, and a
// text of a known shape is read by comparing what lies between its scalars, about
// twice as fast as by parsing it: BenchmarkShape, and without anything to
// walk.
type Shape struct {
	text  []byte
	parts []part
	end   []byte // behind the last scalar
}

// part is a scalar and what comes before it, up to the quote of a string.
type part struct {
	before []byte
	first  uint64 // its first eight bytes, as far as mask says that it has so many
	mask   uint64
	last   uint64 // its last eight, if it has more
	quotes uint32 // 1 for a string: the quote is of before
	kind   Kind
	node   int32 // of the tape that the shape is of
}

// Scalar is where a text of the shape has a scalar: its literal.
type Scalar struct{ Start, Stop uint32 }

// Learn makes s the shape of a tape that ReadJSON filled. Texts with numbers
// that JSON does not have have no shape: false.
func (s *Shape) Learn(t *Tape) bool {
	s.text, s.parts = append(s.text[:0], t.Text...), s.parts[:0]
	at := uint32(0)
	for n := range t.Nodes {
		node := &t.Nodes[n]
		if node.Kind == Object || node.Kind == Array {
			continue
		}
		if node.Flags&NonFinite != 0 {
			return false
		}
		s.parts = append(s.parts, newPart(s.text, at, node, int32(n)))
		at = node.Stop
	}
	s.end = s.text[at:]
	return true
}

// newPart is of the scalar n, what comes before it beginning at at.
func newPart(text []byte, at uint32, n *Node, node int32) part {
	p := part{kind: n.Kind, node: node}
	if n.Kind == String {
		p.quotes = 1
	}
	p.before = text[at : n.Start+p.quotes]
	for i, c := range p.before[:min(len(p.before), 8)] {
		p.first |= uint64(c) << (8 * i)
		p.mask |= 0xff << (8 * i)
	}
	if n := len(p.before); n > 8 {
		p.last = word(p.before, n-8)
	}
	return p
}

// Len is how many scalars there are, and Node the index of one on the tape that
// the shape is of.
func (s *Shape) Len() int         { return len(s.parts) }
func (s *Shape) Node(i int) int32 { return s.parts[i].node }

// Kind is what the scalar is in every text of the shape; of True, False and Null
// one may stand for another.
func (s *Shape) Kind(i int) Kind { return s.parts[i].kind }

// Read says whether a text has the shape: then ReadJSON would take it, for the
// same tree of values, and dst gets its scalars.
func (s *Shape) Read(dst []Scalar, text []byte) ([]Scalar, bool) {
	dst = slices.Grow(dst[:0], len(s.parts))[:len(s.parts)]
	i := 0
	for k := range s.parts {
		p := &s.parts[k]
		if !p.begins(text, i) && !p.precedes(text, i) {
			return dst, false
		}
		i += len(p.before)
		stop := p.scalar(text, i)
		if stop < 0 {
			return dst, false
		}
		dst[k] = Scalar{uint32(i) - p.quotes, uint32(stop)}
		i = stop
	}
	return dst, bytes.Equal(text[i:], s.end)
}

// Other is a scalar that is not spelled as it is elsewhere.
type Other struct {
	Scalar
	Index int // of the shape's scalars
}

// ReadBeside is Read of a text that should have the values of another one: of the
// scalars, like[places[i]] is where the other text has the i-th. It returns those
// alone that are spelled otherwise; the same bytes need not be read a second time.
func (s *Shape) ReadBeside(dst []Other, text, other []byte, like []Scalar, places []int32) ([]Other, bool) {
	dst = dst[:0]
	i := 0
	for k := range s.parts {
		p := &s.parts[k]
		if !p.begins(text, i) && !p.precedes(text, i) {
			return dst, false
		}
		i += len(p.before)
		from := i - int(p.quotes)
		if stop := p.same(text, from, other, like[places[k]]); stop >= 0 {
			i = stop
			continue
		}
		stop := p.scalar(text, i)
		if stop < 0 {
			return dst, false
		}
		dst = append(dst, Other{Scalar{uint32(from), uint32(stop)}, k})
		i = stop
	}
	return dst, bytes.Equal(text[i:], s.end)
}

// same is where the scalar ends that is at from, if it has the literal of one in
// another text, -1 if it has not. Most scalars are a few bytes: one look or two,
// where a call would cost several times as much.
func (p *part) same(text []byte, from int, other []byte, l Scalar) int {
	start, n := int(l.Start), int(l.Stop-l.Start)
	stop := from + n
	switch {
	case stop >= len(text):
		return -1
	case from+8 > len(text) || start+8 > len(other): // near an end
		if string(text[from:stop]) != string(other[start:l.Stop]) {
			return -1
		}
	case n <= 8:
		if (word(text, from)^word(other, start))<<(64-8*n) != 0 {
			return -1
		}
	case word(text, stop-8) != word(other, start+n-8) || word(text, from) != word(other, start):
		return -1
	case n > 16 && string(text[from+8:stop-8]) != string(other[start+8:start+n-8]):
		return -1
	}
	if p.kind == Number && numeric(text[stop]) {
		return -1
	}
	return stop
}

// numeric says that a byte is one of those that numbers are written with.
func numeric(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c|0x20 == 'e'
}

// begins says of most parts, which are short, what precedes says.
func (p *part) begins(text []byte, i int) bool {
	return len(p.before) <= 8 && len(text)-i > 8 && word(text, i)&p.mask == p.first
}

// precedes says whether the text has at i what comes before the scalar, and more.
func (p *part) precedes(text []byte, i int) bool {
	n := len(p.before)
	if len(text)-i <= n {
		return false
	}
	if n <= 8 || n > 16 {
		return string(text[i:i+n]) == string(p.before)
	}
	return word(text, i) == p.first && word(text, i+n-8) == p.last
}

// scalar is where the scalar ends whose first byte behind the quote is at i, -1
// if it is another kind's or none.
func (p *part) scalar(text []byte, i int) int {
	switch p.kind {
	case String:
		x := first(text, i)
		bit := plain(x)
		if byte(x>>bit) == '"' {
			return i + 1 + bit>>3
		}
		stop, _, ok := stringEnd(text, i)
		if !ok {
			return -1
		}
		return stop + 1
	case Number:
		if stop, ok := number(text, i); ok {
			return stop
		}
		return -1
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if stop := literal(text, i, word); stop > i {
			return stop
		}
	}
	return -1
}
