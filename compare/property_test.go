package compare

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A value is what an answer says; it can be written in many ways. Its nodes are
// nil, bool, string, literal, int, []any and map[string]any.
type literal string

var (
	literals = rapid.Custom(func(t *rapid.T) any {
		return literal(rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,12})?(e-?[0-9]{1,2})?`).Draw(t, "number"))
	})
	scalars = rapid.OneOf(
		literals,
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil),
	)
	names = rapid.Map(rapid.OneOf(rapid.StringMatching(`[a-c]{0,2}`), rapid.String()), func(s string) string { return strings.ToValidUTF8(s, "?") })
)

func values(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return scalars
	}
	below := values(depth - 1)
	return rapid.OneOf(
		scalars,
		rapid.Map(rapid.SliceOfN(below, 0, 4), func(a []any) any { return a }),
		rapid.Map(rapid.MapOfN(names, below, 0, 4), func(m map[string]any) any { return m }),
	)
}

// write spells a value with members, white space, escapes and numbers as the
// random source likes.
func write(b *strings.Builder, v any, r *rand.Rand) {
	space := func() { b.WriteString([]string{"", " ", "\n", "\t "}[r.Intn(4)]) }
	space()
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		writeString(b, v, r)
	case literal:
		writeNumber(b, string(v), r)
	case int: // a tensor's size, which is only one as it is
		b.WriteString(strconv.Itoa(v))
	case []any:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			write(b, e, r)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			space()
			writeString(b, k, r)
			space()
			b.WriteByte(':')
			write(b, v[k], r)
		}
		b.WriteByte('}')
	}
	space()
}

func writeString(b *strings.Builder, s string, r *rand.Rand) {
	if r.Intn(2) == 0 {
		text, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		b.Write(text)
		return
	}
	b.WriteByte('"')
	for _, c := range s {
		if c < 0x10000 {
			fmt.Fprintf(b, `\u%04X`, c)
		} else {
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
}

// writeNumber spells the same value: an exponent more, a zero more.
func writeNumber(b *strings.Builder, s string, r *rand.Rand) {
	mantissa, exponent, hasExponent := strings.Cut(s, "e")
	e := 0
	if hasExponent {
		e, _ = strconv.Atoi(exponent)
	}
	switch r.Intn(4) {
	case 0:
		b.WriteString(s)
	case 1:
		fmt.Fprintf(b, "%sE%+03d", mantissa, e)
	case 2:
		if !strings.Contains(mantissa, ".") {
			mantissa += "."
		}
		fmt.Fprintf(b, "%s00e%d", mantissa, e)
	case 3:
		sign, unsigned := "", mantissa
		if mantissa[0] == '-' {
			sign, unsigned = "-", mantissa[1:]
		}
		whole, fraction, _ := strings.Cut(unsigned, ".")
		fmt.Fprintf(b, "%s0.%s%se%d", sign, whole, fraction, e+len(whole))
	}
}

func spelled(v any, seed int64) []byte {
	var b strings.Builder
	write(&b, v, rand.New(rand.NewSource(seed)))
	return []byte(b.String())
}

// smallNumbers keeps integers below 2^53: larger ones are compared exactly
// against integers and as float64 against other spellings, which is no property
// of reformatting.
func smallNumbers(v any) any {
	switch v := v.(type) {
	case literal:
		if mantissa, rest, _ := strings.Cut(string(v), "e"); len(mantissa) > 15 {
			v = literal(strings.TrimRight(mantissa[:15], "."))
			if rest != "" {
				v += literal("e" + rest)
			}
		}
		return v
	case []any:
		for i := range v {
			v[i] = smallNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = smallNumbers(v[k])
		}
	}
	return v
}

// A port that formats in another way must not drown the report.
func TestReformattingIsNoDifference(t *testing.T) {
	value, seed := values(3), rapid.Int64()
	rapid.Check(t, func(rt *rapid.T) {
		v := smallNumbers(value.Draw(rt, "value"))
		a, b := spelled(v, seed.Draw(rt, "a")), spelled(v, seed.Draw(rt, "b"))
		d, deltas := compareBodies(t, exact, "application/json", a, b)
		if d.outcome != Match || len(deltas) > 0 {
			rt.Fatalf("%s\n%s\n%+v %v", a, b, d, deltas)
		}
	})
}
