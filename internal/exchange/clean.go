package exchange

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean percent-encodes the bytes of s that are not UTF-8 and control characters: no
// client can put bytes into a dataset that its readers refuse.
func Clean(s string) string {
	bad := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 || unicode.IsControl(r) {
			for _, c := range []byte(s[:n]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
