package tape

import (
	"bytes"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// benchAnswers are what a model says of one request, as two services write it.
var benchAnswers = []struct{ name, text string }{
	{"compact", `{"model":"review","label":"great","score":0.5761674612004085,"distribution":{"great":0.5761674612004085,"other":0.4238325387995915},"terms":["the","product","is","fresh"],"topics":[{"t":"food","s":0.5761674612004085},{"t":"love","s":0.04157263801849211},{"t":"price","s":4.83E-12}]}`},
	{"spaced", `{"label": "great", "model": "review", "score": 0.5761674612004086, "terms": ["the", "product", "is", "fresh"], "distribution": {"other": 0.4238325387995915, "great": 0.5761674612004085}, "topics": [{"t": "food", "s": 0.5761674612004086}, {"t": "love", "s": 0.04157263801849211}, {"t": "price", "s": 4.83e-12}]}`},
}

// BenchmarkReadJSON against jsontext's tokens, which the tape was made of before.
func BenchmarkReadJSON(b *testing.B) {
	for _, c := range benchAnswers {
		text := []byte(c.text)
		b.Run("tape/"+c.name, func(b *testing.B) {
			var t Tape
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := t.ReadJSON(text); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("jsontext/"+c.name, func(b *testing.B) {
			d := jsontext.NewDecoder(bytes.NewBuffer(text))
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				d.Reset(bytes.NewBuffer(text))
				for {
					if _, err := d.ReadToken(); err != nil {
						break
					}
				}
			}
		})
	}
}

// BenchmarkShape reads the scalars of texts whose shape is known: beside
// BenchmarkReadJSON's tape it shows what a known shape buys.
func BenchmarkShape(b *testing.B) {
	for _, c := range benchAnswers {
		b.Run(c.name, func(b *testing.B) {
			var t Tape
			var s Shape
			if t.ReadJSON([]byte(c.text)) != nil || !s.Learn(&t) {
				b.Fatal("not read")
			}
			text, scalars := []byte(c.text), []Scalar(nil)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var ok bool
				if scalars, ok = s.Read(scalars, text); !ok {
					b.Fatal("not read")
				}
			}
		})
		b.Run(c.name+"/beside", func(b *testing.B) {
			var t Tape
			var s Shape
			if t.ReadJSON([]byte(c.text)) != nil || !s.Learn(&t) {
				b.Fatal("not read")
			}
			text, others := []byte(c.text), []Other(nil)
			like, _ := s.Read(nil, text)
			places := make([]int32, len(like))
			for i := range places {
				places[i] = int32(i)
			}
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var ok bool
				if others, ok = s.ReadBeside(others, text, text, like, places); !ok || len(others) > 0 {
					b.Fatal("not read")
				}
			}
		})
	}
}

// BenchmarkFind looks each member of one answer up in the other, which has them
// in another order.
func BenchmarkFind(b *testing.B) {
	var t, o Tape
	if t.ReadJSON([]byte(benchAnswers[0].text)) != nil || o.ReadJSON([]byte(benchAnswers[1].text)) != nil {
		b.Fatal("not read")
	}
	b.ReportAllocs()
	for b.Loop() {
		for m := int32(1); m < o.Nodes[0].End; m = o.Nodes[m].End {
			if t.Find(0, &o, m) == none {
				b.Fatal("not found")
			}
		}
	}
}
