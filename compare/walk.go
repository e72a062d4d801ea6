package compare

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// walker compares two decoded answers value by value. It is reused, and not
// safe for concurrent use.
//
// The two tapes are walked in step. A path costs nothing on the way: it is read
// off the tape where something differs.
type walker struct {
	ref, cand tape
	rules     *settings
	found     []difference
	visible   int // of found, those that no rule hides
	steps     []int32
}

// difference is a delta in short: where it is, not what stands there.
type difference struct {
	kind      Kind
	ref, cand int32   // the values; none where a side has none
	abs, rel  float64 // of numbers
	hiddenBy  int     // index of the rule that ignores it; none
}

// walk fills found with the differences of the two tapes.
func (w *walker) walk(rules *settings) {
	if cap(w.found) > keepNodes {
		w.found = nil
	}
	w.rules, w.found, w.visible = rules, w.found[:0], 0
	w.value(0, 0)
}

func (w *walker) value(r, c int32) {
	kind := w.ref.nodes[r].kind
	if kind != w.cand.nodes[c].kind {
		w.add(difference{kind: kindOfChange(kind, w.cand.nodes[c].kind), ref: r, cand: c})
		return
	}
	switch kind {
	case '{':
		w.object(r, c)
	case '[':
		w.array(r, c)
	case '0':
		w.number(r, c)
	case '"':
		w.text(r, c)
	case cell:
		w.cell(r, c)
	}
}

func kindOfChange(a, b jsontext.Kind) Kind {
	if (a == 't' || a == 'f') && (b == 't' || b == 'f') {
		return KindBool
	}
	return KindType
}

// object pairs members by name. As long as both sides have the same order, the
// next name is the right one and no index is needed.
func (w *walker) object(r, c int32) {
	ref, cand := w.ref.nodes, w.cand.nodes
	var index map[string]int32
	next, pairs := c+1, int32(0)
	for name := r + 1; name < ref[r].end; name = ref[name+1].end {
		at := next
		if next >= cand[c].end || !w.sameString(name, next) {
			if index == nil {
				index = w.cand.index(c)
			}
			found, ok := index[string(w.ref.str(name))]
			if !ok {
				w.add(difference{kind: KindMissing, ref: name + 1, cand: none})
				continue
			}
			at = found
		}
		pairs++
		next = cand[at+1].end
		w.value(name+1, at+1)
	}
	if pairs < cand[c].size {
		w.extras(r, c)
	}
}

func (w *walker) extras(r, c int32) {
	index := w.ref.index(r)
	for name := c + 1; name < w.cand.nodes[c].end; name = w.cand.nodes[name+1].end {
		if _, ok := index[string(w.cand.str(name))]; !ok {
			w.add(difference{kind: KindExtra, ref: none, cand: name + 1})
		}
	}
}

// index finds the names of an object's members.
func (t *tape) index(object int32) map[string]int32 {
	m := make(map[string]int32, t.nodes[object].size)
	for name := object + 1; name < t.nodes[object].end; name = t.nodes[name+1].end {
		m[string(t.str(name))] = name
	}
	return m
}

// array compares element by element. Arrays of different lengths are one
// difference and their elements are not compared, because which of them belong
// together is a guess. What a mere change of order does to the elements is one
// difference too.
func (w *walker) array(r, c int32) {
	if w.ref.nodes[r].size != w.cand.nodes[c].size {
		w.add(difference{kind: KindLength, ref: r, cand: c})
		return
	}
	found, visible := len(w.found), w.visible
	i, j := r+1, c+1
	for i < w.ref.nodes[r].end {
		w.value(i, j)
		i, j = w.ref.nodes[i].end, w.cand.nodes[j].end
	}
	if w.visible > visible && w.reordered(r, c) {
		w.found, w.visible = w.found[:found], visible
		w.add(difference{kind: KindOrder, ref: r, cand: c})
	}
}

func (w *walker) number(r, c int32) {
	a, b := w.ref.literal(r), w.cand.literal(c)
	if bytes.Equal(a, b) {
		return
	}
	if abs, rel, equal := w.tolerance(r).compare(a, b); !equal {
		w.add(difference{kind: KindNumber, ref: r, cand: c, abs: abs, rel: rel})
	}
}

func (w *walker) text(r, c int32) {
	if !w.sameString(r, c) {
		w.add(difference{kind: KindString, ref: r, cand: c})
	}
}

// cell compares numbers if both sides are, else texts.
func (w *walker) cell(r, c int32) {
	a, b := w.ref.literal(r), w.cand.literal(c)
	switch {
	case bytes.Equal(a, b):
	case isNumber(a) && isNumber(b):
		w.number(r, c)
	default:
		w.add(difference{kind: KindString, ref: r, cand: c})
	}
}

// sameString compares two strings or names by what they mean.
func (w *walker) sameString(r, c int32) bool {
	return bytes.Equal(w.ref.literal(r), w.cand.literal(c)) || bytes.Equal(w.ref.str(r), w.cand.str(c))
}

// tolerance is that of the longest rule that leads to the reference's value.
func (w *walker) tolerance(r int32) Number {
	if len(w.rules.numbers) > 0 {
		w.steps = w.ref.chain(w.steps[:0], r)
		for _, rule := range w.rules.numbers {
			if w.ref.under(w.steps, rule.pattern) {
				return *rule.Number
			}
		}
	}
	return w.rules.number
}

// hiding is the index of the rule that ignores a value.
func (w *walker) hiding(t *tape, n int32) int {
	if len(w.rules.ignore) > 0 {
		w.steps = t.chain(w.steps[:0], n)
		for i, rule := range w.rules.ignore {
			if t.under(w.steps, rule.pattern) {
				return i
			}
		}
	}
	return none
}

func (w *walker) add(d difference) {
	if d.hiddenBy = w.hiding(w.side(d)); d.hiddenBy == none {
		w.visible++
	}
	w.found = append(w.found, d)
}

// side is where a difference has its place: the reference, but for extras.
func (w *walker) side(d difference) (*tape, int32) {
	if d.ref == none {
		return &w.cand, d.cand
	}
	return &w.ref, d.ref
}
