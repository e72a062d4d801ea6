package main

import (
	"fmt"
	"strings"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// why says in words how an exchange came by its outcome.
func why(e *exchange.Exchange, x *compare.Explanation) string {
	switch x.Outcome {
	case compare.Match:
		return whyMatch(x)
	case compare.Noise:
		if len(x.Deltas) == 1 {
			return "1 difference, which the control shows of the old system too"
		}
		return differences(x) + ", all of which the control shows of the old system too"
	case compare.Mismatch:
		return whyMismatch(x)
	case compare.Undecided:
		return undecidedWords[x.Reason]
	case compare.Unavailable:
		return whyUnavailable(e, x.Reason)
	case compare.Skipped:
		return skippedWords[exchange.Defect(x.Reason)] + ": it can't be judged"
	}
	return "not sent yet: repeat the `parity replay` that began the run, it goes on where it stopped"
}

func whyMatch(x *compare.Explanation) string {
	switch {
	case x.SameBytes && x.Answer != nil:
		return "the mapping makes of the candidate's answer what the reference is, byte for byte"
	case x.SameBytes:
		return "both answers are the same bytes"
	case x.SameText:
		return "the same text in another encoding or charset, or under another media type"
	case len(x.Hidden) == 0 && x.Mapped:
		return "the jq rules make the same values of both answers"
	case len(x.Hidden) == 0 && x.NaNs > 0:
		return "the same values written differently; NaN is held equal to NaN"
	case len(x.Hidden) == 0:
		return "the same values written differently: order of members, white space, spelling of numbers"
	}
	return whyHidden(x)
}

// whyHidden counts what is held equal by rules and what is within a tolerance.
func whyHidden(x *compare.Explanation) string {
	rules, numbers, far := 0, 0, 0.0
	for _, h := range x.Hidden {
		if far = max(far, h.AbsError); h.AbsError > 0 {
			numbers++
		} else {
			rules++
		}
	}
	var parts []string
	if rules > 0 {
		parts = append(parts, places(rules)+" that a rule hides")
	}
	if numbers > 0 {
		parts = append(parts, fmt.Sprintf("%s within the tolerance, at most %.3g apart", places(numbers), far))
	}
	return "what differs does not count: " + strings.Join(parts, ", ")
}

func whyMismatch(x *compare.Explanation) string {
	text, noise, flip := differences(x), 0, ""
	for _, d := range x.Deltas {
		if d.Noise {
			noise++
		}
		if d.Kind == compare.KindDecision && flip == "" {
			flip = fmt.Sprintf("; the decision flips: %s → %s", brief(d.Reference), brief(d.Candidate))
		}
		if d.Kind == compare.KindStatus {
			text = "another status; bodies are not compared then"
		}
	}
	if noise > 0 {
		text += fmt.Sprintf(", %d of them noise", noise)
	}
	return text + flip
}

func differences(x *compare.Explanation) string {
	if n := int64(len(x.Deltas)) + x.MoreDelta; n != 1 {
		return fmt.Sprintf("%d differences", n)
	}
	return "1 difference"
}

var undecidedWords = map[string]string{
	compare.ReferenceUnreadable: "the reference's answer can't be read",
	compare.CandidateUnreadable: "the candidate's answer can't be read",
	compare.BothUnreadable:      "neither answer can be read",
	compare.CandidateTooLarge:   "the candidate's answer was over replay's limit and is not kept whole",
	compare.TooLargeDecoded:     "small as sent, too large to unpack and walk",
	compare.ReferenceUnmapped:   "a jq rule fails on the reference's answer",
	compare.CandidateUnmapped:   "the target's mapping, or a jq rule, fails on the candidate's answer",
	compare.BothUnmapped:        "a jq rule fails on both answers",
}

var skippedWords = map[exchange.Defect]string{
	exchange.RequestTruncated:  "the recorded request was over the recording limit and is not whole",
	exchange.ResponseTruncated: "the recorded answer was over the recording limit, or cut off",
	exchange.NoAnswer:          "the old system did not answer",
	exchange.Redacted:          "what a replay needs was redacted",
}

// whyUnavailable names the status where the class was read off one.
func whyUnavailable(e *exchange.Exchange, class string) string {
	text := unavailableWords[exchange.Failure(class)]
	if e.Candidate.Failure == "" {
		text = fmt.Sprintf("status %d, the reference has %d: %s", e.Candidate.Status, e.Reference.Status, text)
	}
	return text
}

var unavailableWords = map[exchange.Failure]string{
	exchange.Refused:      "nobody listened at the target",
	exchange.Reset:        "the connection broke before the answer was whole",
	exchange.Timeout:      "no whole answer came in time",
	exchange.DNS:          "the target's name did not resolve",
	exchange.TLS:          "there was no trusted connection to the target",
	exchange.Canceled:     "the sending was cut off",
	exchange.Protocol:     "what came is not HTTP",
	exchange.Unsendable:   "the recorded request can't be sent to this target",
	exchange.EndpointDown: "not sent: the endpoint had stopped answering",
	exchange.Throttled:    "the endpoint throttled; replay with a lower --rate or --concurrency",
	exchange.NotReady:     "the endpoint was not ready",
	exchange.NoEndpoint:   "the target has no endpoint of this name",
	exchange.Gateway:      "something before the endpoint answered in its place",
	exchange.Auth:         "the endpoint refused the credentials; the config's targets have headers for them, and SageMaker takes the environment's",
}
