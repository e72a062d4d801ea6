package tape

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// Without it a value would be reported as something that the answer does not say.
func TestReadJSON(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"label":"great","score":0.57}`, `{label:"<great> score:0<0.57>}`},
		{" [ true , false , null ] \n", `[t<true> f<false> n<null>]`},
		{`{}`, `{}`},
		{`[[],{"a":[]},[[]]]`, `[[] {a:[]} [[]]]`},
		{`{"a":{"b":{"c":1}},"d":2}`, `{a:{b:{c:0<1>}} d:0<2>}`},
		{`[NaN,Infinity,-Infinity,-0,1E+999999999]`, `[0<NaN> 0<Infinity> 0<-Infinity> 0<-0> 0<1E+999999999>]`},
		{`["\u00e9\ud83d\ude00\/\"", "日本"]`, `["<é😀/"> "<日本>]`},
		{`{"\u0061":1,"b\n":2}`, "{a:0<1> b\n:0<2>}"},
		{`""`, `"<>`},
		{"[" + strings.Repeat("[],", 2*maxDepth) + "1]", "[" + strings.Repeat("[] ", 2*maxDepth) + "0<1>]"},
	} {
		if got := draw(mustJSON(t, c.text)); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

// Without it a broken answer would get a verdict, or its reason would send
// somebody to the wrong byte.
func TestJSONErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{``, `JSON at byte 0: it ends where a value was expected`},
		{`{"a":1`, `JSON at byte 6: it ends where a comma or a closing bracket was expected`},
		{`{"a":`, `JSON at byte 5: it ends where a value was expected`},
		{`{"a`, `JSON at byte 3: it ends within a string`},
		{`[1,]`, `JSON at byte 3: ']' where a value was expected`},
		{`{"a":1,}`, `JSON at byte 7: '}' where a name was expected`},
		{`{'a':1}`, `JSON at byte 1: '\'' where a name was expected`},
		{`{"a" 1}`, `JSON at byte 5: '1' where a colon was expected`},
		{`01`, `JSON at byte 1: '1' where the end was expected`},
		{`[-x]`, `JSON at byte 2: 'x' where a digit was expected`},
		{`[1.]`, `JSON at byte 3: ']' where a digit was expected`},
		{`[None]`, `JSON at byte 1: 'N' where a value was expected`},
		{`{"a":1}{"a":1}`, `JSON at byte 7: '{' where the end was expected`},
		{"\xef\xbb\xbf{}", `JSON at byte 0: '\ufeff' where a value was expected`},
		{"[\"ab\xff\"]", `JSON at byte 4: text that is not UTF-8`},
		{"[\"a\nb\"]", `JSON at byte 3: a control character within a string`},
		{`["\ud800"]`, `JSON at byte 2: an escape that JSON does not have, or half of a surrogate pair`},
		{`{"a":1,"b":2,"\u0061":3}`, `JSON at byte 14: a second member is named "a"`},
		{strings.Repeat(" ", 100) + `<html>`, `JSON at byte 100: '<' where a value was expected`},
	} {
		var p Tape
		if err := p.ReadJSON([]byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
		if len(p.Nodes) != 0 {
			t.Errorf("%s: %d nodes after the error", c.text, len(p.Nodes))
		}
	}
}

// Without it an answer made for the purpose would end the process: by recursion
// in the walk, or by memory.
func TestLimits(t *testing.T) {
	for _, c := range []struct {
		depth int
		want  error
	}{{maxDepth, nil}, {maxDepth + 1, ErrTooDeep}, {1 << 20, ErrTooDeep}} {
		for _, bracket := range []string{"[", `{"a":`} {
			text := strings.Repeat(bracket, c.depth) + "1" + strings.Repeat(string(bracket[0]+2), c.depth)
			if err := new(Tape).ReadJSON([]byte(text)); !errors.Is(err, c.want) {
				t.Errorf("%d times %s: %v", c.depth, bracket, err)
			}
		}
	}
	if err := new(Tape).ReadLines([]byte("1\n" + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth))); !errors.Is(err, ErrTooDeep) {
		t.Errorf("the array of the lines does not count: %v", err)
	}
	nodes := make([]Node, maxNodes, maxNodes+100)
	for _, spare := range []int{0, 1, 2, 3} { // nodes that a tape which is nearly full still takes
		p := &Tape{Nodes: nodes[:maxNodes-spare]}
		if _, err := p.value([]byte("[1,2]"), 0, none, 0); (spare < 3) != errors.Is(err, ErrTooLarge) {
			t.Errorf("JSON with %d to spare: %v", spare, err)
		}
		p = &Tape{Nodes: nodes[:maxNodes-spare]}
		r := csvReader{tape: p, rest: []byte("1,2")}
		if err := r.row(0); (spare < 3) != errors.Is(err, ErrTooLarge) {
			t.Errorf("CSV with %d to spare: %v", spare, err)
		}
	}
}

// Without it an object of many members that is made for the purpose would take
// minutes: were anything here quadratic, this test would not end in time.
func TestManyMembers(t *testing.T) {
	for _, name := range []string{"%d", "the_same_beginning_%d_the_same_end"} {
		var forth, back strings.Builder
		const n = 100_000
		for i := range n {
			fmt.Fprintf(&forth, `,"`+name+`":%d`, i, i)
			fmt.Fprintf(&back, `,"`+name+`":%d`, n-1-i, n-1-i)
		}
		a, b := new(Tape), new(Tape)
		for p, text := range map[*Tape]string{a: forth.String(), b: back.String()} {
			if err := p.ReadJSON([]byte("{" + text[1:] + "}")); err != nil {
				t.Fatal(err)
			}
		}
		for m := int32(1); m <= n; m++ {
			if got := a.Find(0, b, m); got != n+1-m {
				t.Fatalf("%s is member %d, found %d", b.Name(m), n+1-m, got)
			}
		}
		twin := "{" + forth.String()[1:] + fmt.Sprintf(`,"`+name+`":0}`, n-1)
		if err := a.ReadJSON([]byte(twin)); err == nil || !strings.Contains(err.Error(), "a second member is named") {
			t.Errorf("the last member twice: %v", err)
		}
	}
}

// Without it names that collide would be taken for one another, or for twins.
func TestEqualHashes(t *testing.T) {
	saved := factor
	factor = 0 // now every hash is 0
	defer func() { factor = saved }()
	for _, n := range []int{2, few - 1, few, few + 1, 200} {
		text := object(n, "n", "")
		p := mustJSON(t, text) // finds every member
		if p.Nodes[1].NameHash != p.Nodes[2].NameHash {
			t.Fatal("the hashes differ: this tests nothing")
		}
		if got := p.Find(0, mustJSON(t, `{"none":0}`), 1); got != none {
			t.Errorf("%d members: found %d", n, got)
		}
		for _, twin := range []string{"n0", fmt.Sprint("n", n-1), `\u006e0`} {
			if err := p.ReadJSON([]byte(text[:len(text)-1] + `,"` + twin + `":0}`)); err == nil {
				t.Errorf("%d members and again %s: no error", n, twin)
			}
		}
	}
}

// Without it a log of predictions would lose rows, or gain some.
func TestReadLines(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "[]"},
		{"\n \r\n", "[]"},
		{"1", "[0<1>]"},
		{"1\n\"a\"\n", `[0<1> "<a>]`},
		{"{\"a\":[1]}\r\n\r\n\t{\"a\":[2]}\r\n", `[{a:[0<1>]} {a:[0<2>]}]`},
		{"NaN\n[]\n", "[0<NaN> []]"},
	} {
		var p Tape
		if err := p.ReadLines([]byte(c.text)); err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		check(t, &p)
		if got := draw(&p); got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"1\n[1,\n2]", "JSON at byte 5: it ends where a value was expected"},
		{"1\n2 3\n", "JSON at byte 4: '3' where the end of the line was expected"},
		{"{\"a\":1}\n{\"a\":1,\"a\":2}", `JSON at byte 16: a second member is named "a"`},
	} {
		if err := new(Tape).ReadLines([]byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}
