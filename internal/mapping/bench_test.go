package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// One KiB of answer: what a call costs beside gojq as it comes, with the decoder
// of the standard library. A mapping is applied to every answer of a model.
func BenchmarkApply(b *testing.B) {
	var terms []string
	for i := range 18 {
		terms = append(terms, fmt.Sprintf(`{"term":"word %d","weight":0.%d,"at":[%d,%d]}`, i, 123456+i, i, i+5))
	}
	doc := []byte(`{"model":"review","label":"great","score":0.5761674612004085,"terms":[` + strings.Join(terms, ",") + `]}`)
	for _, c := range []struct{ name, program string }{
		{"pick", `{label, score, terms: [.terms[] | {term, weight}]}`},
		{"compute", `.score *= 100 | .terms |= map(.weight + .at[0])`},
		{"text", `.terms |= map(.term | gsub("[0-9]+"; "#") | ascii_upcase)`},
	} {
		b.Run(c.name+"/parity", func(b *testing.B) {
			p := compile(b, c.program)
			var out []byte
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if out, err = p.Apply(b.Context(), out[:0], doc); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(c.name+"/gojq", func(b *testing.B) {
			q, err := gojq.Parse(c.program)
			if err != nil {
				b.Fatal(err)
			}
			code, err := gojq.Compile(q)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				decoder := json.NewDecoder(bytes.NewReader(doc))
				decoder.UseNumber()
				var v any
				if err := decoder.Decode(&v); err != nil {
					b.Fatal(err)
				}
				v, _ = code.RunWithContext(b.Context(), v).Next()
				if _, err := gojq.Marshal(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		compile(b, `{label, score: (.score * 100)}`)
	}
}
