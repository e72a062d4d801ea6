package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/modelparity/parity/internal/exchange"
)

// The shape of two answers side by side: within 100 columns.
const (
	sideColumns = 47
	sideLines   = 400 // of each answer; what is more is said, not shown
)

// writeAnswers sets both answers side by side, lines that are alike at the same
// height, with a sigil between them: = ! < > as in diff --side-by-side.
func writeAnswers(b *strings.Builder, e *exchange.Exchange) {
	left, leftMore := answerLines(&e.Reference)
	right, rightMore := answerLines(&e.Candidate.Answer)
	if e.Candidate.Error != "" {
		right = append(right, printable(e.Candidate.Error))
	}
	row := func(l, sigil, r string) {
		fmt.Fprintf(b, "%s %s %s\n", text.Pad(fit(l), sideColumns, ' '), sigil, fit(r))
	}
	row("reference", " ", "candidate")
	row(strings.Repeat("─", sideColumns), " ", strings.Repeat("─", sideColumns))
	for _, p := range align(left, right) {
		row(p.left, p.sigil, p.right)
	}
	if leftMore+rightMore > 0 {
		row(more(leftMore), " ", more(rightMore))
	}
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("… %d more lines: see parity cat", n)
}

// answerLines is an answer as lines of text: status, type, time, and the body,
// indented where it is JSON.
func answerLines(a *exchange.Answer) (lines []string, left int) {
	status := fmt.Sprint(a.Status)
	if a.Failure != "" {
		status = strings.TrimPrefix(status+" ", "0 ") + string(a.Failure)
	}
	lines = []string{status + "  " + printable(a.ContentType), fmt.Sprintf("%.1f ms", float64(a.LatencyUS)/1000), ""}
	body := a.Body
	var indented bytes.Buffer
	if json.Indent(&indented, body, "", "  ") == nil {
		body = indented.Bytes()
	}
	if !utf8.Valid(body) {
		return append(lines, fmt.Sprintf("%d bytes that are no text", len(body))), 0
	}
	for line := range strings.Lines(string(body)) {
		lines = append(lines, printable(strings.TrimRight(line, "\r\n")))
	}
	if len(lines) > sideLines {
		return lines[:sideLines], len(lines) - sideLines
	}
	return lines, 0
}

type pair struct{ left, sigil, right string }

// align pairs lines by their longest common subsequence. Between common lines
// those on the left and on the right stand beside each other.
func align(left, right []string) []pair {
	common := commonLengths(left, right)
	var pairs []pair
	i, j, from, to := 0, 0, 0, 0
	gap := func() {
		for ; from < i || to < j; from, to = min(from+1, i), min(to+1, j) {
			switch {
			case from == i:
				pairs = append(pairs, pair{"", ">", right[to]})
			case to == j:
				pairs = append(pairs, pair{left[from], "<", ""})
			default:
				pairs = append(pairs, pair{left[from], "!", right[to]})
			}
		}
	}
	for i < len(left) && j < len(right) {
		switch {
		case left[i] == right[j]:
			gap()
			pairs = append(pairs, pair{left[i], "=", right[j]})
			i, j = i+1, j+1
			from, to = i, j
		case common[i+1][j] >= common[i][j+1]:
			i++
		default:
			j++
		}
	}
	i, j = len(left), len(right)
	gap()
	return pairs
}

// commonLengths[i][j] is the length of the longest common subsequence of what
// is left of both from i and j.
func commonLengths(left, right []string) [][]int {
	lengths := make([][]int, len(left)+1)
	for i := range lengths {
		lengths[i] = make([]int, len(right)+1)
	}
	for i := len(left) - 1; i >= 0; i-- {
		for j := len(right) - 1; j >= 0; j-- {
			if left[i] == right[j] {
				lengths[i][j] = lengths[i+1][j+1] + 1
			} else {
				lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
			}
		}
	}
	return lengths
}

// fit cuts a line to a column's width.
func fit(s string) string {
	if text.StringWidthWithoutEscSequences(s) <= sideColumns {
		return s
	}
	return text.Trim(s, sideColumns-1) + "…"
}

// printable writes what a terminal would obey rather than show as Go escapes.
func printable(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r != utf8.RuneError && strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			quoted := strconv.Quote(s[:n])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[n:]
	}
	return b.String()
}
