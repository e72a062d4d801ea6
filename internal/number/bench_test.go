package number

import (
	"math"
	"strconv"
	"testing"
)

var benchmarks = []struct{ name, ref, cand string }{
	{"last-digits", "0.12345678901234567", "0.12345678901234599"},
	{"with-whole", "123.45678901234567", "123.45678901234512"},
	{"exponent", "4.8312345678901234E-12", "4.8312345678901299e-12"},
	{"one-more-digit", "0.1234567890123456", "0.12345678901234567"},
	{"other-spelling", "4.83E-12", "4.83e-12"},
	{"integer-as-float", "1", "1.0"},
	{"different", "0.12345678901234567", "0.92345678901234567"},
	{"around-zero", "0.0", "1.2345678901234567e-17"},
}

// Equal against the obvious way, two times strconv, in one run.
func BenchmarkEqual(b *testing.B) {
	for _, c := range benchmarks {
		ref, cand := []byte(c.ref), []byte(c.cand)
		b.Run(c.name+"/quick", func(b *testing.B) {
			for b.Loop() {
				Default.Equal(ref, cand, Float64)
			}
		})
		b.Run(c.name+"/strconv", func(b *testing.B) {
			for b.Loop() {
				isClose(ref, cand)
			}
		})
		b.Run(c.name+"/compare", func(b *testing.B) {
			for b.Loop() {
				Default.Compare(ref, cand, Float64)
			}
		})
	}
}

//go:noinline
func isClose(ref, cand []byte) bool {
	r, _ := strconv.ParseFloat(string(ref), 64)
	c, _ := strconv.ParseFloat(string(cand), 64)
	return math.Abs(c-r) <= Default.Abs+float64(Default.Rel*math.Abs(r))
}

func BenchmarkCanonical(b *testing.B) {
	var buf [64]byte
	for _, literal := range []string{"0.5", "123456", "0.12345678901234567"} {
		b.Run(literal, func(b *testing.B) {
			for b.Loop() {
				Canonical(buf[:0], []byte(literal))
			}
		})
	}
}
