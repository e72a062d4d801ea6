package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/modelparity/parity/internal/exchange"
)

// answer is what a made-up classifier says, about 300 bytes as JSON.
type answer struct {
	model  string
	label  string
	score  float64
	great  float64 // its share in the distribution; the rest is "other"
	terms  [6]string
	topics [2]string
	sizes  [2]float64 // of the topics
}

var (
	labels = []string{"great", "good", "fair", "poor"}
	words  = []string{
		"the", "product", "is", "fresh", "delivery", "was", "late", "again", "packaging", "broken", "taste",
		"wonderful", "coffee", "beans", "arrived", "on", "time", "would", "order", "cat", "loves", "this", "price", "quality",
	}
	topics = []string{"food", "love", "price", "delivery", "packaging"}
)

// random is the generator that an exchange's content follows from, so that the
// reference and each candidate can be made without the other.
func random(id exchange.ID) *rand.Rand {
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])))
}

func newAnswer(e *exchange.Exchange) answer {
	r := random(e.ID)
	a := answer{model: e.Model, label: labels[r.IntN(len(labels))], great: r.Float64()}
	a.score = max(a.great, 1-a.great)
	for i := range a.terms {
		a.terms[i] = words[r.IntN(len(words))]
	}
	for i := range a.topics {
		a.topics[i] = topics[r.IntN(len(topics))]
		a.sizes[i] = r.Float64()
	}
	a.sizes[1] *= 1e-6 // for a literal with an exponent
	return a
}

// spoil changes the answer in one place that any judge must see.
func (a *answer) spoil(n int) {
	switch n % 4 {
	case 0:
		a.label = "awful"
	case 1:
		a.score += 0.01
	case 2:
		a.terms[3] += "s"
	default:
		a.sizes[0] += 0.01
	}
}

// compact writes it as the old system does.
func (a *answer) compact(dst []byte) []byte {
	dst = append(append(append(dst, `{"model":"`...), a.model...), `","label":"`...)
	dst = append(append(dst, a.label...), `","score":`...)
	dst = appendFloat(dst, a.score, 'E')
	dst = appendFloat(append(dst, `,"distribution":{"great":`...), a.great, 'E')
	dst = appendFloat(append(dst, `,"other":`...), 1-a.great, 'E')
	dst = append(dst, `},"terms":[`...)
	for i, t := range a.terms {
		dst = append(append(append(separate(dst, i, ","), '"'), t...), '"')
	}
	dst = append(dst, `],"topics":[`...)
	for i, t := range a.topics {
		dst = append(append(append(separate(dst, i, ","), `{"t":"`...), t...), `","s":`...)
		dst = append(appendFloat(dst, a.sizes[i], 'E'), '}')
	}
	return append(dst, "]}"...)
}

// reformatted writes it as a new system might: other order, other spacing, and
// every number off by its last bit.
func (a *answer) reformatted(dst []byte) []byte {
	dst = append(append(dst, `{"label": "`...), a.label...)
	dst = append(append(dst, `", "model": "`...), a.model...)
	dst = appendFloat(append(dst, `", "score": `...), nudge(a.score), 'e')
	dst = append(dst, `, "terms": [`...)
	for i, t := range a.terms {
		dst = append(append(append(separate(dst, i, ", "), '"'), t...), '"')
	}
	dst = appendFloat(append(dst, `], "distribution": {"other": `...), nudge(1-a.great), 'e')
	dst = appendFloat(append(dst, `, "great": `...), nudge(a.great), 'e')
	dst = append(dst, `}, "topics": [`...)
	for i, t := range a.topics {
		dst = append(append(append(separate(dst, i, ", "), `{"t": "`...), t...), `", "s": `...)
		dst = append(appendFloat(dst, nudge(a.sizes[i]), 'e'), '}')
	}
	return append(dst, "]}"...)
}

func nudge(f float64) float64 { return math.Nextafter(f, 2) }

// appendFloat writes small numbers with an exponent: with E as Java does, with
// e as Python does.
func appendFloat(dst []byte, f float64, exponent byte) []byte {
	if f >= 1e-3 {
		exponent = 'f'
	}
	return strconv.AppendFloat(dst, f, exponent, -1, 64)
}

func separate(dst []byte, i int, by string) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, by...)
}
