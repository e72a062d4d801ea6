package demo

import "math"

// trainBayes fits multinomial naive Bayes with add-one smoothing over a
// dictionary of the tokens that occur (Manning, Raghavan and Schütze,
// Introduction to Information Retrieval, section 13.2):
//
//	score(class) = log P(class) + Σ count(token)·log P(token | class)
func trainBayes(tokens func(string) []string, examples []example) *classifier {
	labels, class := classes(examples)
	dictionary := map[string]int{}
	for _, e := range examples {
		for _, t := range tokens(e.text) {
			if _, known := dictionary[t]; !known {
				dictionary[t] = len(dictionary)
			}
		}
	}
	c := &classifier{labels: labels, features: func(text string) vector {
		return count(tokens(text), func(t string) (int, bool) { i, ok := dictionary[t]; return i, ok })
	}}

	counts, seen := make([][]float64, len(labels)), make([]float64, len(labels))
	for i := range counts {
		counts[i] = make([]float64, len(dictionary))
	}
	for i, e := range examples {
		seen[class[i]]++
		for _, f := range c.features(e.text) {
			counts[class[i]][f.index] += f.value
		}
	}
	for i := range labels {
		c.bias = append(c.bias, math.Log(seen[i]/float64(len(examples))))
		c.weights = append(c.weights, logLikelihoods(counts[i]))
	}
	return c
}

// logLikelihoods returns log((count+1) / (total + number of tokens)).
func logLikelihoods(counts []float64) []float64 {
	total := float64(len(counts))
	for _, n := range counts {
		total += n
	}
	logs := make([]float64, len(counts))
	for i, n := range counts {
		logs[i] = math.Log((n + 1) / total)
	}
	return logs
}
