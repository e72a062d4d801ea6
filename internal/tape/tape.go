// Package tape decodes an answer (JSON, JSON Lines, CSV or plain text) into a
// flat list of its values, fast and without allocating once its buffers have
// grown.
package tape

import (
	"errors"
	"fmt"
	"math"
)

// What a tape takes. The depth bounds the recursion of whoever walks it, the
// number of nodes its memory: a gzipped answer of some KiB can hold a hundred
// million.
const (
	maxDepth = 1000
	maxNodes = 4 << 20
)

// Release gives back what is larger than this.
const (
	keepNodes = 1 << 14
	keepBytes = 1 << 20
)

// Errors for answers that are well formed, as far as was read, but too much.
var (
	ErrTooLarge = errors.New("the decoded answer is too large")
	ErrTooDeep  = fmt.Errorf("nested deeper than %d", maxDepth)
)

// Kind is what a value is.
type Kind byte

// The kinds of JSON are named by the first byte of their literals. A Cell is a
// CSV cell or a plain text: a number if both sides' are, else a text.
const (
	Null   Kind = 'n'
	False  Kind = 'f'
	True   Kind = 't'
	Number Kind = '0'
	String Kind = '"'
	Object Kind = '{'
	Array  Kind = '['
	Cell   Kind = 'c'
)

// Flags says what is special about a value.
type Flags uint8

// The flags of a Node.
const (
	Escaped     Flags = 1 << iota // the literal of a string holds escapes
	NameEscaped                   // so does the member's name
	NonFinite                     // NaN, Infinity or -Infinity, which JSON does not have and Python writes
)

const none = -1

// Node is one value. The children of node n are
//
//	for c := n + 1; c < t.Nodes[n].End; c = t.Nodes[c].End
type Node struct {
	Kind  Kind
	Flags Flags

	// NameHash is of the member's name with escapes undone: equal names have equal
	// hashes, on all tapes of one process. It is 0 where there is no name.
	NameHash uint32

	NameStart, NameStop uint32 // the member's name in Text, between its quotes, escapes not undone; 0,0 for elements and the root
	Start, Stop         uint32 // the literal in Text; of a string with its quotes
	Parent, End         int32  // the container's index, -1 for the root; the index past the last descendant
	Index               int32  // among its siblings
	Size                int32  // children of a container

	// Of an object, for Find.
	next  int32 // where the next member is expected; 0 if that is not known
	table int32 // where its table starts in Tape.tables, plus one; 0 if it has none
}

// Tape is one decoded answer: its values in the order of the text. It is
// reused: what it holds is good until the next Read or Release. It is not for
// more than one goroutine, not even to look at.
//
//	{"a":[1,2]}   0 {  1 a:[  2 1  3 2
//	       End    4    4      3    4
type Tape struct {
	Text  []byte
	Nodes []Node

	buffer  []byte  // the text of the cells of a CSV
	columns []Node  // names of the columns
	name    []byte  // scratch: a name with its escapes undone
	tables  []int32 // see find.go

	// Of the objects that are being read, by depth: a bit for each member, by its
	// hash. Where the bit of a name is free, no earlier member has the name.
	seen [maxDepth + 1]uint64
}

// reset empties the tape and gives it a text.
func (t *Tape) reset(text []byte) error {
	t.Nodes, t.tables = t.Nodes[:0], t.tables[:0]
	t.Text = text
	if uint64(len(text)) >= math.MaxUint32 {
		return ErrTooLarge
	}
	return nil
}

// Release empties the tape and gives back buffers that have become large. Call
// it between answers.
func (t *Tape) Release() {
	t.Text, t.Nodes = nil, t.Nodes[:0]
	if cap(t.Nodes) > keepNodes {
		t.Nodes, t.tables, t.columns = nil, nil, nil
	}
	if cap(t.buffer) > keepBytes || cap(t.name) > keepBytes {
		t.buffer, t.name = nil, nil
	}
}

// ReadText makes the text one Cell. It panics if that has 4 GiB.
func (t *Tape) ReadText(text []byte) {
	if err := t.reset(text); err != nil {
		panic(err)
	}
	t.Nodes = append(t.Nodes, Node{Kind: Cell, Stop: uint32(len(text)), Parent: none, End: 1})
}

// Literal is the text of the value n as it stands in the answer.
func (t *Tape) Literal(n int32) []byte {
	return t.Text[t.Nodes[n].Start:t.Nodes[n].Stop]
}

// Str is what the String n means: its literal without quotes and escapes. Of a
// Cell it is the text. It allocates if there are escapes.
func (t *Tape) Str(n int32) []byte {
	raw := t.Literal(n)
	if t.Nodes[n].Kind != String {
		return raw
	}
	raw = raw[1 : len(raw)-1]
	if t.Nodes[n].Flags&Escaped != 0 {
		return appendUnescaped(nil, raw)
	}
	return raw
}

// Name is the name of the member n, with escapes undone. It allocates if there
// are any.
func (t *Tape) Name(n int32) []byte {
	raw := t.rawName(n)
	if t.Nodes[n].Flags&NameEscaped != 0 {
		return appendUnescaped(nil, raw)
	}
	return raw
}

func (t *Tape) rawName(n int32) []byte {
	return t.Text[t.Nodes[n].NameStart:t.Nodes[n].NameStop]
}

// SameName says whether the member n is named as the member m of o is.
func (t *Tape) SameName(n int32, o *Tape, m int32) bool {
	return t.Nodes[n].NameHash == o.Nodes[m].NameHash && t.sameName(n, o, m)
}

func (t *Tape) sameName(n int32, o *Tape, m int32) bool {
	return same(t.rawName(n), o.rawName(m), (t.Nodes[n].Flags|o.Nodes[m].Flags)&NameEscaped != 0)
}

// SameString says whether the Strings n and m of o mean the same, however they
// are escaped.
func (t *Tape) SameString(n int32, o *Tape, m int32) bool {
	return same(t.Literal(n), o.Literal(m), (t.Nodes[n].Flags|o.Nodes[m].Flags)&Escaped != 0)
}

// Chain appends the nodes from below the root down to n, n included.
func (t *Tape) Chain(dst []int32, n int32) []int32 {
	from := len(dst)
	for ; n > 0; n = t.Nodes[n].Parent {
		dst = append(dst, n)
	}
	for i, j := from, len(dst)-1; i < j; i, j = i+1, j-1 {
		dst[i], dst[j] = dst[j], dst[i]
	}
	return dst
}
