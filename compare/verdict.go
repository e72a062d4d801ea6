// Package compare judges pairs of answers. It reads the reference's and the
// candidate's rows of a split side by side, walks both answers under a set of
// rules, and says for each exchange which Outcome it has and, where the answers
// differ, every Delta. What it finds is counted in a Tally, which merges, and
// written to a mismatch set, which is a recording again.
//
//	Rules ──▶ settings of a model ──▶ machine: which rules hold at each place
//	                                     │
//	bytes ──▶ answer.Pair ──▶ two tapes ──▶ walker ──▶ differences ──▶ Deltas
//	                                                       │ inside the Noise?
//	                                              Outcome ◀┴▶ Tally
package compare

// Outcome is what became of one planned exchange. Each has exactly one.
type Outcome string

// The outcomes. See the table in ARCHITECTURE.md.
const (
	Match       Outcome = "match"       // the answers say the same
	Noise       Outcome = "noise"       // they differ as the old system differs from itself
	Mismatch    Outcome = "mismatch"    // they differ
	Unavailable Outcome = "unavailable" // the candidate gave no answer, by class of failure
	Undecided   Outcome = "undecided"   // a body can't be read, by reason
	Skipped     Outcome = "skipped"     // the recorded exchange can't be judged, by its defect
	Missing     Outcome = "missing"     // not sent yet
)

// Kind is what kind of difference a delta is.
type Kind string

// The kinds of delta.
const (
	KindMissing     Kind = "missing" // the candidate lacks a member or an element
	KindExtra       Kind = "extra"   // the candidate has one more
	KindType        Kind = "type"    // another type of value; null is one
	KindString      Kind = "string"
	KindNumber      Kind = "number" // apart by more than the tolerance
	KindBool        Kind = "bool"
	KindOrder       Kind = "order"        // an array with the same elements in another order
	KindLength      Kind = "length"       // an array of another length; its elements are not compared then
	KindBytes       Kind = "bytes"        // bodies that can't be read as values
	KindStatus      Kind = "status"       // another HTTP status; bodies are not compared then
	KindContentType Kind = "content_type" // one side is JSON or CSV and the other is not; another media type where that is asked for
	KindDecision    Kind = "decision"     // a flip: what the business acts on
	KindUnstable    Kind = "unstable"     // the candidate answers one request in several ways
)

// Delta is one difference between two answers.
type Delta struct {
	Path string `json:"path"` // $.scores[3].value; $[row][column] in CSV; "status" of another status, "content-type" of another type
	Kind Kind   `json:"kind"`
	// The literals as they stand in the answers, "" on a side that lacks the
	// value: cut to 1 KiB and made UTF-8. Of length deltas they are the lengths,
	// of content_type deltas what each side is, of decision deltas the decisions.
	Reference string `json:"reference,omitempty"`
	Candidate string `json:"candidate,omitempty"`
	// AbsError is |candidate − reference| and RelError that over |reference|,
	// ULPs how many float64 (or a tensor's type) the one is from the other, of
	// number deltas. They are left out where they are not finite.
	AbsError float64 `json:"abs_error,omitempty"`
	RelError float64 `json:"rel_error,omitempty"`
	ULPs     int64   `json:"ulps,omitempty"`
	// Signature names the deltas of this kind at this path. Only the mismatch set
	// has it: the path is not enough to tell, where names are folded.
	Signature string `json:"signature,omitempty"`
	// Noise says that the old system differs from itself as much as this.
	Noise bool `json:"noise,omitempty"`
}
