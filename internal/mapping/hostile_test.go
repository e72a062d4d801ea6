package mapping

import (
	"errors"
	"strings"
	"testing"
)

// Without this, one document could take a core for hours from a program that
// looks harmless.
func TestHostileDocuments(t *testing.T) {
	for _, c := range []struct {
		name, program, doc string
		want               error
	}{
		{"range", `[range(.n)]`, `{"n":1e12}`, ErrTimeout},
		{"caught loop", `try last(range(.n)) catch 1`, `{"n":1e12}`, ErrTimeout},
		{"recursion", `def f: 1 + (if . > 0 then . - 1 | f else 0 end); f`, `1e9`, ErrTimeout},
		{"result of many", `reduce range(.) as $i (0; [., .])`, `64`, ErrTooLarge},
		{"error of many", `error(reduce range(.) as $i (0; [., .]))`, `64`, ErrProgram},
		{"deep", `reduce range(.) as $i (0; [.])`, `20000`, ErrTooLarge},
		{"long text", `. * 5`, `"` + strings.Repeat("a", 1e6) + `"`, ErrTooLarge},
		{"long number", `.`, strings.Repeat("7", 1<<19), ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := apply(t, c.program, c.doc); !errors.Is(err, c.want) {
				t.Errorf("%.100s, %v; want %v", got, err, c.want)
			}
		})
	}
}

// Without this, the limit of steps would be one of time only, and whether an
// answer could be mapped would depend on how busy the machine is. It holds on
// to how gojq asks the context before each instruction.
func TestStepsStopAtTheSamePlace(t *testing.T) {
	code, err := compile(t, `last(range(.))`).compile()
	if err != nil {
		t.Fatal(err)
	}
	run := func(n, limit int) (int, error) {
		b := newBudget(t.Context())
		b.left = limit
		_, err := one(code.whole, b, n)
		return limit - b.left, err
	}
	steps, err := run(1000, maxSteps)
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
