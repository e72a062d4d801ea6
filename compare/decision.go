package compare

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/modelparity/parity/internal/number"
	"github.com/modelparity/parity/internal/tape"
)

// Decision says what the business acts on. A pair whose decisions differ is a
// mismatch of its own kind, a flip, whatever the tolerances.
//
// What stands at Path decides how:
//
//   - with Threshold, a number: at least the threshold, or below it
//   - an object or array of numbers: the name or index of the largest (argmax)
//   - with By and Label, an array of objects: what Label says in the object
//     whose By is the largest
//   - any other scalar: itself
//
// A value within the tolerance of the largest is as large, and one within the
// tolerance of the threshold is on both of its sides: a flip is when no
// decision is left that both answers can stand for.
type Decision struct {
	Path      string   `json:"path" yaml:"path"`
	Threshold *float64 `json:"threshold,omitempty" yaml:"threshold"`
	By        string   `json:"by,omitempty" yaml:"by"`
	Label     string   `json:"label,omitempty" yaml:"label"`
}

// UnmarshalYAML also takes a path alone.
func (d *Decision) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&d.Path); err == nil {
		return nil
	}
	type plain Decision
	return unmarshal((*plain)(d))
}

func (d *Decision) canonical() *Decision {
	if d == nil {
		return nil
	}
	p, _ := parsePath(d.Path)
	c := *d
	c.Path = p.String()
	return &c
}

// decisionRule is a Decision, ready for use.
type decisionRule struct {
	Decision
	pattern pattern
	many    bool // the path may lead to several places
}

func (d *Decision) compile(field string) (*decisionRule, error) {
	if d == nil {
		return nil, nil
	}
	p, err := parsePath(d.Path)
	switch {
	case err != nil:
	case slices.ContainsFunc(p, func(s segment) bool { return s.kind == descend }):
		err = errors.New("has .. in it; say where the decision stands")
	case d.Threshold != nil && (math.IsNaN(*d.Threshold) || math.IsInf(*d.Threshold, 0)):
		err = fmt.Errorf("threshold %v is no number", *d.Threshold)
	case d.Threshold != nil && (d.By != "" || d.Label != ""):
		err = errors.New("has a threshold and by or label; it is one or the other")
	case (d.By == "") != (d.Label == ""):
		err = errors.New("by and label go together: by names the member that ranks the objects, label the one that is the decision")
	}
	if err != nil {
		return nil, fmt.Errorf("%s.path %q: %w", field, d.Path, err)
	}
	many := slices.ContainsFunc(p, func(s segment) bool { return s.kind == anyChild })
	return &decisionRule{*d, p, many}, nil
}

// flip is one decision of a pair.
type flip struct {
	ref, cand int32  // where the decision is read from; none where a side lacks it
	from, to  string // what each side decides
	differs   bool
}

// maxLabel is how many bytes of a label are shown.
const maxLabel = 120

// noDecision stands in the confusion matrix for an answer that has none.
const noDecision = "(none)"

// decisions reads the pair's decisions, one for each place that the path leads
// to, in the reference's order. Sides are compared place by place.
func (w *walker) decisions(d *decisionRule, ref, cand *tape.Tape) []flip {
	a, b := w.decided(d, ref), w.decided(d, cand)
	if !d.many && len(a)+len(b) == 2 {
		return w.decide(d, nil, a[0], b[0])
	}
	at := make(map[string]int, len(b))
	for i, y := range b {
		at[y.place] = i
	}
	var out []flip
	for _, x := range a {
		y := choice{at: none}
		if i, ok := at[x.place]; ok {
			y, b[i].place = b[i], ""
		}
		out = w.decide(d, out, x, y)
	}
	for _, y := range b {
		if y.place != "" {
			out = w.decide(d, out, choice{at: none}, y)
		}
	}
	return out
}

// sameDecisions appends the decisions of an answer that both sides gave.
func (w *walker) sameDecisions(out []flip, d *decisionRule, t *tape.Tape) []flip {
	for _, x := range w.decided(d, t) {
		if len(x.best) > 0 {
			out = append(out, flip{x.at, x.at, x.label(), x.label(), false})
		}
	}
	return out
}

// decide adds one decision of both sides.
func (w *walker) decide(d *decisionRule, out []flip, x, y choice) []flip {
	if len(x.best)+len(y.best) == 0 {
		return out // an answer of another kind, an error body say
	}
	f := flip{x.at, y.at, x.label(), y.label(), !x.shares(y)}
	if f.differs && d.Threshold == nil && x.number != nil && y.number != nil {
		f.differs = !w.toleranceOf(&w.pair.Reference.Tape, x.at, x.number, y.number).Equal(x.number, y.number, w.precision)
	}
	if !f.differs {
		f.to = f.from
	}
	return append(out, f)
}

// toleranceOf is that of two literals at the reference's place.
func (w *walker) toleranceOf(t *tape.Tape, n int32, a, b []byte) *number.Tolerance {
	if rule := w.machine.rule(w.stateOf(t, n), numberAspect); rule != nil {
		return rule.Number
	}
	return w.generalTolerance(a, b)
}

// choice is what one side decides at one place: all that it may stand for, what
// it says first.
type choice struct {
	at     int32
	place  string // its path, if there may be others
	best   []option
	number []byte // the literal, where the decision is a number itself
}

// option is one decision: what it is known by, under the rules for texts, and
// what is shown of it.
type option struct{ key, label string }

func (c choice) label() string {
	if len(c.best) == 0 {
		return noDecision
	}
	return c.best[0].label
}

func (c choice) shares(d choice) bool {
	if len(c.best) == 1 && len(d.best) == 1 {
		return c.best[0].key == d.best[0].key
	}
	keys := make(map[string]bool, len(c.best))
	for _, o := range c.best {
		keys[o.key] = true
	}
	return slices.ContainsFunc(d.best, func(o option) bool { return keys[o.key] })
}

func (w *walker) decided(d *decisionRule, t *tape.Tape) []choice {
	var out []choice
	for _, n := range follow(t, d.pattern) {
		c := choice{at: n, best: w.choose(d, t, n)}
		if c.place = "$"; d.many {
			w.steps = t.Chain(w.steps[:0], n)
			exact, _ := w.paths(t)
			c.place = string(exact)
		}
		if text := plainText(t, n); (t.Nodes[n].Kind == tape.Number || t.Nodes[n].Kind == tape.Cell) && number.Is(text) {
			c.number = text
		}
		out = append(out, c)
	}
	return out
}

func (w *walker) choose(d *decisionRule, t *tape.Tape, n int32) []option {
	kind := t.Nodes[n].Kind
	switch {
	case d.Threshold != nil:
		return w.sideOf(*d.Threshold, t, n)
	case kind == tape.Object || kind == tape.Array:
		return w.argmax(d, t, n)
	}
	if isVoid(w.stateOf(t, n), t, n) {
		return nil // as good as absent
	}
	return []option{w.scalar(t, n)}
}

// scalar is a decision that stands in the answer: a class that is written 3, 3.0
// or "3" is one.
func (w *walker) scalar(t *tape.Tape, n int32) option {
	text := plainText(t, n)
	if kind := t.Nodes[n].Kind; kind != tape.Number && kind != tape.Cell || !number.Is(text) {
		return option{string(w.machine.textForm(w.stateOf(t, n), text)), cut(text, maxLabel)}
	}
	if f, err := strconv.ParseFloat(string(text), 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		whole := strconv.FormatInt(int64(f), 10)
		return option{whole, whole}
	}
	return option{string(number.Canonical(nil, text)), cut(text, maxLabel)}
}

// sideOf is the side of the threshold that a number is on, or both.
func (w *walker) sideOf(threshold float64, t *tape.Tape, n int32) []option {
	v, ok := valueOf(t, n)
	if !ok {
		return nil
	}
	text := strconv.FormatFloat(threshold, 'g', -1, 64)
	above, below := option{"≥", "≥" + text}, option{"<", "<" + text}
	first, second := below, above
	if v >= threshold {
		first, second = above, below
	}
	if w.near(t, n, v, threshold) {
		return []option{first, second}
	}
	return []option{first}
}

// near says whether a number is within the tolerance that holds at its place of
// another one.
func (w *walker) near(t *tape.Tape, n int32, v, other float64) bool {
	tolerance := w.tolerance
	if rule := w.machine.rule(w.stateOf(t, n), numberAspect); rule != nil {
		tolerance = rule.Number
	}
	return v == other || !math.IsInf(other, 0) && math.Abs(v-other) <= tolerance.Abs+tolerance.Rel*math.Abs(other)
}

// stateOf is the state of the rules at a place.
func (w *walker) stateOf(t *tape.Tape, n int32) *state {
	at := w.machine.root
	w.steps = t.Chain(w.steps[:0], n)
	for _, m := range w.steps {
		if t.Nodes[t.Nodes[m].Parent].Kind == tape.Object {
			at = w.memberState(at, t, m)
		} else {
			at = w.machine.element(at, int(t.Nodes[m].Index))
		}
	}
	return at
}

// argmax lists the labels whose numbers are as large as the largest: of an
// array the first first, of an object the lowest name, because its order means
// nothing.
func (w *walker) argmax(d *decisionRule, t *tape.Tape, n int32) []option {
	type ranked struct {
		option
		value float64
		at    int32
	}
	var all []ranked
	largest := math.Inf(-1)
	for m := n + 1; m < t.Nodes[n].End; m = t.Nodes[m].End {
		r := ranked{at: m}
		switch {
		case d.By != "":
			r.at = member(t, m, d.By)
			if label := member(t, m, d.Label); label != none {
				r.option = w.scalar(t, label)
			}
		case t.Nodes[n].Kind == tape.Object:
			r.option = option{string(t.Name(m)), cut(t.Name(m), maxLabel)}
		default:
			index := strconv.Itoa(int(t.Nodes[m].Index))
			r.option = option{index, index}
		}
		var ok bool
		if r.value, ok = valueOf(t, r.at); ok { // else not a score
			all = append(all, r)
			largest = max(largest, r.value)
		}
	}
	if t.Nodes[n].Kind == tape.Object {
		slices.SortFunc(all, func(a, b ranked) int { return cmp.Compare(a.key, b.key) })
	}
	var exact, near []option
	for _, r := range all {
		switch {
		case r.value == largest:
			exact = append(exact, r.option)
		case w.near(t, r.at, r.value, largest):
			near = append(near, r.option)
		}
	}
	return append(exact, near...)
}

// valueOf is a number's value; false for what is none.
func valueOf(t *tape.Tape, n int32) (float64, bool) {
	if n < 0 || t.Nodes[n].Kind != tape.Number && t.Nodes[n].Kind != tape.Cell {
		return 0, false
	}
	v, err := strconv.ParseFloat(string(t.Literal(n)), 64)
	return v, !math.IsNaN(v) && (err == nil || errors.Is(err, strconv.ErrRange))
}

// member finds a member by name; -1 where there is none.
func member(t *tape.Tape, object int32, name string) int32 {
	if t.Nodes[object].Kind != tape.Object {
		return none
	}
	for m := object + 1; m < t.Nodes[object].End; m = t.Nodes[m].End {
		if string(t.Name(m)) == name {
			return m
		}
	}
	return none
}

// follow lists the nodes that a pattern without .. leads to, in their order.
func follow(t *tape.Tape, p pattern) []int32 {
	at := []int32{0}
	for _, s := range p {
		var next []int32
		for _, n := range at {
			for m := n + 1; m < t.Nodes[n].End; m = t.Nodes[m].End {
				if s.leads(t, m) {
					next = append(next, m)
				}
			}
		}
		at = next
	}
	return at
}

// leads says whether the step from its parent leads to a node.
func (s segment) leads(t *tape.Tape, n int32) bool {
	inObject := t.Nodes[t.Nodes[n].Parent].Kind == tape.Object
	switch s.kind {
	case byName:
		return inObject && string(t.Name(n)) == s.name
	case byIndex:
		return !inObject && int(t.Nodes[n].Index) == s.index
	}
	return true
}
