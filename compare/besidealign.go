package compare

import (
	"bytes"
	"slices"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/tape"
)

// aligner makes the rows of a Sheet. Members and elements come in runs: of many
// in a row that are equal the first are shown and the others counted, so that a
// sheet is short however long the answers are.
type aligner struct {
	model     *model
	options   BesideOptions
	ref, cand *answer.Decoded
	sheet     Sheet

	said       map[int32]*said // by the reference's value
	saidOfCand map[int32]*said // by the candidate's, of what only that has
	inRef      []int32         // the keys of said, sorted
	inCand     []int32
}

// said is what the judge has to say of one place.
type said struct {
	differences []int // in walker.found
	held        []string
	over        string // of numbers that differ: the tolerance
	covers      bool   // what is below is not compared value by value
}

// index sorts what the walk found by place.
func (a *aligner) index() {
	a.said, a.saidOfCand = map[int32]*said{}, map[int32]*said{}
	w := &a.model.comparer.walker
	for i, d := range w.found {
		s := a.at(d.ref, d.cand)
		s.differences = append(s.differences, i)
		s.covers = s.covers || d.kind != KindDecision
	}
	notes := w.notes.list
	if !a.sheet.Compared {
		notes = nil // they were of values that are no pairs
	}
	for _, n := range notes {
		s := a.at(n.ref, n.cand)
		if n.differs {
			s.over = n.by
			continue
		}
		s.covers = true
		if !slices.Contains(s.held, n.by) {
			s.held = append(s.held, n.by)
		}
	}
	for n := range a.said {
		a.inRef = append(a.inRef, n)
	}
	for n := range a.saidOfCand {
		a.inCand = append(a.inCand, n)
	}
	slices.Sort(a.inRef)
	slices.Sort(a.inCand)
}

// at is what is said of a place; it makes it where nothing is yet.
func (a *aligner) at(r, c int32) *said {
	m, n := a.said, r
	if r == none {
		m, n = a.saidOfCand, c
	}
	if m[n] == nil {
		m[n] = &said{}
	}
	return m[n]
}

func (a *aligner) lookup(r, c int32) *said {
	if r == none {
		return a.saidOfCand[c]
	}
	return a.said[r]
}

// pairs are the elements that the judge paired by other things than their places.
func (a *aligner) pairs() map[int32]int32 {
	if !a.sheet.Compared {
		return nil
	}
	return a.model.comparer.walker.notes.pairs
}

// body aligns two answers.
func (a *aligner) body() {
	if a.ref.Form == answer.Text && a.cand.Form == answer.Text {
		a.texts(a.ref.Tape.Text, a.cand.Tape.Text)
		return
	}
	a.value(0, 0, 0, false)
}

func (a *aligner) tape(cand bool) *tape.Tape {
	if cand {
		return &a.cand.Tape
	}
	return &a.ref.Tape
}

// value adds the rows of a pair of values. loud says that some of them have
// deltas; all is what all of them are, if none have.
func (a *aligner) value(depth int, r, c int32, covered bool) (all Mark, loud bool) {
	own, s := a.markOf(r, c, covered)
	a.add(depth, r, c, own, s)
	loud = s != nil && len(s.differences) > 0
	if !a.holds(r, c) {
		return own, loud
	}
	f := run{a: a, depth: depth + 1, covered: covered || s != nil && s.covers, same: own == Equal, all: own}
	f.children(r, c)
	return f.all, loud || f.loud
}

// markOf is the mark of one place, without what is below.
func (a *aligner) markOf(r, c int32, covered bool) (Mark, *said) {
	s := a.lookup(r, c)
	switch {
	case s != nil && len(s.differences) > 0:
		return a.markOfDeltas(r, c, s.differences), s
	case s != nil && len(s.held) > 0:
		return HeldEqual, s
	case c == none:
		return ReferenceOnly, s
	case r == none:
		return CandidateOnly, s
	case a.sameLiteral(r, c):
		return Equal, s
	case !a.sheet.Compared || covered || a.holds(r, c):
		return Unmarked, s
	}
	return HeldEqual, s
}

func (a *aligner) markOfDeltas(r, c int32, differences []int) Mark {
	switch {
	case !slices.ContainsFunc(differences, func(i int) bool { return !a.isNoise(i) }):
		return IsNoise
	case c == none:
		return ReferenceOnly
	case r == none:
		return CandidateOnly
	}
	return Differs
}

func (a *aligner) isNoise(difference int) bool {
	if a.model.noise == nil {
		return false
	}
	f := a.finding(difference)
	return f.Noise
}

func (a *aligner) finding(difference int) finding {
	c := a.model.comparer
	f := c.describe(c.walker.found[difference])
	f.Noise = a.model.noise.inside(&f)
	return f
}

// sameLiteral says whether two values are written alike, with nothing to say of
// what they hold.
func (a *aligner) sameLiteral(r, c int32) bool {
	ref, cand := a.tape(false), a.tape(true)
	return ref.Nodes[r].Kind == cand.Nodes[c].Kind && bytes.Equal(ref.Literal(r), cand.Literal(c)) &&
		!anyWithin(a.inRef, r, ref.Nodes[r].End) && !anyWithin(a.inCand, c, cand.Nodes[c].End)
}

func anyWithin(sorted []int32, from, to int32) bool {
	i, _ := slices.BinarySearch(sorted, from)
	return i < len(sorted) && sorted[i] < to
}

// holds says whether one of two values has something in it.
func (a *aligner) holds(r, c int32) bool {
	return r != none && a.ref.Tape.Nodes[r].Size > 0 || c != none && a.cand.Tape.Nodes[c].Size > 0
}
