package number

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// The quick way decides with integers what needs no float64, which is nearly
// everything: BenchmarkEqual shows what it buys. It reads a literal as
// mantissa·10^exponent, and leaves to Compare what does not fit, and what is so
// near to the tolerance that rounding to float64 could turn the verdict.

// Numbers of up to 19 digits with an exponent up to maxQuick either way are so
// far from both ends of float64's range that rounding them has a relative error
// of at most 2^-53.
const maxQuick = 270

// rounding is more than all rounding errors of both ways together, as a share of
// the larger number. Near the tolerance, where it matters, they are at most
// 12·2^-53 = 1.4e-15 of that: two for the values, one for their difference, three
// for the tolerance, and about as many here.
const rounding = 2e-15

// nearRel is ten times what two numbers that are near can be apart, as a share of
// either: rounding can't turn that verdict.
const nearRel = 1e-6

// near says of two literals that they begin with the same eight digits, those that
// count, behind the same point, and have the same small exponent if any. So have
// most scores that two machines computed, and nothing more need be read of them.
// false says nothing.
func near(a, b []byte) bool {
	head := decimals(a) + 8
	if head > 16 || len(a) < head || len(b) < head || eight(a, 0) != eight(b, 0) ||
		eight(a, head-8) != eight(b, head-8) || !eightDigits(eight(a, head-8)) {
		return false
	}
	a, b = cutExponent(a, b, head)
	return endsInDigits(a, head) && endsInDigits(b, head) || sameExponent(skipDigits(a[head:]), skipDigits(b[head:]))
}

// cutExponent cuts off the exponent that both have behind the head, if it is the
// same and written as nearly all are: e-07.
func cutExponent(a, b []byte, head int) ([]byte, []byte) {
	n, m := len(a)-len("e-07"), len(b)-len("e-07")
	if n >= head && m >= head && a[n]|0x20 == 'e' && b[m]|0x20 == 'e' &&
		a[n+1] < '0' && [3]byte(a[n+1:]) == [3]byte(b[m+1:]) {
		return a[:n], b[:m]
	}
	return a, b
}

// endsInDigits says of a literal with eight digits before head that up to sixteen
// more follow and nothing else, without a look at each. false says nothing.
func endsInDigits(a []byte, head int) bool {
	rest := len(a) - head
	return rest <= 16 && eightDigits(eight(a, len(a)-8)) && (rest <= 8 || eightDigits(eight(a, head)))
}

// eight is the eight bytes at i, as a word.
func eight(text []byte, i int) uint64 { return binary.LittleEndian.Uint64(text[i:]) }

// decimals is where the decimals that count begin in a number of one digit before
// the point, far beyond the end if it is written in another way.
func decimals(a []byte) int {
	const other = 1 << 10
	i := 0
	if len(a) > 0 && a[0] == '-' {
		i = 1
	}
	if len(a) < i+2 || a[i+1] != '.' || !isDigit(a[i]) {
		return other
	}
	zero := a[i] == '0'
	for i += 2; zero && i < len(a) && a[i] == '0'; {
		i++
	}
	return i
}

// skipDigits looks at eight in one go where there are more.
func skipDigits(text []byte) []byte {
	for len(text) >= 8 && eightDigits(binary.LittleEndian.Uint64(text)) {
		text = text[8:]
	}
	for len(text) > 0 && isDigit(text[0]) {
		text = text[1:]
	}
	return text
}

// sameExponent says that both texts are empty, or one exponent of at most 99 either
// way: near 999 a number may have no float64.
func sameExponent(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	e, ok := smallExponent(a)
	return ok && -99 <= e && e <= 99 && b[0]|0x20 == 'e' && string(a[1:]) == string(b[1:])
}

// eightDigits says whether all bytes of a word are digits.
func eightDigits(v uint64) bool {
	const high, six = 0xf0f0f0f0f0f0f0f0, 0x0606060606060606
	return v&high|(v+six)&high>>4 == 0x3333333333333333
}

// scaled is the number ±mantissa·10^exponent, as it is spelled: 1.50 is 150·10^-2.
type scaled struct {
	mantissa uint64
	exponent int
	negative bool
}

// quick says whether two literals are equal, and whether that is sure: the
// answer of Compare, whatever the precision.
func (t *Tolerance) quick(ref, cand []byte) (equal, sure bool) {
	if t.Rel >= nearRel && near(ref, cand) {
		return true, true
	}
	r, ok := read(ref)
	if !ok {
		return false, false
	}
	c, ok := read(cand)
	if !ok {
		return false, false
	}
	a, b, exponent, ok := align(r, c)
	if !ok {
		return false, false
	}
	if r.negative != c.negative && a != 0 && b != 0 {
		return false, false
	}
	if a == b {
		return true, true
	}
	if t.Decimals && withinDecimals(a, b, exponent, min(r.decimals(), c.decimals())) {
		return true, true
	}
	return t.within(a, b, exponent)
}

// within decides by abs and rel, in units of 10^exponent.
func (t *Tolerance) within(ref, cand uint64, exponent int) (equal, sure bool) {
	if exponent < -maxQuick || exponent > maxQuick {
		return false, false
	}
	apart := float64(max(ref, cand) - min(ref, cand))
	slack := float64(max(ref, cand)) * rounding
	allowed := t.Rel * float64(ref)
	if apart+slack <= allowed {
		return true, true
	}
	allowed += t.Abs * math.Pow10(-exponent)
	if apart+slack <= allowed {
		return true, true
	}
	return false, apart-slack > allowed && t.ULPs == 0 && !t.Decimals
}

// withinDecimals is exact: it holds the difference of two integers in units of
// 10^exponent against half a unit of the last decimal.
func withinDecimals(ref, cand uint64, exponent, decimals int) bool {
	unit := -decimals - exponent // as a power of ten
	if unit < 0 {
		return ref == cand // or the difference is a multiple of ten
	}
	apart := max(ref, cand) - min(ref, cand)
	return unit >= len(pow10) || apart <= pow10[unit]/2
}

func (s scaled) decimals() int { return max(0, -s.exponent) }

// align brings two numbers to one exponent; false where a mantissa gets too
// large for that.
func align(r, c scaled) (a, b uint64, exponent int, ok bool) {
	a, b = r.mantissa, c.mantissa
	switch {
	case r.exponent == c.exponent:
		return a, b, r.exponent, true
	case r.exponent > c.exponent:
		a, ok = shift(a, r.exponent-c.exponent)
		return a, b, c.exponent, ok
	default:
		b, ok = shift(b, c.exponent-r.exponent)
		return a, b, r.exponent, ok
	}
}

// shift multiplies by a power of ten; false where that does not fit.
func shift(mantissa uint64, power int) (uint64, bool) {
	if mantissa == 0 {
		return 0, true
	}
	if power >= len(pow10) {
		return 0, false
	}
	high, low := bits.Mul64(mantissa, pow10[power])
	return low, high == 0
}

var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// read reads a number of up to 19 digits and a usual exponent. False for all
// others and for what is no number.
func read(literal []byte) (s scaled, ok bool) {
	rest := literal
	negative := len(rest) > 0 && rest[0] == '-'
	if negative {
		rest = rest[1:]
	}
	mantissa, exponent, digits := uint64(0), 0, 0
	for digits < len(rest) && isDigit(rest[digits]) {
		mantissa = mantissa*10 + uint64(rest[digits]-'0')
		digits++
	}
	if digits == 0 {
		return s, false
	}
	if digits < len(rest) && rest[digits] == '.' {
		fraction := rest[digits+1:]
		rest = fraction
		if digits == 1 && mantissa == 0 { // zeros in front are no digits of the mantissa
			for digits = 0; len(rest) > 0 && rest[0] == '0'; {
				rest = rest[1:]
			}
		}
		start := len(rest)
		mantissa, rest = readDigits(mantissa, rest)
		digits += start - len(rest)
		exponent = len(rest) - len(fraction)
		if exponent == 0 {
			return s, false
		}
	} else {
		rest = rest[digits:]
	}
	if digits > 19 {
		return s, false
	}
	if len(rest) > 0 {
		e, ok := smallExponent(rest)
		return scaled{mantissa, exponent + e, negative}, ok
	}
	return scaled{mantissa, exponent, negative}, true
}

// readDigits appends the digits that text begins with, eight at a time where it
// can: 64-bit arithmetic on their bytes, by Johnny Lee's method as in simdjson.
func readDigits(mantissa uint64, text []byte) (uint64, []byte) {
	for len(text) >= 8 {
		v := binary.LittleEndian.Uint64(text)
		if !eightDigits(v) {
			break
		}
		v -= 0x3030303030303030
		v = v*10 + v>>8 // pairs of digits, in every other byte
		const pairs = 0x000000ff000000ff
		v = ((v&pairs)*(100+1000000<<32) + (v>>16&pairs)*(1+10000<<32)) >> 32
		mantissa = mantissa*1e8 + v
		text = text[8:]
	}
	for len(text) > 0 && isDigit(text[0]) {
		mantissa = mantissa*10 + uint64(text[0]-'0')
		text = text[1:]
	}
	return mantissa, text
}

// smallExponent reads e and an exponent of up to four digits.
func smallExponent(text []byte) (e int, ok bool) {
	if text[0]|0x20 != 'e' {
		return 0, false
	}
	text = text[1:]
	negative := len(text) > 0 && text[0] == '-'
	if negative || len(text) > 0 && text[0] == '+' {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > 4 {
		return 0, false
	}
	for _, c := range text {
		if !isDigit(c) {
			return 0, false
		}
		e = e*10 + int(c-'0')
	}
	if negative {
		return -e, true
	}
	return e, true
}
