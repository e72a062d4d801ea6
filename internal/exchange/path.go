package exchange

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// PlainName says whether a name can follow a dot in a path.
func PlainName(name string) bool {
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' {
			return false
		}
	}
	return name != ""
}

// AppendName writes the step of a path to a member, as rules have it: .name, or
// ['any name']. What could steer a terminal is escaped, because paths get printed.
func AppendName(dst []byte, name string) []byte {
	if PlainName(name) {
		return append(append(dst, '.'), name...)
	}
	dst = append(dst, "['"...)
	for _, r := range name {
		switch {
		case r == '\'' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case unicode.IsControl(r):
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, "']"...)
}
