package compare

import "github.com/modelparity/parity/internal/exchange"

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

// recheck counts what sending e again showed, where the answer that counts is
// right. garbled says that a later one can't be read.
func (s *split) recheck(m *model, e *exchange.Exchange, outcome Outcome, garbled bool) error {
	if outcome != Match && outcome != Noise {
		return nil
	}
	wrong, unanswered, most, least := garbled, false, 0, 0 // and how many were in flight when it was wrong
	for i := range s.earlier {
		before := &s.earlier[i]
		was, err := s.judgeEarlier(m, e, before)
		switch {
		case err != nil:
			return err
		case was.outcome == Unavailable:
			unanswered = true
		case !was.wrong():
		case !wrong:
			wrong, most, least = true, before.Concurrency, before.Concurrency
		default:
			most, least = max(most, before.Concurrency), min(least, before.Concurrency)
		}
	}
	r := &m.tally.Recheck
	switch {
	case wrong && s.given.Concurrency == 1 && least > 1:
		r.ConcurrencySensitive++
		r.Concurrency = max(r.Concurrency, most)
	case wrong:
		r.Flaky++
	case unanswered:
		r.Recovered++
	}
	if wrong {
		m.tally.version(e.ModelVersion).Rechecked.Add(e.RequestHash)
	}
	return nil
}

// wrong says that the candidate's answer was not as the reference is, or could
// not be read where that could. What neither side's reader can make anything of,
// or was too large to keep, was not shown to be wrong.
func (d decided) wrong() bool {
	return d.outcome == Mismatch || d.outcome == Undecided && (d.reason == CandidateUnreadable || d.reason == CandidateUnmapped)
}

// judgeEarlier judges an answer that was replaced. Its noise is counted:
// whether the candidate is noisier than the old system is asked of all that it
// answered, or sending again what was noise would make it quiet.
func (s *split) judgeEarlier(m *model, e *exchange.Exchange, before *Earlier) (decided, error) {
	was := *e
	was.Candidate = before.Candidate
	d, err := m.before().decide(&was, true)
	if err != nil || d.outcome != Mismatch {
		return d, err
	}
	d.outcome = Noise
	m.earlier.each(func(f finding) {
		if f.Noise = m.noise.inside(&f); !f.Noise {
			d.outcome = Mismatch
			return
		}
		m.tally.delta(&was, &f, s.seen)
	})
	return d, nil
}
