package compare

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is a parsed path of a rule: the steps down from the root.
type pattern []segment

// segment is one step: to a member by name, to an element by index, or to any
// element or member. Segments are equal by ==.
type segment struct {
	kind  segmentKind
	name  string
	index int
}

type segmentKind uint8

const (
	byName segmentKind = iota
	byIndex
	anyChild
)

// parsePath reads the subset of JSONPath (RFC 9535) that rules are written in:
// $, .name, ['any name'], [3] and [*].
func parsePath(text string) (pattern, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, errors.New("a path starts with $, as in $.scores[*].value")
	}
	var p pattern
	for rest != "" {
		s, after, err := cutSegment(rest)
		if err != nil {
			return nil, fmt.Errorf("at character %d: %w", len(text)-len(rest)+1, err)
		}
		p, rest = append(p, s), after
	}
	return p, nil
}

func cutSegment(text string) (s segment, rest string, err error) {
	switch {
	case strings.HasPrefix(text, "['"):
		return cutQuoted(text[2:])
	case text[0] == '[':
		return cutIndex(text[1:])
	case text[0] == '.':
		return cutName(text[1:])
	}
	return s, "", errors.New("expected .name, ['name'], [3] or [*]")
}

func cutName(text string) (s segment, rest string, err error) {
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	name := text[:end]
	if !plainName(name) {
		return s, "", fmt.Errorf("%q can't follow a dot: write names of other characters than letters, digits, _ and - as ['name'], and any child as [*]", name)
	}
	return segment{kind: byName, name: name}, text[end:], nil
}

func cutIndex(text string) (s segment, rest string, err error) {
	inside, rest, ok := strings.Cut(text, "]")
	if !ok {
		return s, "", errors.New("no ] ends the index")
	}
	if inside == "*" {
		return segment{kind: anyChild}, rest, nil
	}
	n, err := strconv.ParseUint(inside, 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != inside {
		return s, "", fmt.Errorf("[%s] is neither an index from 0 nor [*] nor a name in single quotes", inside)
	}
	return segment{kind: byIndex, index: int(n)}, rest, nil
}

func cutQuoted(text string) (s segment, rest string, err error) {
	var name []byte
	for rest = text; !strings.HasPrefix(rest, "'"); {
		r, multibyte, after, err := strconv.UnquoteChar(rest, '\'')
		if err != nil {
			return s, "", errors.New("no ' ends the name, or it holds an escape other than \\' \\\\ \\n \\uXXXX")
		}
		if multibyte {
			name = utf8.AppendRune(name, r)
		} else {
			name = append(name, byte(r))
		}
		rest = after
	}
	rest, ok := strings.CutPrefix(rest, "']")
	if !ok {
		return s, "", errors.New("no ] follows the name")
	}
	return segment{kind: byName, name: string(name)}, rest, nil
}

// plainName says whether a name can follow a dot.
func plainName(name string) bool {
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' {
			return false
		}
	}
	return name != ""
}

func (p pattern) String() string {
	text := []byte{'$'}
	for _, s := range p {
		switch s.kind {
		case byName:
			text = appendName(text, s.name)
		case byIndex:
			text = appendIndex(text, s.index)
		case anyChild:
			text = append(text, "[*]"...)
		}
	}
	return string(text)
}

// appendName writes a step to a member so that parsePath reads it back. What
// could steer a terminal is escaped, because paths get printed.
func appendName(dst []byte, name string) []byte {
	if plainName(name) {
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

func appendIndex(dst []byte, index int) []byte {
	dst = append(dst, '[')
	dst = strconv.AppendInt(dst, int64(index), 10)
	return append(dst, ']')
}

// overlaps says whether some place is met by both patterns.
func (p pattern) overlaps(q pattern) bool {
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] && p[i].kind != anyChild && q[i].kind != anyChild {
			return false
		}
	}
	return true
}
