package mapping

import (
	"errors"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

// Who reads that a number and an object can't be added has to know which of a
// hundred fields of the request that is, or looks for it by hand in the dark.
func TestWhereAProgramFails(t *testing.T) {
	const doc = `{"text":"hi","n":5,"none":null,"list":[{"x":1},{"x":"two"},{"x":3}],"deep":{"a":[[1,2],[3,"b"]]},"odd name":{"y":[]}}`
	for program, places := range map[string]string{
		`.text + 1`:                                "$.text",
		`1 + .text`:                                "$.text",
		`.n + .text`:                               "$.n and $.text",
		`.n.a`:                                     "$.n",
		`.deep.a[0].b`:                             "$.deep.a[0]",
		`.missing[]`:                               "$.missing",
		`.deep.missing.more[]`:                     "$.deep.missing.more",
		`{inputs: [{data: [.text.content]}]}`:      "$.text",
		`{a: .n, b: {c: (.list | map(.x + 1))}}`:   "$.list[1].x",
		`[.list[] | .x * 2 - 1]`:                   "$.list[1]",
		`[.list[].x.y]`:                            "$.list[0].x",
		`[.list[1:][] | .x + 1]`:                   "$.list[1:][0].x",
		`[.deep.a[] | .[] | -.]`:                   "$.deep.a[1][1]",
		`.["odd name"].y.z`:                        "$['odd name'].y",
		`.text | tonumber`:                         "$.text",
		`.text | ascii_upcase | tonumber`:          "$.text",
		`"is \(.n | keys)"`:                        "$.n",
		`{(.n): 1}`:                                "$",
		`{(.n | ascii_downcase): 1}`:               "$.n",
		`.list[1] |= .x + 1`:                       "$.list[1].x",
		`-(.text)`:                                 "$.text",
		`def twice: . * 2; .list[1].x | twice - 1`: "$.list[1].x",
		`def f: .[] | .x + 1; [.list | f]`:         "$.list",
		`.list[1].x as $x | $x + 1`:                "$",
		`.list | [reduce .[] as $e (0; . + $e.x)]`: "$.list",
		`[.n.a?, (try .n.a catch "-"), (.n.a? // 0), .text.b]`: "$.text",
		`if .n > 3 then .text.a else .n.a end`:                 "$",
		`error("no label")`:                                    "$",
		`.list[1] | error("no number")`:                        "$.list[1]",
		`.list | join(.[0])`:                                   "$.list",
	} {
		got, err := apply(t, program, doc)
		if want := "at " + places + ": the program says: "; !errors.Is(err, ErrProgram) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", program, got, err, want)
		}
		if steps := stepsToWhere(t, program, doc); steps > 20_000 {
			t.Errorf("%s: it took %d steps to say where", program, steps)
		}
	}
}

// A hostile document must not make the search longer than a call may take, nor the
// message longer than a row has room for.
func TestWhereIsBounded(t *testing.T) {
	long := strings.Repeat("é'\x1b", 10_000)
	program := compile(t, `.. | numbers | . + "a"`)
	if _, err := program.Apply(t.Context(), nil, []byte(`{"`+strings.ReplaceAll(long, "\x1b", `\u001b`)+`":1}`)); err == nil || len(err.Error()) > 250 || strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("%q", err)
	}
	many := `[` + strings.Repeat(`[[1,2],[3]],`, 40_000) + `"x"]`
	for _, source := range []string{`[.[] | .[] | .[] | . + 1]`, `[.. | numbers | select(. == 3) | . + "a"]`, `map(map(map(. + 1)))`} {
		if _, err := compile(t, source).Apply(t.Context(), nil, []byte(many)); !errors.Is(err, ErrProgram) || !strings.HasPrefix(err.Error(), "at $") {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// The place of a program in the config, so that of twenty targets and globs the
// right one is put right.
func TestProgramsKnowTheirPlace(t *testing.T) {
	for place, want := range map[string]string{"": "", "targets.v2": "targets.v2."} {
		p, err := Set{Program: ".a.b", Models: map[string]string{"legacy-*": "empty"}, Place: place}.Compile("request")
		if err != nil {
			t.Fatal(err)
		}
		for model, words := range map[string]string{
			"m":        "request: at $.a: the program says: expected an object but got: number (1)",
			"legacy-1": "models.'legacy-*'.request: the program gave no result (of text/plain, 7 bytes)",
		} {
			_, err := p.Of(model).Apply(t.Context(), nil, []byte(`{"a":1}`))
			if got := p.Of(model).Explain(err, "text/plain", 7).Error(); got != want+words {
				t.Errorf("got %s, want %s", got, want+words)
			}
		}
	}
}

// stepsToWhere is what it costs to fail and to say where: as many requests may fail
// as there are.
func stepsToWhere(t *testing.T, program, doc string) int {
	p := compile(t, program)
	value, err := decode([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	code, err := p.compile()
	if err != nil {
		t.Fatal(err)
	}
	b := newBudget(t.Context())
	_, err = one(code.whole, b, value)
	(&tracer{parts: map[string]*gojq.Code{}, budget: b, said: err.Error()}).where(p.query, value)
	return maxSteps - b.left
}
