package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// maxHeld is how many models the table of what is held equal has.
const maxHeld = 12

// held is a table of what is no mismatch though it differs, for each model that
// has any: a match is only believed by who sees what it rests on.
func held(models []Model) string {
	rows, more := []table.Row{}, 0
	for _, m := range models {
		rules := m.hidingRules()
		if m.Reformatted+m.Ledger.Noise == 0 && rules == "" {
			continue
		}
		if len(rows) == maxHeld {
			more++
			continue
		}
		rows = append(rows, table.Row{visible(m.Name), count(m.Ledger.Match - m.Reformatted), count(m.Reformatted), count(m.Ledger.Noise), rules})
	}
	if len(rows) == 0 {
		return ""
	}
	rows = slices.Insert(rows, 0, table.Row{"NO MISMATCH", "SAME BYTES", "OTHER BYTES", "NOISE", "HITS OF RULES"})
	const name, rules = 0, 4
	fit(rows, name, rules)
	var b strings.Builder
	b.WriteString("\n" + render(rows, name+1, rules))
	writeRest(&b, more, "with matches of other bytes")
	return b.String()
}

// hidingRules are the rules that changed something, with how often, most first.
func (m *Model) hidingRules() string {
	var list []string
	for _, rule := range byCount(m.Hits) {
		if n := m.Hits[rule]; n > 0 {
			list = append(list, fmt.Sprintf("%s %s", visible(rule), count(n)))
		}
	}
	return strings.Join(list, ", ")
}
