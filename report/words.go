package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"
)

// count writes 1234567 as 1,234,567.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// of is "1 of 3 models is" or "2 of 3 models are", with whichever verb.
func of(k, n int64, noun, one, many string) string {
	verb := many
	if k == 1 {
		verb = one
	}
	return count(k) + " of " + plural(n, noun) + " " + verb
}

// percent writes a fraction with three digits that count: 0.0372%, 4.1%, 100%.
func percent(x float64) string { return percentBy(x, math.Round) }

// percentUp and percentDown write a bound so that it still holds.
func percentUp(x float64) string   { return percentBy(x, math.Ceil) }
func percentDown(x float64) string { return percentBy(x, math.Floor) }

// maxDecimals is where a share is too small to be told from the next one.
const maxDecimals = 12

func percentBy(x float64, to func(float64) float64) string {
	if x <= 0 {
		return "0%"
	}
	decimals := min(max(0, -int(math.Floor(math.Log10(x)))), maxDecimals) // of 100·x, for three digits
	unit := math.Pow(10, float64(decimals))
	// Without the cut 0.1% becomes 0.101%, as 100·0.001 is a bit more than 0.1.
	exact, _ := strconv.ParseFloat(strconv.FormatFloat(100*x*unit, 'g', 9, 64), 64)
	s := strconv.FormatFloat(to(exact)/unit, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s + "%"
}

func visible(s string) string { return Visible(s) }

// Visible writes what a terminal or a browser would obey rather than show
// (control characters, escapes, marks that turn the writing direction, broken
// UTF-8) as strconv.Quote does.
func Visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}

// cut shortens s to a number of terminal columns; … stands for what is gone.
func cut(s string, columns int) string {
	if text.StringWidthWithoutEscSequences(s) <= columns {
		return s
	}
	left := columns - 1
	for i, r := range s {
		if left -= text.RuneWidth(r); left < 0 {
			return s[:i] + "…"
		}
	}
	return s
}
