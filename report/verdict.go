package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// decide gives the model its verdict.
//
//   - FAIL when more than the budget is shown to differ, or than a budget of its
//     own to differ in one way: the lower bound is over it. What is accepted, or
//     differed in the baseline, does not count: see modelExcuses. What is missing
//     or without an answer takes nothing back. So it is where noise is shown to be
//     more than the old system's own, unless that is excused too, and where the
//     candidate is shown to take longer than it may: see Excess and Ratio. Each
//     of these alone is enough, so that they share the confidence: see failing.
//   - INCONCLUSIVE when the ledger does not balance, the run is not complete,
//     or a larger share than allowed got no answer.
//   - PASS when at most the budget is shown to differ, by enough distinct
//     requests: the upper bound is within it, even if all that is undecided
//     were mismatches. So it must be of each budget of its own, and of the times
//     that are asked for, even if all that are not known were the worst.
//   - INCONCLUSIVE otherwise.
//
// A version that ended lately may still take a PASS back: see stays.
func (m *Model) decide() {
	m.PValue = 1
	failed, sent := total(m.Ledger.Unavailable), m.Ledger.sent()
	over, slow := slices.IndexFunc(m.bounds, Bound.over), slices.IndexFunc(m.ServiceTime, Ratio.slower)
	switch {
	case over >= 0:
		m.Verdict, m.Reason = Fail, m.overReason(m.bounds[over])
	case len(m.Excess) > 0:
		m.Verdict, m.Reason = Fail, m.excessReason()
	case slow >= 0:
		m.Verdict, m.Reason = Fail, m.ServiceTime[slow].say(m.Confidence)
	case !m.Ledger.Balanced:
		m.Verdict, m.Reason = Inconclusive, "The ledger does not balance, so that nothing can be said of this model."
	case m.Ledger.Missing > 0:
		m.Verdict = Inconclusive
		m.Reason = fmt.Sprintf("The run is not complete: %s not sent yet.", of(m.Ledger.Missing, m.Ledger.Planned, "exchange", "is", "are"))
	case compareShare(failed, sent, m.UnavailableBudget) > 0:
		m.Verdict = Inconclusive
		m.Reason = fmt.Sprintf("%s of the exchanges sent got no answer (%s), %s are allowed: send these again (replay --again unavailable).",
			percent(float64(failed)/float64(sent)), counts(m.Ledger.Unavailable), Percent(m.UnavailableBudget))
	case m.Ledger.judged() == 0:
		m.Verdict, m.Reason = Inconclusive, "No answer could be judged."
	default:
		m.weigh()
	}
	m.Reason += m.remarks()
}

func (m *Model) excessReason() string {
	text := "It differs more than the old system does from itself: "
	if m.Excess[0].Baseline {
		text = "It differs more than the baseline did: "
	}
	text += m.Excess[0].say(m.Confidence) + "."
	if more := int64(len(m.Excess) - 1); more > 0 {
		text += fmt.Sprintf(" So it does in %s.", plural(more, "more way"))
	}
	return text
}

// weigh decides on a complete run by how much evidence it is.
func (m *Model) weigh() {
	m.Verdict, m.PValue = Pass, 0
	for _, b := range m.bounds {
		m.PValue = max(m.PValue, m.chanceOf(b))
		reason, more := m.lacks(b)
		// Of several what takes most counts, and most of all what no more requests can show.
		if reason != "" && (m.Verdict == Pass || m.More > 0 && (more == 0 || more > m.More)) {
			m.Verdict, m.Reason, m.More = Inconclusive, reason, more
		}
	}
	for _, r := range m.ServiceTime {
		m.PValue = max(m.PValue, r.p)
		if m.Verdict == Pass && !r.shown() {
			m.Verdict, m.Reason = Inconclusive, r.say(m.Confidence)
		}
	}
	if m.Effective < float64(m.MinSamples) {
		m.PValue = 1 // no budget is shown by fewer, whatever they say of it
	}
	if m.Verdict == Pass {
		m.Reason = m.passReason()
	}
}

func (m *Model) passReason() string {
	var shown []string
	for _, b := range m.bounds {
		shown = append(shown, m.withinReason(b))
	}
	for _, r := range m.ServiceTime {
		shown = append(shown, r.say(m.Confidence))
	}
	return strings.Join(shown, " ") + m.reservations()
}

// reservations are what whoever cuts a model over must know though it passes.
func (m *Model) reservations() string {
	var text string
	if n := total(m.Ledger.Unavailable); n > 0 {
		text += fmt.Sprintf(" %s of %s sent got no answer (%s).", count(n), plural(m.Ledger.sent(), "exchange"), counts(m.Ledger.Unavailable))
	}
	if n := total(m.Ledger.Undecided); n > 0 {
		text += fmt.Sprintf(" %s could not be decided (%s).", plural(n, "exchange"), counts(m.Ledger.Undecided))
	}
	return text
}

// remarks are what is worth knowing beside any verdict: decisions that flip, a
// candidate that disagrees with itself, and what sending again showed.
func (m *Model) remarks() (text string) {
	if d := m.Decision; d != nil && d.Flips > 0 {
		verb := "flip"
		if d.Flips == 1 {
			verb = "flips"
		}
		text += fmt.Sprintf(" %s %s the decision%s.", plural(d.Flips, "exchange"), verb, d.mostFlipped(", mostly "))
	}
	text += m.excuse()
	if m.weighed() && m.Requests > 0 && m.Verdict != Pass { // of which it is a warning
		text += fmt.Sprintf(" The requests were recorded with different probabilities, and count as %s.", count(int64(m.Effective)))
	}
	if m.Unstable > 0 {
		text += " Unstable: " + m.unstable() + "."
	}
	if m.BothWays > 0 {
		text += fmt.Sprintf(" %s answered as by the old system at one time and otherwise at another: one of the two is not stable (compare --control RECORDING says whether it is the old).",
			wasWere(m.BothWays, "repeated request"))
	}
	return text + m.rechecked()
}

// wasWere is "1 request was" or "2 requests were".
func wasWere(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun + " was"
	}
	return plural(n, noun) + " were"
}

func (m *Model) unstable() string {
	return fmt.Sprintf("the candidate answered %s in several ways where the old system did not", plural(m.Unstable, "repeated request"))
}

// takeNoSample takes back a PASS by what is no sample of the traffic: by what
// differed in another run, as whoever mends that may break the rest, or by what was
// chosen by its answers. what is "" where it is one.
func (m *Model) takeNoSample(what string) {
	if m.Verdict != Pass || what == "" {
		return
	}
	m.Verdict, m.PValue = Inconclusive, 1
	m.Reason += " That is " + what + ", which is no sample of the traffic."
}

// decide gives the overall verdict.
func (s *Summary) decide() {
	by := map[Verdict]int64{}
	for _, m := range s.Models {
		by[m.Verdict]++
	}
	all := int64(len(s.Models))
	switch {
	case by[Fail] > 0:
		s.Verdict, s.Reason = Fail, of(by[Fail], all, "model", "is", "are")+" over budget."
	case !s.Ledger.Balanced:
		s.Verdict, s.Reason = Inconclusive, "The ledger does not balance."
	case all == 0:
		s.Verdict, s.Reason = Inconclusive, "The run holds no exchanges."
	case s.Info.MismatchesOf != "" && s.Ledger.Planned == s.Ledger.Match+s.Ledger.Noise:
		s.Verdict, s.Reason = Inconclusive, fmt.Sprintf("Nothing differs any more of the %s that did. Only the whole recording can show a PASS.", plural(s.Ledger.Planned, "exchange"))
	case s.Info.Chosen != "" && by[Inconclusive] > 0:
		s.Verdict, s.Reason = Inconclusive, "A run of what "+s.Info.Chosen+" chose shows no PASS: it is no sample of the traffic."
	case by[Inconclusive] > 0:
		s.Verdict, s.Reason = Inconclusive, of(by[Inconclusive], all, "model", "is", "are")+" not shown to be within budget yet; none is shown to be over it."
	default:
		s.Verdict, s.Reason = Pass, "Every model is shown to be within its budget."+s.ofPart()+s.Family.say()
	}
	if lacks := s.Coverage.lacks(); lacks != "" {
		s.Reason += lacks
		if s.Verdict == Pass {
			s.Verdict = Inconclusive
		}
	}
}

// ofPart says what a PASS is of, where not all of the recording was asked for.
func (s *Summary) ofPart() string {
	if s.Info.Selection == "" {
		return ""
	}
	return " That is of " + s.Info.Selection + "."
}

var severity = map[Verdict]int{Fail: 0, Inconclusive: 1, Pass: 2}

// worstFirst lists the models as people want to see them.
func (s *Summary) worstFirst() []Model {
	return slices.SortedFunc(slices.Values(s.Models), func(a, b Model) int {
		return cmp.Or(cmp.Compare(severity[a.Verdict], severity[b.Verdict]), cmp.Compare(b.Rate, a.Rate),
			cmp.Compare(b.Upper, a.Upper), cmp.Compare(a.Name, b.Name))
	})
}

// counts is "throttled 3, timeout 1": the most first.
func counts(by map[string]int64) string {
	keys := byCount(by)
	for i, k := range keys {
		keys[i] = visible(k) + " " + count(by[k])
	}
	return strings.Join(keys, ", ")
}

// byCount lists the keys, those with most first.
func byCount(by map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b))
	})
}

func sortedKeys[V any](by map[string]V) []string { return slices.Sorted(maps.Keys(by)) }
