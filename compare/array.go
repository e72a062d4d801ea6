package compare

import (
	"bytes"
	"slices"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/number"
	"github.com/modelparity/parity/internal/tape"
)

// array compares element by element, by default in their order. Arrays of
// different lengths are one difference then and their elements are not compared,
// because which of them belong together is a guess. What a mere change of order
// does to the elements is one difference too.
func (w *walker) array(s *state, r, c int32) {
	if len(w.pair.Reference.Tensors) > 0 {
		defer w.datatype(r, c)()
	}
	if s.inert && s.holds[orderAspect] == none && s.holds[topAspect] == none {
		w.inOrder(s, r, c)
		return
	}
	top := int32(0)
	if rule := w.machine.rule(s, topAspect); rule != nil {
		top = int32(rule.Top)
	}
	key := w.machine.rule(w.machine.element(s, none), keyAspect)
	if top == 0 && key == nil && s.holds[orderAspect] == none {
		w.inOrder(s, r, c)
		return
	}
	a, b := w.children(&w.pair.Reference.Tape, r, top), w.children(&w.pair.Candidate.Tape, c, top)
	if cut := int(w.pair.Reference.Tape.Nodes[r].Size) > len(a) || int(w.pair.Candidate.Tape.Nodes[c].Size) > len(b); cut {
		w.hit(s, topAspect, r, c)
	}
	switch {
	case key != nil:
		w.byKey(s, r, c, key.Key, a, b)
	case s.holds[orderAspect] != none:
		w.asBag(s, r, c, a, b)
	case len(a) != len(b):
		w.add(s, difference{kind: KindLength, ref: r, cand: c})
	default:
		found := len(w.found)
		for i := range a {
			w.value(w.machine.element(s, i), a[i], b[i])
		}
		w.foldOrder(s, r, c, found)
	}
}

// children lists the elements of an array, at most top of them; 0 is all.
func (w *walker) children(t *tape.Tape, n, top int32) []int32 {
	size := t.Nodes[n].Size
	if top != 0 {
		size = min(size, top)
	}
	out := make([]int32, 0, size)
	for i := n + 1; i < t.Nodes[n].End && len(out) < int(size); i = t.Nodes[i].End {
		out = append(out, i)
	}
	return out
}

func (w *walker) inOrder(s *state, r, c int32) {
	ref, cand := w.pair.Reference.Tape.Nodes, w.pair.Candidate.Tape.Nodes
	if ref[r].Size != cand[c].Size {
		w.add(s, difference{kind: KindLength, ref: r, cand: c})
		return
	}
	found := len(w.found)
	for i, j := r+1, c+1; i < ref[r].End; i, j = ref[i].End, cand[j].End {
		w.value(w.machine.element(s, int(ref[i].Index)), i, j)
	}
	w.foldOrder(s, r, c, found)
}

// foldOrder makes one difference of those found since in an array that has the
// same elements in another order.
func (w *walker) foldOrder(s *state, r, c int32, found int) {
	if len(w.found) > found && w.pair.Reference.Tape.Nodes[r].Size > 1 && w.reordered(s, r, c) {
		w.found = w.found[:found]
		w.add(s, difference{kind: KindOrder, ref: r, cand: c})
		w.notes.moved(w, s, r, c)
	}
}

// datatype sets the tolerance that goes with a tensor's declared type while its
// values are compared. It returns what sets the former again.
func (w *walker) datatype(r, c int32) func() {
	tolerance, precision := w.tolerance, w.precision
	back := func() { w.tolerance, w.precision = tolerance, precision }
	a, okA := datatypeOf(w.pair.Reference.Tensors, r)
	b, okB := datatypeOf(w.pair.Candidate.Tensors, c)
	if !okA || !okB {
		return back
	}
	ta, pa, okA := number.ForDatatype(a)
	tb, pb, okB := number.ForDatatype(b)
	if okA && okB {
		w.precision = number.Coarser(pa, pb)
	}
	if okA && okB && w.machine.number == nil {
		if tb.Rel > ta.Rel {
			ta = tb // the coarser side's
		}
		w.tolerance = &ta
	}
	return back
}

// byKey pairs elements by what their member says; those that say the same in
// their order. Elements without the member are paired in their order too.
func (w *walker) byKey(s *state, r, c int32, key string, a, b []int32) {
	el := w.machine.element(s, none)
	waiting := map[digest][]int32{}
	for _, c := range b {
		k := w.candDigests.keyOf(el, c, key)
		waiting[k] = append(waiting[k], c)
	}
	moved := false
	last := int32(0)
	for i, r := range a {
		k := w.refDigests.keyOf(el, r, key)
		same := waiting[k]
		if len(same) == 0 {
			w.notes.pair(r, none)
			w.lone(w.machine.element(s, i), &w.pair.Reference.Tape, r, difference{kind: KindMissing, ref: r, cand: none})
			continue
		}
		c := same[0]
		waiting[k] = same[1:]
		moved = moved || c < last
		last = c
		w.notes.pair(r, c)
		w.value(w.machine.element(s, i), r, c)
	}
	if moved {
		w.hit(el, keyAspect, r, c)
	}
	for _, c := range b {
		k := w.candDigests.keyOf(el, c, key)
		if rest := waiting[k]; len(rest) > 0 && rest[0] == c {
			waiting[k] = rest[1:]
			w.lone(w.machine.element(s, none), &w.pair.Candidate.Tape, c, difference{kind: KindExtra, ref: none, cand: c})
		}
	}
}

// keyOf is what an element's member says; zero where it has none.
func (g *digester) keyOf(el *state, n int32, key string) digest {
	m := member(g.tape, n, key)
	if m == none {
		return digest{}
	}
	return g.of(g.machine.member(el, []byte(key)), m)
}

// asBag pairs elements whatever their order. Of scalars as many are paired within
// their tolerance as can be, of others those that are equal. What is left is
// paired in its order: where other elements want a tolerance they need a key.
// (Trying the order as it is first would walk nested bags twice a level.)
func (w *walker) asBag(s *state, r, c int32, a, b []int32) {
	if len(a) != len(b) {
		w.add(s, difference{kind: KindLength, ref: r, cand: c})
		return
	}
	el := w.machine.element(s, none)
	all := len(a)
	if w.scalars(&w.pair.Reference.Tape, a) && w.scalars(&w.pair.Candidate.Tape, b) {
		a, b = w.matchScalars(el, a, b)
	} else {
		a, b = w.unequal(el, a, b)
	}
	if len(a) < all && !w.sameOrder(s, r, c) {
		w.hit(s, orderAspect, r, c)
	}
	for i := range a {
		w.notes.pair(a[i], b[i])
		w.value(el, a[i], b[i])
	}
}

// sameOrder says whether equal elements stand at the same places.
func (w *walker) sameOrder(s *state, r, c int32) bool {
	return slices.Equal(w.refDigests.elements(s, r, false), w.candDigests.elements(s, c, false))
}

func (w *walker) scalars(t *tape.Tape, list []int32) bool {
	return !slices.ContainsFunc(list, func(n int32) bool {
		return t.Nodes[n].Kind == tape.Object || t.Nodes[n].Kind == tape.Array
	})
}

// matchScalars sorts both sides and goes along both at once: the smaller of two
// that don't fit finds no partner further on either. As tolerances grow with the
// values, no other way pairs more. It returns what is left of both.
func (w *walker) matchScalars(el *state, a, b []int32) (restA, restB []int32) {
	x, y := w.sorted(el, &w.pair.Reference.Tape, a), w.sorted(el, &w.pair.Candidate.Tape, b)
	i, j := 0, 0
	for i < len(x) && j < len(y) {
		switch order := x[i].compare(y[j]); {
		case w.fit(el, x[i].node, y[j].node):
			w.notes.pair(x[i].node, y[j].node)
			i, j = i+1, j+1
		case order <= 0:
			restA = append(restA, x[i].node)
			i++
		default:
			restB = append(restB, y[j].node)
			j++
		}
	}
	for ; i < len(x); i++ {
		restA = append(restA, x[i].node)
	}
	for ; j < len(y); j++ {
		restB = append(restB, y[j].node)
	}
	return restA, restB
}

// fit says whether two values are equal under the rules.
func (w *walker) fit(el *state, r, c int32) bool {
	found, noted := len(w.found), w.notes.len()
	w.value(el, r, c)
	fits := len(w.found) == found
	w.found = w.found[:found]
	if !fits {
		w.notes.cut(noted) // they are no pair
	}
	return fits
}

// ranked is a scalar with what it is sorted by: its type, and its value or text.
type ranked struct {
	node int32
	rank tape.Kind
	text []byte
}

func (x ranked) compare(y ranked) int {
	switch {
	case x.rank != y.rank:
		return int(x.rank) - int(y.rank)
	case x.rank == tape.Number:
		return number.Order(x.text, y.text)
	}
	return bytes.Compare(x.text, y.text)
}

func (w *walker) sorted(el *state, t *tape.Tape, list []int32) []ranked {
	out := make([]ranked, len(list))
	for i, n := range list {
		out[i] = ranked{n, t.Nodes[n].Kind, plainText(t, n)}
		if kind := out[i].rank; kind == tape.String || kind == tape.Cell {
			out[i].rank, out[i].text = tape.String, w.machine.textForm(el, out[i].text)
			if kind == tape.Cell && number.Is(out[i].text) {
				out[i].rank = tape.Number
			}
		}
	}
	slices.SortStableFunc(out, ranked.compare)
	return out
}

// unequal takes away the elements that both sides have, each as often as both.
func (w *walker) unequal(el *state, a, b []int32) (restA, restB []int32) {
	w.notes.twins(w, el, a, b)
	count := map[digest]int{}
	for _, c := range b {
		count[w.candDigests.of(el, c)]++
	}
	for _, r := range a {
		if d := w.refDigests.of(el, r); count[d] > 0 {
			count[d]--
		} else {
			restA = append(restA, r)
		}
	}
	for _, c := range slices.Backward(b) { // of repeats the first are taken
		if d := w.candDigests.of(el, c); count[d] > 0 {
			count[d]--
			restB = append(restB, c)
		}
	}
	slices.Reverse(restB)
	return restA, restB
}

func datatypeOf(tensors []answer.Tensor, n int32) (string, bool) {
	i, found := slices.BinarySearchFunc(tensors, n, func(t answer.Tensor, n int32) int { return int(t.Data) - int(n) })
	if !found {
		return "", false
	}
	return tensors[i].Datatype, true
}
