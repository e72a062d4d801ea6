package mapping

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/itchyny/gojq"
)

//go:embed bounds.jq
var bounds string

// prefix begins the names of what a program can't define or call.
const prefix = "_parity_"

// prelude gives gojq bounds.jq as what every program starts with.
type prelude struct{}

func (prelude) LoadInitModules() ([]*gojq.Query, error) {
	q, err := gojq.Parse(bounds)
	return []*gojq.Query{q}, err
}

// A guard spends what a built-in function is about to cost, or fails.
type guard func(v any, args []any) error

// options are the compiler's: the prelude, and the guards it calls.
func (b *budget) options() []gojq.CompilerOption {
	options := []gojq.CompilerOption{gojq.WithModuleLoader(prelude{})}
	add := func(name string, arguments int, g guard) {
		options = append(options, gojq.WithFunction(prefix+name, arguments, arguments, func(v any, args []any) any {
			if err := g(v, args); err != nil {
				return err
			}
			return v
		}))
	}
	add("size", 0, func(v any, _ []any) error { return b.spend(b.size(v)) })
	// Of what is assigned to only the containers on the way are copied.
	add("copied", 0, func(v any, _ []any) error { return b.spend(b.size(v) / 4) })
	add("sum", 2, func(_ any, lr []any) error { return b.spend(length(lr[0]) + length(lr[1])) })
	add("product", 2, func(_ any, lr []any) error { return b.product(lr[0], lr[1]) })
	add("within", 2, func(_ any, lr []any) error { return b.within(lr[0], lr[1]) })
	add("repeat", 2, func(_ any, lr []any) error { return b.repeat(lr[0], lr[1]) })
	add("times", 1, func(v any, n []any) error { return b.repeat(v, n[0]) })
	add("pieces", 2, func(_ any, lr []any) error { return b.pieces(lr[0], lr[1]) })
	add("joined", 1, func(v any, sep []any) error { return b.spend(b.size(v) + elements(v)*length(sep[0])) })
	add("table", 0, func(v any, _ []any) error { return b.table(v) })
	add("digits", 0, func(v any, _ []any) error { return b.digits(v) })
	add("index", 0, func(v any, _ []any) error { return b.index(v) })
	add("place", 0, func(v any, _ []any) error { return b.place(v) })
	add("path", 1, func(_ any, path []any) error { return b.path(path[0]) })
	add("search", 2, b.searcher())
	return append(options, gojq.WithFunction(prefix+"fromjson", 0, 0, b.fromJSON))
}

// textPerStep is how many bytes of text count as one step.
const textPerStep = 8

// length is what copying v costs, without what its elements hold.
func length(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) / textPerStep
	case map[string]any:
		return 4 * len(v)
	}
	return elements(v)
}

func elements(v any) int {
	switch v := v.(type) {
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	}
	return 0
}

// size counts the values in v, and its text. It stops past what is left, as a
// value may hold another many times over.
func (b *budget) size(v any) int { return b.sizeWithin(v, b.left, 0) }

func (b *budget) sizeWithin(v any, limit, depth int) int {
	if depth > maxNesting {
		return limit + 1 // more than the stack should bear
	}
	n := 1
	switch v := v.(type) {
	case string:
		n += len(v) / textPerStep
	case json.Number:
		n += len(v) / textPerStep
	case *big.Int:
		n += v.BitLen() / 32
	case []any:
		for i := 0; i < len(v) && n <= limit; i++ {
			n += b.sizeWithin(v[i], limit-n, depth+1)
		}
	case map[string]any:
		for name, member := range v {
			if n += len(name) / textPerStep; n > limit {
				break
			}
			n += b.sizeWithin(member, limit-n, depth+1)
		}
	}
	return n
}

// product is for what looks at each of r for each of l.
func (b *budget) product(l, r any) error {
	if isNumber(l) || isNumber(r) {
		return nil
	}
	return b.spend(b.size(l) * b.size(r))
}

// within is product for contains, which is linear on text.
func (b *budget) within(l, r any) error {
	s, ok := l.(string)
	if t, both := r.(string); ok && both {
		return b.spend((len(s) + len(t)) / textPerStep)
	}
	return b.product(l, r)
}

func isNumber(v any) bool {
	switch v.(type) {
	case int, float64, json.Number:
		return true
	}
	return false
}

// repeat is for *: numbers, objects merged, and text times a number.
func (b *budget) repeat(l, r any) error {
	if isNumber(l) && isNumber(r) {
		return nil
	}
	if _, text := l.(string); !text {
		l, r = r, l
	}
	s, text := l.(string)
	if times, ok := gojq.ToFloat64(r); ok && text {
		if !(times > 0) { // NaN too: the product is null
			return nil
		}
		// Floats, as the product may be beyond integers.
		return b.spend(int(min(float64(len(s))*times/textPerStep, maxWork+1)))
	}
	_, bigL := l.(*big.Int)
	if _, bigR := r.(*big.Int); bigL || bigR {
		return b.spend(b.size(l) * b.size(r))
	}
	return b.spend(b.size(l) + b.size(r))
}

// pieces is for splitting text: a piece takes up to 50 bytes.
func (b *budget) pieces(l, r any) error {
	s, ok := l.(string)
	separator, both := r.(string)
	if !ok || !both {
		return nil
	}
	return b.spend(len(s)/textPerStep + 4*strings.Count(s, separator))
}

// table is for transpose, whose result is as wide as the longest row.
func (b *budget) table(v any) error {
	rows, _ := v.([]any)
	longest := 0
	for _, row := range rows {
		longest = max(longest, elements(row))
	}
	return b.spend(len(rows) * longest)
}

func (b *budget) digits(v any) error {
	if s, ok := v.(string); ok && len(s) > maxNumber {
		return b.fail(fmt.Errorf("%w: a number of %d characters (at most %d)", ErrTooLarge, len(s), maxNumber))
	}
	return nil
}

// index bounds an index that the program computes: assigning to .[100000000]
// makes an array of 1.6 GB.
func (b *budget) index(v any) error {
	if i, ok := gojq.ToInt(v); ok && i > maxIndex {
		return b.fail(fmt.Errorf("%w: index %s (at most %d)", ErrTooLarge, gojq.Preview(v), maxIndex))
	}
	if _, ok := v.([]any); ok {
		return errors.New("an array is no index here; use indices")
	}
	return nil
}

// place is index for what is assigned to, where the array is copied.
func (b *budget) place(v any) error {
	if i, ok := gojq.ToInt(v); ok && i > 0 && i <= maxIndex {
		return b.spend(i / 4)
	}
	return b.index(v)
}

func (b *budget) path(v any) error {
	path, _ := v.([]any)
	for _, step := range path {
		if err := b.place(step); err != nil {
			return err
		}
	}
	return nil
}

// fromJSON reads text as Apply reads documents.
func (b *budget) fromJSON(v any, _ []any) any {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("fromjson cannot be applied to: %s", gojq.Preview(v))
	}
	if err := b.spend(len(s)); err != nil {
		return err
	}
	var d decoder
	value, err := d.decode([]byte(s))
	if err != nil {
		return fmt.Errorf("fromjson: %w", err)
	}
	return value
}
