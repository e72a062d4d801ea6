package demo

import "strconv"

// spec is a model as the old service has it, and how it was ported.
type spec struct {
	name         string
	truth        func(*review) string // what it learns to tell
	train        func([]example) *classifier
	multilingual bool                  // trained on and asked in many languages
	layout       func(*answer, string) // changes the usual layout of an answer; may be nil
	port         func(*model) endpoint
	what, expect string // see Planted
}

// model is a trained model of the old service.
type model struct {
	spec
	*classifier
}

// specs are sorted by name.
var specs = []spec{
	{
		name: "aspect", train: bayesWords,
		truth: func(r *review) string { return r.aspect },
		port:  float32s, expect: "number",
		what: "float32 arithmetic on sums of many log-likelihoods: too coarse for the tolerance",
	},
	{
		name: "churn-risk", train: trainLogistic,
		truth: func(r *review) string { return either(r.churn, "leaving", "staying") },
		port:  stale, expect: "number",
		what: "a stale version, trained on a small old corpus: other scores, some other labels",
	},
	{
		name: "formality", train: bayesWords,
		truth: func(r *review) string { return either(r.formal, "formal", "casual") },
		port:  reversed, expect: "match",
		what: "float64 summed in another order: within the tolerance",
	},
	{
		name: "helpfulness", train: trainLogistic,
		truth: func(r *review) string { return either(r.helpful, "helpful", "unhelpful") },
		port:  flipped, expect: "decision",
		what: "the second best label on one text in fifty",
	},
	{
		name: "language-id", train: bayesTrigrams, multilingual: true,
		truth: func(r *review) string { return r.language },
		port:  slow, expect: "match",
		what: "the same code, 20 ms slower",
	},
	{
		name: "personal-data", train: trainLogistic,
		truth: func(r *review) string { return either(r.personal, "personal", "none") },
		port:  gone, expect: "unavailable",
		what: "an endpoint whose container has ended: 502",
	},
	{
		name: "profanity", train: trainLogistic, layout: flagged,
		truth: func(r *review) string { return either(r.profane, "profane", "clean") },
		port:  omitted, expect: "missing",
		what: "an empty list of flagged words is left out",
	},
	{
		name: "rating-stars", train: trainLogistic, layout: stars,
		truth: func(r *review) string { return strconv.Itoa(r.stars) },
		port:  reformatted, expect: "match",
		what: "other JSON for the same values: keys in another order, indented, 4.0 for 4",
	},
	{
		name: "refund-intent", train: trainLogistic,
		truth: func(r *review) string { return either(r.refund, "refund", "other") },
		port:  asciiOnly, expect: "status",
		what: "error 500 on text that is not ASCII",
	},
	{
		name: "sarcasm", train: trainLogistic,
		truth: func(r *review) string { return either(r.sarcastic, "sarcastic", "literal") },
		port:  dropout, expect: "number",
		what: "dropout left on: scores are random from run to run",
	},
	{
		name: "sentiment-en", train: bayesWords,
		truth: sentiment,
		port:  same, expect: "match",
		what: "the same code",
	},
	{
		name: "spam-v2", train: trainLogistic,
		truth: func(r *review) string { return either(r.spam, "spam", "ham") },
		port:  same, expect: "match",
		what: "the same code",
	},
	{
		name: "topic", train: bayesWords, layout: ranking,
		truth: func(r *review) string { return r.topic },
		port:  byName, expect: "order",
		what: "the ranking is sorted by label, not by score",
	},
	{
		name: "toxicity-lite", train: trainLogistic,
		truth: func(r *review) string { return either(r.toxic, "toxic", "ok") },
		port:  stored32, expect: "match",
		what: "weights stored as float32, summed in float64: within the tolerance",
	},
	{
		name: "urgency", train: trainLogistic,
		truth: func(r *review) string { return r.urgency },
		port:  quantised, expect: "number",
		what: "weights rounded to int8: scores drift, labels mostly stay",
	},
}

func bayesWords(examples []example) *classifier { return trainBayes(words, examples) }

func bayesTrigrams(examples []example) *classifier { return trainBayes(trigrams, examples) }

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

func sentiment(r *review) string {
	return either(r.stars > 3, "positive", either(r.stars < 3, "negative", "neutral"))
}

// write writes a review as this model is asked about.
func (s *spec) write(g *generator) review {
	if s.multilingual {
		return g.multilingual()
	}
	return g.english()
}

// learn trains the model on n reviews. One label in thirty is another
// review's: people who label get tired.
func (s *spec) learn(g *generator, n int) *classifier {
	examples := make([]example, n)
	for i := range examples {
		r := s.write(g)
		examples[i] = example{r.text, s.truth(&r)}
		if i > 0 && g.chance(1.0/30) {
			examples[i].label = examples[g.rng.IntN(i)].label
		}
	}
	return s.train(examples)
}
