package compare

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/number"
)

// join writes n items with commas between.
func join(n int, item func(i int) string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(item(i))
	}
	return b.String()
}

func list(n int, item func(i int) string) []byte { return []byte("[" + join(n, item) + "]") }

func same(text string) func(int) string { return func(int) string { return text } }

// One answer out of millions that takes quadratic time stops a night's job. Of
// each of these that would be hours, so the deadline of the whole test catches
// it; the test says which were slow.
func TestOddAnswersTakeLinearTime(t *testing.T) {
	const many = 100_000
	bags := []PathRule{{Path: "$", Order: "any"}, {Path: "$..[*]", Order: "any"}}
	keys := []PathRule{{Path: "$..[*]", Key: "id"}}
	backward := func(item func(i int) string) func(int) string {
		return func(i int) string { return item(many - 1 - i) }
	}
	object := func(i int) string { return fmt.Sprintf(`{"id":%d,"v":[%d,%d]}`, i, i, i+1) }
	named := func(i int) string { return fmt.Sprintf(`"a long prefix that all names have %08d":%d`, i, i) }
	number1 := func(i int) string { return fmt.Sprintf("%d.5e-7", i) }
	deep := func(n int, inside string) []byte {
		return []byte(strings.Repeat("[", n) + inside + strings.Repeat("]", n))
	}
	tensor := func(i int) string {
		return fmt.Sprintf(`{"name":"o%d","datatype":"FP32","shape":[1],"data":[%d]}`, i, i)
	}
	outputs := func(item func(int) string) []byte {
		return []byte(`{"outputs":` + string(list(many, item)) + "}")
	}
	for _, c := range []struct {
		name      string
		rules     []PathRule
		decision  *Decision
		kind      string // content type
		ref, cand []byte
		want      Outcome
	}{
		{"deep bags", bags, nil, "", deep(1000, "1,2"), deep(1000, "2, 1"), Match},
		{"deep bags that differ", bags, nil, "", deep(999, "[1],[2]"), deep(999, "[3],[1]"), Mismatch},
		{"deep keys", keys, nil, "", deep(999, `{"id":1},{"id":2}`), deep(999, `{"id":2},{"id":1}`), Match},
		{"deep order", nil, nil, "", deep(1000, "1,2"), deep(1000, "2, 1"), Mismatch},
		{"deep and wide", nil, nil, "", deep(900, join(many/10, same("1"))), deep(900, join(many/10, same("2"))), Mismatch},
		{"only brackets", bags, nil, "application/json", bytes.Repeat([]byte("["), 1<<20), bytes.Repeat([]byte("["), 1<<20+1), Undecided},
		{"only braces", keys, nil, "application/json", bytes.Repeat([]byte(`{"a":`), 1<<18), bytes.Repeat([]byte(`{"a":`), 1<<17), Undecided},
		{"names backward", nil, nil, "", []byte("{" + join(many, named) + "}"), []byte("{" + join(many, backward(named)) + "}"), Match},
		{"names that one side has", nil, nil, "", []byte("{" + join(many, named) + "}"), []byte("{}"), Mismatch},
		{"equal numbers in a bag", bags, nil, "", list(many, same("1")), list(many, same("1.0")), Match},
		{"near numbers in a bag", bags, nil, "", list(many, number1), list(many, backward(number1)), Match},
		{"other numbers in a bag", bags, nil, "", list(many, same("1")), list(many, same("2")), Mismatch},
		{"texts in a bag", append(bags, PathRule{Path: "$", Case: "ignore", Unicode: "nfc", Trim: true, Pattern: "a+"}), nil, "", list(many, func(i int) string { return fmt.Sprintf(`"É %d"`, i) }), list(many, backward(func(i int) string { return fmt.Sprintf(`"e\u0301 %d"`, i) })), Match},
		{"objects in a bag", bags, nil, "", list(many, object), list(many, backward(object)), Match},
		{"equal objects in a bag", bags, nil, "", list(many, same(`{"a":1}`)), list(many, same(`{"a":2}`)), Mismatch},
		{"objects by key", keys, nil, "", list(many, object), list(many, backward(object)), Match},
		{"objects of one key", keys, nil, "", list(many, same(`{"id":1,"v":1}`)), list(many, same(`{"v":2,"id":1}`)), Mismatch},
		{"objects without the key", keys, nil, "", list(many, same(`{"v":1}`)), list(many+1, same(`{"v":1.0}`)), Mismatch},
		{"another order", nil, nil, "", list(many, object), list(many, backward(object)), Mismatch},
		{"flips", nil, &Decision{Path: "$[*]"}, "", list(3*many, same(`"a"`)), list(3*many, same(`"b"`)), Mismatch},
		{"flips of members", nil, &Decision{Path: "$[*].l"}, "", list(many, same(`{"l":"a"}`)), list(many, same(`{"l":"b"}`)), Mismatch},
		{"ties", nil, &Decision{Path: "$"}, "", list(many, same("0.5")), list(many, same("0.50")), Match},
		{"a long number", nil, nil, "", []byte("1" + strings.Repeat("0", 1<<20)), []byte("1" + strings.Repeat("0", 1<<20) + ".0"), Match},
		{"a long fraction", nil, nil, "", []byte("0." + strings.Repeat("3", 1<<20)), []byte("0." + strings.Repeat("3", 1<<20) + "1"), Match},
		{"long numbers in a bag", bags, nil, "", list(1000, func(i int) string { return "1" + strings.Repeat("0", 400+i) }), list(1000, func(i int) string { return "1" + strings.Repeat("0", 1399-i) }), Match},
		{"huge exponents", nil, nil, "", list(many, same("1e999999999")), list(many, same("1e999999998")), Mismatch},
		{"a long text", []PathRule{{Path: "$", Case: "ignore", Pattern: "(a|b|ab)*c"}}, nil, "application/json", []byte(`"` + strings.Repeat("ab", 1<<19) + `"`), []byte(`"` + strings.Repeat("aB", 1<<19) + `x"`), Mismatch},
		{"combining marks", []PathRule{{Path: "$", Unicode: "nfc"}}, nil, "application/json", []byte(`"a` + strings.Repeat("\u0301\u0323", 1<<17) + `"`), []byte(`"a` + strings.Repeat("\u0323\u0301", 1<<17) + `"`), Match},
		{"no UTF-8", nil, nil, "", bytes.Repeat([]byte{0xff}, 1<<20), bytes.Repeat([]byte{0xfe}, 1<<20), Mismatch},
		{"tensors", nil, nil, "application/json", outputs(tensor), outputs(backward(tensor)), Match},
		{"rows", []PathRule{{Path: "$", Order: "any"}}, nil, "text/csv", []byte(strings.Repeat("a,1\n", many)), []byte(strings.Repeat("a,1.0\n", many)), Match},
		{"columns", nil, nil, "text/csv; header=present", []byte(join(many, func(i int) string { return fmt.Sprint("c", i) }) + "\n" + join(many, same("1")) + "\n"), []byte(join(many, backward(func(i int) string { return fmt.Sprint("c", i) })) + "\n" + join(many, same("2")) + "\n"), Mismatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			got, _ := compareBodies(t, Rules{Paths: c.rules, Decision: c.decision}, c.kind, c.ref, c.cand)
			if got.outcome != c.want {
				t.Errorf("%s %s, want %s", got.outcome, got.reason, c.want)
			}
			if took := time.Since(start); took > time.Second {
				t.Logf("took %s", took)
			}
		})
	}
}

// Rules whose paths have many .. must not make a state for each way that they
// can have come along.
func TestManyDescendingRules(t *testing.T) {
	var rules []PathRule
	for i := range 20 {
		rules = append(rules, PathRule{Path: fmt.Sprintf("$..a..b..c%d", i), Number: &number.Tolerance{Abs: 1}})
	}
	text := slices.Concat(bytes.Repeat([]byte(`{"a":{"b":`), 400), []byte("1"), bytes.Repeat([]byte("}}"), 400))
	if d, deltas := compareBodies(t, Rules{Paths: rules}, "application/json", text, append(text, ' ')); d.outcome != Match {
		t.Errorf("%+v %v", d, deltas)
	}
}
