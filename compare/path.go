package compare

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/exchange"
)

// pattern is a parsed path of a rule: the steps down from the root.
type pattern []segment

// segment is one step: to a member by name, to an element by index, to any
// element or member, or any number of such steps. Segments are equal by ==.
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
	descend // the two dots: no step, or more; never the last
)

// parsePath reads the subset of JSONPath (RFC 9535) that rules are written in:
// $, .name, ['any name'], [3], [*], and .. before any of them.
func parsePath(text string) (pattern, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, errors.New("a path starts with $, as in $.scores[*].value")
	}
	var p pattern
	for rest != "" {
		at := len(text) - len(rest) + 1
		if after, deep := strings.CutPrefix(rest, ".."); deep {
			p = append(p, segment{kind: descend})
			rest = after
			if !strings.HasPrefix(rest, "[") {
				rest = "." + rest
			}
		}
		s, after, err := cutSegment(rest)
		if err != nil {
			return nil, fmt.Errorf("at character %d: %w", at, err)
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
	return s, "", errors.New("expected one of .name, ['name'], [3] and [*], after .. or not")
}

func cutName(text string) (s segment, rest string, err error) {
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	name := text[:end]
	if name == "*" {
		return segment{kind: anyChild}, text[end:], nil
	}
	if !exchange.PlainName(name) {
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

func (p pattern) String() string {
	text := []byte{'$'}
	for i, s := range p {
		switch {
		case s.kind == descend && p[i+1].kind == byName && exchange.PlainName(p[i+1].name):
			text = append(text, '.') // the name brings the second dot
		case s.kind == descend:
			text = append(text, ".."...)
		case s.kind == byName:
			text = exchange.AppendName(text, s.name)
		case s.kind == byIndex:
			text = appendIndex(text, s.index)
		default:
			text = append(text, "[*]"...)
		}
	}
	return string(text)
}

func appendIndex(dst []byte, index int) []byte {
	dst = append(dst, '[')
	dst = strconv.AppendInt(dst, int64(index), 10)
	return append(dst, ']')
}

// everything says whether a pattern has nothing but wildcards, so that it leads
// to all there is at some depth.
func (p pattern) everything() bool {
	for _, s := range p {
		if s.kind == byName || s.kind == byIndex {
			return false
		}
	}
	return true
}

// overlaps says whether some place is met by both patterns: the product of two
// automatons, row by row, where .. is what a star is in a glob. meet[j] tells it
// of what is left of p from i and of q from j.
func (p pattern) overlaps(q pattern) bool {
	var meet, below []bool
	for i := len(p); i >= 0; i-- {
		meet, below = make([]bool, len(q)+1), meet
		for j := len(q); j >= 0; j-- {
			deep := i < len(p) && p[i].kind == descend && (below[j] || j < len(q) && meet[j+1])
			other := j < len(q) && q[j].kind == descend && (meet[j+1] || i < len(p) && below[j])
			both := i < len(p) && j < len(q) && p[i].meets(q[j]) && below[j+1]
			meet[j] = deep || other || both || i == len(p) && j == len(q)
		}
	}
	return meet[0]
}

// meets says whether one step can be both.
func (s segment) meets(t segment) bool {
	return s.kind != descend && t.kind != descend && (s == t || s.kind == anyChild || t.kind == anyChild)
}
