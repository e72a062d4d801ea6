package telemetry

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// block is what is shown in place on a terminal: some lines, and below them the
// cursor, at the beginning of a line. So what others write in between begins a
// line, and so does the shell's prompt if the process is killed.
type block struct {
	columns []int // that each line takes
}

// draw is what puts lines in the block's place, on a terminal of that size. Lines
// are cut to its width, and those at the end to its height: what has scrolled
// away can't be drawn again.
func (b *block) draw(lines []string, width, height int) string {
	var out strings.Builder
	if up := b.rows(width); up > 0 {
		fmt.Fprintf(&out, "\r\x1b[%dA", up)
	}
	lines = lines[:min(len(lines), max(height-1, 1))]
	b.columns = b.columns[:0]
	for _, line := range lines {
		line = text.Trim(line, width-1) // a full line would take the cursor to the next, on some terminals
		b.columns = append(b.columns, text.StringWidthWithoutEscSequences(line))
		out.WriteString(line + "\x1b[K\n")
	}
	if out.Len() > 0 {
		out.WriteString("\x1b[J")
	}
	return out.String()
}

// rows is how many the lines take by now: a terminal that became narrower has
// folded them.
func (b *block) rows(width int) (n int) {
	for _, c := range b.columns {
		n += max(1, (c+width-1)/width)
	}
	return n
}
