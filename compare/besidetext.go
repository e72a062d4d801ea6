package compare

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/tape"
)

// What is shown of an answer that can't be read.
const (
	rawBefore = 512 // bytes before where it breaks
	rawAfter  = 128
	rawLine   = 96 // bytes of it in a row
)

// maxLineTable is how many pairs of lines are looked at to align two texts; where
// there are more, their lines stand beside each other in their order.
const maxLineTable = 1 << 20

// texts aligns two plain texts: the judge takes each for one value, which is the
// first row, and its lines follow for people.
func (a *aligner) texts(ref, cand []byte) {
	mark, s := a.markOf(0, 0, false)
	a.add(0, 0, 0, mark, s)
	x, y := bytes.SplitAfter(ref, []byte{'\n'}), bytes.SplitAfter(cand, []byte{'\n'})
	if len(x) == 1 && len(y) == 1 || mark == Equal {
		return
	}
	lines := lineRun{a: a, mark: mark}
	for lines.x, lines.y = lines.trim(x), lines.trim(y); len(lines.x)+len(lines.y) > 0; {
		lines.next()
	}
	lines.flush()
}

// lineRun sets the lines of two texts beside each other.
type lineRun struct {
	a            *aligner
	mark         Mark     // of the whole, and so of lines that are not alike
	x, y         [][]byte // those left
	ref, cand    int      // lines done
	table        [][]int32
	tabled       bool
	quiet, folds int
}

// trim leaves out the nothing behind the last line's end.
func (l *lineRun) trim(lines [][]byte) [][]byte {
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		return lines[:n-1]
	}
	return lines
}

// next adds a row: lines that are the same, or one or two that are not.
func (l *lineRun) next() {
	switch {
	case len(l.x) == 0:
		l.row(CandidateOnly, 0, 1)
	case len(l.y) == 0:
		l.row(ReferenceOnly, 1, 0)
	case bytes.Equal(l.x[0], l.y[0]):
		l.row(Equal, 1, 1)
	default:
		l.differ()
	}
}

// differ adds what stands before the next lines that both have.
func (l *lineRun) differ() {
	n, m := l.gap()
	for n > 0 || m > 0 {
		switch {
		case n == 0:
			l.row(CandidateOnly, 0, 1)
			m--
		case m == 0:
			l.row(ReferenceOnly, 1, 0)
			n--
		default:
			l.row(l.mark, 1, 1)
			n, m = n-1, m-1
		}
	}
}

// gap is how many lines each side has until both have the same, on the way to a
// longest common subsequence.
func (l *lineRun) gap() (n, m int) {
	if !l.tabled {
		l.tabulate()
	}
	if l.table == nil {
		return 1, 1
	}
	i, j := len(l.table)-1-len(l.x), len(l.table[0])-1-len(l.y)
	for n < len(l.x) && m < len(l.y) && !bytes.Equal(l.x[n], l.y[m]) {
		if l.table[i+n+1][j+m] >= l.table[i+n][j+m+1] {
			n++
		} else {
			m++
		}
	}
	if n == len(l.x) || m == len(l.y) {
		return len(l.x), len(l.y)
	}
	return n, m
}

// tabulate makes the table of the lengths of the longest common subsequences of
// what is left, if it is not too large.
func (l *lineRun) tabulate() {
	l.tabled = true
	if len(l.x)*len(l.y) > maxLineTable {
		return
	}
	l.table = make([][]int32, len(l.x)+1)
	for i := range l.table {
		l.table[i] = make([]int32, len(l.y)+1)
	}
	for i := len(l.x) - 1; i >= 0; i-- {
		for j := len(l.y) - 1; j >= 0; j-- {
			if bytes.Equal(l.x[i], l.y[j]) {
				l.table[i][j] = l.table[i+1][j+1] + 1
			} else {
				l.table[i][j] = max(l.table[i+1][j], l.table[i][j+1])
			}
		}
	}
}

// row takes a line of either side, or of both.
func (l *lineRun) row(mark Mark, n, m int) {
	a := l.a
	x, y := Literal{Absent: n == 0}, Literal{Absent: m == 0}
	key := ""
	if n > 0 {
		l.ref++
		key = fmt.Sprintf("line %d", l.ref)
		x.Text = cut(bytes.TrimRight(l.x[0], "\r\n"), a.options.MaxLiteral)
	}
	if m > 0 {
		if l.cand++; n == 0 {
			key = fmt.Sprintf("line %d", l.cand)
		}
		y.Text = cut(bytes.TrimRight(l.y[0], "\r\n"), a.options.MaxLiteral)
	}
	l.x, l.y = l.x[n:], l.y[m:]
	if mark != Equal {
		l.flush()
	} else if l.quiet++; l.quiet > a.options.Fold {
		l.folds++
		return
	}
	if !a.full(mark) {
		a.push(Row{Depth: 1, Key: key, Mark: mark, Reference: x, Candidate: y})
	}
}

func (l *lineRun) flush() {
	switch a := l.a; {
	case l.folds == 0:
	case len(a.sheet.Rows) >= a.options.MaxRows:
		a.skip(Equal, l.folds)
	default:
		a.push(Row{Depth: 1, Mark: Equal, Folded: l.folds})
	}
	l.quiet, l.folds = 0, 0
}

// alone adds one side that nothing stands beside, as values where it can be read,
// else as text up to where it breaks.
func (a *aligner) alone(side *answer.Decoded, text, body []byte) {
	candidate := side == a.cand
	switch {
	case side.Err == nil && candidate:
		a.value(0, none, 0, false)
	case side.Err == nil:
		a.value(0, 0, none, false)
	default:
		a.broken(side, text, body)
	}
}

// broken adds the text around where reading it breaks.
func (a *aligner) broken(side *answer.Decoded, text, body []byte) {
	row := func(mark Mark, key, text string) Row {
		r := Row{Key: key, Mark: mark, Reference: Literal{Text: text}, Candidate: Literal{Absent: true}}
		if side == a.cand {
			r.Reference, r.Candidate = r.Candidate, r.Reference
		}
		return r
	}
	only := ReferenceOnly
	if side == a.cand {
		only = CandidateOnly
	}
	at, where := rawBefore, (*tape.SyntaxError)(nil)
	if errors.As(side.Err, &where) {
		at = where.At
	}
	at = min(at, len(text))
	for from := max(at-rawBefore, 0); from < at; {
		line := rawPiece(text[from:at])
		a.push(row(only, fmt.Sprintf("byte %d", from), cut(bytes.TrimRight(line, "\r\n"), a.options.MaxLiteral)))
		from += len(line)
	}
	rest := cut(text[at:min(at+rawAfter, len(text))], a.options.MaxLiteral)
	if text == nil {
		sum := sha256.Sum256(body)
		rest = fmt.Sprintf("%d bytes, SHA-256 %x…", len(body), sum[:8])
	}
	end := row(Broken, fmt.Sprintf("byte %d", at), rest)
	end.By = []string{errorText(side.Err)}
	a.push(end)
}

// rawPiece is a line of a text, or as much of it as a row has.
func rawPiece(text []byte) []byte {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i+1]
	}
	if len(text) <= rawLine {
		return text
	}
	n := rawLine
	for n > rawLine-utf8.UTFMax && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
