package tape

import (
	"bytes"
	"fmt"
)

// ReadJSON fills the tape with the one JSON value that text is, by RFC 8259:
// text that is not UTF-8, halves of surrogate pairs, duplicate names and
// anything but white space after the value are errors. Beyond it, NaN, Infinity
// and -Infinity are read as numbers. Errors say the byte. The text is kept, not
// copied.
func (t *Tape) ReadJSON(text []byte) error {
	if err := t.reset(text); err != nil {
		return err
	}
	i, err := t.value(text, 0, none, 0)
	if err != nil {
		return t.fail(err)
	}
	if i, _ = skip(text, i); i < len(text) {
		return t.fail(fault(text, i, "the end"))
	}
	return nil
}

// ReadLines fills the tape with an array of the JSON values that the lines of
// text are; each is as ReadJSON has it. Lines of nothing but white space don't
// count.
func (t *Tape) ReadLines(text []byte) error {
	if err := t.reset(text); err != nil {
		return err
	}
	t.Nodes = append(t.Nodes, Node{Kind: Array, Stop: uint32(len(text)), Parent: none})
	size := int32(0)
	for i, stop := 0, 0; i < len(text); i = stop + 1 {
		stop = len(text)
		if n := bytes.IndexByte(text[i:], '\n'); n >= 0 {
			stop = i + n
		}
		line := text[:stop]
		if i, _ = skip(line, i); i == stop {
			continue
		}
		i, err := t.value(line, i, 0, size)
		if err != nil {
			return t.fail(err)
		}
		if i, _ = skip(line, i); i < stop {
			return t.fail(fault(line, i, "the end of the line"))
		}
		size++
	}
	t.Nodes[0].Size, t.Nodes[0].End = size, int32(len(t.Nodes))
	return nil
}

// fail empties the tape.
func (t *Tape) fail(err error) error {
	t.Nodes = t.Nodes[:0]
	return err
}

// value appends the value that text has at i, with all that is below it, as a
// child of the container outer, and says where it ends.
//
// It is one long function, and nodes are written field by field where they stay,
// because this is where the time goes: BenchmarkReadJSON.
func (t *Tape) value(text []byte, i int, outer, index int32) (int, error) {
	nodes, k := t.Nodes[:min(cap(t.Nodes), maxNodes)], len(t.Nodes)
	open, size := outer, index // the container being filled, the children it has
	closer := byte(0)          // the bracket that ends it
	depth := outer + 1         // containers open
	for {
		if k == len(nodes) {
			if k == maxNodes {
				return i, ErrTooLarge
			}
			nodes = grow(nodes)
		}
		n := &nodes[k]
		k++
		var c byte
		var err error
		n.Flags, n.NameHash, n.NameStart, n.NameStop = 0, 0, 0, 0
		i, c = skip(text, i)
		if closer == '}' {
			if i, c, err = t.member(n, text, i, c); err != nil {
				return i, err
			}
			seen, bit := &t.seen[depth], uint64(1)<<(n.NameHash&63)
			if *seen&bit != 0 && size < few {
				t.Nodes = nodes[:k]
				if t.twin(open) {
					return i, t.errTwin(int32(k - 1))
				}
			}
			*seen |= bit
		}
		n.Start, n.Parent, n.Index = uint32(i), open, size
		n.End, n.Size, n.next, n.table = int32(k), 0, 0, 0
		size++
		if c == '{' || c == '[' {
			n.Kind = Kind(c)
			if depth++; depth > maxDepth {
				return i, ErrTooDeep
			}
			if open != outer {
				nodes[open].Size = size
			}
			t.seen[depth] = 0
			open, size, closer = int32(k-1), 0, c+2
			if i, c = skip(text, i+1); c != closer {
				continue
			}
		} else if i, err = n.scalar(text, i, c); err != nil {
			return i, err
		}
		for ; open != outer; depth-- {
			if i, c = skip(text, i); c != closer {
				break
			}
			i++
			n := &nodes[open]
			n.Stop, n.End, n.Size = uint32(i), int32(k), size
			if size > few && closer == '}' {
				t.Nodes = nodes[:k]
				if m := t.tabulate(open); m != none {
					return i, t.errTwin(m)
				}
			}
			if open = n.Parent; open != outer {
				size, closer = nodes[open].Size, byte(nodes[open].Kind+2)
			}
		}
		if open == outer {
			t.Nodes = nodes[:k]
			return i, nil
		}
		if c != ',' {
			return i, fault(text, i, "a comma or a closing bracket")
		}
		i++
	}
}

// grow makes room for more nodes, up to maxNodes.
func grow(nodes []Node) []Node {
	nodes = append(nodes, make([]Node, max(64, len(nodes)/2))...)
	return nodes[:min(cap(nodes), maxNodes)]
}

// errTwin is the error for a member with an earlier one's name.
func (t *Tape) errTwin(n int32) error {
	return &SyntaxError{int(t.Nodes[n].NameStart), fmt.Sprintf("a second member is named %q", t.Name(n))}
}
