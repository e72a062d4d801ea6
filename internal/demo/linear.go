package demo

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"unicode"
)

// classifier maps a text to a probability for each label.
type classifier struct {
	labels   []string // sorted
	features func(text string) vector
	linear[float64]
}

// linear scores a class by bias + Σ weight·value. Both trainers make one: the
// logarithm of naive Bayes' posterior is linear in the counts of the words. T
// is the type that all arithmetic is done in.
type linear[T float32 | float64] struct {
	bias    []T   // by class
	weights [][]T // by class and feature
}

// vector is a sparse vector, sorted by index.
type vector []feature

type feature struct {
	index int
	value float64
}

// predict returns the softmax of the classes' scores, summed in the order of x.
func (l *linear[T]) predict(x vector) []float64 {
	scores := slices.Clone(l.bias)
	for class, w := range l.weights {
		for _, f := range x {
			scores[class] += w[f.index] * T(f.value)
		}
	}
	return softmax(scores)
}

// softmax subtracts the highest score first, so that exp can't overflow.
func softmax[T float32 | float64](scores []T) []float64 {
	highest, sum := slices.Max(scores), T(0)
	for i, s := range scores {
		scores[i] = T(math.Exp(float64(s - highest)))
		sum += scores[i]
	}
	p := make([]float64, len(scores))
	for i, s := range scores {
		p[i] = float64(s / sum)
	}
	return p
}

// example is a text to learn from.
type example struct{ text, label string }

// classes returns the labels that occur, sorted, and the index of each
// example's label among them.
func classes(examples []example) (labels []string, index []int) {
	for _, e := range examples {
		labels = append(labels, e.label)
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	for _, e := range examples {
		i, _ := slices.BinarySearch(labels, e.label)
		index = append(index, i)
	}
	return labels, index
}

// words cuts a text into its words in lower case; digits and signs are left out.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
}

// trigrams cuts a text into every three letters that follow one another.
func trigrams(text string) []string {
	var grams []string
	for _, w := range words(text) {
		letters := []rune(" " + w + " ")
		for i := range len(letters) - 2 {
			grams = append(grams, string(letters[i:i+3]))
		}
	}
	return grams
}

// buckets is how many features hashed words have.
const buckets = 1 << 12

// hashed counts words by their hash, scaled to the length 1, so that long
// texts don't weigh more than short ones.
func hashed(text string) vector {
	x := count(words(text), func(word string) (int, bool) {
		h := fnv.New32a()
		h.Write([]byte(word))
		return int(h.Sum32() % buckets), true
	})
	var squares float64
	for _, f := range x {
		squares += f.value * f.value
	}
	for i := range x {
		x[i].value /= math.Sqrt(squares)
	}
	return x
}

// count returns how often each token's index occurs; tokens without one are
// left out.
func count(tokens []string, index func(token string) (int, bool)) vector {
	x := make(vector, 0, len(tokens))
	for _, t := range tokens {
		if i, ok := index(t); ok {
			x = append(x, feature{i, 1})
		}
	}
	slices.SortFunc(x, func(a, b feature) int { return cmp.Compare(a.index, b.index) })
	merged := x[:0]
	for _, f := range x {
		if last := len(merged) - 1; last >= 0 && merged[last].index == f.index {
			merged[last].value++
			continue
		}
		merged = append(merged, f)
	}
	return merged
}
