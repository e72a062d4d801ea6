package demo

// How logistic regression is trained.
const (
	epochs       = 8
	learningRate = 1.0  // of the first epoch; the n-th has 1/n of it
	weightDecay  = 1e-3 // of the weights that an example touches
)

// trainLogistic fits multinomial logistic regression over hashed words by
// stochastic gradient descent on the cross-entropy, one example at a time:
//
//	weight(class) -= rate · ((P(class) − [class is right])·x + decay·weight(class))
func trainLogistic(examples []example) *classifier {
	labels, class := classes(examples)
	c := &classifier{labels: labels, features: hashed}
	c.bias, c.weights = make([]float64, len(labels)), make([][]float64, len(labels))
	for i := range labels {
		c.weights[i] = make([]float64, buckets)
	}
	x := make([]vector, len(examples))
	for i, e := range examples {
		x[i] = c.features(e.text)
	}
	for epoch := range epochs {
		rate := learningRate / float64(epoch+1)
		for i := range examples {
			c.step(x[i], class[i], rate)
		}
	}
	return c
}

// step moves the weights along the gradient of one example.
func (l *linear[T]) step(x vector, right int, rate T) {
	for class, p := range l.predict(x) {
		slope := T(p)
		if class == right {
			slope--
		}
		l.bias[class] -= rate * slope
		w := l.weights[class]
		for _, f := range x {
			w[f.index] -= rate * (slope*T(f.value) + weightDecay*w[f.index])
		}
	}
}
