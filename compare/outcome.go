package compare

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/modelparity/parity/internal/exchange"
)

// decision is what became of one pair, and why.
type decision struct {
	outcome     Outcome
	reason      string // of unavailable, undecided and skipped
	reformatted bool   // a match of different bytes
}

// The reasons of undecided.
const (
	ReferenceUnreadable = "reference_unreadable" // not JSON or CSV as it says it is, or in an unknown encoding
	CandidateUnreadable = "candidate_unreadable"
	BothUnreadable      = "both_unreadable"
	CandidateTooLarge   = "candidate_too_large" // over replay's limit and not kept whole
	TooLargeDecoded     = "too_large_decoded"   // small as sent, too large to unpack and walk
)

// unanswered is the class of failure of a candidate that did not answer, ""
// for one that did. A status that means that the endpoint itself did not answer
// is an answer all the same where the reference has it too. Of an answer that
// was too large to keep, another status than the reference's says enough.
func unanswered(ref, cand *exchange.Answer) exchange.Failure {
	failure, byStatus := cand.Failure, statusFailure(cand.Status)
	if failure == exchange.TooLarge && cand.Status != 0 && cand.Status != ref.Status {
		failure = ""
	}
	if failure != "" && failure != byStatus {
		return failure
	}
	if cand.Status == ref.Status {
		return ""
	}
	return byStatus
}

func statusFailure(status int64) exchange.Failure {
	switch status {
	case 429:
		return exchange.Throttled
	case 503:
		return exchange.NotReady
	case 502, 504:
		return exchange.Gateway
	case 401, 403, 407:
		return exchange.Auth
	}
	return ""
}

// decide says what becomes of an exchange under the rules. What differs is in
// the comparer afterwards.
func (c *comparer) decide(e *exchange.Exchange, sent bool, rules *settings) (decision, error) {
	switch {
	case e.Defect != "":
		return decision{outcome: Skipped, reason: string(e.Defect)}, nil
	case sent && e.Candidate.Failure == exchange.Skipped:
		return decision{}, errors.New("its result says that it was skipped, and its recording gives no reason: one of the two is damaged")
	case e.Reference.Status == 0:
		return decision{outcome: Skipped, reason: string(exchange.NoAnswer)}, nil
	case !sent:
		return decision{outcome: Missing}, nil
	}
	switch failure := unanswered(&e.Reference, &e.Candidate.Answer); failure {
	case "":
	case exchange.TooLarge:
		return decision{outcome: Undecided, reason: CandidateTooLarge}, nil
	default:
		return decision{outcome: Unavailable, reason: string(failure)}, nil
	}
	if e.Candidate.Status == 0 {
		return decision{}, errors.New("the candidate has neither a status nor a failure")
	}
	return c.compare(&e.Reference, &e.Candidate.Answer, rules), nil
}

// comparer compares two answers. It is reused, and not safe for concurrent use.
type comparer struct {
	walker walker
	whole  *finding // the one difference that is not of a walk: status, format, text
}

func (c *comparer) compare(ref, cand *exchange.Answer, rules *settings) decision {
	c.walker.found, c.walker.visible, c.whole = c.walker.found[:0], 0, nil
	if ref.Status != cand.Status {
		return c.differ(statusDelta(ref.Status, cand.Status))
	}
	if sameBody(ref, cand) {
		return decision{outcome: Match}
	}
	a, errA := readBody(ref, maxDecoded)
	b, errB := readBody(cand, maxDecoded)
	switch {
	case errA != nil || errB != nil:
		return unreadable(errA, errB)
	case bytes.Equal(a.text, b.text):
		return decision{outcome: Match, reformatted: !bytes.Equal(ref.Body, cand.Body)}
	case a.form != b.form:
		return c.differ(bodyDelta(KindFormat, []byte(a.form), []byte(b.form)))
	case a.form == textForm:
		return c.differ(bodyDelta(KindText, a.text, b.text))
	}
	return c.walk(a, b, rules)
}

func (c *comparer) walk(a, b body, rules *settings) decision {
	w := &c.walker
	read := (*tape).readJSON
	if a.form == csvForm {
		read = (*tape).readCSV
	}
	errA, errB := read(&w.ref, a.text), read(&w.cand, b.text)
	if errA != nil || errB != nil {
		return unreadable(errA, errB)
	}
	if w.walk(rules); w.visible > 0 {
		return decision{outcome: Mismatch}
	}
	return decision{outcome: Match, reformatted: true}
}

func (c *comparer) differ(f finding) decision {
	c.whole = &f
	return decision{outcome: Mismatch}
}

// unreadable gives a reason that can be counted; details would be too many keys.
func unreadable(ref, cand error) decision {
	d := decision{outcome: Undecided, reason: BothUnreadable}
	switch {
	case errors.Is(ref, errTooLarge) || errors.Is(cand, errTooLarge):
		d.reason = TooLargeDecoded
	case cand == nil:
		d.reason = ReferenceUnreadable
	case ref == nil:
		d.reason = CandidateUnreadable
	}
	return d
}

func statusDelta(ref, cand int64) finding {
	d := Delta{Path: "status", Kind: KindStatus, Reference: strconv.FormatInt(ref, 10), Candidate: strconv.FormatInt(cand, 10)}
	return finding{d, d.Reference + "→" + d.Candidate}
}

func bodyDelta(kind Kind, ref, cand []byte) finding {
	return finding{Delta{Path: "$", Kind: kind, Reference: cut(ref, maxLiteral), Candidate: cut(cand, maxLiteral)}, "$"}
}

// each calls f with every visible difference, in order.
func (c *comparer) each(f func(finding)) {
	if c.whole != nil {
		f(*c.whole)
	}
	for _, d := range c.walker.found {
		if d.hiddenBy == none {
			f(c.walker.describe(d))
		}
	}
}
