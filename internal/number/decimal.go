package number

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"
)

// maxExponent holds every exponent that is worth computing with, and leaves room
// in an int64 to add the length of a literal.
const maxExponent = 1e18

// decimal is the exact value of a literal: ±0.digits · 10^point.
type decimal struct {
	special  int8 // −1 and 1 for the infinities, 2 for NaN, which have nothing else
	negative bool
	digits   []byte // without zeros at either end; none for 0
	point    int64
	decimals int64 // how many the literal prints

	// long has the digits of an exponent past maxExponent, which point does not
	// include. Nobody computes with such numbers, they just have to cost nothing.
	long string
}

// exact reads a literal.
func exact(literal []byte) decimal {
	if IsNaN(literal) {
		return decimal{special: 2}
	}
	if sign := infinity(literal); sign != 0 {
		return decimal{special: int8(sign)}
	}
	mantissa, exponent := literal, []byte(nil)
	if i := bytes.IndexAny(literal, "eE"); i >= 0 {
		mantissa, exponent = literal[:i], literal[i+1:]
	}
	unsigned, negative := bytes.CutPrefix(mantissa, []byte("-"))
	whole, fraction, _ := bytes.Cut(unsigned, []byte("."))
	e, long := readExponent(string(exponent))
	all := bytes.TrimLeft(append(bytes.Clone(whole), fraction...), "0")
	d := decimal{
		digits:   bytes.TrimRight(all, "0"),
		point:    e + int64(len(all)-len(fraction)),
		decimals: max(0, int64(len(fraction))-e),
		long:     long,
		negative: negative,
	}
	if len(d.digits) == 0 {
		return decimal{decimals: d.decimals}
	}
	return d
}

// readExponent returns an exponent as a number or, past maxExponent, its digits.
// Far below, every exponent stands for a value that is 0 to any reader.
func readExponent(text string) (e int64, long string) {
	if text == "" {
		return 0, ""
	}
	e, err := strconv.ParseInt(text, 10, 64) // past an int64 it is the nearest one
	if err != nil || e > maxExponent || e < -maxExponent {
		if strings.HasPrefix(text, "-") {
			return -maxExponent, ""
		}
		return 0, strings.TrimLeft(text, "+0")
	}
	return e, ""
}

func (d *decimal) append(dst []byte) []byte {
	switch {
	case d.special != 0:
		return append(dst, [...]string{"-Infinity", "", "Infinity", "NaN"}[d.special+1]...)
	case len(d.digits) == 0:
		return append(dst, '0')
	case d.negative:
		dst = append(dst, '-')
	}
	dst = append(append(dst, d.digits...), 'e')
	e := d.point - int64(len(d.digits))
	if d.long != "" {
		dst = append(dst, d.long...)
		if e >= 0 {
			dst = append(dst, '+')
		}
	}
	return strconv.AppendInt(dst, e, 10)
}

func (d *decimal) compare(o *decimal) int {
	if d.special != 0 || o.special != 0 {
		return cmp.Compare(d.special, o.special)
	}
	if order := cmp.Compare(d.sign(), o.sign()); order != 0 {
		return order
	}
	magnitude := cmp.Or(
		cmp.Compare(len(d.long), len(o.long)),
		cmp.Compare(d.long, o.long),
		cmp.Compare(d.point, o.point),
		bytes.Compare(d.digits, o.digits),
	)
	return magnitude * d.sign()
}

func (d *decimal) sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}
