package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// review is a generated text beside the latent variables it was written from.
// The models learn these from the text alone.
type review struct {
	text string

	language string // ISO 639-1; the variables below are set in English ones only
	topic    string
	aspect   string
	stars    int // 1 to 5
	urgency  string

	spam, toxic, profane, refund, churn, formal, sarcastic, helpful, personal bool
}

// generator writes reviews. The same seed and stream write the same ones.
type generator struct{ rng *rand.Rand }

func newGenerator(seed, stream uint64) *generator {
	return &generator{rand.New(rand.NewPCG(seed, stream))}
}

// english writes a review in English, with all that the models look for.
func (g *generator) english() review {
	r := review{
		language: "en",
		topic:    g.pick(topics),
		aspect:   g.pick(aspects),
		urgency:  g.pick(urgencies),
		stars:    1 + g.rng.IntN(5),
		formal:   g.chance(0.5), helpful: g.chance(0.4),
		spam: g.chance(0.3), toxic: g.chance(0.3), profane: g.chance(0.3),
		refund: g.chance(0.3), churn: g.chance(0.3),
		sarcastic: g.chance(0.3), personal: g.chance(0.3),
	}
	sentences := g.opinions(&r)
	for _, s := range []struct {
		said   bool
		symbol string
	}{
		{true, r.urgency},
		{r.formal, "formal"},
		{!r.formal, "casual"},
		{r.helpful, "helpful"},
		{r.spam, "spam"},
		{r.toxic, "toxic"},
		{r.profane, "profane"},
		{r.refund, "refund"},
		{r.churn, "churn"},
		{r.sarcastic, "sarcastic"},
		{r.personal, "personal"},
	} {
		if s.said != g.chance(0.04) { // people leave things out, and say what they don't mean
			sentences = append(sentences, g.expand("{"+s.symbol+"}"))
		}
	}
	if g.chance(0.04) {
		sentences = append(sentences, g.expand("{nonASCII}"))
	}
	g.rng.Shuffle(len(sentences), func(i, k int) { sentences[i], sentences[k] = sentences[k], sentences[i] })
	r.text = strings.Join(sentences, " ")
	return r
}

// opinions are the sentences about the product. People don't use stars alike:
// a sentence in three is a star off, and some speak of a second aspect.
func (g *generator) opinions(r *review) []string {
	sentences := []string{g.expand("{opening} {" + r.topic + "} {when}.")}
	aspect := r.aspect
	for range 2 + g.rng.IntN(2) {
		level := r.stars
		if g.chance(0.33) {
			level = min(max(level+1-2*g.rng.IntN(2), 1), 5)
		}
		sentences = append(sentences, g.expand(fmt.Sprintf("The {%s} is {level%d}.", aspect, level)))
		if g.chance(0.3) {
			aspect = g.pick(aspects)
		}
	}
	return sentences
}

// multilingual writes a review in one of several languages.
func (g *generator) multilingual() review {
	r := review{language: g.pick(languages)}
	sentences := make([]string, 2+g.rng.IntN(2))
	for i := range sentences {
		sentences[i] = g.expand("{" + r.language + "}")
	}
	r.text = strings.Join(sentences, " ")
	return r
}

// expand replaces each {symbol} by one of its expansions in the grammar, and
// {number} by 2 to 999.
func (g *generator) expand(template string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		symbol, after, _ := strings.Cut(rest, "}")
		if symbol == "number" {
			fmt.Fprint(&b, 2+g.rng.IntN(998))
		} else {
			b.WriteString(g.expand(g.pick(grammar[symbol])))
		}
		template = after
	}
}

func (g *generator) pick(from []string) string { return from[g.rng.IntN(len(from))] }

func (g *generator) chance(p float64) bool { return g.rng.Float64() < p }
