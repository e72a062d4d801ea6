package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

// Answers come from outside: whatever they hold, a program must not panic, must
// say the same twice, and what it gives must be a document in turn.
func FuzzApply(f *testing.F) {
	var programs []*Program
	for _, source := range []string{
		`.`, `{x: .a, y: [.. | scalars]}`, `.a - .b`, `.a + .b`, `[paths]`, `tojson | fromjson`, `fromjson`, `tonumber + 1`,
		`gsub("(?<x>[a-z]+|.)"; "<\(.x)>")`, `[match("a*"; "g")]`, `split(",") | map(tonumber? // .)`, `transpose`, `join(.[0])`, `sort | unique | group_by(.)`,
		`with_entries(.key |= ascii_downcase)`, `walk(if type == "number" then . / 3 else . end)`, `del(.. | nulls)`, `.. |= .`, `strptime("%Y-%m-%d") | mktime`, `@csv`, `implode`,
	} {
		programs = append(programs, compile(f, source))
	}
	for i, doc := range []string{
		`{"a":[1.0,2],"b":[2],"i":3,"s":"ab","p":["a",0]}`, `"a,1,é"`, `[[1,2],[3]]`, `"1e400"`, `[1e400,-0,{"A":null}]`, `"[1,{\"a\":1}]"`, `{"i":1e9,"s":"x"}`, `["2020-01-02",1]`, `{"a":1,"a":2}`,
	} {
		f.Add(uint8(i), []byte(doc))
	}
	f.Fuzz(func(t *testing.T, which uint8, doc []byte) {
		p := programs[int(which)%len(programs)]
		out, err := p.Apply(t.Context(), nil, doc)
		again, errAgain := p.Apply(t.Context(), nil, doc)
		if string(out) != string(again) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("%s on %q: %q, %v, then %q, %v", p, doc, out, err, again, errAgain)
		}
		if err != nil {
			ofOurs(t, p, err)
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%s on %q: %q is no JSON", p, doc, out)
		}
		if same, err := programs[0].Apply(t.Context(), nil, out); !errors.Is(err, ErrInput) && !errors.Is(err, ErrTooLarge) && string(same) != string(out) {
			t.Fatalf("%s on %q: %q reads as %q, %v", p, doc, out, same, err)
		}
	})
}

// ofOurs wants an error that says something about the document.
func ofOurs(t *testing.T, p *Program, err error) {
	for _, known := range []error{ErrInput, ErrNoResult, ErrManyResults, ErrTimeout, ErrTooLarge, ErrResult, ErrProgram} {
		if errors.Is(err, known) {
			return
		}
	}
	t.Fatalf("%s: an error of no class: %v", p, err)
}
