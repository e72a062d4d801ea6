package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/number"
)

// notes are what a walk held equal though it differs, place by place, and by
// what. They are taken where somebody asks for an explanation; a nil *notes
// takes none.
type notes struct {
	list []note
	// pairs are the elements of arrays that are paired by other things than their
	// places: of each of the reference's the candidate's; none where there is none.
	pairs map[int32]int32
}

// note is one place.
type note struct {
	by        string // a rule, as its hits are named, or the tolerance that holds without one
	ref, cand int32  // the values; none where a side has none
	size      number.Difference
	differs   bool // of numbers: they are further apart than by allows
}

// hit notes that a rule hid a difference. Numbers are noted by weigh, because a
// rule for them may also make one.
func (n *notes) hit(path string, x aspect, r, c int32) {
	if n != nil && x != numberAspect {
		n.list = append(n.list, note{by: path + " " + aspectNames[x], ref: r, cand: c})
	}
}

// weigh notes under which tolerance two numbers are equal, or are not.
func (n *notes) weigh(w *walker, rule *pathRule, t *number.Tolerance, r, c int32, a, b []byte, equal bool) {
	if n != nil {
		n.weighed(w, rule, t, r, c, a, b, equal)
	}
}

func (n *notes) weighed(w *walker, rule *pathRule, t *number.Tolerance, r, c int32, a, b []byte, equal bool) {
	if equal && exactValue.Equal(a, b, w.precision) {
		return // one value in two spellings
	}
	by := ""
	switch {
	case rule != nil:
		by = rule.path
	case t == &exactValue || t == &number.Default:
		by = "default"
	case w.machine.number == nil:
		by = "datatype"
	}
	size, _ := t.Compare(a, b, w.precision)
	n.list = append(n.list, note{by: strings.TrimSpace(by+" number ") + " " + allows(t), ref: r, cand: c, size: size, differs: !equal})
}

// allows spells what a tolerance allows.
func allows(t *number.Tolerance) string {
	var parts []string
	add := func(set bool, format string, args ...any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(t.Abs > 0, "abs %g", t.Abs)
	add(t.Rel > 0, "rel %g", t.Rel)
	add(t.ULPs > 0, "ulps %d", t.ULPs)
	add(t.Decimals, "decimals")
	add(len(parts) == 0, "exact")
	add(t.NaN == "differ", "nan differ")
	return "(" + strings.Join(parts, ", ") + ")"
}

// pair notes which elements belong together.
func (n *notes) pair(r, c int32) {
	if n != nil {
		n.pairs[r] = c
	}
}

// twins notes which elements of a bag are equal.
func (n *notes) twins(w *walker, el *state, a, b []int32) {
	if n == nil {
		return
	}
	waiting := map[digest][]int32{}
	for _, c := range b {
		d := w.candDigests.of(el, c)
		waiting[d] = append(waiting[d], c)
	}
	for _, r := range a {
		d := w.refDigests.of(el, r)
		if same := waiting[d]; len(same) > 0 {
			n.pairs[r], waiting[d] = same[0], same[1:]
		}
	}
}

// moved notes which elements of an array stand where in another order.
func (n *notes) moved(w *walker, s *state, r, c int32) {
	if n != nil {
		n.twins(w, w.machine.element(s, none), w.children(&w.pair.Reference.Tape, r, 0), w.children(&w.pair.Candidate.Tape, c, 0))
	}
}

func (n *notes) len() int {
	if n == nil {
		return 0
	}
	return len(n.list)
}

// cut forgets what was noted since.
func (n *notes) cut(to int) {
	if n != nil {
		n.list = n.list[:to]
	}
}

// forget leaves out what was noted within arrays of which it is one difference
// that they have another order: it is of elements that don't belong together.
func (n *notes) forget(w *walker) {
	for _, d := range w.found {
		if d.kind == KindOrder {
			end := w.pair.Reference.Tape.Nodes[d.ref].End
			n.list = slices.DeleteFunc(n.list, func(at note) bool { return at.ref > d.ref && at.ref < end })
		}
	}
}
