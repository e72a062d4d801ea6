package tape

import (
	"slices"
	"strings"
	"testing"
)

// Without it a prediction would be compared with that of another row or column.
func TestReadCSV(t *testing.T) {
	for _, c := range []struct {
		text  string
		names bool
		want  string
	}{
		{"", false, "[]"},
		{"0.5,great\n0.1,bad\n", false, "[[c<0.5> c<great>] [c<0.1> c<bad>]]"},
		{"0.5\n\n0.1", false, "[[c<0.5>] [c<>] [c<0.1>]]"},
		{"a\r\n\r\n", false, "[[c<a>] [c<>]]"},
		{`"a,b","say ""x""",""` + "\n", false, `[[c<a,b> c<say "x"> c<>]]`},
		{"\"a\r\nb\",c", false, "[[c<a\nb> c<c>]]"},
		{"a,b\n1\n", false, "[[c<a> c<b>] [c<1>]]"},
		{"label,score\ngreat,0.5\nbad,0.1\n", true, "[{label:c<great> score:c<0.5>} {label:c<bad> score:c<0.1>}]"},
		{"label\n\n", true, "[{label:c<>}]"},
		{"label,score\n", true, "[]"},
	} {
		var p Tape
		if err := p.ReadCSV([]byte(c.text), c.names); err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		check(t, &p)
		if got := draw(&p); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	for _, c := range []struct {
		text  string
		names bool
		want  string
	}{
		{"", true, "CSV: no line with the names of the columns"},
		{"a,,b\n", true, "CSV: column 2 has no name"},
		{"a,b,a\n", true, `CSV: a second column is named "a"`},
		{"a,b\n1,2\n1,2,3\n", true, "CSV line 3: 3 cells in a row, of 2 columns"},
		{"a\n\"b\nc", false, "CSV line 2: no quote ends the cell"},
		{"a\nb\"c\n", false, "CSV line 2: a quote within a cell that does not begin with one"},
		{"\"a\"b\n", false, "CSV line 1: text behind the quote that ends a cell"},
	} {
		var p Tape
		if err := p.ReadCSV([]byte(c.text), c.names); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// Without it the column of a CSV would not be found by the name that it has in JSON.
func TestNamesAcrossFormats(t *testing.T) {
	var p Tape
	if err := p.ReadCSV([]byte("a,a_long_name_of_a_column,é\n1,2,3\n"), true); err != nil {
		t.Fatal(err)
	}
	o := mustJSON(t, `{"\u00e9":3,"a_long_n\u0061me_of_a_column":2,"a":1,"b":0}`)
	for m, want := range []int32{4, 3, 2, none} {
		if got := p.Find(1, o, int32(m+1)); got != want {
			t.Errorf("%s: found %d, want %d", o.Name(int32(m+1)), got, want)
		}
	}
}

// Without it a text of one value would not be compared at all.
func TestReadText(t *testing.T) {
	var p Tape
	for _, text := range []string{"0.5", "", "great\n"} {
		p.ReadText([]byte(text))
		check(t, &p)
		if got := draw(&p); got != "c<"+text+">" {
			t.Errorf("%q: %s", text, got)
		}
	}
}

// Without it one spelling of a string would be a mismatch to another, or two
// strings would be taken for one.
func TestSameString(t *testing.T) {
	texts := []string{`"a"`, `"\u0061"`, `"é"`, `"\u00e9"`, `"\u00E9"`, `"😀"`, `"\ud83d\ude00"`, `"a\n"`, `"a\u000A"`, `"a\\n"`, `"/"`, `"\/"`, `""`, `"ab"`, `"\u0061b"`, `"\u0000"`}
	for _, a := range texts {
		for _, b := range texts {
			p, o := mustJSON(t, a), mustJSON(t, b)
			if got, want := p.SameString(0, o, 0), string(p.Str(0)) == string(o.Str(0)); got != want {
				t.Errorf("%s and %s: %t", a, b, got)
			}
		}
	}
}

// Without it a member would be missed where the sides order theirs differently.
func TestFind(t *testing.T) {
	for _, n := range []int{1, 2, few, few + 1, 32, 60, 64} {
		p := mustJSON(t, object(n, "k", ""))
		o := mustJSON(t, `{"x":0,`+object(n, "k", "")[1:])
		for _, step := range []int{1, n - 1, 7} { // orders: forward, backward, mixed; some asked twice
			for i := range 2 * n {
				m := int32((i*step)%n) + 2
				if got := p.Find(0, o, m); got != m-1 {
					t.Fatalf("%d members, step %d: %s found at %d", n, step, o.Name(m), got)
				}
				if got := p.Find(0, o, 1); got != none {
					t.Fatalf("%d members: x found at %d", n, got)
				}
			}
		}
	}
	p := mustJSON(t, `[{},{"a":{"b":1},"c":2}]`)
	if got := p.Find(1, p, 3); got != none {
		t.Errorf("an empty object has member %d", got)
	}
	if got := p.Find(2, p, 4); got != none {
		t.Errorf("a member's member is found at %d", got)
	}
}

// Without it deltas would be reported under a wrong path.
func TestChain(t *testing.T) {
	p := mustJSON(t, `{"a":[1,{"b":2}],"c":3}`)
	for n, want := range [][]int32{{}, {1}, {1, 2}, {1, 3}, {1, 3, 4}, {5}} {
		got := p.Chain([]int32{9}, int32(n))
		if !slices.Equal(got, append([]int32{9}, want...)) {
			t.Errorf("chain of %d: %v", n, got)
		}
	}
}

// Without it one answer would leave its values in the next one's.
func TestReuse(t *testing.T) {
	read := func(p *Tape, text string) error {
		switch {
		case strings.HasPrefix(text, "names"):
			return p.ReadCSV([]byte(text), true)
		case strings.HasPrefix(text, "csv"):
			return p.ReadCSV([]byte(text), false)
		case strings.HasPrefix(text, "0.5\n"):
			return p.ReadLines([]byte(text))
		}
		return p.ReadJSON([]byte(text))
	}
	texts := []string{
		object(40, "name", ""), object(20, "\\u0061", ""), `{"a":{"b":"\n"},"c":[NaN]}`, `[{"d":1,"e":2},{"d":1,"e":2},3]`, `[1,[],{},"x"]`,
		`[`, `{"a":1,"a":2}`, "names,b\n1,2\n", "csv,2,3\n", "0.5\n[1]\n{\"a\":2}",
	}
	for _, first := range texts {
		for _, second := range texts {
			var p, fresh Tape
			err := read(&p, first)
			if err == nil {
				check(t, &p) // and lets Find remember where it was
			}
			if err, want := read(&p, second), read(&fresh, second); (err == nil) != (want == nil) {
				t.Fatalf("%s after %s: %v", second, first, err)
			} else if err != nil {
				continue
			}
			check(t, &p)
			if draw(&p) != draw(&fresh) || p.Nodes[len(p.Nodes)-1].Flags != fresh.Nodes[len(p.Nodes)-1].Flags {
				t.Errorf("%s after %s: %s", second, first, draw(&p))
			}
		}
	}
}

// Without it one large answer would hold its memory for as long as the process runs.
func TestRelease(t *testing.T) {
	var p Tape
	if err := p.ReadJSON([]byte("[" + strings.Repeat("0,", keepNodes) + "0]")); err != nil {
		t.Fatal(err)
	}
	p.Release()
	if cap(p.Nodes) > keepNodes || p.Text != nil {
		t.Errorf("%d nodes are kept", cap(p.Nodes))
	}
	if err := p.ReadCSV([]byte(strings.Repeat("x", keepBytes+1)), false); err != nil {
		t.Fatal(err)
	}
	p.Release()
	if cap(p.buffer) > keepBytes {
		t.Errorf("%d bytes are kept", cap(p.buffer))
	}
}

// Without it judging would be slowed by the garbage of every answer.
func TestNoAllocation(t *testing.T) {
	var p, o Tape
	doc := []byte(strings.Replace(benchAnswers[0].text, `"label":"great"`, `"l\u0061bel":"gr\u0065at","members":`+object(30, "", ""), 1))
	lines := slices.Concat(doc, []byte("\n"), doc)
	csv := []byte("a,b\n1,\"x\"\"\"\n")
	n := testing.AllocsPerRun(100, func() {
		if p.ReadJSON(doc) != nil || o.ReadLines(lines) != nil {
			t.Fatal("not read")
		}
		for c := int32(1); c < p.Nodes[0].End; c = p.Nodes[c].End {
			d := p.Find(0, &o, c+1)
			if d != c || p.Nodes[c].Kind == String && !p.SameString(c, &o, c+1) {
				t.Fatal("not found")
			}
		}
		if p.ReadCSV(csv, true) != nil {
			t.Fatal("not read")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
