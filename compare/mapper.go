package compare

import (
	"context"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

// mapper makes of a candidate's answers what is compared, where the target's
// answers have another form than the old system's. What was kept is what came:
// another mapping needs no sending.
type mapper struct {
	program *mapping.Program // nil: answers stay as they came
	body    []byte           // scratch
	answer  exchange.Answer
}

// maps says whether an answer is put through the program. What says by its status
// that it is an error, or elsewhere, has another form than answers have.
func (m *mapper) maps(a *exchange.Answer) bool {
	return m.program != nil && 200 <= a.Status && a.Status < 300
}

// apply returns the answer as it is compared, valid until the next call.
func (m *mapper) apply(a *exchange.Answer) (*exchange.Answer, error) {
	if !m.maps(a) {
		return a, nil
	}
	text, err := answer.Mappable(a, mapping.MaxDocument)
	if err == nil {
		m.body, err = m.program.Apply(context.Background(), m.body[:0], text)
	}
	if err != nil {
		return nil, m.program.Explain(err, a.ContentType, len(a.Body))
	}
	m.answer = *a
	m.answer.Body, m.answer.ContentType = m.body, "application/json"
	m.answer.Headers, m.answer.Hash = nil, 0 // they were of what came
	return &m.answer, nil
}

// compareMapped compares the reference with what the mapping makes of the
// candidate's answer. Answers of different statuses are a mismatch whatever they
// hold.
func (c *comparer) compareMapped(ref, cand *exchange.Answer) decided {
	if ref.Status != cand.Status {
		return c.compare(ref, cand)
	}
	mapped, err := c.mapper.apply(cand)
	if err != nil {
		p := &c.walker.pair
		p.Reference.Err, p.Candidate.Err = nil, err
		return decided{outcome: Undecided, reason: CandidateUnmapped}
	}
	return c.compare(ref, mapped)
}

// compareTwice compares two answers of the candidate, as the mapping makes them.
func (c *comparer) compareTwice(first, again *exchange.Answer) decided {
	if !c.mapper.maps(first) {
		return c.compare(first, again)
	}
	mapped, err := c.mapper.apply(first)
	if err != nil {
		return decided{outcome: Undecided, reason: ReferenceUnmapped}
	}
	copied := *mapped
	c.mapper.body = nil // which is the copy's now
	return c.compareMapped(&copied, again)
}

// MapAnswer is an answer of the candidate's as a judge with this mapping compares
// it, for people who want to see it: a itself where nothing is mapped.
func MapAnswer(s mapping.Set, model string, a *exchange.Answer) (*exchange.Answer, error) {
	programs, err := s.Compile("response")
	if err != nil {
		return nil, err
	}
	m := mapper{program: programs.Of(model)}
	return m.apply(a)
}
