package mapping

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

func compile(t testing.TB, source string) *Program {
	t.Helper()
	p, err := Compile(source)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func apply(t testing.TB, source, doc string) (string, error) {
	t.Helper()
	out, err := compile(t, source).Apply(t.Context(), nil, []byte(doc))
	return string(out), err
}

// Without this, mapping an answer would change numbers that it only moves, and
// the comparison would judge what no endpoint said.
func TestLiteralsAreKept(t *testing.T) {
	for program, want := range map[string]string{ // # is the literal
		`.`:                        `{"a":#,"b":[#]}`,
		`.a`:                       `#`,
		`.b | sort | .[0]`:         `#`,
		`{x: .a, y: .b[]}`:         `{"x":#,"y":#}`,
		`[.a] + .b`:                `[#,#]`,
		`.a | tojson`:              `"#"`,
		`"\(.a)"`:                  `"#"`,
		`tojson | fromjson`:        `{"a":#,"b":[#]}`,
		`.c = .a | del(.a, .b)`:    `{"c":#}`,
		`to_entries | .[0].value`:  `#`,
		`[.b[] | select(. == .)]`:  `[#]`,
		`.b |= map(.) | .b | max`:  `#`,
		`.b | unique | first`:      `#`,
		`.b | flatten | last`:      `#`,
		`[.. | numbers] | .[0]`:    `#`,
		`[.b] | transpose | .[][]`: `#`,
	} {
		p := compile(t, program)
		for _, literal := range []string{
			"1.0", "1.10", "1E2", "1e+02", "-0", "-0.0", "0.1e-7", "123456789012345678901234567890",
			"0.1234567890123456789012345678", "1e400", "-1e400", "1e999999999", "5e-324",
		} {
			doc := strings.ReplaceAll(`{"a":#,"b":[#]}`, "#", literal)
			want := strings.ReplaceAll(want, "#", literal)
			if got, err := p.Apply(t.Context(), nil, []byte(doc)); err != nil || string(got) != want {
				t.Errorf("%s on %s: %s, %v; want %s", program, doc, got, err, want)
			}
		}
	}
}

// Without this, the counted forms of operators and functions could mean
// something else than jq's, and a mapping tried out with jq would do another
// thing here. gojq itself says what is meant.
func TestMeaningIsGojqs(t *testing.T) {
	docs := []string{
		`null`, `[]`, `[3,1,2,1]`, `[[1,2],[3],[]]`, `"a, b,c"`, `""`, `2`, `{"a":{"b":[1,{"c":2}]},"n":1,"s":"αβγ-αβ","l":["x","y"]}`,
	}
	for _, program := range []string{
		`[(1,2) - (10,20)], [(1,2) + (10,20)], [(1,2) * (10,20)], [(1,2) / (10,20)]`,
		`. + .`, `. - .`, `. * 2`, `2 * .`, `(., 1) * 2`, `2 * (., 1)`, `. * 2 * .`, `1 + .`, `. / 2`, `. * .`, `. / .`, `. / ", "`, `null + .`, `. - 1`, `[.] - [null]`,
		`.n += 1`, `.n -= (1, 2)`, `.n *= 3`, `.n /= 4`, `.a.b[0] += .n`, `.l += .l`, `(.n, .m) += .n`, `def f: .n += 1; f | f`,
		`.n *= (.m = 2 | .m -= 1 | .m)`,
		`.[.n]?`, `.l[.n]`, `.a[("b","c")]`, `.l[.n:]`, `.l[-1]`, `.l[.n - 2]`, `path(.l[.n])`, `.l[.n + 2] = 1`, `del(.l[.n])`, `.l[.n] |= "z"`,
		`getpath(["a","b",1])`, `path(getpath(["a","b"]))`, `getpath(["a","b"]) = 1`, `setpath(["l",(0,1)]; 1, 2)`, `pick(.a.b[1].c)`, `[paths]`, `tostream`,
		`add`, `add(.[]?)`, `keys`, `reverse`, `sort`, `unique`, `flatten`, `flatten(1)`, `transpose`, `join("-")`, `join(",", ";")`, `explode`, `explode | implode`,
		`contains("a")`, `contains({n: 1})`, `inside("xa, b,cx")`, `inside([1,2,3])`, `indices("b")`, `indices(1)`, `index(",")`, `rindex(",")`, `index("b", "c")`,
		`split(",")`, `split(", *"; null)`, `split("B"; "i")`, `splits(",")`, `test("B"; "i")`, `test("b")`, `match("b").offset`, `[match("[a-z]*"; "g") | .offset, .length]`,
		`capture("(?<x>b)")`, `[scan("[a-c]")]`, `[scan("(a)(,)")]`, `sub("(?<x>[a-z])"; "<\(.x)>")`, `gsub("(?<x>[a-z])"; "<\(.x)>")`, `gsub("";"-")`, `gsub("a*"; "x")`,
		`sub("(?<x>b)"; "1\(.x)", "2\(.x)")`, `gsub("B"; "x"; "i")`, `gsub("α"; "A")`, `.s | [match("β"; "g").offset]`,
		`tojson`, `tojson | fromjson`, `tostring`, `tonumber`, `"12" | tonumber`, `"<\(.)>"`, `@json "x\(.)"`, `@base64`, `@base64 | @base64d`, `@html`, `@uri`, `@csv`, `@tsv`, `@sh`, `@text`, `format("json")`,
		`ascii_downcase`, `ascii_upcase`, `ltrimstr("a")`, `with_entries(.value |= tojson)`, `to_entries`, `group_by(.)`, `sort_by(-.)`, `min_by(.)`, `walk(if type == "number" then . + 1 else . end)`,
		`. as [$x, $y] | {$x, $y}`, `. as {n: $x} | $x + 1`, `reduce .[]? as $x (0; . + ($x | length))`, `[foreach .[]? as $x (0; . + 1)]`, `[limit(2; .[]?)]`, `first(.[]?)`, `label $f | .[]? | ., break $f`,
		`try error("x") catch .`, `try (. - {}) catch "no"`, `.a?.b`, `.a // "none"`, `if . then 1 else 2 end`, `"2015-03-05T23:51:47Z" | fromdate`, `0 | todate`, `"1 Mar 2020" | strptime("%d %b %Y") | mktime`,
		`def add: 5; add`, `def f(g): g + g; f(.n?)`, `def f($a): $a - 1; f(3)`, `ascii`, `env`, `.[`,
	} {
		ours, err := Compile("[" + program + "]")
		if err != nil {
			if q, parsed := gojq.Parse("[" + program + "]"); parsed == nil {
				if _, compiled := gojq.Compile(q); compiled == nil && program != "env" {
					t.Errorf("%s: %v", program, err)
				}
			}
			continue
		}
		for _, doc := range docs {
			want, failed := plain(t, "["+program+"]", doc)
			got, err := ours.Apply(t.Context(), nil, []byte(doc))
			if (err != nil) != failed || string(got) != want {
				t.Errorf("%s on %s: %s, %v; gojq: %s, failed %t", program, doc, got, err, want, failed)
			}
		}
	}
}

// plain runs a program as gojq does, without bounds.
func plain(t *testing.T, program, doc string) (result string, failed bool) {
	t.Helper()
	q, err := gojq.Parse(program)
	if err != nil {
		t.Fatal(err)
	}
	code, err := gojq.Compile(q)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(doc))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	v, _ = code.Run(v).Next()
	if _, failed = v.(error); failed {
		return "", true
	}
	text, err := gojq.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), false
}

// Without this, a program could say another thing each time, or write where it
// has no business.
func TestCompileRefuses(t *testing.T) {
	for program, why := range map[string]string{
		``:                                    "missing query",
		`.[`:                                  "unexpected EOF",
		`nosuch`:                              "not defined: nosuch/0",
		`$x`:                                  "not defined: $x",
		`now`:                                 "the clock",
		`{t: now}`:                            "the clock",
		`def f: [.[] | select(now > .)]; f`:   "the clock",
		`"\(now)"`:                            "the clock",
		`. as [$a, {b: $c}] | .[now:]`:        "the clock",
		`. as {(now | tostring): $x} | $x`:    "the clock",
		`try error catch (if . then now end)`: "the clock",
		`reduce now as $x (0; .)`:             "the clock",
		`.a[.b].c |= (1, now)`:                "the clock",
		`def now: 1; .`:                       "the clock",
		`localtime`:                           "time zone",
		`strflocaltime("%H")`:                 "time zone",
		`strptime("%H %Z")`:                   "time zone",
		`strptime(.format)`:                   "time zone",
		`env`:                                 "environment",
		`$ENV.HOME`:                           "environment",
		`input`:                               "one document",
		`[inputs]`:                            "one document",
		`input_filename`:                      "one document",
		`input_line_number`:                   "one document",
		`debug`:                               "it writes",
		`debug("x")`:                          "it writes",
		`stderr`:                              "it writes",
		`halt`:                                "ends the process",
		`halt_error(1)`:                       "ends the process",
		`$__loc__`:                            "version",
		`builtins`:                            "version",
		`modulemeta`:                          "modules",
		`import "a" as a; .`:                  "modules",
		`include "a"; .`:                      "modules",
		`fromstream(.[])`:                     "as large as",
		`.a | test(.pattern)`:                 "written out",
		`def f($re): gsub($re; ""); f("a")`:   "written out",
		`test("a\(.b)")`:                      "written out",
		`match(["a", "g"])`:                   "written out",
		`split(.re; "g")`:                     "written out",
		`gsub("a"; "b"; .flags)`:              "flags",
		`test("a"; "x")`:                      "flags",
		`test("(")`:                           "missing closing )",
		`.[100000000] = 1`:                    "over 1048576",
		`.a[1e9]`:                             "over 1048576",
		`_parity_size`:                        "taken",
		`def _parity_size: .; .`:              "taken",
		`_match(.re; null; true)`:             "taken",
		`. as $_parity_operand | .`:           "",
	} {
		_, err := Compile(program)
		if why == "" && err == nil {
			continue
		}
		if err == nil || why == "" || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v; want %q", program, err, why)
		}
	}
}

// Without this, one of two values of a name would win in silence, or bytes that
// are not text would become the same character on both sides.
func TestBadDocuments(t *testing.T) {
	for doc, want := range map[string]error{
		``: ErrInput, ` `: ErrInput, `{`: ErrInput, `[1`: ErrInput, `[1,]`: ErrInput, `{"a"}`: ErrInput, `01`: ErrInput, `1 2`: ErrInput, `{} x`: ErrInput,
		`NaN`: ErrInput, `[Infinity]`: ErrInput, `[-Infinity]`: ErrInput, `nul`: ErrInput, "\ufeff{}": ErrInput,
		`{"a":1,"a":2}`: ErrInput, `{"a":1,"\u0061":2}`: ErrInput, "\"\xff\"": ErrInput, `"\ud800"`: ErrInput,
		strings.Repeat("[", 256) + strings.Repeat("]", 256): nil,
		strings.Repeat("[", 257) + strings.Repeat("]", 257): ErrInput,
		strings.Repeat("[", 1e6):                            ErrInput,
		strings.Repeat("7", 1000):                           nil,
		strings.Repeat("7", 1001):                           ErrTooLarge,
		`"` + strings.Repeat("a", MaxDocument-2) + `"`:      nil,
		`"` + strings.Repeat("a", MaxDocument-1) + `"`:      ErrTooLarge,
		`[` + strings.Repeat("0,", maxValues-2) + `0]`:      nil,
		`[` + strings.Repeat("0,", maxValues-1) + `0]`:      ErrTooLarge,
	} {
		dst := []byte("before")
		out, err := compile(t, `.`).Apply(t.Context(), dst, []byte(doc))
		if !errors.Is(err, want) || (want == nil && string(out) != "before"+doc) || (want != nil && string(out) != "before") {
			t.Errorf("%.40s (%d bytes): %.40s, %v; want %v", doc, len(doc), out, err, want)
		}
		// The same by way of text, which fromjson reads.
		if want == ErrInput && utf8.ValidString(doc) {
			quoted, _ := json.Marshal(doc)
			if got, err := apply(t, `fromjson`, string(quoted)); err == nil {
				t.Errorf("fromjson of %.40s: %s", doc, got)
			}
		}
	}
}

// Without this, a verdict could not say why an answer was not compared, or an
// infinity would pass for the largest float.
func TestResults(t *testing.T) {
	for _, c := range []struct {
		program, doc string
		want         error
		text         string // in the error, or the result
	}{
		{`empty`, `1`, ErrNoResult, ""},
		{`.[] | select(. > 5)`, `[1,2]`, ErrNoResult, ""},
		{`.[]`, `[1,2]`, ErrManyResults, ""},
		{`1, error("x")`, `1`, ErrProgram, "x"},
		{`error("no label in " + .a)`, `{"a":"b"}`, ErrProgram, "no label in b"},
		{`error({why: .a})`, `{"a":"b"}`, ErrProgram, `{"why":"b"}`},
		{`error(null)`, `1`, ErrProgram, "null"},
		{`error`, `"` + strings.Repeat("é", 300) + `"`, ErrProgram, "é…"},
		{`.a.b`, `{"a":1}`, ErrProgram, "expected an object"},
		{`. + 0`, `1e400`, ErrResult, "Inf"},
		{`{a: (infinite - infinite)}`, `1`, ErrResult, "NaN"},
		{`"/w==" | @base64d`, `1`, ErrResult, "UTF-8"},
		{`{("/w==" | @base64d): 1}`, `1`, ErrResult, "UTF-8"},
		{`. + 0`, `1.0`, nil, "1"},
		{`. + 1`, `9007199254740993`, nil, "9007199254740994"},
		{`. * 10`, `123456789012345678901234567890`, nil, "1234567890123456789012345678900"},
		{`. / 4`, `1`, nil, "0.25"},
		{`{b: 1, a: {d: 2, c: 3}}`, `1`, nil, `{"a":{"c":3,"d":2},"b":1}`},
		{`"<&>\u2028é\u0001"`, `1`, nil, "\"<&>\u2028é\\u0001\""},
	} {
		got, err := apply(t, c.program, c.doc)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", c.program, err, c.want)
		}
		if err != nil {
			got = err.Error()
		}
		if (c.want == nil && got != c.text) || !strings.Contains(got, c.text) || len(got) > 2*maxMessage {
			t.Errorf("%s: %s; want %s", c.program, got, c.text)
		}
	}
	if p := compile(t, ` .a # b`); p.String() != ` .a # b` {
		t.Errorf("String is %q", p)
	}
}

// Without this, a job that is told to stop would take its own end for something
// about the answer.
func TestCallersContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := compile(t, `last(range(1e9))`).Apply(ctx, nil, []byte(`1`))
	if !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
		t.Errorf("%v", err)
	}
}

// Without this, two workers with one program would now and then end the process
// (concurrent map writes): del writes to a constant of gojq's code.
func TestConcurrentUse(t *testing.T) {
	p := compile(t, `{"a": 1, "b": {"c": .n}, "d": ("x1" | gsub("[0-9]"; ""))} + ({"k": {"l": 1}} | del(.z))`)
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			want := fmt.Sprintf(`{"a":1,"b":{"c":%d},"d":"x","k":{"l":1}}`, n)
			for range 200 {
				out, err := p.Apply(t.Context(), nil, fmt.Appendf(nil, `{"n":%d}`, n))
				if err != nil || string(out) != want {
					t.Errorf("%s, %v; want %s", out, err, want)
					return
				}
			}
		})
	}
	group.Wait()
}
