package compare

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

// A value is what an answer says; it can be written in many ways. Its nodes are
// nil, bool, string, literal, []any and map[string]any.
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

// One change anywhere must be found, at its place, and nothing else.
func TestOnePlantedChangeIsFound(t *testing.T) {
	value, seed := values(3), rapid.Int64()
	rapid.Check(t, func(rt *rapid.T) {
		v := smallNumbers(value.Draw(rt, "value"))
		aSeed, bSeed := seed.Draw(rt, "a"), seed.Draw(rt, "b")
		a := spelled(v, aSeed)
		changed, path, kind := plant(rt, v, "$")
		b := spelled(changed, bSeed)
		d, deltas := compareBodies(t, exact, "application/json", a, b)
		if d.outcome != Mismatch || len(deltas) != 1 || deltas[0].Path != path || deltas[0].Kind != kind {
			rt.Fatalf("%s\n%s\n%+v %v, want %s %s", a, b, d, deltas, path, kind)
		}
		if d, _ := compareBodies(t, Rules{Number: &number.Tolerance{}, Paths: hide(path)}, "application/json", a, b); path != "$" && d.outcome != Match {
			rt.Fatalf("%s\n%s\n%s is not hidden by its own path", a, b, path)
		}
	})
}

func hide(path string) []PathRule {
	if path == "$" {
		return nil
	}
	return []PathRule{ignore(path)}
}

// plant changes v in one place and says which.
func plant(t *rapid.T, v any, path string) (any, string, Kind) {
	switch v := v.(type) {
	case string:
		return v + "x", path, KindString
	case bool:
		return !v, path, KindBool
	case literal:
		if n, _ := strconv.ParseFloat(string(v), 64); n == 7 {
			return literal("8"), path, KindNumber
		}
		return literal("7"), path, KindNumber
	case []any:
		return plantArray(t, v, path)
	case map[string]any:
		return plantObject(t, v, path)
	}
	return "not null", path, KindType
}

func plantArray(t *rapid.T, v []any, path string) (any, string, Kind) {
	i := rapid.IntRange(0, len(v)).Draw(t, "element")
	if i == len(v) {
		return append(v[:i:i], literal("0")), path, KindLength
	}
	out := append([]any(nil), v...)
	changed, where, kind := plant(t, v[i], path+fmt.Sprintf("[%d]", i))
	out[i] = changed
	return out, where, kind
}

func plantObject(t *rapid.T, v map[string]any, path string) (any, string, Kind) {
	out := map[string]any{}
	keys := []string{"no name that is drawn"}
	for k, e := range v {
		out[k] = e
		keys = append(keys, k)
	}
	k := rapid.SampledFrom(keys).Draw(t, "member")
	at := path + string(appendName(nil, k))
	switch _, ok := v[k]; {
	case !ok:
		out[k] = nil
		return out, at, KindExtra
	case rapid.Bool().Draw(t, "drop"):
		delete(out, k)
		return out, at, KindMissing
	}
	changed, where, kind := plant(t, v[k], at)
	out[k] = changed
	return out, where, kind
}

// exchanges are some of every outcome.
var exchanges = rapid.Custom(func(t *rapid.T) exchange.Exchange {
	n := rapid.IntRange(0, 40).Draw(t, "request")
	e := jsonPair(n, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "model"), `{"a":[1,2],"b":1}`,
		rapid.SampledFrom([]string{`{"a":[1,2],"b":1}`, `{"b":1,"a":[1,2]}`, `{"a":[2,1]}`, `{"a":[1,3],"b":2}`, `{`, `{"b":1.01}`}).Draw(t, "answer"))
	e.ID = exchange.DeriveID(epoch, fmt.Append(nil, rapid.Uint64().Draw(t, "id")))
	e.Time = exchange.Timestamp(rapid.Int64Range(0, 1e9).Draw(t, "time"))
	e.Defect = rapid.SampledFrom([]exchange.Defect{"", "", "", exchange.Redacted}).Draw(t, "defect")
	e.Candidate.Status = rapid.SampledFrom([]int64{200, 200, 200, 500, 429}).Draw(t, "status")
	e.Candidate.LatencyUS = rapid.Int64Range(0, 1e7).Draw(t, "latency")
	return e
})

// Rows in equal outcomes out, and tallies merge in any order and grouping to the
// same bytes: a run that was judged on eight machines has one summary.
func TestTalliesMerge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(exchanges, 0, 30).Draw(rt, "exchanges")
		whole := judgeRows(t, exact, all, nil)
		planned := int64(0)
		for _, m := range whole.Models {
			planned += m.Planned
			if !m.Balanced() {
				rt.Fatalf("does not balance: %s", toJSON(t, whole))
			}
		}
		if planned != int64(len(all)) {
			rt.Fatalf("%d exchanges planned of %d", planned, len(all))
		}
		var parts []*Tally
		for rest := all; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "part")
			parts = append(parts, stored(t, judgeRows(t, exact, rest[:n], nil)))
			rest = rest[n:]
		}
		for len(parts) > 1 {
			i := rapid.IntRange(1, len(parts)-1).Draw(rt, "merge")
			if rapid.Bool().Draw(rt, "swap") {
				parts[0], parts[i] = parts[i], parts[0]
			}
			parts[0].Merge(parts[i])
			parts = append(parts[:i], parts[i+1:]...)
		}
		if len(parts) == 1 && toJSON(t, parts[0]) != toJSON(t, whole) {
			rt.Fatalf("merged\n%s\nwhole\n%s", toJSON(t, parts[0]), toJSON(t, whole))
		}
	})
}

// stored is the tally after a way through the store.
func stored(t *testing.T, tally *Tally) *Tally {
	t.Helper()
	var back Tally
	if err := json.Unmarshal([]byte(toJSON(t, tally)), &back); err != nil {
		t.Fatal(err)
	}
	return &back
}

// Signatures are capped, and which of them stay must not depend on the shards.
func TestTooManySignaturesMerge(t *testing.T) {
	var all []exchange.Exchange
	for n := range 900 {
		all = append(all, jsonPair(n, "m", fmt.Sprintf(`{"k%d":1}`, n%700), "{}"))
	}
	whole := judgeRows(t, exact, all, nil)
	merged := NewTally()
	for _, part := range [][]exchange.Exchange{all[600:], all[:10], all[10:600]} {
		merged.Merge(stored(t, judgeRows(t, exact, part, nil)))
	}
	if toJSON(t, merged) != toJSON(t, whole) {
		t.Error("shards give another tally")
	}
	m := whole.Models["m"]
	kept := m.Folded
	for _, s := range m.Signatures {
		kept += s.Deltas
	}
	if len(m.Signatures) != MaxSignatures || kept != 900 {
		t.Errorf("%d signatures, %d deltas of 900", len(m.Signatures), kept)
	}
}
