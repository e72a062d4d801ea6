package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/modelparity/parity/compare"
)

// maxNamed is how many models a warning about many of them names.
const maxNamed = 3

func (s *Summary) warn(format string, args ...any) {
	s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
}

// warnOfModels says what one must know of single models, whatever their verdict.
func (s *Summary) warnOfModels(noise *compare.Profile) {
	restless := int64(0)
	for _, m := range s.Models {
		if skipped := total(m.Ledger.Skipped); compareShare(skipped, m.Ledger.Planned, m.Budget) > 0 {
			s.warn("model %s: %s of its exchanges were skipped (%s) and are not judged",
				m.Name, percent(share(skipped, m.Ledger.Planned)), counts(m.Ledger.Skipped))
		}
		if hint := RedactedHint(m.Redacted, m.Ledger.Mismatch); hint != "" {
			s.warn("model %s: %s", m.Name, hint)
		}
		s.warnOfVersions(m)
		s.warnOfRecheck(m)
		s.warnOfPass(m)
		if m.Unstable > 0 && m.Verdict == Pass {
			s.warn("model %s: %s", m.Name, m.unstable())
		}
		restless += m.Restless
	}
	if restless > 0 && noise == nil {
		s.warn("the old system gave %s different answers: a control would tell noise from difference: `parity compare %s --control RECORDING`",
			plural(restless, "repeated request"), shellWord(cmp.Or(s.Info.Run, "RUN")))
	}
}

// RedactedHint says that what differs may do so because capture hid something of
// it: of how many of the mismatches, by of what. "" where nothing was hidden.
func RedactedHint(redacted map[string]int64, mismatches int64) string {
	var hints []string
	if n := redacted["request"] + redacted["both"]; n > 0 {
		hints = append(hints, fmt.Sprintf("of %s of %s the request was redacted: the candidate may have needed what was hidden",
			count(n), plural(mismatches, "mismatched exchange")))
	}
	if n := redacted["answer"] + redacted["both"]; n > 0 {
		hints = append(hints, fmt.Sprintf("of %s of %s the recorded answer was redacted: no candidate gives what stands in the place of what was hidden, so a rule should ignore it",
			count(n), plural(mismatches, "mismatched exchange")))
	}
	return strings.Join(hints, "; ")
}

// warnOfSampling says that not all repeated requests were looked at.
func (s *Summary) warnOfSampling(t *compare.Tally) {
	if n := t.RepeatsSampled; n > 0 {
		s.warn("more requests are repeated than can be held: 1 in %s of them was looked at for answers in several ways", count(1<<min(n, 62)))
	}
}

// warnOfVersions says what of the old system no longer counts, and where two of
// its versions do.
func (s *Summary) warnOfVersions(m Model) {
	var live []string
	for _, v := range m.Versions {
		if !v.Ended {
			live = append(live, versionName(v.Version))
		}
	}
	for _, v := range m.Versions {
		if v.Ended {
			s.warn("model %s: version %s was last seen %s; the candidate is judged against %s, and its %s not counted",
				m.Name, versionName(v.Version), v.Last.Format(timeLayout), strings.Join(live, " and "), areOf(v.Mismatched, v.Requests))
		}
	}
	if len(live) > 1 {
		s.warn("model %s: versions %s of the old system still answer; the candidate is judged against each", m.Name, strings.Join(live, " and "))
	}
}

// areOf is "3 mismatches of 90 requests are".
func areOf(k, n int64) string {
	mismatches, verb := count(k)+" mismatches", "are"
	if k == 1 {
		mismatches, verb = "1 mismatch", "is"
	}
	return fmt.Sprintf("%s of %s %s", mismatches, plural(n, "distinct request"), verb)
}

// hiding are the aspects of a rule that hide differences one by one, so that
// their hits go with counts of deltas.
var hiding = []string{"ignore", "number", "case", "unicode", "trim", "pattern", "null_absent", "empty_absent"}

// Hiding lists the rules that hide more than half of the model's deltas, as the
// keys of Hits.
func (m Model) Hiding() []string {
	visible := m.Folded
	for _, s := range m.Signatures {
		visible += s.Deltas
	}
	var list []string
	for _, rule := range sortedKeys(m.Hits) {
		if hits := m.Hits[rule]; hits > visible && slices.Contains(hiding, aspectOf(rule)) {
			list = append(list, rule)
		}
	}
	return list
}

// aspectOf is what a rule says, of "path aspect": "ignore".
func aspectOf(rule string) string { return rule[strings.LastIndexByte(rule, ' ')+1:] }

// warnOfRules points out the rules that never fired in any model, and those that
// hide most of what there is to see.
func (s *Summary) warnOfRules() {
	hits, hidden := map[string]int64{}, map[string][]string{}
	for _, m := range s.Models {
		if m.Ledger.judged() == 0 {
			continue // nothing could fire
		}
		for rule, n := range m.Hits {
			hits[rule] += n
		}
		for _, rule := range m.Hiding() {
			hidden[rule] = append(hidden[rule], m.Name)
		}
	}
	for _, rule := range sortedKeys(hits) {
		if hits[rule] == 0 && aspectOf(rule) != "fold" { // which only names things
			s.warn("rule %s hid nothing: is it still needed, or misspelt?", rule)
		}
	}
	if len(hidden) > 0 {
		rules := sortedKeys(hidden)
		text := strings.Join(rules[:min(len(rules), maxNamed)], "; ")
		if len(rules) > maxNamed {
			text += fmt.Sprintf("; and %s more", count(int64(len(rules)-maxNamed)))
		}
		of := map[string]bool{}
		for _, models := range hidden {
			for _, name := range models {
				of[name] = true
			}
		}
		s.warn("%s more than half of the differences of %s: %s. Fine if that is what they are for",
			rulesHide(len(rules)), named(sortedKeys(of)), text)
	}
}

func rulesHide(n int) string {
	if n == 1 {
		return "1 rule hides"
	}
	return count(int64(n)) + " rules hide"
}

// named is "model a", "models a, b" or "models a, b, c and 7 more".
func named(models []string) string {
	text := strings.Join(models[:min(len(models), maxNamed)], ", ")
	switch {
	case len(models) == 1:
		return "model " + text
	case len(models) > maxNamed:
		text += fmt.Sprintf(" and %s more", count(int64(len(models)-maxNamed)))
	}
	return "models " + text
}

// warnOfPass says what a PASS rests on that its numbers do not show.
func (s *Summary) warnOfPass(m Model) {
	if m.Verdict != Pass {
		return
	}
	if m.weighed() {
		s.warn("model %s: its requests were recorded with different probabilities: %s that were judged count as %s, and %s of them %s",
			m.Name, count(m.Requests), count(int64(m.Effective)), count(m.Mismatched), differ(m.Mismatched))
	}
	if n := m.Recheck.Recovered; float64(n) > m.UnavailableBudget*float64(m.Ledger.sent()) {
		s.warn("model %s: %s no answer at first, and matched when sent again", m.Name, had(n))
	}
}

func had(n int64) string { return plural(n, "exchange") + " had" }
