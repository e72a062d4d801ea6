package compare

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"
)

// beside explains a pair and sets it side by side.
func beside(t testing.TB, r Rules, o Options, e exchange.Exchange, bo BesideOptions) (*Explanation, *Sheet) {
	t.Helper()
	j, err := NewJudge(r, o)
	if err != nil {
		t.Fatal(err)
	}
	x, err := j.Explain(&e, true)
	if err != nil {
		t.Fatal(err)
	}
	return x, Beside(&e, x, bo)
}

// unbounded are bounds that leave nothing out.
var unbounded = BesideOptions{MaxRows: 1 << 20, Fold: 1 << 20}

// checkAgrees wants each delta on exactly the row of its path, no delta that the
// judge does not have, and each place that is held equal where it is.
func checkAgrees(t testing.TB, x *Explanation, s *Sheet) {
	t.Helper()
	left := map[string]int{}
	for _, d := range x.Deltas {
		left[toJSON(t, d)]++
	}
	held, folded := map[string]bool{}, false
	for _, r := range s.Rows {
		for _, d := range r.Deltas {
			if d.Path != r.Path {
				t.Errorf("the delta of %s stands on the row of %s", d.Path, r.Path)
			}
			left[toJSON(t, d)]--
		}
		differs := r.Path != "" && (r.Mark == Differs || r.Mark == IsNoise) // lines of a text have none of their own
		if n := len(r.Deltas); differs && n == 0 || !differs && n > 0 && !(r.Reference.Absent || r.Candidate.Absent) {
			t.Errorf("%s is marked %q, with %d deltas", r.Path, r.Mark, n)
		}
		folded = folded || r.Folded > 0
		for _, by := range r.By {
			held[r.Path+" "+by] = true
		}
	}
	for d, n := range left {
		if n > 0 || n < 0 && x.MoreDelta == 0 {
			t.Errorf("%d too few rows have the delta %s", n, d)
		}
	}
	for _, h := range x.Hidden {
		if s.Compared && !folded && !held[h.Path+" "+h.By] {
			t.Errorf("no row of %s says that it is held equal by %s", h.Path, h.By)
		}
	}
	if t.Failed() {
		t.Logf("%s\n%s", toJSON(t, x), drawn(s))
	}
}

// drawn is a sheet as text.
func drawn(s *Sheet) string {
	var b strings.Builder
	for _, r := range s.Rows {
		literal := func(l Literal) string {
			if l.Absent {
				return "-"
			}
			return l.Text
		}
		line := fmt.Sprintf("%s%s|%s|%s|%s", strings.Repeat(" ", r.Depth), r.Key, r.Mark, literal(r.Reference), literal(r.Candidate))
		if r.Folded > 0 {
			line = fmt.Sprintf("%s%d folded|%s", strings.Repeat(" ", r.Depth), r.Folded, r.Mark)
		}
		for _, d := range r.Deltas {
			line += "|" + string(d.Kind)
		}
		b.WriteString(line + "\n")
	}
	if s.More > 0 {
		fmt.Fprintf(&b, "%d more, %d differ\n", s.More, s.MoreDiffer)
	}
	return b.String()
}

// Who looks at two answers believes the marks: of every golden case, in every
// format and under every rule, they must be the judge's.
func TestBesideAgreesWithTheJudge(t *testing.T) {
	for category, files := range goldenFiles(t) {
		for _, file := range files {
			t.Run(category+"/"+filepath.Base(file), func(t *testing.T) {
				archive, err := txtar.ParseFile(file)
				if err != nil {
					t.Fatal(err)
				}
				c, _ := readGolden(t, archive)
				e := exchange.Exchange{Model: "m", Reference: c.ref}
				e.Candidate.Answer = c.cand
				for _, bounds := range []BesideOptions{unbounded, {Fold: 1}} {
					x, s := beside(t, c.rules, Options{Noise: c.noise(t)}, e, bounds)
					checkAgrees(t, x, s)
				}
			})
		}
	}
}

// The same of answers that nobody thought of, with bags and keys among the rules.
func TestBesideAgreesOnAnything(t *testing.T) {
	value, seed := values(3), rapid.Int64()
	rules := []Rules{
		{},
		exact,
		{Paths: []PathRule{{Path: "$..['a']", Order: "any"}, {Path: "$['b'][*]", Key: "a"}, {Path: "$['c']", Top: 1}}},
		{Paths: []PathRule{{Path: "$", Order: "any"}}, Decision: &Decision{Path: "$['a']"}},
		{Paths: []PathRule{{Path: "$..['a']", NullAbsent: true, EmptyAbsent: true, Case: "ignore"}, ignore("$['b']")}},
	}
	rapid.Check(t, func(rt *rapid.T) {
		v := value.Draw(rt, "value")
		w, _, _ := plant(rt, v, "$")
		if rapid.Bool().Draw(rt, "unlike") {
			w = value.Draw(rt, "other")
		}
		e := jsonPair(1, "m", string(spelled(v, seed.Draw(rt, "a"))), string(spelled(w, seed.Draw(rt, "b"))))
		bounds := rapid.SampledFrom([]BesideOptions{unbounded, {Fold: 1}}).Draw(rt, "bounds")
		x, s := beside(t, rapid.SampledFrom(rules).Draw(rt, "rules"), Options{}, e, bounds)
		checkAgrees(t, x, s)
	})
}

// What stands beside each other must be what belongs together, wherever both
// sides have it, and what one side has must not be lost.
func TestBesideAligns(t *testing.T) {
	key := Rules{Paths: []PathRule{{Path: "$[*]", Key: "k"}}}
	bag := Rules{Paths: []PathRule{{Path: "$", Order: "any"}}}
	for _, c := range []struct {
		name      string
		rules     Rules
		ref, cand string
		want      string
	}{
		{"members by name", Rules{}, `{"a":1,"b":"x","c":{"d":1.5}}`, `{"new":0,"c":{"e":null,"d":1.75},"a":1.0}`, `
||{ 3 members }|{ 3 members }
 new|candidate|-|0|extra
 a|held|1|1.0
 b|reference|"x"|-|missing
 c||{ 1 member }|{ 2 members }
  e|candidate|-|null|extra
  d|differs|1.5|1.75|number`},
		{"elements by index", Rules{}, `[1,2]`, `[1,2,{"a":[3]}]`, `
|differs|[ 2 elements ]|[ 3 elements ]|length
 [0]|equal|1|1
 [1]|equal|2|2
 [2]|candidate|-|{ 1 member }
  a|candidate|-|[ 1 element ]
   [0]|candidate|-|3`},
		{"elements by key", key, `[{"k":"a","v":1},{"k":"b","v":2}]`, `[{"k":"c"},{"k":"b","v":3}]`, `
||[ 2 elements ]|[ 2 elements ]
 [0]|candidate|-|{ 1 member }|extra
  k|candidate|-|"c"
 [0]|reference|{ 2 members }|-|missing
  k|reference|"a"|-
  v|reference|1|-
 [1]||{ 2 members }|{ 2 members }
  k|equal|"b"|"b"
  v|differs|2|3|number`},
		{"elements in another order", Rules{}, `[{"k":"a"},7,8]`, `[8,7.0,{"k":"a"}]`, `
|differs|[ 3 elements ]|[ 3 elements ]|order
 [0] → [2]|equal|{ 1 member }|{ 1 member }
  k|equal|"a"|"a"
 [1]||7|7.0
 [2] → [0]|equal|8|8`},
		{"a bag", bag, `[1,2,3]`, `[3,1,4]`, `
|held|[ 3 elements ]|[ 3 elements ]
 [0] → [1]|equal|1|1
 [1] → [2]|differs|2|4|number
 [2] → [0]|equal|3|3`},
		{"types", Rules{}, `{"a":{"b":1}}`, `{"a":[2]}`, `
||{ 1 member }|{ 1 member }
 a|differs|{ 1 member }|[ 1 element ]|type
  b|reference|1|-
  [0]|candidate|-|2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, s := beside(t, c.rules, Options{}, jsonPair(1, "m", c.ref, c.cand), BesideOptions{})
			checkAgrees(t, x, s)
			if got := drawn(s); got != strings.TrimPrefix(c.want, "\n")+"\n" {
				t.Errorf("got\n%swant%s", got, c.want)
			}
		})
	}
}

// Of texts, of what can't be read, and of answers that were not compared, people
// still see what is there.
func TestBesideOfOtherAnswers(t *testing.T) {
	pair := func(contentType, ref, cand string, status int64) exchange.Exchange {
		e := jsonPair(1, "m", ref, cand)
		e.Reference.ContentType, e.Candidate.ContentType, e.Candidate.Status = contentType, contentType, status
		return e
	}
	for name, c := range map[string]struct {
		e    exchange.Exchange
		want string
	}{
		"text": {pair("text/plain", "a\nb\nc\n", "a\nx\nc\nd\n", 200), `
|differs|a
b
c
|a
x
c
d
|string
 line 1|equal|a|a
 line 2|differs|b|x
 line 3|equal|c|c
 line 4|candidate|-|d`},
		"bytes": {pair("image/png", "\x89PNG", "\x89PNG2", 200), `
|differs|4 bytes, SHA-256 0f4636c78f65d363…|5 bytes, SHA-256 1c49b4b73c0dda9a…|bytes`},
		"the same bytes": {pair("application/json", `{"a":1}`, `{"a":1}`, 200), `
|equal|{ 1 member }|{ 1 member }
 a|equal|1|1`},
		"broken": {pair("application/json", `{"a":1}`, `{"a":01}`, 200), `
|reference|{ 1 member }|-
 a|reference|1|-
byte 0|candidate|-|{"a":0
byte 6|broken|-|1}`},
		"status": {pair("application/json", `{"a":1}`, `{"a":2}`, 500), `
|differs|200|500|status
||{ 1 member }|{ 1 member }
 a||1|2`},
	} {
		t.Run(name, func(t *testing.T) {
			x, s := beside(t, Rules{}, Options{}, c.e, BesideOptions{})
			checkAgrees(t, x, s)
			if got := drawn(s); got != strings.TrimPrefix(c.want, "\n")+"\n" {
				t.Errorf("got\n%swant%s", got, c.want)
			}
		})
	}
}

// One long answer must not fill a screen, a page or the memory, and what differs
// in it must be seen all the same.
func TestBesideIsBounded(t *testing.T) {
	long := strings.Repeat("1,", 100_000)
	text := strings.Repeat("a", 5<<20)
	x, s := beside(t, Rules{}, Options{}, jsonPair(1, "m",
		`{"a":[`+long+`2],"b":[`+long+`2],"t":"`+text+`x"}`,
		`{"b":[`+long+`3],"a":[`+long+`2],"t":"`+text+`y"}`), BesideOptions{})
	checkAgrees(t, x, s)
	got := drawn(s)
	if len(got) > 8<<10 || s.More > 0 {
		t.Errorf("%d bytes, %d rows more", len(got), s.More)
	}
	for _, want := range []string{"  99989 folded|equal\n", "  99988 folded|equal\n  [100000]|differs|2|3|number", `ax"|…`, `ay"|string`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%.4000s", want, got)
		}
	}
	var many []string
	for i := range 3000 {
		many = append(many, fmt.Sprintf("%d.5", i))
	}
	ref := "[" + strings.Join(many, ",") + "]"
	_, s = beside(t, Rules{}, Options{}, jsonPair(1, "m", ref, strings.ReplaceAll(ref, ".5", ".6")), BesideOptions{})
	if len(s.Rows) != 400 || s.More != 2601 || s.MoreDiffer != 2601 {
		t.Errorf("%d rows, %d more, %d differ", len(s.Rows), s.More, s.MoreDiffer)
	}
}

// What is left out at the end must be counted as what it is: "0 of which differ"
// sends nobody to look at the rest.
func TestBesideCountsWhatIsLeftOut(t *testing.T) {
	numbers := func(n int) string { return "[0" + strings.Repeat(",0", n-1) + "]" }
	plain := func(text string) exchange.Answer {
		return exchange.Answer{Status: 200, ContentType: "text/plain", Body: []byte(text)}
	}
	text := exchange.Exchange{Model: "m", Reference: plain("a\nb\n" + strings.Repeat("c\n", 20) + "d\n")}
	text.Candidate.Answer = plain("x\nb\n" + strings.Repeat("c\n", 20) + "y\n")
	for _, c := range []struct {
		name         string
		e            exchange.Exchange
		bounds       BesideOptions
		more, differ int
	}{
		{"only one side has them", jsonPair(1, "m", numbers(1), numbers(101)), BesideOptions{MaxRows: 5, Fold: 3}, 97, 97},
		{"only the other has", jsonPair(1, "m", numbers(101), numbers(1)), BesideOptions{MaxRows: 5, Fold: 3}, 97, 97},
		{"equal", jsonPair(1, "m", numbers(100), numbers(100)), BesideOptions{MaxRows: 4, Fold: 3}, 97, 0},
		{"lines", text, BesideOptions{MaxRows: 4, Fold: 2}, 20, 1},
	} {
		if _, s := beside(t, Rules{}, Options{}, c.e, c.bounds); len(s.Rows) > c.bounds.MaxRows || s.More != c.more || s.MoreDiffer != c.differ {
			t.Errorf("%s: want %d more, %d differ:\n%s", c.name, c.more, c.differ, drawn(s))
		}
	}
}
