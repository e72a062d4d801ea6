package mapping

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
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
			"9007199254740993", "4.83E-12", "1.0", "1.10", "1E2", "1e+02", "-0", "-0.0", "0.1e-7", "123456789012345678901234567890",
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
	} {
		_, err := Compile(program)
		if err == nil || !strings.Contains(err.Error(), why) {
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
	} {
		dst := []byte("before")
		out, err := compile(t, `.`).Apply(t.Context(), dst, []byte(doc))
		if !errors.Is(err, want) || (want == nil && string(out) != "before"+doc) || (want != nil && string(out) != "before") {
			t.Errorf("%.40s (%d bytes): %.40s, %v; want %v", doc, len(doc), out, err, want)
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
		{`[.] | add`, `1e400`, ErrResult, "Inf"},
		{`. + 0`, `9007199254740993`, nil, "9007199254740993"},
		{`tojson | tonumber`, `9007199254740993`, nil, "9007199254740993"},
		{`. + 0`, `4.83E-12`, nil, "4.83e-12"},
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
