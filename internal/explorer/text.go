package explorer

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modelparity/parity/report"
)

// How many bytes of a name or a literal a page shows, and a table of several.
const (
	longest  = 600
	briefest = 120
)

// clip is report.Visible, and cuts what is long; brief cuts it for a table.
func clip(s string) string { return shorten(s, longest) }

func brief(s string) string { return shorten(s, briefest) }

func shorten(s string, most int) string {
	if len(s) <= most {
		return report.Visible(s)
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return report.Visible(s[:n]) + "…"
}

// lines makes a text of several lines visible, line by line, at most so many
// bytes of it.
func lines(s string, most int) string {
	rest := ""
	if len(s) > most {
		s, rest = s[:most], fmt.Sprintf("\n… %s more", size(int64(len(s)-most)))
	}
	var out []string
	for line := range strings.Lines(s) {
		out = append(out, report.Visible(strings.TrimRight(line, "\r\n")))
	}
	return strings.Join(out, "\n") + rest
}

// count writes 1234567 as 1,234,567.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// size writes bytes in binary units.
func size(n int64) string {
	v, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if v < 1024 {
			break
		}
		v, unit = v/1024, next
	}
	if unit == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}
