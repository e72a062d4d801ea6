package tape

import (
	"math/bits"
	"slices"
)

// few is how many members are looked through one by one. Objects of more get a
// hash table: open addressing, a power of two of places, at most half of them
// taken. A place holds a node's index, 0 if it is free.
const few = 16

// Find is the member of the object that is named as the member m of o is, -1 if
// there is none. It looks first behind the member that it found last.
func (t *Tape) Find(object int32, o *Tape, m int32) int32 {
	n := &t.Nodes[object]
	if n.Size == 0 {
		return none
	}
	c := n.next
	if c == 0 {
		c = object + 1
	}
	if !t.SameName(c, o, m) {
		if n.Size > few {
			c = t.lookup(object, o, m)
		} else {
			c = t.search(object, c, o, m)
		}
	}
	if c != none {
		if n.next = t.Nodes[c].End; n.next == n.End {
			n.next = 0
		}
	}
	return c
}

// search looks through the members from the one behind c, round to c.
func (t *Tape) search(object, c int32, o *Tape, m int32) int32 {
	end := t.Nodes[object].End
	for range t.Nodes[object].Size - 1 {
		if c = t.Nodes[c].End; c == end {
			c = object + 1
		}
		if t.SameName(c, o, m) {
			return c
		}
	}
	return none
}

// lookup asks the object's table, which is made if it is not there.
func (t *Tape) lookup(object int32, o *Tape, m int32) int32 {
	if t.Nodes[object].table == 0 {
		t.tabulate(object)
	}
	places := t.places(object)
	for i := o.Nodes[m].NameHash; ; i++ {
		c := places[i&uint32(len(places)-1)]
		if c == 0 {
			return none
		}
		if t.SameName(c, o, m) {
			return c
		}
	}
}

// places is the table of an object that has one.
func (t *Tape) places(object int32) []int32 {
	n := &t.Nodes[object]
	return t.tables[n.table-1:][:tableSize(n.Size)]
}

func tableSize(members int32) int {
	return 2 << bits.Len32(uint32(members-1))
}

// tabulate makes the table of an object. A member with the name of an earlier
// one is returned; else it is -1.
func (t *Tape) tabulate(object int32) int32 {
	n := &t.Nodes[object]
	n.table = int32(len(t.tables)) + 1
	size := tableSize(n.Size)
	t.tables = slices.Grow(t.tables, size)[:len(t.tables)+size]
	places := t.places(object)
	clear(places)
	for c := object + 1; c < n.End; c = t.Nodes[c].End {
		i := t.Nodes[c].NameHash & uint32(len(places)-1)
		for ; places[i] != 0; i = (i + 1) & uint32(len(places)-1) {
			if t.SameName(places[i], t, c) {
				return c
			}
		}
		places[i] = c
	}
	return none
}

// twin says whether the last member of the object, which is still open and the
// last node, is named like an earlier one.
func (t *Tape) twin(object int32) bool {
	last := int32(len(t.Nodes) - 1)
	for c := object + 1; c < last; c = t.Nodes[c].End {
		if t.SameName(c, t, last) {
			return true
		}
	}
	return false
}
