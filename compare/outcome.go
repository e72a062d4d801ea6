package compare

import (
	"errors"

	"github.com/modelparity/parity/internal/exchange"
)

// The reasons of undecided.
const (
	ReferenceUnreadable = "reference_unreadable" // not JSON or CSV as it says it is, or in an unknown encoding
	CandidateUnreadable = "candidate_unreadable"
	BothUnreadable      = "both_unreadable"
	CandidateTooLarge   = "candidate_too_large" // over replay's limit and not kept whole
	TooLargeDecoded     = "too_large_decoded"   // small as sent, too large to unpack and walk
	ReferenceUnmapped   = "reference_unmapped"  // a jq rule fails on it; of the candidate, or the target's mapping
	CandidateUnmapped   = "candidate_unmapped"
	BothUnmapped        = "both_unmapped"
)

// unanswered is the class of failure of a candidate that did not answer, ""
// for one that did. A status that means that the endpoint itself did not answer
// is an answer all the same where the reference has it too. Of an answer that
// was too large to keep, another status than the reference's says enough.
func unanswered(ref, cand *exchange.Answer) exchange.Failure {
	failure, byStatus := cand.Failure, exchange.StatusFailure(cand.Status)
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

// Unanswered is the class of failure by which an exchange that was sent is
// Unavailable; "" where it is not.
func Unanswered(e *exchange.Exchange) exchange.Failure {
	if e.Defect != "" || e.Reference.Status == 0 || !silent(&e.Reference, &e.Candidate.Answer) {
		return ""
	}
	return unanswered(&e.Reference, &e.Candidate.Answer)
}

// silent says that the candidate gave no answer. One that is too large is one.
func silent(ref, cand *exchange.Answer) bool {
	failure := unanswered(ref, cand)
	return failure != "" && failure != exchange.TooLarge
}

// decide says what becomes of an exchange, but for noise. What differs is in
// the comparer afterwards.
func (c *comparer) decide(e *exchange.Exchange, sent bool) (decided, error) {
	c.reset()
	switch {
	case e.Defect != "":
		return decided{outcome: Skipped, reason: string(e.Defect)}, nil
	case sent && e.Candidate.Failure == exchange.Skipped:
		return decided{}, errors.New("its result says that it was skipped, and its recording gives no reason: one of the two is damaged")
	case e.Reference.Status == 0:
		return decided{outcome: Skipped, reason: string(exchange.NoAnswer)}, nil
	case !sent:
		return decided{outcome: Missing}, nil
	}
	switch failure := unanswered(&e.Reference, &e.Candidate.Answer); failure {
	case "":
	case exchange.TooLarge:
		return decided{outcome: Undecided, reason: CandidateTooLarge}, nil
	default:
		return decided{outcome: Unavailable, reason: string(failure)}, nil
	}
	if e.Candidate.Status == 0 {
		return decided{}, errors.New("the candidate has neither a status nor a failure")
	}
	return c.compareMapped(&e.Reference, &e.Candidate.Answer), nil
}
