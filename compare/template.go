package compare

import (
	"bytes"

	"github.com/modelparity/parity/internal/number"
	"github.com/modelparity/parity/internal/tape"
)

// template is the short way to a match: where both answers have the shapes that
// an earlier pair had, which of their values belong together and which rules hold
// is known from that one, and the values are compared without tapes. It finds
// matches only. Whatever it can't say goes the long way, which decides all the
// rest and gives the same for what is decided here: BenchmarkCompare shows what
// it buys, TestTemplates that it changes nothing.
type template struct {
	machine   *machine
	ref, cand tape.Shape
	places    []int32  // of the candidate's scalars among the reference's
	states    []*state // the rules that hold at the candidate's scalars
	known     bool
	fit       bool // the last texts had the shapes

	scalars []tape.Scalar // of the reference
	others  []tape.Other  // of the candidate
	hidden  []*state      // where an ignored value differs

	hope
}

// maxShape is how many bytes the text has that a shape is learnt of: of large
// answers few are alike, and a model keeps its shapes.
const maxShape = 128 << 10

// match says whether two texts are equal, without the help of rules that ignore
// if strictly. What it counts, it counts in w.
func (t *template) match(w *walker, ref, cand []byte, strictly bool) bool {
	if t.fit = false; !t.known {
		return false
	}
	var ok bool
	if t.scalars, ok = t.ref.Read(t.scalars, ref); !ok {
		return false
	}
	if t.others, ok = t.cand.ReadBeside(t.others, cand, ref, t.scalars, t.places); !ok {
		return false
	}
	w.defaults()
	t.fits()
	t.fit, t.hidden = true, t.hidden[:0]
	for _, c := range t.others {
		r := t.scalars[t.places[c.Index]]
		if !t.equal(w, t.cand.Kind(c.Index), t.states[c.Index], ref[r.Start:r.Stop], cand[c.Start:c.Stop]) {
			return false
		}
	}
	if strictly && len(t.hidden) > 0 {
		return false
	}
	for _, st := range t.hidden {
		w.hit(st, ignoreAspect, none, none)
	}
	return true
}

// equal compares two literals that differ.
func (t *template) equal(w *walker, kind tape.Kind, st *state, a, b []byte) bool {
	ignored := st.holds[ignoreAspect] != none
	switch kind {
	case tape.Number:
		rule := t.machine.rule(st, numberAspect)
		equal := w.generalTolerance(a, b).Equal(a, b, number.Float64)
		if rule != nil && equal != rule.Number.Equal(a, b, number.Float64) {
			return false // a hit of the rule's
		}
		if equal {
			return true
		}
	case tape.String:
		if st.texts || bytes.IndexByte(a, '\\') >= 0 || bytes.IndexByte(b, '\\') >= 0 {
			return false
		}
	default:
		return false
	}
	if ignored {
		t.hidden = append(t.hidden, st)
	}
	return ignored
}

// learn takes the shapes of a pair that matched the long way. Where the rules
// pair values by what they are, or values have no partner, there is nothing to
// learn.
func (t *template) learn(w *walker) {
	if t.fit || !t.due() {
		return
	}
	ref, cand := &w.pair.Reference.Tape, &w.pair.Candidate.Tape
	t.known = max(len(ref.Text), len(cand.Text)) <= maxShape && t.ref.Learn(ref) && t.cand.Learn(cand) && t.ref.Len() == t.cand.Len()
	if !t.known {
		return
	}
	nodes := make([]int32, len(cand.Nodes)) // of the candidate's nodes: its place among the scalars
	for i := range t.cand.Len() {
		nodes[t.cand.Node(i)] = int32(i)
	}
	t.places, t.states = make([]int32, t.cand.Len()), make([]*state, t.cand.Len())
	paired := int32(0)
	t.known = t.pair(w, t.machine.root, 0, 0, nodes, &paired)
}

// pair goes down both tapes in the reference's order.
func (t *template) pair(w *walker, st *state, r, c int32, nodes []int32, paired *int32) bool {
	ref, cand := &w.pair.Reference.Tape, &w.pair.Candidate.Tape
	a, b := &ref.Nodes[r], &cand.Nodes[c]
	if a.Kind != b.Kind || a.Size != b.Size || st.pairsByValue() {
		return false
	}
	switch a.Kind {
	case tape.Object:
		for m := r + 1; m < a.End; m = ref.Nodes[m].End {
			at := cand.Find(c, ref, m)
			if at < 0 || !t.pair(w, w.memberState(st, ref, m), m, at, nodes, paired) {
				return false
			}
		}
	case tape.Array:
		for m, at := r+1, c+1; m < a.End; m, at = ref.Nodes[m].End, cand.Nodes[at].End {
			if !t.pair(w, t.machine.element(st, int(ref.Nodes[m].Index)), m, at, nodes, paired) {
				return false
			}
		}
	default:
		t.places[nodes[c]], t.states[nodes[c]] = *paired, st
		*paired++
	}
	return true
}

// pairsByValue says that a rule holds which is not about the value at its own
// place alone.
func (s *state) pairsByValue() bool {
	return s.holds[orderAspect] != none || s.holds[keyAspect] != none || s.holds[topAspect] != none
}
