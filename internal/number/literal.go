package number

import "bytes"

// Is says whether text is a number: by JSON's grammar, or one of the words for
// what JSON has no numbers for, nan, inf and infinity, in any case and with or
// without a sign. Python writes NaN and -Infinity into JSON, C and Java write
// the others into CSV. "007", "+1" and ".5" are not numbers: in a CSV cell they
// are more likely names than values.
func Is(text []byte) bool {
	return isFinite(text) || IsNaN(text) || infinity(text) != 0
}

// IsNaN says whether a literal is not a number, by its spelling.
func IsNaN(literal []byte) bool {
	word, _ := word(literal)
	return bytes.EqualFold(word, []byte("nan"))
}

// infinity is 1 or −1 for the two infinities and 0 for anything else.
func infinity(literal []byte) int {
	word, sign := word(literal)
	if bytes.EqualFold(word, []byte("inf")) || bytes.EqualFold(word, []byte("infinity")) {
		return sign
	}
	return 0
}

// word takes the sign off what may be one of the words for special values.
func word(literal []byte) (word []byte, sign int) {
	if len(literal) == 0 {
		return nil, 0
	}
	switch literal[0] {
	case '-':
		return literal[1:], -1
	case '+':
		return literal[1:], 1
	}
	return literal, 1
}

// isFinite holds a text against JSON's grammar for numbers (RFC 8259, section 6).
func isFinite(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	n := countDigits(text)
	if n == 0 || n > 1 && text[0] == '0' {
		return false
	}
	text = text[n:]
	if len(text) > 0 && text[0] == '.' {
		if n = countDigits(text[1:]); n == 0 {
			return false
		}
		text = text[1+n:]
	}
	if len(text) == 0 {
		return true
	}
	if text[0]|0x20 != 'e' {
		return false
	}
	if text = text[1:]; len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		text = text[1:]
	}
	return len(text) > 0 && countDigits(text) == len(text)
}

// isInteger says whether a literal is spelled as an integer: digits, and a sign
// at most.
func isInteger(literal []byte) bool {
	if len(literal) > 0 && literal[0] == '-' {
		literal = literal[1:]
	}
	return len(literal) > 0 && countDigits(literal) == len(literal)
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// countDigits returns how many digits text begins with.
func countDigits(text []byte) int {
	for i, c := range text {
		if !isDigit(c) {
			return i
		}
	}
	return len(text)
}
