package compare

import (
	"bytes"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/number"
	"github.com/modelparity/parity/internal/tape"
)

// walker compares two decoded answers value by value. It is reused, and not
// safe for concurrent use.
//
// The two tapes are walked in step, with the state of the rules at each place.
// A path costs nothing on the way: it is read off the tape where something
// differs.
type walker struct {
	pair    answer.Pair
	machine *machine
	found   []difference
	hits    []int64 // by rule and aspect: see hit
	nans    int64   // pairs of NaN that were held equal
	notes   *notes  // of what is held equal and why; nil: nobody asks

	tolerance *number.Tolerance // where no rule has one
	precision number.Precision
	steps     []int32

	refDigests, candDigests digester
}

// difference is a delta in short: where it is, not what stands there.
type difference struct {
	kind      Kind
	ref, cand int32             // the values; none where a side has none
	size      number.Difference // of numbers
	flip      int               // of decisions: which of the pair's
}

const keepFound = 1 << 16 // more differences than this are given back before the next answer

// walk fills found with the differences of the two tapes that no rule hides.
func (w *walker) walk() {
	if cap(w.found) > keepFound {
		w.found = nil
	}
	w.found = w.found[:0]
	w.refDigests.reset(w.machine, &w.pair.Reference.Tape)
	w.candDigests.reset(w.machine, &w.pair.Candidate.Tape)
	w.defaults()
	w.value(w.machine.root, 0, 0)
}

// defaults sets the tolerance for numbers that no rule and no datatype has one for.
func (w *walker) defaults() {
	w.tolerance, w.precision = w.machine.number, number.Float64
	if w.tolerance == nil {
		w.tolerance = &number.Default
	}
}

// hit counts that a rule made a difference of two values, or took one away.
func (w *walker) hit(s *state, x aspect, r, c int32) {
	if rule := s.holds[x]; rule != none {
		w.hits[int(rule)*int(aspects)+int(x)]++
		w.notes.hit(w.machine.rules[rule].path, x, r, c)
	}
}

func (w *walker) value(s *state, r, c int32) {
	ref, cand := &w.pair.Reference.Tape.Nodes[r], &w.pair.Candidate.Tape.Nodes[c]
	switch {
	case ref.Kind != cand.Kind:
		w.mixed(s, r, c)
	case ref.Kind == tape.Number:
		w.number(s, r, c)
	case ref.Kind == tape.String || ref.Kind == tape.Cell:
		w.text(s, r, c)
	case ref.Kind == tape.Object:
		w.object(s, r, c)
	case ref.Kind == tape.Array:
		w.array(s, r, c)
	}
}

// mixed compares values of two types. A cell of a CSV or a text has none of its
// own and takes the other side's.
func (w *walker) mixed(s *state, r, c int32) {
	a, b := w.pair.Reference.Tape.Nodes[r].Kind, w.pair.Candidate.Tape.Nodes[c].Kind
	scalar := func(k tape.Kind) bool { return k == tape.String || k == tape.Number }
	isBool := func(k tape.Kind) bool { return k == tape.True || k == tape.False }
	switch {
	case isVoid(s, &w.pair.Reference.Tape, r) && isVoid(s, &w.pair.Candidate.Tape, c):
		w.hitVoid(s, r, c)
	case isBool(a) && isBool(b):
		w.add(s, difference{kind: KindBool, ref: r, cand: c})
	case a == tape.Cell && scalar(b) || b == tape.Cell && scalar(a):
		w.text(s, r, c)
	case (a == tape.Cell || b == tape.Cell) && bytes.Equal(w.bare(&w.pair.Reference.Tape, r), w.bare(&w.pair.Candidate.Tape, c)):
		// true, false or null without a type
	default:
		w.add(s, difference{kind: KindType, ref: r, cand: c})
	}
}

// bare is the text of a value without white space around it.
func (w *walker) bare(t *tape.Tape, n int32) []byte { return bytes.TrimSpace(plainText(t, n)) }

// isVoid says whether a value counts as absent.
func isVoid(s *state, t *tape.Tape, n int32) bool {
	switch node := &t.Nodes[n]; node.Kind {
	case tape.Null:
		return s.holds[nullAspect] != none
	case tape.Object, tape.Array:
		return node.Size == 0 && s.holds[emptyAspect] != none
	case tape.String:
		return node.Stop-node.Start == 2 && s.holds[emptyAspect] != none
	case tape.Cell:
		return node.Stop == node.Start && s.holds[emptyAspect] != none
	}
	return false
}

func (w *walker) hitVoid(s *state, r, c int32) {
	w.hit(s, nullAspect, r, c)
	w.hit(s, emptyAspect, r, c)
}

// object pairs members by name. As long as both sides have the same order, the
// next name is the right one and no index is needed.
func (w *walker) object(s *state, r, c int32) {
	ref, cand := &w.pair.Reference.Tape, &w.pair.Candidate.Tape
	next, end, pairs := c+1, cand.Nodes[c].End, int32(0)
	for m := r + 1; m < ref.Nodes[r].End; m = ref.Nodes[m].End {
		at := next
		if at >= end || !ref.SameName(m, cand, at) {
			if at = cand.Find(c, ref, m); at < 0 {
				w.lone(w.memberState(s, ref, m), ref, m, difference{kind: KindMissing, ref: m, cand: none})
				continue
			}
		}
		pairs++
		next = cand.Nodes[at].End
		w.value(w.memberState(s, ref, m), m, at)
	}
	if pairs == cand.Nodes[c].Size {
		return
	}
	for m := c + 1; m < end; m = cand.Nodes[m].End {
		if ref.Find(r, cand, m) < 0 {
			w.lone(w.memberState(s, cand, m), cand, m, difference{kind: KindExtra, ref: none, cand: m})
		}
	}
}

func (w *walker) memberState(s *state, t *tape.Tape, m int32) *state {
	if s.inert {
		return w.machine.member(s, nil)
	}
	return w.machine.member(s, t.Name(m))
}

// lone is a member or element that only one side has.
func (w *walker) lone(s *state, t *tape.Tape, n int32, d difference) {
	if t.Nodes[t.Nodes[n].Parent].Kind == tape.Object && isVoid(s, t, n) {
		w.hitVoid(s, d.ref, d.cand)
		return
	}
	w.add(s, d)
}

func (w *walker) number(s *state, r, c int32) {
	ref, cand := &w.pair.Reference.Tape, &w.pair.Candidate.Tape
	a, b := ref.Literal(r), cand.Literal(c)
	finite := (ref.Nodes[r].Flags|cand.Nodes[c].Flags)&tape.NonFinite == 0
	if finite && bytes.Equal(a, b) {
		return
	}
	w.numbers(s, r, c, a, b)
}

// numbers compares two literals under the tolerance that holds.
func (w *walker) numbers(s *state, r, c int32, a, b []byte) {
	general := w.generalTolerance(a, b)
	tolerance := general
	rule := w.machine.rule(s, numberAspect)
	if rule != nil {
		tolerance = rule.Number
	}
	equal := tolerance.Equal(a, b, w.precision)
	if rule != nil && equal != general.Equal(a, b, w.precision) {
		w.hit(s, numberAspect, r, c)
	}
	w.notes.weigh(w, rule, tolerance, r, c, a, b, equal)
	if equal {
		if number.IsNaN(a) {
			w.nans++
		}
		return
	}
	size, _ := tolerance.Compare(a, b, w.precision)
	w.add(s, difference{kind: KindNumber, ref: r, cand: c, size: size})
}

// exactValue is the tolerance of two integers that nothing is said of: they may be
// ids, classes or tokens, of which the next one is another.
var exactValue = number.Tolerance{}

// generalTolerance is that of two literals that no rule speaks of.
func (w *walker) generalTolerance(a, b []byte) *number.Tolerance {
	if w.tolerance == &number.Default && isInteger(a) && isInteger(b) {
		return &exactValue
	}
	return w.tolerance
}

// isInteger looks for the point first: most numbers that are none have one, behind
// their first digit.
func isInteger(literal []byte) bool {
	if len(literal) > 1 && literal[1] == '.' {
		return false
	}
	return bytes.IndexByte(literal, '.') < 0 && !bytes.ContainsAny(literal, "eEnN")
}

// text compares strings, cells, or a cell with either of string and number.
func (w *walker) text(s *state, r, c int32) {
	ref, cand := &w.pair.Reference.Tape, &w.pair.Candidate.Tape
	both := ref.Nodes[r].Kind == tape.String && cand.Nodes[c].Kind == tape.String
	if both && ref.SameString(r, cand, c) {
		return
	}
	a, b := plainText(ref, r), plainText(cand, c)
	formA, formB := w.machine.textForm(s, a), w.machine.textForm(s, b)
	switch {
	case !both && number.Is(bytes.TrimSpace(formA)) && number.Is(bytes.TrimSpace(formB)):
		w.numbers(s, r, c, bytes.TrimSpace(formA), bytes.TrimSpace(formB))
	case bytes.Equal(a, b):
	case bytes.Equal(formA, formB):
		for x := caseAspect; x <= patternAspect; x++ {
			w.hit(s, x, r, c)
		}
	case w.pair.Reference.Form == answer.Binary:
		w.add(s, difference{kind: KindBytes, ref: r, cand: c})
	default:
		w.add(s, difference{kind: KindString, ref: r, cand: c})
	}
}

// plainText is what a scalar says.
func plainText(t *tape.Tape, n int32) []byte {
	if kind := t.Nodes[n].Kind; kind == tape.String || kind == tape.Cell {
		return t.Str(n)
	}
	return t.Literal(n)
}

// add takes a difference to the others, unless it is ignored.
func (w *walker) add(s *state, d difference) {
	if s.holds[ignoreAspect] != none {
		w.hit(s, ignoreAspect, d.ref, d.cand)
		return
	}
	w.found = append(w.found, d)
}

// side is where a difference has its place: the reference, but for extras.
func (w *walker) side(d difference) (*tape.Tape, int32) {
	if d.ref == none {
		return &w.pair.Candidate.Tape, d.cand
	}
	return &w.pair.Reference.Tape, d.ref
}
