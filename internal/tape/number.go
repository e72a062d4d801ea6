package tape

import "math/bits"

// number finds the end of the number at i; ok is false if it is none.
func number(text []byte, i int) (end int, ok bool) {
	c := at(text, i)
	if c == '-' {
		i++
		c = at(text, i)
	}
	from := i
	if c == '0' {
		i++
	} else if i = digits(text, i); i == from {
		return i, false
	}
	c = at(text, i)
	if c == '.' {
		from = i + 1
		if i = digits(text, from); i == from {
			return i, false
		}
		c = at(text, i)
	}
	if c|0x20 != 'e' {
		return i, true
	}
	i++
	if c := at(text, i); c == '+' || c == '-' {
		i++
	}
	from = i
	i = digits(text, i)
	return i, i > from
}

// digits steps over decimal digits.
func digits(text []byte, i int) int {
	for i+8 <= len(text) {
		x := word(text, i) ^ '0'*ones
		m := ((x&^highs + (0x80-10)*ones) | x) & highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return i
}

// at is the byte at i, 0 at the end.
func at(text []byte, i int) byte {
	if uint(i) < uint(len(text)) {
		return text[i]
	}
	return 0
}
