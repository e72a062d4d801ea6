package compare

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/number"
	"pgregory.net/rapid"
)

// A ruled answer has a place for each rule that pairs values in its own way.
type ruled struct {
	bag    []any          // $.bag: in any order, in any case
	keyed  []any          // $.keyed: values whose ids are k0, k1, …
	opt    map[string]any // $.opt: null and what is empty are absent
	ranked []any          // $.ranked: the first three count
	plain  any            // $.plain: no rule
}

const rankedTop = 3

var ruledRules = Rules{Number: &number.Tolerance{}, Paths: []PathRule{
	{Path: "$.bag", Order: "any", Case: "ignore"},
	{Path: "$.keyed[*]", Key: "id"},
	{Path: "$.opt", NullAbsent: true, EmptyAbsent: true},
	{Path: "$.ranked", Top: rankedTop},
}}

var (
	words        = rapid.Map(rapid.StringMatching(`[a-cA-C]{0,2}`), func(s string) any { return s })
	flat         = rapid.OneOf(literals, words, rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Just[any](nil))
	optional     = rapid.OneOf(flat, rapid.Map(rapid.SliceOfN(flat, 0, 2), func(a []any) any { return a }), rapid.Just[any](map[string]any{}))
	ruledAnswers = rapid.Custom(func(t *rapid.T) *ruled {
		d := &ruled{
			bag:    rapid.SliceOfN(flat, 0, 6).Draw(t, "bag"),
			keyed:  rapid.SliceOfN(values(2), 0, 4).Draw(t, "keyed"),
			opt:    rapid.MapOfN(names, optional, 0, 4).Draw(t, "opt"),
			ranked: rapid.SliceOfN(flat, rankedTop, rankedTop+2).Draw(t, "ranked"),
			plain:  values(2).Draw(t, "plain"),
		}
		smallNumbers(d.bag)
		smallNumbers(d.keyed)
		smallNumbers(d.opt)
		smallNumbers(d.ranked)
		d.plain = smallNumbers(d.plain)
		return d
	})
)

// value is the answer, with the keyed elements in the order that is asked for.
func (d *ruled) value(order []int) map[string]any {
	keyed := []any{}
	for _, i := range order {
		keyed = append(keyed, map[string]any{"id": fmt.Sprint("k", i), "v": d.keyed[i]})
	}
	return map[string]any{"bag": d.bag, "keyed": keyed, "opt": d.opt, "ranked": d.ranked, "plain": d.plain}
}

func inOrder(n int) (order []int) {
	for i := range n {
		order = append(order, i)
	}
	return order
}

// restated says the same under the rules in another way.
func (d *ruled) restated(r *rand.Rand) *ruled {
	out := &ruled{bag: slices.Clone(d.bag), keyed: d.keyed, opt: map[string]any{}, ranked: slices.Clone(d.ranked[:rankedTop]), plain: d.plain}
	r.Shuffle(len(out.bag), func(i, j int) { out.bag[i], out.bag[j] = out.bag[j], out.bag[i] })
	for i, v := range out.bag {
		if text, ok := v.(string); ok && r.Intn(2) == 0 {
			out.bag[i] = strings.ToUpper(text)
		}
	}
	for name, v := range d.opt {
		if !void(v) {
			out.opt[name] = v
		}
	}
	out.opt["no name that is drawn"] = []any{nil, "", []any{}, map[string]any{}}[r.Intn(4)]
	for range r.Intn(3) {
		out.ranked = append(out.ranked, "beyond")
	}
	return out
}

func void(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// Rules that say how values are paired must find nothing where the answers say
// the same, and one change to them as one, at its place: a bag that shifts all
// its elements for one that changed is as useless as one that hides it.
func TestOnePlantedChangeIsFoundUnderRules(t *testing.T) {
	seed := rapid.Int64()
	rapid.Check(t, func(rt *rapid.T) {
		d := ruledAnswers.Draw(rt, "answer")
		r := rand.New(rand.NewSource(seed.Draw(rt, "seed")))
		order := r.Perm(len(d.keyed))
		a, same := spelled(d.value(inOrder(len(d.keyed))), r.Int63()), d.restated(r)
		b := spelled(same.value(order), r.Int63())
		if got, deltas := compareBodies(t, ruledRules, "application/json", a, b); got.outcome != Match {
			rt.Fatalf("%s\n%s\n%+v %v", a, b, got, deltas)
		}
		changed, kind, isPlace := d.plant(rt, same, order)
		b = spelled(changed, r.Int63())
		got, deltas := compareBodies(t, ruledRules, "application/json", a, b)
		if got.outcome != Mismatch || len(deltas) != 1 || deltas[0].Kind != kind || !isPlace(deltas[0].Path) {
			rt.Fatalf("%s\n%s\n%+v %v, want %s", a, b, got, deltas, kind)
		}
	})
}

// plant changes same, which says what d does, in one place.
func (d *ruled) plant(t *rapid.T, same *ruled, order []int) (changed any, kind Kind, isPlace func(string) bool) {
	at := func(path string) func(string) bool { return func(p string) bool { return p == path } }
	var path string
	switch part := rapid.SampledFrom([]string{"bag", "keyed", "opt", "ranked", "plain"}).Draw(t, "part"); {
	case part == "bag" && len(same.bag) > 0:
		i := rapid.IntRange(0, len(same.bag)-1).Draw(t, "element")
		old := same.bag[i]
		same.bag[i], kind = unlike(t, old)
		return same.value(order), kind, func(p string) bool { return slices.Contains(d.bagPlaces(old), p) }
	case part == "keyed" && len(d.keyed) > 0:
		i := rapid.IntRange(0, len(d.keyed)-1).Draw(t, "element")
		path = fmt.Sprintf("$.keyed[%d]", i)
		if rapid.Bool().Draw(t, "drop") {
			return same.value(slices.DeleteFunc(order, func(j int) bool { return i == j })), KindMissing, at(path)
		}
		same.keyed = slices.Clone(same.keyed)
		same.keyed[i], path, kind = plant(t, same.keyed[i], path+".v")
		if kind == KindExtra { // has its place in the candidate
			path = fmt.Sprintf("$.keyed[%d]", slices.Index(order, i)) + strings.TrimPrefix(path, fmt.Sprintf("$.keyed[%d]", i))
		}
	case part == "opt":
		path = "$.opt['one more']"
		same.opt["one more"], kind = true, KindExtra
	case part == "ranked":
		i := rapid.IntRange(0, rankedTop-1).Draw(t, "element")
		path = fmt.Sprintf("$.ranked[%d]", i)
		same.ranked[i], kind = unlike(t, same.ranked[i])
	default:
		same.plain, path, kind = plant(t, same.plain, "$.plain")
	}
	return same.value(order), kind, at(path)
}

// unlike is a scalar that nothing else is, and what it differs in from another.
func unlike(t *rapid.T, old any) (any, Kind) {
	if rapid.Bool().Draw(t, "text") {
		if _, ok := old.(string); ok {
			return "planted", KindString
		}
		return "planted", KindType
	}
	if _, ok := old.(literal); ok {
		return literal("1e200"), KindNumber
	}
	return literal("1e200"), KindType
}

// bagPlaces lists where in the bag a value stands, in any case or spelling.
func (d *ruled) bagPlaces(v any) (paths []string) {
	for i, other := range d.bag {
		a, okA := v.(literal)
		b, okB := other.(literal)
		text, okText := v.(string)
		otherText, okOther := other.(string)
		if okA && okB && (&number.Tolerance{}).Equal([]byte(a), []byte(b), number.Float64) || okText && okOther && strings.EqualFold(text, otherText) || v == other {
			paths = append(paths, fmt.Sprintf("$.bag[%d]", i))
		}
	}
	return paths
}
