package compare

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// What a tape takes. The depth bounds the recursion of the walk, the number of
// nodes its memory: a gzipped answer of some KiB can hold a hundred million.
const (
	maxDepth  = 1000
	maxNodes  = 4 << 20
	keepNodes = 1 << 16 // more than this is given back before the next answer
)

// A tape is one decoded answer: its values in the order of the text, each with
// the index past its last descendant, so that a walk can step over it. An
// object's members are a name and a value each.
//
//	{"a":[1,2]}   0 {  1 "a"  2 [  3 1  4 2
//	       end    5    2      5    4    5
type tape struct {
	text  []byte
	nodes []node

	open    int32 // the container being filled; -1 for none
	depth   int   // containers open
	named   bool  // the open object's next value has a name already
	decoder *jsontext.Decoder
	digests []digest // see order.go; empty until needed
}

// node is one value, or the name of a member.
type node struct {
	kind        jsontext.Kind // of a JSON token, or cell
	start, stop uint32        // its literal in the text
	parent, end int32
	index       int32 // among its siblings; isName for a name
	size        int32 // elements or members
}

const (
	// cell is the kind of a CSV cell: a number if both sides' are, else a text.
	cell jsontext.Kind = 'c'
	// isName is the index of a name.
	isName = -1
	none   = -1
)

var (
	errTooLarge = errors.New("the decoded answer is too large")
	errTooDeep  = fmt.Errorf("nested deeper than %d", maxDepth)
)

func (t *tape) reset(text []byte) {
	if cap(t.nodes) > keepNodes {
		t.nodes, t.digests = nil, nil
	}
	t.text, t.nodes, t.digests = text, t.nodes[:0], t.digests[:0]
	t.open, t.depth, t.named = none, 0, false
}

// readJSON fills the tape with the one JSON value that text is. Duplicate
// names, text that is not UTF-8 and anything after the value are errors.
func (t *tape) readJSON(text []byte) error {
	t.reset(text)
	// The decoder parses straight from a bytes.Buffer, without a copy.
	if t.decoder == nil {
		t.decoder = jsontext.NewDecoder(bytes.NewBuffer(text))
	} else {
		t.decoder.Reset(bytes.NewBuffer(text))
	}
	for {
		if err := t.readNode(); err != nil {
			return err
		}
		if t.open == none {
			break
		}
	}
	if _, err := t.decoder.ReadToken(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// readNode reads a scalar, or one end of a container.
func (t *tape) readNode() error {
	kind := t.decoder.PeekKind()
	switch kind {
	case '{', '[':
		if _, err := t.decoder.ReadToken(); err != nil {
			return err
		}
		return t.begin(kind, int(t.decoder.InputOffset())-1)
	case '}', ']':
		if _, err := t.decoder.ReadToken(); err != nil {
			return err
		}
		t.close(int(t.decoder.InputOffset()))
		return nil
	}
	v, err := t.decoder.ReadValue()
	if err != nil {
		return err
	}
	stop := int(t.decoder.InputOffset())
	return t.add(kind, stop-len(v), stop)
}

// begin opens a container that starts at an offset of the text.
func (t *tape) begin(kind jsontext.Kind, start int) error {
	if err := t.add(kind, start, start); err != nil {
		return err
	}
	t.open = int32(len(t.nodes) - 1)
	if t.depth++; t.depth > maxDepth {
		return errTooDeep
	}
	return nil
}

// close ends the container that is open.
func (t *tape) close(stop int) {
	c := &t.nodes[t.open]
	c.stop, c.end = uint32(stop), int32(len(t.nodes))
	t.open = c.parent
	t.depth--
}

func (t *tape) add(kind jsontext.Kind, start, stop int) error {
	if len(t.nodes) == maxNodes {
		return errTooLarge
	}
	n := node{kind: kind, start: uint32(start), stop: uint32(stop), parent: t.open, end: int32(len(t.nodes) + 1)}
	if t.open != none {
		c := &t.nodes[t.open]
		if c.kind == '{' && !t.named {
			n.index, t.named = isName, true
		} else {
			n.index, t.named = c.size, false
			c.size++
		}
	}
	t.nodes = append(t.nodes, n)
	return nil
}

// literal is a value's text as it stands in the answer.
func (t *tape) literal(n int32) []byte {
	return t.text[t.nodes[n].start:t.nodes[n].stop]
}

// str is what the string or name n means: its literal without quotes and escapes.
func (t *tape) str(n int32) []byte {
	raw := t.literal(n)
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	s, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		panic("the decoder took this string: " + err.Error())
	}
	return s
}

// chain appends the values from below the root down to n, n included.
func (t *tape) chain(dst []int32, n int32) []int32 {
	from := len(dst)
	for ; n > 0; n = t.nodes[n].parent {
		dst = append(dst, n)
	}
	for i, j := from, len(dst)-1; i < j; i, j = i+1, j-1 {
		dst[i], dst[j] = dst[j], dst[i]
	}
	return dst
}

// under says whether the pattern leads to the last value of the chain or to one
// above it.
func (t *tape) under(chain []int32, p pattern) bool {
	if len(p) > len(chain) {
		return false
	}
	for i, s := range p {
		n := chain[i]
		member := t.nodes[t.nodes[n].parent].kind == '{'
		switch {
		case s.kind == anyChild:
		case s.kind == byName && member && string(t.str(n-1)) == s.name:
		case s.kind == byIndex && !member && int(t.nodes[n].index) == s.index:
		default:
			return false
		}
	}
	return true
}

// path spells the way to n twice: as it is, and with the array indices folded.
func (t *tape) path(chain []int32) (exact, folded []byte) {
	exact, folded = []byte{'$'}, []byte{'$'}
	for _, n := range chain {
		if t.nodes[t.nodes[n].parent].kind == '{' {
			name := string(t.str(n - 1))
			exact, folded = appendName(exact, name), appendName(folded, name)
		} else {
			exact, folded = appendIndex(exact, int(t.nodes[n].index)), append(folded, "[*]"...)
		}
		if len(folded) > maxLiteral {
			break // it is cut anyway
		}
	}
	return exact, folded
}
