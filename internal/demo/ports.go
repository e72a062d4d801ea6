package demo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"
)

// same serves the old code.
func same(m *model) endpoint { return m.old }

// computed serves the model with another way to get from features to
// probabilities.
func computed(m *model, predict func(vector) []float64) endpoint {
	return func(_ context.Context, text string) (int, []byte) { return encode(m.answer(text, predict)) }
}

// changed serves the old answers after a change.
func changed(m *model, change func(a *answer, text string)) endpoint {
	return func(_ context.Context, text string) (int, []byte) {
		a := m.answer(text, m.predict)
		change(a, text)
		return encode(a)
	}
}

// float32s does all the arithmetic in float32.
func float32s(m *model) endpoint {
	l := &linear[float32]{bias: narrow(m.bias)}
	for _, w := range m.weights {
		l.weights = append(l.weights, narrow(w))
	}
	return computed(m, l.predict)
}

// stored32 has its weights from a file of float32 and does the arithmetic in
// float64.
func stored32(m *model) endpoint {
	l := &linear[float64]{bias: m.bias}
	for _, w := range m.weights {
		l.weights = append(l.weights, widen(narrow(w)))
	}
	return computed(m, l.predict)
}

func narrow(from []float64) []float32 {
	to := make([]float32, len(from))
	for i, v := range from {
		to[i] = float32(v)
	}
	return to
}

func widen(from []float32) []float64 {
	to := make([]float64, len(from))
	for i, v := range from {
		to[i] = float64(v)
	}
	return to
}

// quantised rounds each class's weights to 255 steps between ± the largest.
func quantised(m *model) endpoint {
	l := &linear[float64]{bias: m.bias}
	for _, w := range m.weights {
		step := max(slices.Max(w), -slices.Min(w)) / math.MaxInt8
		rounded := make([]float64, len(w))
		for i, v := range w {
			rounded[i] = step * float64(int8(math.Round(v/step)))
		}
		l.weights = append(l.weights, rounded)
	}
	return computed(m, l.predict)
}

// reversed sums the same terms from the last to the first.
func reversed(m *model) endpoint {
	return computed(m, func(x vector) []float64 {
		slices.Reverse(x)
		return m.predict(x)
	})
}

// dropout leaves out one feature in twenty, another one each time, and scales
// the others up, as in training of neural networks (Srivastava and others, 2014).
func dropout(m *model) endpoint {
	const rate = 0.05
	return computed(m, func(x vector) []float64 {
		kept := x[:0]
		for _, f := range x {
			if rand.Float64() >= rate {
				kept = append(kept, feature{f.index, f.value / (1 - rate)})
			}
		}
		return m.predict(kept)
	})
}

// stale serves what the model was before: trained on few reviews of long ago,
// whatever the seed of the world.
func stale(m *model) endpoint {
	const longAgo, few = 2019, 500
	was := &model{m.spec, m.learn(newGenerator(longAgo, 0), few)}
	return was.old
}

// flipped answers the second best label on one text in fifty, by its hash.
func flipped(m *model) endpoint {
	return changed(m, func(a *answer, text string) {
		if hash(text)%50 != 0 {
			return
		}
		best, second := a.Label, 0.0
		for label, score := range a.Scores {
			if label != best && score >= second {
				a.Label, second = label, score
			}
		}
	})
}

func hash(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// omitted leaves out an empty list, as a careless omitempty does.
func omitted(m *model) endpoint {
	return changed(m, func(a *answer, _ string) {
		if len(a.Flagged) == 0 {
			a.Flagged = nil
		}
	})
}

// byName sorts the ranking by label.
func byName(m *model) endpoint {
	return changed(m, func(a *answer, _ string) {
		slices.SortFunc(a.Ranking, func(x, y ranked) int { return cmp.Compare(x.Label, y.Label) })
	})
}

// reformatted writes the members in alphabetical order, indented, and whole
// numbers with a point.
func reformatted(m *model) endpoint {
	return func(ctx context.Context, text string) (int, []byte) {
		_, body := m.old(ctx, text)
		var value any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber() // the digits stay as they are
		if err := d.Decode(&value); err != nil {
			return failure(http.StatusInternalServerError, fmt.Errorf("read the old answer: %w", err))
		}
		body, err := json.MarshalIndent(pointed(value), "", "  ")
		if err != nil {
			return failure(http.StatusInternalServerError, fmt.Errorf("encode the answer: %w", err))
		}
		return http.StatusOK, body
	}
}

// pointed writes whole numbers as 4.0, at any depth of objects.
func pointed(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			v[name] = pointed(v[name])
		}
	case json.Number:
		if !strings.ContainsAny(v.String(), ".eE") {
			return v + ".0"
		}
	}
	return value
}

// asciiOnly reads the text as ASCII and gives up where it is not.
func asciiOnly(m *model) endpoint {
	return func(ctx context.Context, text string) (int, []byte) {
		for i := range len(text) {
			if c := text[i]; c >= 0x80 {
				return failure(http.StatusInternalServerError, fmt.Errorf("ascii: can't decode byte 0x%02x at %d", c, i))
			}
		}
		return m.old(ctx, text)
	}
}

// slow serves the old code 20 ms late.
func slow(m *model) endpoint {
	return func(ctx context.Context, text string) (int, []byte) {
		late := time.NewTimer(20 * time.Millisecond)
		defer late.Stop()
		select {
		case <-late.C:
			return m.old(ctx, text)
		case <-ctx.Done():
			return failure(http.StatusServiceUnavailable, ctx.Err())
		}
	}
}

// gone answers as a balancer does before a container that has ended. It is not 503,
// which may be a start: that is worth two minutes of waiting.
func gone(*model) endpoint {
	return func(context.Context, string) (int, []byte) {
		return failure(http.StatusBadGateway, errors.New("no container answers"))
	}
}
