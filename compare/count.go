package compare

import "github.com/modelparity/parity/internal/exchange"

// plan counts an exchange where it is met.
func (m *ModelTally) plan(e *exchange.Exchange) {
	m.Planned++
	m.First, m.Last = earlier(m.First, e.Time), max(m.Last, e.Time)
	m.Rarest = max(m.Rarest, WeightClass(e.SamplingProbability))
}

// decided counts its outcome, and what goes with it: of a mismatch, how it
// differs.
func (m *ModelTally) decided(e *exchange.Exchange, d decided, combination string) {
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
	v := m.version(e.ModelVersion)
	v.Exchanges++
	v.stratify(WeightClass(e.SamplingProbability), e.RequestHash)
	if d.outcome == Mismatch {
		v.Mismatched.Add(combination, e.RequestHash)
	} else {
		v.Matched.Add(e.RequestHash)
	}
	m.Timeline.add(e.Time, d.outcome == Mismatch)
	v.First, v.Last = earlier(v.First, e.Time), max(v.Last, e.Time)
	if d.reformatted {
		m.Reformatted++
	}
}

// redacted counts a mismatch of which something was hidden.
func (m *ModelTally) redacted(e *exchange.Exchange) error {
	of, err := e.Hidden()
	if err == nil && of != "" {
		Count(&m.Redacted, of, 1)
	}
	return err
}

// latencies counts those of one model after the other: a map for each exchange costs
// several times as much (BenchmarkAddLatency).
type latencies struct {
	of                   *ModelTally
	reference, candidate dense
}

// add counts an exchange that is judged.
func (l *latencies) add(m *ModelTally, e *exchange.Exchange) {
	if l.of != m {
		l.flush()
		l.of = m
	}
	l.reference.add(e.Reference.LatencyUS)
	if !e.Candidate.Cold() { // how long an endpoint takes to start is no matter of its speed
		l.candidate.add(e.Candidate.LatencyUS)
	}
}

// flush puts what was counted into the model's tally.
func (l *latencies) flush() {
	if l.of != nil {
		l.reference.into(&l.of.ReferenceLatency)
		l.candidate.into(&l.of.CandidateLatency)
	}
}

// decisions counts what both sides decide.
func (m *ModelTally) decisions(c *comparer, outcome Outcome) {
	if c.walker.machine.decision == nil {
		return
	}
	if judged := outcome == Match || outcome == Noise || outcome == Mismatch; judged && len(c.flips) == 0 {
		m.NoDecision++
	}
	flipped := false
	for _, f := range c.flips {
		m.Decided++
		m.confuse(f.from, f.to, 1)
		flipped = flipped || f.differs
	}
	switch {
	case flipped:
		m.Flips++
	case outcome == Mismatch:
		m.Drifted++
	}
}

// delta counts one difference of an exchange.
func (m *ModelTally) delta(e *exchange.Exchange, f *finding, seen map[string]*sighting) {
	name := f.signature()
	s := m.Signature(name, f.folded, f.Kind)
	s.Deltas++
	if f.Kind == KindNumber {
		s.Errors.AddError(f.AbsError)
		s.RelErrors.AddError(f.RelError)
		s.MaxAbs, s.MaxRel = max(s.MaxAbs, f.AbsError), max(s.MaxRel, f.RelError)
	}
	if first := seen[name]; first != nil {
		if first.noise && !f.Noise {
			first.noise = false
			s.Noise--
		}
		return
	}
	seen[name] = &sighting{f.Noise}
	s.Exchanges++
	if f.Noise {
		s.Noise++
	}
	s.First, s.Last = earlier(s.First, e.Time), max(s.Last, e.Time)
	s.Exemplify(Exemplar{ID: e.ID, Reference: cut(f.Reference, maxExemplar), Candidate: cut(f.Candidate, maxExemplar)})
}

// sighting is a signature that an exchange has.
type sighting struct{ noise bool }

// combination names the signatures of an exchange that are more than noise.
func combination(seen map[string]*sighting) string {
	var signatures []string
	for name, s := range seen {
		if !s.noise {
			signatures = append(signatures, name)
		}
	}
	return CombinationOf(signatures)
}

// hits adds what each rule did, of the aspects that it speaks of.
func (m *ModelTally) hits(c *comparer) {
	m.NaNs += c.walker.nans
	for i, rule := range c.walker.machine.rules {
		for x, says := range rule.says {
			if says != "" && aspect(x) != jqAspect { // a program is for everything: it has no place where it fires
				Count(&m.Hits, rule.path+" "+aspectNames[x], c.walker.hits[i*int(aspects)+x])
			}
		}
	}
}
