package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/itchyny/gojq"
)

// maxNesting bounds the recursion over values that a program built.
const maxNesting = 10_000

// encoder writes results. It is not gojq.Marshal because that knows no limit (a
// value may hold another a thousand times over), and writes NaN as null,
// infinities as 1.797e308 and bad UTF-8 as U+FFFD without a word.
type encoder struct {
	limit int // of the length that dst grows to
}

func (e encoder) append(dst []byte, v any, depth int) (_ []byte, err error) {
	if len(dst) > e.limit || depth > maxNesting {
		return nil, fmt.Errorf("%w: the result is over %d bytes, or nested deeper than %d", ErrTooLarge, MaxOutput, maxNesting)
	}
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case *big.Int:
		return v.Append(dst, 10), nil
	case json.Number:
		return append(dst, v...), nil
	case float64:
		return appendFloat(dst, v)
	case string:
		return e.appendText(dst, v)
	case []any:
		return e.appendArray(dst, v, depth+1)
	case map[string]any:
		return e.appendObject(dst, v, depth+1)
	default:
		panic(fmt.Sprintf("a value of type %T", v))
	}
}

func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%w: it has the number %v", ErrResult, f)
	}
	text, err := gojq.Marshal(f) // as jq writes floats
	return append(dst, text...), err
}

func (e encoder) appendText(dst []byte, s string) ([]byte, error) {
	if len(dst)+len(s) > e.limit {
		return nil, fmt.Errorf("%w: the result is over %d bytes", ErrTooLarge, MaxOutput)
	}
	dst, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		return nil, fmt.Errorf("%w: it has text that is not UTF-8", ErrResult)
	}
	return dst, nil
}

func (e encoder) appendArray(dst []byte, elements []any, depth int) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, v := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.append(dst, v, depth); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (e encoder) appendObject(dst []byte, members map[string]any, depth int) (_ []byte, err error) {
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.appendText(dst, name); err != nil {
			return nil, err
		}
		if dst, err = e.append(append(dst, ':'), members[name], depth); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
