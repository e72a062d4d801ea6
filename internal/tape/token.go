package tape

import (
	"fmt"
	"unicode/utf8"
)

// member reads the name that is at i, where c is, and the colon behind it. It
// returns where the value is and its first byte.
func (t *Tape) member(n *Node, text []byte, i int, c byte) (int, byte, error) {
	if c != '"' {
		return i, c, fault(text, i, "a name")
	}
	i++
	x := first(text, i)
	bit := plain(x)
	stop := i + bit>>3
	if byte(x>>bit) == '"' {
		n.NameHash = hashShort(x&(1<<bit-1), bit>>3)
	} else {
		var escaped, ok bool
		stop, escaped, ok = stringEnd(text, i)
		if !ok {
			return i, c, faultInString(text, stop)
		}
		name := text[i:stop]
		if escaped {
			n.Flags = NameEscaped
			t.name = appendUnescaped(t.name[:0], name)
			name = t.name
		}
		n.NameHash = hash(name)
	}
	n.NameStart, n.NameStop = uint32(i), uint32(stop)
	if i, c = skip(text, stop+1); c != ':' {
		return i, c, fault(text, i, "a colon")
	}
	i, c = skip(text, i+1)
	return i, c, nil
}

// scalar reads the value that is at i, where c is, and is no container. It
// returns where it ends.
func (n *Node) scalar(text []byte, i int, c byte) (int, error) {
	stop := i
	switch {
	case c == '"':
		n.Kind = String
		x := first(text, i+1)
		bit := plain(x)
		stop = i + 1 + bit>>3
		if byte(x>>bit) != '"' {
			var escaped, ok bool
			if stop, escaped, ok = stringEnd(text, i+1); !ok {
				return stop, faultInString(text, stop)
			}
			if escaped {
				n.Flags |= Escaped
			}
		}
		stop++
	case c == '-' || '0' <= c && c <= '9':
		n.Kind = Number
		var ok bool
		if stop, ok = number(text, i); !ok {
			if literal(text, i, "-Infinity") == i {
				return stop, fault(text, stop, "a digit")
			}
			n.Flags |= NonFinite
			stop = i + len("-Infinity")
		}
	default:
		if stop = n.constant(text, i, c); stop == i {
			return i, fault(text, i, "a value")
		}
	}
	n.Stop = uint32(stop)
	return stop, nil
}

// constant reads one of the values that are words. It returns i if there is none.
func (n *Node) constant(text []byte, i int, c byte) int {
	switch c {
	case 't':
		n.Kind = True
		return literal(text, i, "true")
	case 'f':
		n.Kind = False
		return literal(text, i, "false")
	case 'n':
		n.Kind = Null
		return literal(text, i, "null")
	}
	n.Kind = Number
	n.Flags |= NonFinite
	if c == 'N' {
		return literal(text, i, "NaN")
	}
	return literal(text, i, "Infinity")
}

// literal steps over a word if it is there.
func literal(text []byte, i int, word string) int {
	if len(text)-i >= len(word) && string(text[i:i+len(word)]) == word {
		return i + len(word)
	}
	return i
}

// skip steps over white space. It returns what comes then, 0 at the end.
func skip(text []byte, i int) (int, byte) {
	for uint(i) < uint(len(text)) {
		if c := text[i]; c > ' ' || uint64(1)<<c&(1<<' '|1<<'\n'|1<<'\r'|1<<'\t') == 0 {
			return i, c
		}
		i++
	}
	return i, 0
}

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	At   int // the byte, from 0
	what string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("JSON at byte %d: %s", e.At, e.what) }

// fault is the error for a byte that should have been something else.
func fault(text []byte, i int, want string) error {
	if i >= len(text) {
		return &SyntaxError{i, "it ends where " + want + " was expected"}
	}
	r, _ := utf8.DecodeRune(text[i:])
	return &SyntaxError{i, fmt.Sprintf("%q where %s was expected", r, want)}
}

// faultInString is the error for where stringEnd stopped.
func faultInString(text []byte, i int) error {
	what := "text that is not UTF-8"
	switch c := at(text, i); {
	case i >= len(text):
		what = "it ends within a string"
	case c == '\\':
		what = "an escape that JSON does not have, or half of a surrogate pair"
	case c < ' ':
		what = "a control character within a string"
	}
	return &SyntaxError{i, what}
}
