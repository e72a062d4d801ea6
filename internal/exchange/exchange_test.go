package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// full has a value of its own in every field that has a column.
func full() Exchange {
	var e Exchange
	n := int64(0)
	for _, c := range Columns(MismatchSides) {
		n++
		switch c.Kind {
		case UUID:
			e.ID = NewID(time.Unix(1, 0))
		case Time, Int, Hash, Float:
			*c.Num(&e) = n
		case Text:
			*c.Text(&e) = c.Name
		default:
			*c.Blob(&e) = []byte(c.Name + "\x00\xff")
		}
	}
	return e
}

// Without this, two columns could share a field, or a field could have none.
func TestColumnsCoverEveryField(t *testing.T) {
	e := full()
	fields := 0
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		if v.Kind() == reflect.Struct {
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
			return
		}
		fields++
		if v.IsZero() {
			t.Errorf("%s has no column", path)
		}
	}
	walk(reflect.ValueOf(e), "")
	if n := len(Columns(MismatchSides)); n != fields {
		t.Errorf("%d columns for %d fields", n, fields)
	}
}

// Without this, the spool could give back something else than was put in.
func TestAppendAndDecode(t *testing.T) {
	for _, sides := range []Sides{RecordingSides, ResultSides, MismatchSides, KeySide} {
		e := full()
		text := Append(nil, &e, sides)
		var got Exchange
		if err := Decode(text, &got, sides); err != nil {
			t.Fatal(err)
		}
		if again := Append(nil, &got, sides); !bytes.Equal(again, text) {
			t.Errorf("sides %b: %q comes back as %q", sides, text, again)
		}
		for n := range text {
			if err := Decode(text[:n], &got, sides); err == nil {
				t.Errorf("sides %b: the first %d of %d bytes decode", sides, n, len(text))
			}
		}
		if err := Decode(append(text, 0), &got, sides); err == nil {
			t.Error("a byte too many decodes")
		}
	}
}

// Without this, a change of a field, or bytes that move from one field to the
// next, could go unseen when a side is verified.
func TestChecksumSeesEveryField(t *testing.T) {
	var sum Summer
	for _, side := range ChecksummedSides {
		original := full()
		want := sum.Checksum(&original, side)
		for _, c := range Columns(side) {
			e := full()
			e.ID = original.ID
			switch c.Kind {
			case UUID:
				e.ID[15]++
			case Time, Int, Hash, Float:
				*c.Num(&e)++
			case Text:
				*c.Text(&e) += "x"
			default:
				*c.Blob(&e) = append(*c.Blob(&e), 'x')
			}
			if sum.Checksum(&e, side) == want {
				t.Errorf("%s: a change of %s goes unseen", ChecksumColumn(side), c.Name)
			}
		}
		long := full()
		long.ID = original.ID
		long.Request.Body = bytes.Repeat([]byte("x"), 1000)
		if a, b := sum.Checksum(&long, RequestSide), new(Summer).Checksum(&long, RequestSide); a != b {
			t.Error("a used Summer gives another checksum than a new one")
		}
	}
	a, b := full(), full()
	b.ID = a.ID
	a.Model, a.ModelVersion = "ab", "c"
	b.Model, b.ModelVersion = "a", "bc"
	if sum.Checksum(&a, RequestSide) == sum.Checksum(&b, RequestSide) {
		t.Error("bytes that move between fields go unseen")
	}
}

// Without this, importing twice could add something, or ids could be none.
func TestIDs(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	a, b := DeriveID(at, []byte("ab"), []byte("c")), DeriveID(at, []byte("a"), []byte("bc"))
	if a == b || a != DeriveID(at, []byte("ab"), []byte("c")) {
		t.Errorf("%s and %s", a, b)
	}
	for _, id := range []ID{a, b, NewID(at), NewID(time.Unix(-1, 0))} {
		if s := id.String(); s[14] != '7' || !strings.ContainsRune("89ab", rune(s[19])) {
			t.Errorf("%s is no UUID of version 7", s)
		}
		if back, err := ParseID(id.String()); err != nil || back != id {
			t.Errorf("%s reads as %s, %v", id, back, err)
		}
	}
	if !strings.HasPrefix(a.String(), fmt.Sprintf("%012x", at.UnixMilli())[:8]) {
		t.Errorf("%s does not begin with its time", a)
	}
	for _, s := range []string{"", "x", "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5", "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5g"} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("%q reads as an id", s)
		}
	}
}

// Without this, secrets could reach the disk, or values be lost or moved.
func TestHeaders(t *testing.T) {
	h := http.Header{
		"Set-Cookie": {"s=1"}, "Authorization": {"Bearer x"}, "X-Api-Key": {"k"}, "x-amz-security-token": {"k"},
		"\u017fet-cooKie": {"s=1"}, "COO\u212aIE": {"s=1"}, // letters that fold to ASCII's
		"Accept": {"b", "a", "b"}, "X-Latin": {"caf\xe9"}, "Content-Type": {`a"b`},
	}
	text := EncodeHeaders(h)
	if bytes.Contains(text, []byte("Bearer")) || bytes.Contains(text, []byte(`"k"`)) || bytes.Contains(text, []byte("s=1")) {
		t.Errorf("%s holds a secret", text)
	}
	fields, err := DecodeHeaders(text)
	want := []Header{{"accept", "b"}, {"accept", "a"}, {"accept", "b"}, {"content-type", `a"b`}, {"x-latin", "caf\xe9"}}
	if err != nil || !slices.Equal(fields, want) {
		t.Errorf("%q, %v", fields, err)
	}
	for _, bad := range []string{"{", `[["a"]]`, `[["a","b","c"]]`, `[["a","!","base64"]]`, `[1]`} {
		if _, err := DecodeHeaders([]byte(bad)); err == nil {
			t.Errorf("%s reads as headers", bad)
		}
	}
}

// The quick ways must say what encoding/json says, or headers would read
// otherwise than they were written.
func FuzzHeaders(f *testing.F) {
	for _, s := range []string{
		"", "[]", `[["a","b"]]`, `[["a","b"],["c","d"]]`, `[["a","b"],]`, `[["a","b"]]x`, `[,]`, `[["a"]]`, `[["a","b","c"]]`,
		`[["a","]"],["],[","d"]]`, `[["a","café<&>"]]`, `[["a","é"]]`, `[["a","Yg==","base64"]]`, "null", "[null]", ` [["a","b"]]`, `[["a","b"]["c","d"]]`, "[", `["`,
		"\x7f", `[["a","` + "\x7f" + `"]]`,
	} {
		f.Add([]byte(s), s)
	}
	f.Fuzz(func(t *testing.T, text []byte, value string) {
		if got, ok := plainHeaders(string(text)); ok {
			var want [][]string
			if err := json.Unmarshal(text, &want); err != nil || len(want) != len(got) {
				t.Fatalf("%q: %q, want %q, %v", text, got, want, err)
			}
			for i, h := range got {
				if !slices.Equal(want[i], []string{h.Name, h.Value}) {
					t.Errorf("%q: %q, want %q", text, h, want[i])
				}
			}
		}
		want, _ := json.Marshal(value)
		if got := appendString(nil, value); !bytes.Equal(got, want) {
			t.Errorf("%q is written %s, want %s", value, got, want)
		}
		if fields, err := DecodeHeaders(EncodeHeaders(http.Header{"a": {value, "b"}})); err != nil || len(fields) != 2 || fields[0].Value != value {
			t.Errorf("%q comes back as %q, %v", value, fields, err)
		}
	})
}

// Without this, a run could be about other exchanges than were asked for.
func TestSelection(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	e := Exchange{Model: "spam-v2", ModelVersion: "3.1", Time: At(at), RequestHash: -1}
	for _, c := range []struct {
		s    Selection
		want bool
	}{
		{Selection{}, true},
		{Selection{Models: []string{"ham", "spam-*"}}, true},
		{Selection{Models: []string{"spam"}}, false},
		{Selection{Models: []string{"!spam-*"}}, false},
		{Selection{Models: []string{"*", "!spam-v2"}}, false},
		{Selection{Models: []string{"!ham"}}, true},
		{Selection{Models: []string{"ham", "!eggs"}}, false},
		{Selection{Versions: []string{"2.*", "3.*"}}, true},
		{Selection{Versions: []string{"3"}}, false},
		{Selection{Versions: []string{"!3.1"}}, false},
		{Selection{Versions: []string{""}}, false}, // of which none is known
		{Selection{Since: at}, true},
		{Selection{Since: at.Add(time.Microsecond)}, false},
		{Selection{Until: at}, false},
		{Selection{Until: at.Add(time.Microsecond)}, true},
		{Selection{Sample: 0.99}, false}, // -1 is the highest hash
		{Selection{Sample: 1}, true},
	} {
		if got := c.s.Match(&e); got != c.want {
			t.Errorf("%+v: %v", c.s, got)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	in := 0
	s := Selection{Sample: 0.1}
	for i := range 10_000 {
		e := Exchange{Model: "m", Request: Request{Body: fmt.Append(nil, i, r.Uint64())}}
		e.RequestHash = HashRequest(&e)
		if s.Match(&e) {
			in++
		}
	}
	if in < 850 || in > 1150 { // 5 standard deviations around 1,000
		t.Errorf("a sample of 10%% takes %d of 10,000", in)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"*", "", true},
		{"*", "a/b", true},
		{"a*c", "abc", true},
		{"a*c", "abcd", false},
		{"*a*b*", "xxaxxbxx", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"spam-*", "spam", false},
		{"*b", "aab", true},
		{strings.Repeat("a*", 30) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := Glob(c.pattern, c.name); got != c.want {
			t.Errorf("Glob(%q, %.20q) is %v", c.pattern, c.name, got)
		}
	}
}

// Without this, a ledger that lost something could look balanced.
func TestLedger(t *testing.T) {
	l := Ledger{Served: 10, Recorded: 5, SampledOut: 1, Dropped: map[string]int64{"queue_full": 2, "x": 1}, Lost: 1}
	if !l.Balanced() {
		t.Errorf("%s does not balance", l)
	}
	sum := Ledger{}
	sum.Add(l)
	sum.Add(l)
	if !sum.Balanced() || sum.Served != 20 || sum.Dropped["queue_full"] != 4 || l.Dropped["queue_full"] != 2 {
		t.Errorf("%s", sum)
	}
	l.Served++
	if l.Balanced() {
		t.Errorf("%s balances", l)
	}
}
