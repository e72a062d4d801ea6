package tape

import "bytes"

// A Shape is a JSON text without its scalars: the brackets, names, commas and
// white space between them. Answers of one model mostly have one shape, and a
// text of a known shape is read by comparing what lies between its scalars, about
// twice as fast as by parsing it: BenchmarkShape, and without anything to walk.
type Shape struct {
	text  []byte
	parts []part
	end   []byte // behind the last scalar
}

// part is a scalar and what comes before it.
type part struct {
	start, stop uint32 // of what comes before, in text
	kind        Kind
	node        int32 // of the tape that the shape is of
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
		s.parts = append(s.parts, part{at, node.Start, node.Kind, int32(n)})
		at = node.Stop
	}
	s.end = s.text[at:]
	return true
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
	dst = dst[:0]
	i := 0
	for k := range s.parts {
		p := &s.parts[k]
		before := s.text[p.start:p.stop]
		if len(text)-i <= len(before) || string(text[i:i+len(before)]) != string(before) {
			return dst, false
		}
		i += len(before)
		stop := p.scalar(text, i)
		if stop < 0 {
			return dst, false
		}
		dst = append(dst, Scalar{uint32(i), uint32(stop)})
		i = stop
	}
	return dst, bytes.Equal(text[i:], s.end)
}

// scalar is where the scalar at i ends, -1 if it is another kind's or none.
func (p *part) scalar(text []byte, i int) int {
	switch p.kind {
	case String:
		if text[i] != '"' {
			return -1
		}
		x := first(text, i+1)
		bit := plain(x)
		if byte(x>>bit) == '"' {
			return i + 2 + bit>>3
		}
		stop, _, ok := stringEnd(text, i+1)
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
