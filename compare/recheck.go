package compare

import (
	"math"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// Recheck counts, by exchange, what sending again made of answers that were not
// right at first and are now. The outcome is that of the last answer.
type Recheck struct {
	// ConcurrencySensitive were wrong with several requests in flight and right
	// alone, Flaky wrong and right for no reason that is known.
	ConcurrencySensitive int64 `json:"concurrency_sensitive,omitempty"`
	Flaky                int64 `json:"flaky,omitempty"`
	// Recovered had no answer at first. That is no difference.
	Recovered int64 `json:"recovered,omitempty"`
	// Concurrency is how many requests were in flight at most when those that are
	// concurrency-sensitive were wrong.
	Concurrency int `json:"concurrency,omitempty"`
}

// Wrong counts the exchanges that were answered wrong at first.
func (r Recheck) Wrong() int64 { return r.ConcurrencySensitive + r.Flaky }

func (r *Recheck) merge(o Recheck) {
	r.ConcurrencySensitive += o.ConcurrencySensitive
	r.Flaky += o.Flaky
	r.Recovered += o.Recovered
	r.Concurrency = max(r.Concurrency, o.Concurrency)
}

// recheck counts what sending e again showed. garbled says that a later answer
// than the one that counts can't be read. Whatever was wrong at first stays
// counted as it was wrong: under Mismatched where the answer that counts is wrong
// too, or else one way of being wrong could take another one's place.
func (s *split) recheck(m *model, e *exchange.Exchange, outcome Outcome, garbled bool) error {
	if outcome != Match && outcome != Noise && outcome != Mismatch {
		return nil
	}
	var ways []string
	unanswered, most, least := false, 0, math.MaxInt // and how many were in flight when it was wrong
	if garbled {
		ways, least = append(ways, Unreadable), 0
	}
	for i := range s.earlier {
		before := &s.earlier[i]
		was, how, err := s.judgeEarlier(m, e, before)
		if err != nil {
			return err
		}
		unanswered = unanswered || was.outcome == Unavailable
		if was.wrong() {
			ways = append(ways, how)
			most, least = max(most, before.InFlight), min(least, before.InFlight)
		}
	}
	v := m.tally.version(e.ModelVersion)
	into := &v.Rechecked
	if outcome == Mismatch {
		into = &v.Mismatched
	} else {
		m.tally.Recheck.count(len(ways) > 0, unanswered, s.given.Concurrency == 1 && least > 1, most)
	}
	for _, how := range ways {
		into.Add(how, e.RequestHash)
	}
	if m.tally.overfull() {
		m.tally.Trim()
	}
	return nil
}

// count counts an exchange that is answered rightly now: wrong and unanswered say
// what it was before, alone that it was wrong with others in flight only, at most
// so many.
func (r *Recheck) count(wrong, unanswered, alone bool, most int) {
	switch {
	case wrong && alone:
		r.ConcurrencySensitive++
		r.Concurrency = max(r.Concurrency, most)
	case wrong:
		r.Flaky++
	case unanswered:
		r.Recovered++
	}
}

// wrong says that the candidate's answer was not as the reference is, or could
// not be read where that could. What neither side's reader can make anything of,
// or was too large to keep, was not shown to be wrong.
func (d decided) wrong() bool {
	return d.outcome == Mismatch || d.outcome == Undecided && (d.reason == CandidateUnreadable || d.reason == CandidateUnmapped)
}

// judgeEarlier judges an answer that was replaced, and says how it was wrong, if
// it was. Its noise is counted: whether the candidate is noisier than the old
// system is asked of all that it answered, or sending again what was noise would
// make it quiet.
func (s *split) judgeEarlier(m *model, e *exchange.Exchange, before *Earlier) (d decided, how string, err error) {
	was := *e
	was.Candidate = before.Candidate
	d, err = m.before().decide(&was, true)
	if err != nil || d.outcome != Mismatch {
		return d, Unreadable, err
	}
	d.outcome = Noise
	var signatures []string
	m.earlier.each(func(f finding) {
		if f.Noise = m.noise.inside(&f); !f.Noise {
			d.outcome = Mismatch
			signatures = append(signatures, f.signature())
			return
		}
		m.tally.delta(&was, &f, s.seen)
	})
	slices.Sort(signatures)
	return d, CombinationOf(slices.Compact(signatures)), nil
}
