package mapping

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

// Without this, one document could take all memory or a core for hours from a
// program that looks harmless. Each of these did, or would have.
func TestHostileDocuments(t *testing.T) {
	long := `"` + strings.Repeat("a", 8<<20) + `"`
	zeros := `[` + strings.Repeat("0,", 300_000) + `0]`
	for _, c := range []struct {
		name, program, doc string
		want               error
	}{
		{"index", `.values[.i] = 1`, `{"i":500000000}`, ErrTooLarge},
		{"index by update", `.values[.i] |= 1`, `{"i":5e8}`, ErrTooLarge},
		{"index by addition", `.values[.i] += 1`, `{"i":5e8}`, ErrTooLarge},
		{"setpath", `setpath(.path; 1)`, `{"path":["a",500000000]}`, ErrTooLarge},
		{"getpath", `getpath(.path) = 1`, `{"path":["a",500000000]}`, ErrTooLarge},
		{"pick", `.i as $i | pick(.values[$i])`, `{"i":5e8}`, ErrTooLarge},
		{"many indices", `[range(1000) as $i | [] | .[$i + 1000000] = 1]`, `1`, ErrTimeout},
		{"range", `[range(.n)]`, `{"n":1e12}`, ErrTimeout},
		{"caught loop", `try last(range(.n)) catch 1`, `{"n":1e12}`, ErrTimeout},
		{"recursion", `def f: 1 + (if . > 0 then . - 1 | f else 0 end); f`, `1e9`, ErrTimeout},
		{"repeated text", `.s * .n`, `{"s":"ab","n":1e9}`, ErrTimeout},
		{"repeated text, reversed", `.n * .s`, `{"s":"ab","n":1e9}`, ErrTimeout},
		{"repeated by update", `.s *= .n`, `{"s":"ab","n":1e9}`, ErrTimeout},
		{"caught", `try (.values[.i] = 1) catch 1`, `{"i":5e8}`, ErrTooLarge},
		{"repeated by a constant, reversed", `1000 * .`, long, ErrTimeout},
		{"repeated by a constant", `. * 1000`, long, ErrTimeout},
		{"doubled", `until(false; . + .)`, `"ab"`, ErrTimeout},
		{"doubled array", `until(false; . + .)`, `[1]`, ErrTimeout},
		{"doubled in a string", `until(false; "\(.)\(.)")`, `"ab"`, ErrTimeout},
		{"nested into itself", `reduce range(.) as $i (0; [., .]) | tojson`, `64`, ErrTimeout},
		{"result of many", `reduce range(.) as $i (0; [., .])`, `64`, ErrTooLarge},
		{"error of many", `error(reduce range(.) as $i (0; [., .]))`, `64`, ErrProgram},
		{"deep", `reduce range(.) as $i (0; [.])`, `100000`, ErrTooLarge},
		{"deep text", `reduce range(.) as $i (0; [.]) | tojson`, `100000`, ErrTimeout},
		{"prefix", `.p as $p | .items | map($p + "x")`, `{"p":` + long + `,"items":` + zeros + `}`, ErrTimeout},
		{"prefix in a string", `.p as $p | .items | map("\($p)x")`, `{"p":` + long + `,"items":` + zeros + `}`, ErrTimeout},
		{"template of arrays", `.t as $t | .items | map(. as $i | $t | .[0] = $i)`, `{"t":` + zeros + `,"items":` + zeros + `}`, ErrTimeout},
		{"template less", `.t as $t | .items | map($t | del(.[0]))`, `{"t":` + zeros + `,"items":` + zeros + `}`, ErrTimeout},
		{"template by setpath", `.t as $t | .items | map(. as $i | $t | setpath([0]; $i))`, `{"t":` + zeros + `,"items":` + zeros + `}`, ErrTimeout},
		{"separator", `.p as $p | .items | join($p)`, `{"p":` + long + `,"items":` + zeros + `}`, ErrTimeout},
		{"sum of one text", `.p as $p | [.items[] | $p] | add`, `{"p":` + long + `,"items":[` + strings.Repeat("0,", 1000) + `0]}`, ErrTimeout},
		{"split", `split("")`, long, ErrTimeout},
		{"split by /", `. / "a"`, long, ErrTimeout},
		{"explode", `explode`, long, ErrTimeout},
		{"transpose", `transpose`, `[` + zeros + strings.Repeat(",[]", 300_000) + `]`, ErrTimeout},
		{"subtract", `. - .`, zeros, ErrTimeout},
		{"subtract by update", `.a -= .b`, `{"a":` + zeros + `,"b":` + zeros + `}`, ErrTimeout},
		{"contains", `. as $x | contains($x)`, zeros, ErrTimeout},
		{"inside", `. as $x | inside($x)`, zeros, ErrTimeout},
		{"indices", `[.[:100000], .[:50000]] | .[1] as $x | .[0] | indices($x)`, zeros, ErrTimeout},
		{"index of text", `.[:4000000] as $x | index($x + "b")`, long, ErrTimeout},
		{"array for an index", `.a[.b]`, `{"a":` + zeros + `,"b":` + zeros + `}`, ErrProgram},
		{"gsub", `gsub("a"; "b")`, long, ErrTimeout},
		{"quadratic search", `[scan("a+%|a")]`, `"` + strings.Repeat("a", 1<<20) + `"`, ErrTimeout},
		{"number of text", `tonumber`, `"` + strings.Repeat("7", 1<<20) + `"`, ErrTooLarge},
		{"number of a document in text", `fromjson`, `"` + strings.Repeat("7", 1<<20) + `"`, ErrProgram},
		{"growing number", `until(false; . * .)`, `123456789012345678901234567890`, ErrTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := allocated()
			got, err := apply(t, c.program, c.doc)
			if !errors.Is(err, c.want) {
				t.Errorf("%.100s, %v; want %v", got, err, c.want)
			}
			if spent := allocated() - before; spent > 1<<30 {
				t.Errorf("it allocated %d MiB", spent>>20)
			}
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// Without this, the limit of work would be one of time only, and whether an
// answer could be mapped would depend on how busy the machine is. It holds on
// to how gojq asks the context before each instruction.
func TestWorkStopsAtTheSamePlace(t *testing.T) {
	m, err := newMachine(`last(range(.))`)
	if err != nil {
		t.Fatal(err)
	}
	run := func(n, limit int) (int, error) {
		m.budget.reset(t.Context())
		m.budget.left = limit
		_, err := m.one(n)
		return limit - m.budget.left, err
	}
	steps, err := run(1000, maxWork)
	if err != nil || steps < 4000 || steps > 40_000 {
		t.Fatalf("a loop of 1000 took %d steps, %v", steps, err)
	}
	for range 3 {
		if again, err := run(1000, steps); again != steps || err != nil {
			t.Errorf("%d steps, then %d, %v", steps, again, err)
		}
		if _, err := run(1000, steps-1); !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "steps") {
			t.Errorf("with one step less: %v", err)
		}
	}
}
