package number

import (
	"cmp"
	"math"
	"strconv"
)

// Canonical appends one spelling for all literals of one value: digits without
// zeros at either end and an exponent, or NaN, Infinity or -Infinity. The value
// is what the literal's reader gets: of an integer the exact one, of others the
// shortest decimal that reads as the same float64, and beyond float64 the exact
// one again. There, exponents of over 18 digits are not computed with: 1e… and
// 10e… keep different spellings.
func Canonical(dst, literal []byte) []byte {
	if v, ok := plain(literal); ok {
		return v.append(dst)
	}
	var buf [32]byte
	text := shortest(buf[:0], literal)
	if v, ok := read(text); ok {
		return v.append(dst)
	}
	d := exact(text)
	return d.append(dst)
}

// Order compares two literals by value: negative where a is less, positive where
// it is more. It is 0 just where Canonical spells both alike. NaN comes last.
func Order(a, b []byte) int {
	x, ok := plain(a)
	y, ok2 := plain(b)
	if ok && ok2 {
		if order, ok := x.compare(y); ok {
			return order
		}
	}
	if order, ok := orderFloats(a, b); ok {
		return order
	}
	m, n := canonical(a), canonical(b)
	return m.compare(&n)
}

// canonical is the value that Canonical spells.
func canonical(literal []byte) decimal {
	var buf [32]byte
	return exact(shortest(buf[:0], literal))
}

// shortest appends what the exact value is taken of: the shortest decimal that
// reads as the literal's float64. Integers, and what has no float64, it returns
// as they are.
func shortest(dst, literal []byte) []byte {
	if isInteger(literal) {
		return literal
	}
	f, err := strconv.ParseFloat(string(literal), 64)
	if err != nil {
		return literal
	}
	return strconv.AppendFloat(dst, f, 'e', -1, 64)
}

// orderFloats orders what both have to be read as float64: their shortest
// decimals are in the same order as they.
func orderFloats(a, b []byte) (order int, ok bool) {
	if isInteger(a) || isInteger(b) {
		return 0, false
	}
	x, errX := strconv.ParseFloat(string(a), 64)
	y, errY := strconv.ParseFloat(string(b), 64)
	return cmp.Compare(x, y), errX == nil && errY == nil && !math.IsNaN(x) && !math.IsNaN(y)
}

// plain reads a literal whose exact value is its canonical one: an integer, or a
// number of up to 15 digits, which no other of so few shares its float64 with.
func plain(literal []byte) (scaled, bool) {
	s, ok := read(literal)
	if !ok || isInteger(literal) {
		return s, ok
	}
	return s, s.mantissa < 1e15 && -maxQuick <= s.exponent && s.exponent <= maxQuick
}

// compare orders by value; false where the two can't be brought to one exponent.
func (s scaled) compare(o scaled) (order int, ok bool) {
	a, b, _, ok := align(s, o)
	switch {
	case a == 0 && b == 0:
		return 0, ok
	case s.negative && o.negative:
		return cmp.Compare(b, a), ok
	case s.negative:
		return -1, ok
	case o.negative:
		return 1, ok
	}
	return cmp.Compare(a, b), ok
}

func (s scaled) append(dst []byte) []byte {
	if s.mantissa == 0 {
		return append(dst, '0')
	}
	if s.negative {
		dst = append(dst, '-')
	}
	for s.mantissa%10 == 0 {
		s.mantissa /= 10
		s.exponent++
	}
	dst = strconv.AppendUint(dst, s.mantissa, 10)
	return strconv.AppendInt(append(dst, 'e'), int64(s.exponent), 10)
}
