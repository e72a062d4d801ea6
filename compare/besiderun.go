package compare

import (
	"slices"

	"github.com/modelparity/parity/internal/tape"
)

// run is the members or elements of one pair of values, on their way to rows.
type run struct {
	a       *aligner
	depth   int
	covered bool // of the differences here one is said above
	same    bool // both sides are written alike, all the way down
	all     Mark // what all are
	any     bool // all is said of one at least
	loud    bool // some have deltas

	last   Mark // of the one before, if that has no delta
	quiet  int  // so many like it in a row
	folded int  // of these, those without rows
	fold   Mark
}

// children adds all that is in one of two values, or in both.
func (f *run) children(r, c int32) {
	ref, cand := f.a.tape(false), f.a.tape(true)
	switch {
	case r == none:
		f.lone(cand, c, func(n int32) { f.child(none, n) })
	case c == none:
		f.lone(ref, r, func(n int32) { f.child(n, none) })
	case ref.Nodes[r].Kind == tape.Object && cand.Nodes[c].Kind == tape.Object:
		f.align(r, c, func(m int32) int32 { return max(cand.Find(c, ref, m), none) })
	case ref.Nodes[r].Kind == tape.Array && cand.Nodes[c].Kind == tape.Array:
		f.align(r, c, f.elements(r, c))
	default:
		f.lone(ref, r, func(n int32) { f.child(n, none) })
		f.lone(cand, c, func(n int32) { f.child(none, n) })
	}
	f.flush(len(f.a.sheet.Rows))
}

func (f *run) lone(t *tape.Tape, n int32, add func(int32)) {
	for m := n + 1; m < t.Nodes[n].End; m = t.Nodes[m].End {
		add(m)
	}
}

// elements says which of the candidate's elements belongs to one of the
// reference's: the one that the judge paired it with, or that at its place.
func (f *run) elements(r, c int32) func(int32) int32 {
	ref, cand := f.a.tape(false), f.a.tape(true)
	next := c + 1
	step := func() int32 {
		if next >= cand.Nodes[c].End {
			return none
		}
		n := next
		next = cand.Nodes[n].End
		return n
	}
	pairs := f.a.pairs()
	if _, paired := pairs[r+1]; !paired || ref.Nodes[r].Size == 0 {
		return func(int32) int32 { return step() }
	}
	return func(m int32) int32 {
		if n, ok := pairs[m]; ok {
			step()
			return n
		}
		return step() // beyond the top, where nothing is compared
	}
}

// align adds pairs in the reference's order, and what only the candidate has
// behind what it has it behind.
func (f *run) align(r, c int32, partner func(int32) int32) {
	ref, cand := f.a.tape(false), f.a.tape(true)
	partners, paired := make([]int32, 0, ref.Nodes[r].Size), make(map[int32]bool, cand.Nodes[c].Size)
	for m := r + 1; m < ref.Nodes[r].End; m = ref.Nodes[m].End {
		p := partner(m)
		partners = append(partners, p)
		paired[p] = true
	}
	extras := func(from int32) {
		for n := from; n < cand.Nodes[c].End && !paired[n]; n = cand.Nodes[n].End {
			f.child(none, n)
		}
	}
	extras(c + 1)
	i := 0
	for m := r + 1; m < ref.Nodes[r].End; m = ref.Nodes[m].End {
		p := partners[i]
		i++
		f.child(m, p)
		if p != none {
			extras(cand.Nodes[p].End)
		}
	}
}

// child adds the rows of one member or element, or counts it.
func (f *run) child(r, c int32) {
	a := f.a
	if f.same && f.quiet >= a.options.Fold {
		f.hide(Equal)
		return
	}
	start := len(a.sheet.Rows)
	if !a.holds(r, c) { // not to spell what is not shown
		m, s := a.markOf(r, c, f.covered)
		if s == nil && f.follows(m, start) {
			f.hide(m)
			return
		}
	}
	more, differ := a.sheet.More, a.sheet.MoreDiffer
	mark, loud := a.value(f.depth, r, c, f.covered)
	if loud {
		f.flush(start)
		f.quiet, f.loud = 0, true
		return
	}
	if f.follows(mark, start) {
		a.sheet.Rows, a.sheet.More, a.sheet.MoreDiffer = a.sheet.Rows[:start], more, differ
		f.hide(mark)
		return
	}
	f.quiet, f.last = f.quiet+1, mark
	f.saw(mark)
}

// follows says whether so many of a kind have come that this one is counted
// only. Where another kind begins it adds the row for those that were counted,
// before the row at.
func (f *run) follows(m Mark, at int) bool {
	if f.quiet > 0 && oneSided(m) != oneSided(f.last) {
		f.flush(at)
		f.quiet = 0
	}
	return f.quiet >= f.a.options.Fold
}

// oneSided is the mark of what one side lacks.
func oneSided(m Mark) Mark {
	if m == ReferenceOnly || m == CandidateOnly {
		return m
	}
	return Unmarked
}

// hide counts a child that gets no row.
func (f *run) hide(m Mark) {
	if f.folded++; f.folded == 1 {
		f.fold = m
	}
	f.fold = common(f.fold, m)
	f.last = m
	f.saw(m)
}

// saw takes a child's mark into what all are.
func (f *run) saw(m Mark) {
	if f.all == Unmarked && !f.any {
		f.all = m // the container's own says nothing
	}
	f.any = true
	f.all = common(f.all, m)
}

// common is what can be said of two together.
func common(a, b Mark) Mark {
	held := func(m Mark) bool { return m == Equal || m == HeldEqual }
	switch {
	case a == b:
		return a
	case held(a) && held(b):
		return HeldEqual
	}
	return Unmarked
}

// flush adds a row for those that were counted, before the row at.
func (f *run) flush(at int) {
	switch sheet := &f.a.sheet; {
	case f.folded == 0:
	case len(sheet.Rows) >= f.a.options.MaxRows:
		f.a.skip(f.fold, f.folded)
	default:
		sheet.Rows = slices.Insert(sheet.Rows, at, Row{Depth: f.depth, Mark: f.fold, Folded: f.folded})
	}
	f.folded = 0
}
