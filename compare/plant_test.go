package compare

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

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
	at := path + string(exchange.AppendName(nil, k))
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
