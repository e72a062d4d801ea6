package report

import (
	"fmt"
	"strings"
)

// Annotation is a sentence or two on one model for a place that shows few of them.
// What is from outside is harmless; Text may have several lines.
type Annotation struct {
	Verdict Verdict
	Title   string
	Text    string
}

// Annotations says why the worst models don't pass, in at most n of them, of which
// the last may stand for all others. Without such models it is about the run, if
// that does not pass.
func (s *Summary) Annotations(n int) (list []Annotation) {
	models := s.worstFirst()
	bad := models[:len(models)-passing(models)]
	if len(bad) == 0 && s.Verdict != Pass {
		return []Annotation{{s.Verdict, "parity: " + string(s.Verdict), visible(s.Reason)}}
	}
	for i, m := range bad {
		if rest := len(bad) - i; rest > 1 && i == n-1 {
			return append(list, Annotation{m.Verdict, "parity", fmt.Sprintf("%s more models do not pass.", count(int64(rest)))})
		}
		list = append(list, Annotation{m.Verdict, fmt.Sprintf("parity: %s %s", m.Verdict, cut(visible(m.Name), maxCell)), s.Info.annotate(&m)})
	}
	return list
}

func (i Info) annotate(m *Model) string {
	lines := []string{visible(m.Reason)}
	for _, l := range i.leads(m, 1) {
		line := fmt.Sprintf("%s: %s", l.What, plural(l.Exchanges, "exchange"))
		if l.Seen != "" {
			line += ", as " + l.Seen
		}
		lines = append(lines, line)
		if l.Show != "" {
			lines = append(lines, l.Show)
		}
	}
	return strings.Join(lines, "\n")
}
