package compare

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Integers of up to smallInteger characters fit an int64 with room for the
// difference of two. Those longer than maxInteger are past float64's range, and
// past any use: their exact difference is not computed.
const (
	smallInteger = 18
	maxInteger   = 310
)

// compare says whether two JSON number literals are equal within the tolerance,
// and if not, how far they are apart: abs is |candidate − reference|, rel that
// over |reference|, either of them 0 where it is not finite.
//
// Integers are compared exactly, whatever their size, everything else as the
// float64 that a reader of the answer would get: 1 and 1.0 are equal, so are -0
// and 0. Literals beyond float64's range are equal only if they spell the same
// value, whatever the tolerance.
func (n Number) compare(ref, cand []byte) (abs, rel float64, equal bool) {
	r, abs, ok := distance(ref, cand)
	if !ok {
		return 0, 0, canonicalNumber(ref) == canonicalNumber(cand)
	}
	// The conversion rounds the product. Without it some processors fuse product
	// and sum, round once, and so judge other pairs equal than the rest.
	if abs == 0 || abs <= n.Abs+float64(n.Rel*r) {
		return 0, 0, true
	}
	return finite(abs), finite(abs / r), false
}

// distance returns |ref| and |cand − ref|; false where one of the two is beyond
// float64's range.
func distance(ref, cand []byte) (r, abs float64, ok bool) {
	if isInteger(ref) && isInteger(cand) && len(ref) <= maxInteger && len(cand) <= maxInteger {
		r, abs = integerDistance(string(ref), string(cand))
	} else {
		r, abs = floatDistance(string(ref), string(cand))
	}
	return r, abs, !math.IsInf(r, 0) && !math.IsNaN(abs)
}

func integerDistance(ref, cand string) (r, abs float64) {
	if len(ref) <= smallInteger && len(cand) <= smallInteger {
		a, _ := strconv.ParseInt(ref, 10, 64)
		b, _ := strconv.ParseInt(cand, 10, 64)
		return math.Abs(float64(a)), math.Abs(float64(b - a))
	}
	a, _ := new(big.Int).SetString(ref, 10)
	b, _ := new(big.Int).SetString(cand, 10)
	r, _ = a.Float64()
	abs, _ = b.Sub(b, a).Float64()
	return math.Abs(r), math.Abs(abs)
}

// floatDistance is NaN where a number has no float64.
func floatDistance(ref, cand string) (r, abs float64) {
	a, _ := strconv.ParseFloat(ref, 64) // the only possible error is ErrRange, with ±Inf
	b, _ := strconv.ParseFloat(cand, 64)
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return 0, math.NaN()
	}
	return math.Abs(a), math.Abs(b - a)
}

func finite(f float64) float64 {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return 0
	}
	return f
}

func isInteger(literal []byte) bool { return !bytes.ContainsAny(literal, ".eE") }

// isNumber says whether text is a number by JSON's grammar. "007" and "+1" are
// not: in a CSV cell they are more likely names than values.
func isNumber(text []byte) bool {
	isDigit := func(c byte) bool { return '0' <= c && c <= '9' }
	return len(text) > 0 && (text[0] == '-' || isDigit(text[0])) && isDigit(text[len(text)-1]) &&
		jsontext.Value(text).IsValid()
}

// canonicalNumber is one spelling for all literals of one value. Numbers that
// no tolerance is needed for have the same.
func canonicalNumber(literal []byte) string {
	text := string(literal)
	if isInteger(literal) {
		return decimal(text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return decimal(text)
	}
	return decimal(strconv.FormatFloat(f, 'e', -1, 64))
}

// decimal spells the exact value of a literal as digits without zeros at either
// end, and an exponent. Exponents too long for an int64 stay as they are.
func decimal(literal string) string {
	mantissa, exponent := literal, ""
	if i := strings.IndexAny(literal, "eE"); i >= 0 {
		mantissa, exponent = literal[:i], literal[i+1:]
	}
	unsigned, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	kept := strings.TrimRight(all, "0")
	if kept == "" {
		return "0"
	}
	sign := ""
	if negative {
		sign = "-"
	}
	e, err := strconv.ParseInt(exponent, 10, 62)
	if err != nil && exponent != "" {
		return mantissa + "e" + strings.TrimPrefix(exponent, "+")
	}
	return sign + kept + "e" + strconv.FormatInt(e+int64(len(all)-len(kept)-len(fraction)), 10)
}
