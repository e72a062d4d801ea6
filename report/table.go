package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/modelparity/parity/compare"
)

// How much WriteTable prints.
const (
	tableWidth  = 100
	maxPassing  = 30 // rows of models that pass
	maxOthers   = 50 // rows of models that don't
	maxReasons  = 12
	maxWarnings = 12 // in HTML too
)

// signs say the verdict without colour.
var signs = map[Verdict]string{Fail: "✗", Inconclusive: "?", Pass: "✓"}

// WriteTable writes s for a terminal, at most 100 columns wide: the models,
// worst first, why they don't pass, the ledger, the verdict, and what to do
// next; only commands may be longer, as they must be whole to be pasted.
// Colours are ANSI's. Names from outside are shown, never obeyed.
func (s *Summary) WriteTable(w io.Writer, color bool) error {
	p := painter(color)
	var b strings.Builder
	if !s.Ledger.Balanced {
		fmt.Fprintf(&b, "%s\n\n", p.paint(Fail, unbalanced(s.Ledger)))
	}
	models := s.worstFirst()
	failing := len(models) - passing(models)
	bad, good := models[:failing], models[failing:]
	shown := append(append([]Model{}, bad[:min(len(bad), maxOthers)]...), good[:min(len(good), maxPassing)]...)
	if len(shown) > 0 {
		b.WriteString(p.table(shown))
	}
	writeRest(&b, len(bad)-maxOthers, "that do not pass")
	writeRest(&b, len(good)-maxPassing, "that pass")
	writeReasons(&b, bad)
	b.WriteString(held(models))
	writeWarnings(&b, s.Warnings)
	writeAccepted(&b, s.Accepted)
	writeJudged(&b, s.Info)
	writeChanges(&b, s.Changes)
	fmt.Fprintf(&b, "\n%s\n%s\n", ledgerLine(s.Ledger), s.Coverage.line())
	writeWrapped(&b, p.paint(s.Verdict, signs[s.Verdict]+" "+string(s.Verdict))+"  ", s.Reason)
	writeNext(&b, s)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the summary as a table: %w", err)
	}
	return nil
}

func passing(models []Model) (n int) {
	for _, m := range models {
		if m.Verdict == Pass {
			n++
		}
	}
	return n
}

// table has columns for noise, and for the share of the traffic, where there is
// anything to say.
func (p painter) table(models []Model) string {
	rows := []table.Row{{"VERDICT", "MODEL", "DISTINCT", "DIFFER", "NOISE", "RATE (AT MOST)", "OF TRAFFIC", "BUDGET", "TOP DIFFERENCE"}}
	noise, traffic := int64(0), false
	for _, m := range models {
		rows = append(rows, table.Row{
			signs[m.Verdict] + " " + string(m.Verdict), visible(m.Name), m.distinct(), count(m.Mismatched), count(m.Ledger.Noise),
			m.rateAndBound(), m.ofTraffic(), Percent(m.Budget).String(), m.topDifference(),
		})
		noise += m.Ledger.Noise
		traffic = traffic || m.ofTraffic() != ""
	}
	if !traffic {
		dropColumn(rows, 6)
	}
	if noise == 0 {
		dropColumn(rows, 4)
	}
	const verdict, name = 0, 1
	difference := len(rows[0]) - 1
	fit(rows, name, difference)
	for i, row := range rows[1:] {
		row[verdict] = p.paint(models[i].Verdict, row[verdict].(string))
	}
	return render(rows, name+1, difference)
}

func dropColumn(rows []table.Row, at int) {
	for i, row := range rows {
		rows[i] = slices.Delete(row, at, at+1)
	}
}

// render aligns the columns, the first row being their heads; those from one to
// before another are numbers.
func render(rows []table.Row, from, to int) string {
	t := table.NewWriter()
	t.SetStyle(plain)
	t.AppendHeader(rows[0])
	t.AppendRows(rows[1:])
	var numbers []table.ColumnConfig
	for i := from; i < to; i++ {
		numbers = append(numbers, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(numbers)
	return trimLines(t.Render())
}

// fit cuts two columns so that the rows fit into the table's width: a long
// name leaves half of what there is to the other column.
func fit(rows []table.Row, first, second int) {
	widths, sum := map[int]int{}, 2*(len(rows[0])-1) // the gaps
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(cell.(string)))
		}
	}
	for _, width := range widths {
		sum += width
	}
	room := tableWidth - sum + widths[first] + widths[second]
	widths[first] = min(widths[first], max(room/2, room-widths[second]))
	widths[second] = room - widths[first]
	for _, row := range rows {
		row[first] = cut(row[first].(string), widths[first])
		row[second] = cut(row[second].(string), widths[second])
	}
}

// plain is a table without lines, two spaces between the columns.
var plain = func() table.Style {
	s := table.StyleDefault
	s.Box = table.BoxStyle{PaddingRight: "  "}
	s.Options = table.OptionsNoBordersAndSeparators
	s.Format.Header = text.FormatDefault
	return s
}()

func trimLines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

// distinct is "5,200", or "5,200 (as 630)" where some weigh more than others.
func (m *Model) distinct() string {
	if m.weighed() {
		return count(m.Requests) + " (as " + count(int64(m.Effective)) + ")"
	}
	return count(m.Requests)
}

// rate is – where nothing was judged.
func (m *Model) rate() string {
	if m.Requests == 0 {
		return "–"
	}
	return percent(m.Rate)
}

func (m *Model) rateAndBound() string {
	if m.Requests == 0 {
		return m.rate()
	}
	return m.rate() + " (" + percentUp(m.Upper) + ")"
}

// ofTraffic is the share of the exchanges that differ, repeats counted, where it
// is beyond the bounds of the requests' rate: those that differ come more often
// than others, or more seldom. It says nothing of that where some differences do
// not count, or some exchanges weigh more than others.
func (m *Model) ofTraffic() string {
	if m.Requests == 0 || m.Excused > 0 || len(m.Versions) > 0 || m.weighed() || m.ExchangeRate >= m.Lower && m.ExchangeRate <= m.Upper {
		return ""
	}
	return percent(m.ExchangeRate)
}

// topDifference is the flips, or the signature that most exchanges have beyond
// noise: "number $.scores[*].value".
func (m *Model) topDifference() string {
	for _, s := range m.Signatures {
		if s.Kind == compare.KindDecision && s.differing() > 0 && m.Decision != nil {
			return plural(m.Decision.Flips, "flip") + m.Decision.mostFlipped(": ")
		}
	}
	switch {
	case len(m.Signatures) > 0 && m.Signatures[0].differing() > 0:
		return visible(string(m.Signatures[0].Kind) + " " + m.Signatures[0].Path)
	case len(m.Excess) > 0:
		return visible("noise of " + string(m.Excess[0].Kind) + " " + m.Excess[0].Path)
	case m.Recheck.ConcurrencySensitive > 0:
		return "concurrency-sensitive"
	case m.Recheck.Flaky > 0:
		return "flaky"
	}
	return ""
}

func writeRest(b *strings.Builder, n int, what string) {
	if n > 0 {
		fmt.Fprintf(b, "… and %s more %s\n", count(int64(n)), what)
	}
}

// writeReasons says why models don't pass.
func writeReasons(b *strings.Builder, models []Model) {
	if len(models) > 0 {
		b.WriteByte('\n')
	}
	for _, m := range models[:min(len(models), maxReasons)] {
		line := text.WrapSoft(cut(visible(m.Name), 40)+": "+m.Reason, tableWidth-6)
		fmt.Fprintf(b, "%s %s", signs[m.Verdict], trimLines(strings.ReplaceAll(line, "\n", "\n    ")))
	}
	writeRest(b, len(models)-maxReasons, "reasons")
}

func writeWarnings(b *strings.Builder, warnings []string) {
	if len(warnings) > 0 {
		b.WriteByte('\n')
	}
	for _, warning := range warnings[:min(len(warnings), maxWarnings)] {
		line := text.WrapSoft("warning: "+visible(warning), tableWidth-6)
		b.WriteString(trimLines(strings.ReplaceAll(line, "\n", "\n    ")))
	}
	writeRest(b, len(warnings)-maxWarnings, "warnings")
}

func unbalanced(l Ledger) string {
	return fmt.Sprintf("THE LEDGER DOES NOT BALANCE: %s exchanges planned, %s accounted for. No model can pass.",
		count(l.Planned), count(l.accounted()))
}

// ledgerLine writes the ledger as the sum that it is; terms of 0 are left out.
func ledgerLine(l Ledger) string {
	terms := []string{count(l.Match) + " match"}
	add := func(n int64, name string, by map[string]int64) {
		term := count(n) + " " + name
		if len(by) > 0 {
			term += " (" + counts(by) + ")"
		}
		if n != 0 {
			terms = append(terms, term)
		}
	}
	add(l.Noise, "noise", nil)
	add(l.Mismatch, "mismatch", nil)
	add(total(l.Unavailable), "unavailable", l.Unavailable)
	add(total(l.Undecided), "undecided", l.Undecided)
	add(total(l.Skipped), "skipped", l.Skipped)
	add(l.Missing, "missing", nil)
	sum := count(l.Planned) + " planned = " + strings.Join(terms, " + ")
	if l.accounted() != l.Planned {
		sum = strings.Replace(sum, "=", "≠", 1)
	}
	const indent = "ledger  "
	wrapped := text.WrapSoft(sum, tableWidth-len(indent))
	return strings.TrimSpace(trimLines(indent + strings.ReplaceAll(wrapped, "\n", "\n        ")))
}

// writeWrapped writes a text after a label, and what follows below its beginning.
func writeWrapped(b *strings.Builder, label, s string) {
	width := text.StringWidthWithoutEscSequences(strings.TrimLeft(label, "\n"))
	wrapped := text.WrapSoft(visible(s), tableWidth-width)
	b.WriteString(label + strings.TrimLeft(trimLines(strings.ReplaceAll(wrapped, "\n", "\n"+strings.Repeat(" ", width))), " "))
}

// writeJudged says by what the verdicts were made.
func writeJudged(b *strings.Builder, info Info) {
	if info.Judgement == "" {
		return
	}
	text := "judgement " + info.Judgement
	if info.Selection != "" {
		text += " of " + info.Selection
	}
	if info.Config != "" {
		text += " by " + info.Config
	}
	if info.Baseline != "" {
		text += ", counting only what is worse than the baseline " + info.Baseline
	}
	if info.Control != "" {
		text += ", noise by the control " + info.Control
	}
	if info.Generations > 0 {
		text += fmt.Sprintf(", with what was sent again up to generation g%d", info.Generations)
	}
	writeWrapped(b, "\njudged  ", text)
}

// writeNext suggests commands; those of a run that has no name can't be.
func writeNext(b *strings.Builder, s *Summary) {
	if s.Info.Run == "" {
		return
	}
	run, judgement, config := shellWord(s.Info.Run), " --judgement "+s.Info.Judgement, s.Info.configFlag()
	b.WriteString("\nnext\n")
	if s.Ledger.Missing > 0 {
		b.WriteString("  repeat the `parity replay` that began the run: it goes on where it stopped\n") // its selection is not known here
	}
	for _, outcome := range []compare.Outcome{compare.Undecided, compare.Unavailable} {
		if u, ok := s.commonest(outcome); ok {
			fmt.Fprintf(b, "  %s   # why it is %s: %s\n", s.Info.showCommand(u.Exemplars[0].ID.String()), u.Outcome, visible(u.Reason))
		}
	}
	if s.Info.Whole != "" {
		fmt.Fprintf(b, "  parity run %s --target %s --out RUN3%s   # the whole recording\n", shellWord(s.Info.Whole), shellWord(s.Info.Target), config)
	}
	if volatile := s.volatile(); volatile != "" {
		fmt.Fprintf(b, "  parity compare %s%s --suggest   # %s differs in nearly every answer: this drafts rules\n", run, config, volatile)
	}
	if s.Ledger.Mismatch > 0 {
		fmt.Fprintf(b, "  parity show %s%s\n  %s\n", run, judgement, s.Info.againCommand("", ""))
	}
	writeAgain(b, s, run, config)
	fmt.Fprintf(b, "  parity report %s%s%s --html report.html\n", run, judgement, config)
}

// writeAgain suggests what sending again can clear up.
func writeAgain(b *strings.Builder, s *Summary, run, config string) {
	if s.Ledger.Missing > 0 {
		return // which comes first
	}
	if total(s.Ledger.Unavailable) > 0 {
		fmt.Fprintf(b, "  parity replay %s --again unavailable%s\n", run, config)
	}
	if s.Ledger.Mismatch > 0 && s.Info.Generations == 0 {
		fmt.Fprintf(b, "  parity replay %s --again mismatched --concurrency 1%s   # the same build again: is it the load?\n", run, config)
	}
}

// volatile is a signature that nearly all answers of a failing model have, "" if
// there is none: an id or a time, most likely, which no rule ignores yet.
func (s *Summary) volatile() string {
	for _, m := range s.worstFirst() {
		if m.Verdict == Fail && len(m.Signatures) > 0 && 10*m.Signatures[0].differing() >= 9*m.Ledger.judged() {
			return visible(m.Signatures[0].Path)
		}
	}
	return ""
}

// shellWord quotes s where a shell would take it apart. What a terminal would
// obey is spelt with the escapes of $'…'.
func shellWord(s string) string {
	if visible(s) != s {
		return "$'" + visible(strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s)) + "'"
	}
	if strings.ContainsAny(s, " \t\"'`$&|;<>()*?[]{}!#~\\") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// painter colours text, or not.
type painter bool

var colours = map[Verdict]string{Fail: "\x1b[1;31m", Inconclusive: "\x1b[33m", Pass: "\x1b[32m"}

func (p painter) paint(v Verdict, s string) string {
	if !p {
		return s
	}
	return colours[v] + s + "\x1b[0m"
}
