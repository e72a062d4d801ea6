package mapping

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// Without this, a mapping that was tried out with gojq could do another thing
// here: reading and writing values is ours, and so is the choice of what to refuse.
func TestMeaningIsGojqs(t *testing.T) {
	doc := `{"a":{"b":[1,{"c":2.50}]},"n":3,"s":"αβ, γ-αβ","l":["x","y",null,true],"big":123456789012345678901234567890,"e":[],"o":{}}`
	for _, program := range []string{
		`.`, `.n / 7`, `.n * 1e300`, `.n - 5e-7`, `.big + 1`, `.big * .big`, `-.n`, `.a.b[1].c + 0`, `[.n, .big] | add`,
		`.n += 1 | .l += ["z"]`, `.l[.n + 2] = 1`, `del(.l[0], .a.b)`, `.l[1:]`, `.missing`, `.a.b |= map(objects)`, `[paths]`, `[tostream]`, `to_entries`,
		`with_entries(.value |= tojson)`, `walk(if type == "number" then . + 1 else . end)`, `[.l[] | tostring] | join("-")`, `[.. | scalars] | sort`,
		`.s | gsub("(?<x>[a-zα-ω])"; "<\(.x)>")`, `.s | [match("β"; "g").offset]`, `.s | [scan("α.")]`, `.s | split(", *"; null)`, `.s | sub("Α"; "x"; "i")`, `.s | @base64, @uri, @json | length`,
		`[.n, .s] | @csv`, `"\(.a) \(.e)"`, `0 | todate`, `"1 Mar 2020" | strptime("%d %b %Y") | mktime`, `reduce .l[] as $x (0; . + 1)`, `try error({a: 1}) catch .a`, `.a.b.c? // "none"`,
	} {
		program = "[" + program + "]"
		if got, err := apply(t, program, doc); err != nil || got != plain(t, program, doc) {
			t.Errorf("%s: %s, %v; gojq: %s", program, got, err, plain(t, program, doc))
		}
	}
}

// plain runs a program with gojq and encoding/json alone.
func plain(t *testing.T, program, doc string) string {
	t.Helper()
	q, err := gojq.Parse(program)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(doc))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	v, _ = q.Run(v).Next()
	text, err := gojq.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
