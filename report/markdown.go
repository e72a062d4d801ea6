package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// How much WriteMarkdown prints: a pull request's comment takes 65,536 characters.
const (
	maxMarkdownModels = 20
	maxMarkdownLeads  = 10 // of all models together
	maxModelLeads     = 3
	maxCell           = 60  // columns
	maxPreformatted   = 150 // lines
)

// WriteMarkdown writes s for a pull request's comment or a job's summary, in the
// Markdown of GitHub and GitLab: the verdict, the worst models, what differs, why,
// and commands. What is from outside stands in code, in which nothing is markup
// or calls anybody by name, or is made harmless: see prose.
func (s *Summary) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s\n\n%s\n", signs[s.Verdict], s.Verdict, prose(s.Reason))
	if !s.Ledger.Balanced {
		fmt.Fprintf(&b, "\n**%s**\n", prose(unbalanced(s.Ledger)))
	}
	models := s.worstFirst()
	bad := models[:len(models)-passing(models)]
	writeMarkdownModels(&b, models)
	s.writeMarkdownLeads(&b, bad)
	var why, next strings.Builder
	writeReasons(&why, bad)
	why.WriteString(held(models))
	writeWarnings(&why, s.Warnings)
	writeAccepted(&why, s.Accepted)
	writeJudged(&why, s.Info)
	writeChanges(&why, s.Changes)
	fmt.Fprintf(&why, "\n%s\n%s", ledgerLine(s.Ledger), s.Coverage.line())
	writePreformatted(&b, "Why", "text", why.String())
	writeNext(&next, s)
	writePreformatted(&b, "Next", "sh", strings.TrimPrefix(next.String(), "\nnext\n"))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the summary as Markdown: %w", err)
	}
	return nil
}

func writeMarkdownModels(b *strings.Builder, models []Model) {
	if len(models) == 0 {
		return
	}
	b.WriteString("\n| verdict | model | distinct | differ | rate (at most) | budget | top difference |\n|---|---|--:|--:|--:|--:|---|\n")
	for _, m := range models[:min(len(models), maxMarkdownModels)] {
		fmt.Fprintf(b, "| %s %s | %s | %s | %s | %s | %s | %s |\n", signs[m.Verdict], m.Verdict, code(m.Name), count(m.Requests), count(m.Mismatched),
			m.rateAndBound(), Percent(m.Budget), code(m.topDifference()))
	}
	if rest := models[min(len(models), maxMarkdownModels):]; len(rest) > 0 {
		fmt.Fprintf(b, "\n… and %s more, of which %s\n", plural(int64(len(rest)), "model"), passes(passing(rest)))
	}
}

func passes(n int) string {
	if n == 1 {
		return "1 passes."
	}
	return count(int64(n)) + " pass."
}

// writeMarkdownLeads lists what to look at, of the worst models first.
func (s *Summary) writeMarkdownLeads(b *strings.Builder, bad []Model) {
	rows := 0
	for _, m := range bad {
		for _, l := range s.Info.leads(&m, min(maxModelLeads, maxMarkdownLeads-rows)) {
			if rows++; rows == 1 {
				b.WriteString("\n| model | what to look at | exchanges | for example | id |\n|---|---|--:|---|---|\n")
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", code(m.Name), code(l.What), count(l.Exchanges), code(l.Seen), code(l.ID))
		}
	}
}

// writePreformatted folds text away under a heading, as it is.
func writePreformatted(b *strings.Builder, heading, language, text string) {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	if len(lines) > maxPreformatted {
		lines = append(lines[:maxPreformatted], "…")
	}
	for i, line := range lines {
		lines[i] = cut(strings.TrimRight(line, " "), maxLine)
	}
	text = strings.Join(lines, "\n")
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if text != "" {
		fmt.Fprintf(b, "\n<details><summary>%s</summary>\n\n%s%s\n%s\n%s\n\n</details>\n", heading, fence, language, text, fence)
	}
}

// maxLine is how many columns a preformatted line takes: a command has room.
const maxLine = 1000

// code is what is from outside as a code span that fits a table's cell: nothing
// in it is markup. A | would end the cell, however it is escaped.
func code(s string) string {
	s = strings.ReplaceAll(cut(visible(s), maxCell), "|", `\x7c`)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 || s[0] == ' ' || s[len(s)-1] == ' ' {
		s = " " + s + " " // one of which on each side is not shown
	}
	return fence + s + fence
}

// prose is a sentence of ours in which nothing is markup, and names of models, of
// which nothing is markup either, nor a link, or calls anybody: what GitHub and
// GitLab make one of without brackets (https://…, www.…, @name, #1, GH-1, :smile:)
// has a space of no width within, which looks the same.
func prose(s string) string {
	var b strings.Builder
	text := visible(s)
	for i, r := range text {
		if strings.ContainsRune("\\`*_{}[]<>()#!|~$&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if _, size := utf8.DecodeRuneInString(text[i:]); links(r, text[i+size:]) {
			b.WriteString("&#8203;")
		}
	}
	return b.String()
}

// links says whether a character with those behind it can make a link of a text.
func links(r rune, next string) bool {
	switch r {
	case '@', '#', '!', '~', '$', '&':
		return true
	case ':':
		return next != "" && next[0] != ' '
	case 'w', 'W':
		return strings.HasPrefix(next, ".")
	case '-':
		return next != "" && next[0] >= '0' && next[0] <= '9'
	}
	return false
}
