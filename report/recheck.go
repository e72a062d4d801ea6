package report

import (
	"fmt"
	"strings"

	"github.com/modelparity/parity/compare"
)

// What was wrong once and right when it was sent again counts as differing, as
// a mismatch does: it was under the load that it was sent with first, and
// production has load too. So sending again explains a FAIL, and never makes a
// PASS of it, and in which way it was wrong at first stays known, so that budgets
// of their own, baselines and acceptances go by that. What got no answer at first counts by its last answer alone.

// differing are the distinct requests that were answered wrong at least once.
func differing(e *compare.Evidence) compare.HashSet {
	all := e.Mismatched.All()
	all.Union(e.Rechecked.All())
	return all
}

// consistentRecheck says whether the set of rechecked requests goes with the
// counts.
func consistentRecheck(t *compare.ModelTally) bool {
	requests := int64(0)
	for _, e := range t.Versions {
		rechecked := e.Rechecked.All()
		requests += rechecked.Len()
	}
	wrong := t.Recheck.Wrong()
	return requests <= wrong && (requests > 0) == (wrong > 0)
}

// Wavering counts the exchanges of all models that were wrong at first and are
// right now.
func (s *Summary) Wavering() (n int64) {
	for _, m := range s.Models {
		n += m.Recheck.Wrong()
	}
	return n
}

// rechecked says what sending again showed, each as a sentence.
func (m *Model) rechecked() (text string) {
	if m.Recheck.Wrong() > 0 {
		text = " " + m.wavering() + "; that counts as differing."
	}
	if n := m.Recheck.Recovered; n > 0 {
		text += fmt.Sprintf(" %s had no answer at first, and matched when sent again.", plural(n, "exchange"))
	}
	return text
}

// wavering is "3 exchanges were wrong at concurrency 8 and right at 1
// (concurrency-sensitive)".
func (m *Model) wavering() string {
	var parts []string
	if n := m.Recheck.ConcurrencySensitive; n > 0 {
		parts = append(parts, fmt.Sprintf("%s wrong at concurrency %d and right at 1 (concurrency-sensitive)", wasWere(n, "exchange"), m.Recheck.Concurrency))
	}
	if n := m.Recheck.Flaky; n > 0 {
		parts = append(parts, wasWere(n, "exchange")+" wrong at first and right when sent again (flaky)")
	}
	return strings.Join(parts, ", ")
}

// warnOfRecheck is for whoever cuts over a model that passes all the same.
func (s *Summary) warnOfRecheck(m Model) {
	if m.Verdict != Pass || m.Recheck.Wrong() == 0 {
		return
	}
	text := "it does not give the same answer every time"
	if m.Recheck.ConcurrencySensitive > 0 {
		text = "the endpoint gives wrong answers under load"
	}
	s.warn("model %s: %s: %s", m.Name, m.wavering(), text)
}
