package number

import "bytes"

// equalDecimals says whether two finite numbers are at most half a unit apart,
// in the last place that the coarser side prints. It is exact, and takes time
// and memory in proportion to the literals, however large their exponents.
func equalDecimals(ref, cand []byte) bool {
	coarse, fine := exact(ref), exact(cand)
	if coarse.decimals > fine.decimals {
		coarse, fine = fine, coarse
	}
	want, _ := coarse.units(coarse.decimals)
	got, rest := fine.units(coarse.decimals)
	if len(want) == 0 {
		return len(got) == 0 && rest <= 0
	}
	if coarse.negative != fine.negative {
		return false
	}
	return rest <= 0 && bytes.Equal(got, want) || rest >= 0 && bytes.Equal(increment(got), want)
}

// units returns the digits of the whole part of |d|·10^decimals, and how its
// fraction compares with a half. Neither the whole part of a finite float64 nor
// the decimals of a literal make that longer than 309 digits and the literal.
func (d *decimal) units(decimals int64) (whole []byte, rest int) {
	n := d.point + decimals
	switch {
	case len(d.digits) == 0 || n < 0:
		return nil, -1
	case n >= int64(len(d.digits)):
		zeros := bytes.Repeat([]byte("0"), int(n)-len(d.digits))
		return append(bytes.Clone(d.digits), zeros...), -1
	}
	return d.digits[:n], bytes.Compare(d.digits[n:], []byte("5"))
}

// increment adds one to a string of digits.
func increment(digits []byte) []byte {
	sum := append([]byte("0"), digits...)
	last := len(sum) - 1
	for sum[last] == '9' {
		sum[last] = '0'
		last--
	}
	sum[last]++
	return bytes.TrimLeft(sum, "0")
}
