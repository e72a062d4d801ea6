package exchange

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Glob matches a whole name against a pattern in which * stands for any
// characters, none included, and ? for one byte. It takes time in proportion
// to both lengths multiplied, whatever the pattern.
func Glob(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// ModelField names the entry of a glob as models.'spam-*', the form of the YAML
// paths by which its place in a file can be looked up. (Those have no escapes
// that work; what a terminal would obey is replaced.)
func ModelField(glob string) string {
	visible := func(r rune) rune {
		if !strconv.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}
	return "models.'" + strings.Map(visible, glob) + "'"
}

// GlobsOverlap says whether some name matches both globs: the product of two
// automatons, row by row. meet[j] tells it of what is left of p from i and of q
// from j.
func GlobsOverlap(p, q string) bool {
	var meet, below []bool
	for i := len(p); i >= 0; i-- {
		meet, below = make([]bool, len(q)+1), meet
		for j := len(q); j >= 0; j-- {
			star := i < len(p) && p[i] == '*' && (below[j] || j < len(q) && meet[j+1])
			other := j < len(q) && q[j] == '*' && (meet[j+1] || i < len(p) && below[j])
			both := i < len(p) && j < len(q) && (p[i] == q[j] || p[i] == '?' || q[j] == '?') && below[j+1]
			meet[j] = star || other || both || i == len(p) && j == len(q)
		}
	}
	return meet[0]
}
