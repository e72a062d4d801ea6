package compare

import (
	"bytes"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// textForm is what the rules for texts that hold leave of one: trimmed, in one
// Unicode form, with cases folded, in this order. All texts that match a rule's
// pattern are one.
func (m *machine) textForm(s *state, b []byte) []byte {
	if !s.texts {
		return b
	}
	if m.rule(s, trimAspect) != nil {
		b = bytes.TrimSpace(b)
	}
	if m.rule(s, unicodeAspect) != nil {
		b = norm.NFC.Bytes(b)
	}
	if m.rule(s, caseAspect) != nil {
		b = cases.Fold().Bytes(b)
	}
	if rule := m.rule(s, patternAspect); rule != nil && rule.matches.Match(b) {
		return []byte("\x00matches")
	}
	return b
}
