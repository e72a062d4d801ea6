package answer

import (
	"fmt"
	"strings"
	"testing"
)

// Without this, a candidate that writes its columns in another order, or has a
// header more or less, would differ in every cell; or a line of answers would be
// taken for names and never be compared.
func TestHeaders(t *testing.T) {
	var wide [2]strings.Builder
	for i := range 40 {
		fmt.Fprintf(&wide[0], "a%d,", i)
		fmt.Fprintf(&wide[1], "a%d,", 39-i)
	}
	for _, c := range []struct{ name, typeA, a, typeB, b, wantA, wantB string }{
		{"none", "", "0.5,1", "", "0.4,1\n", "[[0.5 1]]", "[[0.4 1]]"},
		{"order of columns", "", "label,score\nspam,0.9\n", "", "score,label\n0.8,spam\n", "[{label:spam score:0.9}]", "[{score:0.8 label:spam}]"},
		{"reference only", "", "label,score\nspam,0.9\n", "", "spam,0.8\n", "[[spam 0.9]]", "[[spam 0.8]]"},
		{"candidate only", "", "1,2\n", "", "a,b\r\n1,3\r\n", "[[1 2]]", "[[1 3]]"},
		{"a quoted line end", "", "\"a\n\"\"x\",b\n1,2\n", "", "1,2\n", "[[1 2]]", "[[1 2]]"},
		{"other names", "", "a,b\n1,2\n", "", "a,c\n1,2\n", "[[a b] [1 2]]", "[[a c] [1 2]]"},
		{"labels, no header", "", "spam,0.9\nham,0.8", "", "spam,0.9\nham,0.7", "[[spam 0.9] [ham 0.8]]", "[[spam 0.9] [ham 0.7]]"},
		{"words only", "", "spam\nham\n", "", "spam\neggs\n", "[[spam] [ham]]", "[[spam] [eggs]]"},
		{"not a number is one", "", "nan,1\n2,3\n", "", "x,1\n2,3\n", "[[nan 1] [2 3]]", "[[x 1] [2 3]]"},
		{"infinite", "", "-Infinity\n2\n", "", "+inf\n2\n", "[[-Infinity] [2]]", "[[+inf] [2]]"},
		{"an empty name", "", "a,\n1,2\n", "", ",a\n1,2\n", "[[a ] [1 2]]", "[[ a] [1 2]]"},
		{"twice one name", "", "a,a\n1,2\n", "", "a,a\n1,3\n", "[[a a] [1 2]]", "[[a a] [1 3]]"},
		{"other lengths", "", "a,b\n1\n", "", "a,b\n1,2\n", "[[a b] [1]]", "[[a b] [1 2]]"},
		{"no rows against some", "", "a,b\n", "", "b,a\n1,2\n", "[]", "[{b:1 a:2}]"},
		{"numbers that became words", "", "a,b\n1,2\n", "", "a,b\nx,y\n", "[{a:1 b:2}]", "[{a:x b:y}]"},
		{"a number column beside words", "", "a,b\nx,1\ny,2e-3\n", "", "a,b\nx,NaN\ny,.5\n", "[{a:x b:1} {a:y b:2e-3}]", "[{a:x b:NaN} {a:y b:.5}]"},
		{"declared", "header=present", "a\nspam\n", "header=present", "a\nham\n", "[{a:spam}]", "[{a:ham}]"},
		{"declared on one side", "header=present", "a\nspam\n", "", "a\nham\n", "[{a:spam}]", "[{a:ham}]"},
		{"declared, and none there", "header=present", "a\nspam\n", "", "ham\n", "[[spam]]", "[[ham]]"},
		{"declared to be missing", "header=absent", "a\n1\n", "header=absent", "a\n2\n", "[[a] [1]]", "[[a] [2]]"},
		{"missing on one side as declared", "Header=Absent", "1\n", "", "a\n2\n", "[[1]]", "[[2]]"},
		{"declared and twice one name", "header=present", "1,1\n3,4\n", "header=present", "1,1\n3,5\n", "[[1 1] [3 4]]", "[[1 1] [3 5]]"},
		{"declared of nothing", "header=present", "", "header=present", "a\n1\n", "[]", "[[1]]"},
		{"a blank line is a row", "", "a,b\n1,2\n\n", "", "a,b\n1,2\n", "[[a b] [1 2] []]", "[[a b] [1 2]]"},
		{
			"many columns", "", strings.TrimSuffix(wide[0].String(), ",") + "\n1" + strings.Repeat(",1", 39),
			"", strings.TrimSuffix(wide[1].String(), ",") + "\n1" + strings.Repeat(",1", 38) + ",2", "{a0:1 a1:1 ", " a0:2}",
		},
	} {
		var p Pair
		p.Read(answered("text/csv;"+c.typeA, c.a), answered("text/csv; "+c.typeB, c.b))
		a, b := showRead(&p.Reference), showRead(&p.Candidate)
		if !strings.HasPrefix(a, "csv ") || !strings.Contains(a, c.wantA) || !strings.HasPrefix(b, "csv ") || !strings.Contains(b, c.wantB) {
			t.Errorf("%s: %s and %s", c.name, a, b)
		}
		p.Read(answered("text/csv;"+c.typeB, c.b), answered("text/csv;"+c.typeA, c.a))
		if showRead(&p.Reference) != b || showRead(&p.Candidate) != a {
			t.Errorf("%s, swapped: %s and %s", c.name, showRead(&p.Reference), showRead(&p.Candidate))
		}
	}
}

// Without this, a first row of numbers could pass for names, or names for numbers.
func TestIsNumber(t *testing.T) {
	for _, s := range []string{"0", "-1", "+1", "1.", ".5", "1.5e-3", "1E5", "nan", "NaN", "-inf", "Infinity", " 1 ", "1e999999999"} {
		if !isNumber([]byte(s)) {
			t.Errorf("%q is a number", s)
		}
	}
	for _, s := range []string{"", " ", "-", ".", "e5", "1e", "1e+", "1x", "0x1", "1,5", "1_000", "nano", "--1", "score"} {
		if isNumber([]byte(s)) {
			t.Errorf("%q is no number", s)
		}
	}
}
