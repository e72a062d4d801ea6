package tape

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonSeeds are documents that a hand-written parser gets wrong.
func jsonSeeds() []string {
	seeds := []string{
		`{"a":[1,2,{"b":null}],"c":true}`, ` [ ] `, `{}`, `{ }`, "\t\n\r 1", `"x"`, ``, ` `, `[`, `{`, `]`, `}`, `,`, `:`,
		`[1,]`, `[,1]`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{a:1}`, `[1 2]`, `[1}`, `{"a":1]`, `1 2`, `{}{}`, `[]]`,
		`01`, `-`, `-0`, `-01`, `0.`, `.5`, `+1`, `1e`, `1e+`, `1E-05`, `0e0`, `1.e1`, `1e999999999`, `0x10`, `12345678901234567890.123456789e-1`, `1234567a`, `12345678a`, `[123:45678901]`, `[123/45678901]`,
		`NaN`, `-NaN`, `Infinity`, `-Infinity`, `+Infinity`, `[NaN,-Infinity]`, `Nan`, `-Inf`, `NaNs`, `nul`, `nullx`, `truefalse`, `TRUE`,
		`"\u0061\n\"\\\/\b\f\r\t"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\u0061"`, `"\ud83dx"`, `"\uD83D\uDE0"`, `"\u12"`, `"\u00zz"`, `"\x"`, `"\`, `"abc`, `"abcdefgh`, `"abcdefg\`,
		"\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"abcdefg\x01\"", "\"\x1fabcdefghi\"", "\"a\x1f\x20bcdefghi\"", "[\"\x80abcdefghi\"]", "[\"\xa2abcdefghi\"]", "\"\u00a2\u00a2\u00a2\u00a2\u00a2\"", "\"!#[]\x7f\x7f!#[]\"", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xe2\x82\"", "\"abcdefg\xe2\x82\xac and more\"", "\"日本語の答え\"", "\xef\xbb\xbf1",
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"\u0061":1,"a":2}`, `{"":1,"":2}`, `{"a":{"a":1},"b":{"a":1}}`, `{"é":1,"\u00e9":2}`, `{"ab":1,"ba":2}`,
		strings.Repeat("[", 1000) + strings.Repeat("]", 1000), strings.Repeat("[", 1001) + strings.Repeat("]", 1001), strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500),
		object(16, "", ""), object(17, "", ""), object(100, "", ""), object(40, "feature_", "_normalised"),
	}
	many := object(50, "k", "")
	return append(seeds, many[:len(many)-1]+`,"\u006b7":1}`, many[:len(many)-1]+`,"k7":1}`, many[:len(many)-1]+`,"\u006bx":1}`)
}

// object has n members.
func object(n int, before, after string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%s%d%s":%d`, before, i, after, i)
	}
	return "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

// Without it an answer that is not JSON would get a verdict, or one that is
// would get none, or a value would be read as another.
func FuzzJSON(f *testing.F) {
	for _, s := range jsonSeeds() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var p Tape
		before := slices.Clone(text)
		err := p.ReadJSON(text)
		if !bytes.Equal(before, text) {
			t.Fatal("the text was written to")
		}
		strict := slices.Clone(text)
		if err == nil {
			check(t, &p)
			blankNonFinite(&p, strict)
		}
		want, depth, oracleErr := oracle(strict)
		if oracleErr == nil && depth > maxDepth {
			if !errors.Is(err, ErrTooDeep) {
				t.Fatalf("%d deep: %v", depth, err)
			}
			return
		}
		if (err == nil) != (oracleErr == nil) {
			t.Fatalf("%.200q: %v; jsontext: %v", text, err, oracleErr)
		}
		if err == nil {
			compareOracle(t, &p, want)
		}
	})
}

// blankNonFinite makes what we read beyond JSON a zero.
func blankNonFinite(p *Tape, text []byte) {
	for i := range p.Nodes {
		n := &p.Nodes[i]
		if n.Flags&NonFinite == 0 {
			continue
		}
		for k := n.Start; k < n.Stop; k++ {
			text[k] = ' '
		}
		text[n.Start] = '0'
	}
}

// expected is a value as jsontext reads it.
type expected struct {
	kind         Kind
	literal, str string // of a container both are empty
	name         string
}

// oracle reads the text with jsontext.
func oracle(text []byte) (values []expected, depth int, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	if _, err := d.ReadValue(); err != nil {
		return nil, 0, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, 0, errors.New("more than one value")
	}
	name := ""
	for d = jsontext.NewDecoder(bytes.NewReader(text)); ; {
		parent, n := d.StackIndex(d.StackDepth())
		switch kind := d.PeekKind(); {
		case kind == '{' || kind == '[':
			_, err = d.ReadToken()
			values = append(values, expected{kind: Kind(kind), name: name})
			depth = max(depth, d.StackDepth())
		case kind == '}' || kind == ']' || kind == 0:
			_, err = d.ReadToken()
		default:
			var v jsontext.Value
			if v, err = d.ReadValue(); err != nil {
				return nil, 0, err
			}
			str := string(v)
			if kind == '"' {
				b, err := jsontext.AppendUnquote(nil, v)
				if err != nil {
					return nil, 0, err
				}
				str = string(b)
			}
			if parent == '{' && n%2 == 0 {
				name = str
				continue
			}
			values = append(values, expected{Kind(kind), string(v), str, name})
		}
		name = ""
		if err == io.EOF {
			return values, depth, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

func compareOracle(t *testing.T, p *Tape, want []expected) {
	t.Helper()
	if len(p.Nodes) != len(want) {
		t.Fatalf("%d nodes, jsontext has %d", len(p.Nodes), len(want))
	}
	for i, w := range want {
		n := int32(i)
		got := expected{kind: p.Nodes[i].Kind, name: string(p.Name(n))}
		if got.kind != Object && got.kind != Array {
			got.literal, got.str = string(p.Literal(n)), string(p.Str(n))
		}
		if p.Nodes[i].Flags&NonFinite != 0 {
			got.literal, got.str = "0", "0"
		}
		if got != w {
			t.Fatalf("node %d is %+v, with jsontext %+v", i, got, w)
		}
		if p.Nodes[i].Kind == String && p.Nodes[i].Flags&Escaped != 0 != strings.Contains(got.literal, `\`) {
			t.Fatalf("node %d: flags %b of %s", i, p.Nodes[i].Flags, got.literal)
		}
		checkStrings(t, p, n)
	}
}

// checkStrings spells the name and the string of a node otherwise: it must mean
// the same, and must not be the same as with a character more.
func checkStrings(t *testing.T, p *Tape, n int32) {
	t.Helper()
	if p.Nodes[n].Kind == String {
		s := spell(p.Str(n))
		if o := mustJSON(t, s); !p.SameString(n, o, 0) || !o.SameString(0, p, n) {
			t.Fatalf("%s is not %s", p.Literal(n), s)
		}
		if o := mustJSON(t, s[:len(s)-1]+`x"`); p.SameString(n, o, 0) || o.SameString(0, p, n) {
			t.Fatalf("%s is %s and x", p.Literal(n), s)
		}
	}
	if n > 0 && p.Nodes[p.Nodes[n].Parent].Kind == Object {
		o := mustJSON(t, `{"other":0,`+spell(append(p.Name(n), '!'))+`:1,`+spell(p.Name(n))+`:2}`)
		if p.Find(p.Nodes[n].Parent, o, 3) != n || p.SameName(n, o, 2) {
			t.Fatalf("%q is not found by the name %s", p.Name(n), o.Text)
		}
	}
}

// spell writes a string with an escape for every UTF-16 unit.
func spell(s []byte) string {
	b, _ := jsontext.AppendQuote(nil, "")
	b = b[:len(b)-1]
	for _, r := range string(s) {
		if r >= 0x10000 {
			b = fmt.Appendf(b, `\u%04x\u%04X`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
			continue
		}
		b = fmt.Appendf(b, `\u%04x`, r)
	}
	return string(append(b, '"'))
}

// Without it a line of an answer would be read as another, or be lost.
func FuzzLines(f *testing.F) {
	for _, s := range jsonSeeds() {
		f.Add([]byte(s + "\n" + s))
	}
	for _, s := range []string{"1\n2\n", "1\r\n\r\n \n2", "[1,\n2]", "1 2\n", "\n", "{\"a\":1}\n{\"a\":2}\nx"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var p, line Tape
		err := p.ReadLines(text)
		if err == nil {
			check(t, &p)
		}
		want := []string{}
		for l := range bytes.SplitSeq(text, []byte("\n")) {
			if len(bytes.Trim(l, " \r\t")) == 0 {
				continue
			}
			lineErr := line.ReadJSON(l)
			if lineErr != nil {
				if err == nil {
					t.Fatalf("%q was read; alone: %v", l, lineErr)
				}
				return
			}
			want = append(want, draw(&line))
		}
		if err != nil {
			if errors.Is(err, ErrTooDeep) {
				return
			}
			t.Fatalf("every line is JSON: %v", err)
		}
		if got := draw(&p); got != "["+strings.Join(want, " ")+"]" {
			t.Fatalf("%s instead of %s", got, want)
		}
	})
}

// Without it a prediction would be compared with that of another row, or one
// with a comma in it would be cut.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"", "\n", "\r", "\r\n", "a", "a,b\n1,2\n", "a,b\r\n1,2\r\n", "a\n\n\nb", "a,\"b,c\"\n\"x\"\"y\",\"\"\n", "\"a\nb\",c", "\"a\r\nb\r\n\"", "\"a", "\"a\"b", "a\"b", "a\r",
		"\r\r\n", "a\r\r", "\"\"\"\"", "\"a\"\r", ",\n,,", "x,x\n1,2", "x,\n1,2", "x,y\n1", "a\n\r", "\"\n\"\n", "\"a\"\"", "\n\na,b",
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, names bool) {
		var p Tape
		err := p.ReadCSV(text, names)
		want, wantErr := csvOracle(text)
		if names && wantErr == nil {
			wantErr = headerOracle(want)
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v; encoding/csv: %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		check(t, &p)
		var columns []string
		if names {
			columns, want = want[0], want[1:]
		}
		var got [][]string
		for r := int32(1); r < p.Nodes[0].End; r = p.Nodes[r].End {
			var row []string
			for c := r + 1; c < p.Nodes[r].End; c++ {
				if names && columns[len(row)] != string(p.Name(c)) || p.Nodes[c].Kind != Cell {
					t.Fatalf("cell %+v", p.Nodes[c])
				}
				row = append(row, string(p.Str(c)))
			}
			got = append(got, row)
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q is %q, by encoding/csv %q", text, got, want)
		}
	})
}

// csvOracle reads the rows with encoding/csv, and the blank lines, which that
// drops, as rows of one empty cell.
func csvOracle(text []byte) (rows [][]string, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	for rest := text; ; rest = text[r.InputOffset():] {
		for {
			after, blank := bytes.CutPrefix(rest, []byte("\n"))
			if !blank {
				after, blank = bytes.CutPrefix(rest, []byte("\r\n"))
			}
			if !blank {
				break
			}
			rows, rest = append(rows, []string{""}), after
		}
		row, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

func headerOracle(rows [][]string) error {
	if len(rows) == 0 {
		return errors.New("no header")
	}
	for i, name := range rows[0] {
		if name == "" || slices.Contains(rows[0][:i], name) {
			return fmt.Errorf("column %d: %q", i, name)
		}
	}
	for _, r := range rows[1:] {
		if len(r) != len(rows[0]) {
			return fmt.Errorf("row %q", r)
		}
	}
	return nil
}
