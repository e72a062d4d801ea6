package compare

import "github.com/modelparity/parity/internal/exchange"

// plan counts an exchange where it is met.
func (m *ModelTally) plan(e *exchange.Exchange) {
	m.Planned++
	m.First, m.Last = earlier(m.First, e.Time), max(m.Last, e.Time)
}

// decided counts its outcome, and what goes with it.
func (m *ModelTally) decided(e *exchange.Exchange, d decision) {
	switch d.outcome {
	case Match:
		m.Match++
	case Noise:
		m.Noise++
	case Mismatch:
		m.Mismatch++
	case Missing:
		m.Missing++
	case Unavailable:
		Count(&m.Unavailable, d.reason, 1)
	case Undecided:
		Count(&m.Undecided, d.reason, 1)
	case Skipped:
		Count(&m.Skipped, d.reason, 1)
	}
	if d.outcome != Match && d.outcome != Noise && d.outcome != Mismatch {
		return
	}
	m.Requests.Add(e.RequestHash)
	if d.outcome == Mismatch {
		m.Mismatched.Add(e.RequestHash)
	}
	if d.reformatted {
		m.Reformatted++
	}
	m.ReferenceLatency.AddLatency(e.Reference.LatencyUS)
	m.CandidateLatency.AddLatency(e.Candidate.LatencyUS)
}

// ignored counts the differences that rules hid.
func (m *ModelTally) ignored(found []difference, rules *settings) {
	for _, d := range found {
		if d.hiddenBy != none {
			Count(&m.Ignored, rules.ignore[d.hiddenBy].path, 1)
		}
	}
}

// delta counts one difference of an exchange. seen holds the signatures that
// the exchange had before.
func (m *ModelTally) delta(e *exchange.Exchange, f finding, seen map[string]bool) {
	name := f.folded + " " + string(f.Kind)
	s := m.Signature(name, f.folded, f.Kind)
	s.Deltas++
	s.Errors.AddError(f.AbsError)
	if seen[name] {
		return
	}
	seen[name] = true
	s.Exchanges++
	s.Exemplify(Exemplar{ID: e.ID, Reference: cut(f.Reference, maxExemplar), Candidate: cut(f.Candidate, maxExemplar)})
}
