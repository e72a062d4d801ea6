package compare

import (
	"slices"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/exchange"
)

// A Sheet is two answers set beside each other for people: what belongs together
// stands in one row, whatever the order of members, white space and spelling.
// Rows are in the reference's order; what only the candidate has stands where the
// candidate has it.
type Sheet struct {
	ReferenceForm, CandidateForm string // json, jsonl, csv, tensors, text, binary; "" where there is no answer

	// Compared says that the rows' marks are the judge's. Otherwise it did not look
	// at the bodies (another status, no answer, one that can't be read, the same
	// bytes), and rows say just whether the literals are the same.
	Compared bool
	// Mapped says that the rows are of what the jq rules made of the answers. Those
	// of a candidate whose answers the target's mapping changes are always of what
	// that made.
	Mapped bool

	Rows       []Row
	More       int // rows that are left out at the end
	MoreDiffer int // of these, those that differ or that one side lacks
}

// Row is one place of both answers.
type Row struct {
	Depth int    // below the root
	Key   string // the member's name, [3] of an element, [3] → [1] of one that has moved, "line 3", "byte 17"; "" of the root
	Path  string // as deltas have it, $.a[3]; "" of a line of text, and of Folded rows
	Mark  Mark

	Reference, Candidate Literal

	Deltas []ExplainedDelta // what differs at this place: one, or a decision's beside it
	By     []string         // the rules and tolerances that hold it equal, or why a Broken row is one

	// Folded is how many members or elements stand in this one row, all of them as
	// Mark says. 0: the row is one itself.
	Folded int
}

// Literal is what an answer has at a place: a value as it is written there, cut
// where it is long, or how much a container holds.
type Literal struct {
	Text   string // UTF-8; it may hold what steers a terminal or a page
	Absent bool
}

// Mark says how the two sides of a row stand to each other.
type Mark string

// The marks of a Row.
const (
	Unmarked      Mark = ""          // it holds rows that are marked, or nothing is said of it
	Equal         Mark = "equal"     // the same literal
	HeldEqual     Mark = "held"      // written differently, and equal all the same
	Differs       Mark = "differs"   // by a delta
	IsNoise       Mark = "noise"     // by deltas that the control shows too
	ReferenceOnly Mark = "reference" // the candidate lacks it: by a delta, or by one of what it is in
	CandidateOnly Mark = "candidate" // the reference lacks it
	Broken        Mark = "broken"    // here the answer can't be read on
)

// BesideOptions bound a Sheet. The zero value is fine.
type BesideOptions struct {
	MaxRows    int // default 400
	MaxLiteral int // bytes of a literal, at least 64; default 1024
	Fold       int // so many equal members or elements in a row are shown before the next are folded; default 12
}

func (o BesideOptions) withDefaults() BesideOptions {
	if o.MaxRows <= 0 {
		o.MaxRows = 400
	}
	if o.MaxLiteral <= 0 {
		o.MaxLiteral = maxLiteral
	}
	if o.Fold <= 0 {
		o.Fold = 12
	}
	o.MaxLiteral = max(o.MaxLiteral, 64)
	return o
}

// Beside aligns the two answers of the exchange that x explains, by the places
// that the judge compared with each other: each delta of x is on the row of its
// path. The exchange's bodies must be what they were when it was explained.
func Beside(e *exchange.Exchange, x *Explanation, o BesideOptions) *Sheet {
	if x.Answer != nil {
		mapped := *e
		mapped.Candidate.Answer = *x.Answer
		e = &mapped
	}
	a := aligner{model: x.model, options: o.withDefaults()}
	a.sheet.Mapped = x.Mapped
	for _, f := range x.model.comparer.whole {
		f.Noise = x.model.noise.inside(&f)
		a.push(Row{
			Path: f.Path, Mark: markOf(f.Noise), Deltas: []ExplainedDelta{x.model.explain(f, "")},
			Reference: Literal{Text: f.Reference}, Candidate: Literal{Text: f.Candidate},
		})
	}
	pair := &x.model.comparer.walker.pair
	switch {
	case !x.walked(e):
		var ref, cand answer.Pair // each alone, because what is the same is not read beside each other
		ref.ReadReference(&e.Reference)
		cand.ReadReference(&e.Candidate.Answer)
		a.unwalked(e, &ref, &cand)
	case x.apart():
		a.ref, a.cand = &pair.Reference, &pair.Candidate
		a.index()
		a.value(0, 0, none, false)
		a.value(0, none, 0, false)
	default:
		a.ref, a.cand, a.sheet.Compared = &pair.Reference, &pair.Candidate, true
		a.index()
		a.body()
	}
	a.sheet.ReferenceForm, a.sheet.CandidateForm = formOf(&e.Reference, a.ref), formOf(&e.Candidate.Answer, a.cand)
	return &a.sheet
}

// walked says whether the judge went through both answers value by value.
func (x *Explanation) walked(e *exchange.Exchange) bool {
	judged := x.Outcome == Match || x.Outcome == Noise || x.Outcome == Mismatch
	return judged && !x.SameBytes && !x.model.comparer.walker.pair.SameText && e.Reference.Status == e.Candidate.Status
}

// apart says that it found one to be values and the other not, and left it at that.
func (x *Explanation) apart() bool {
	return slices.ContainsFunc(x.model.comparer.whole, func(f finding) bool { return f.Path == "$" })
}

// unwalked sets two answers beside each other of which the judge has nothing to say.
func (a *aligner) unwalked(e *exchange.Exchange, ref, cand *answer.Pair) {
	a.ref, a.cand = &ref.Reference, &cand.Reference
	noRef, noCand := nothing(&e.Reference), nothing(&e.Candidate.Answer)
	if !noRef && !noCand && a.ref.Err == nil && a.cand.Err == nil && sameClass(a.ref, a.cand) {
		a.body()
		return
	}
	if !noRef {
		a.alone(a.ref, ref.ReferenceText(), e.Reference.Body)
	}
	if !noCand {
		a.alone(a.cand, cand.ReferenceText(), e.Candidate.Body)
	}
}

func formOf(a *exchange.Answer, d *answer.Decoded) string {
	if nothing(a) {
		return ""
	}
	return string(d.Form)
}

// nothing says that there is no answer to show.
func nothing(a *exchange.Answer) bool { return a.Status == 0 && len(a.Body) == 0 }

// sameClass says that both answers are values, or that both are of one plain form.
func sameClass(a, b *answer.Decoded) bool {
	return !plain(a.Form) && !plain(b.Form) || a.Form == b.Form
}

func plain(f answer.Form) bool { return f == answer.Text || f == answer.Binary }

func markOf(noise bool) Mark {
	if noise {
		return IsNoise
	}
	return Differs
}
