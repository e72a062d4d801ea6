package answer

import (
	"errors"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

const greeting = `{"label":"Grüße"}`

// Without this, an endpoint that now compresses, or writes another charset, would
// differ in every answer.
func TestEncodingsDontCount(t *testing.T) {
	plain := answered("application/json", greeting)
	for name, other := range map[string]*exchange.Answer{
		"gzip":               answered("application/json", packed(t, "gzip", greeting), "Content-Encoding", "gzip"),
		"x-gzip, other case": answered("application/json", packed(t, "gzip", greeting), "Content-Encoding", "X-GZip"),
		"deflate as zlib":    answered("application/json", packed(t, "zlib", greeting), "Content-Encoding", "deflate"),
		"deflate as it is":   answered("application/json", packed(t, "deflate", greeting), "Content-Encoding", "deflate"),
		"identity":           answered("application/json", greeting, "Content-Encoding", "identity"),
		"two in a list":      answered("application/json", packed(t, "gzip", packed(t, "zlib", greeting)), "Content-Encoding", "deflate , identity,gzip"),
		"two fields":         answered("application/json", packed(t, "gzip", packed(t, "zlib", greeting)), "Content-Encoding", "deflate", "Content-Encoding", "gzip"),
		"utf-8 declared":     answered(`Application/JSON; charset="UTF-8"`, greeting),
		"utf-8 with a mark":  answered("application/json", "\xef\xbb\xbf"+greeting),
		"latin-1":            answered("application/json; x;charset=ISO-8859-1", "{\"label\":\"Gr\xfc\xdfe\"}"),
		"latin-1 in gzip":    answered("application/json;charset=latin1", packed(t, "gzip", "{\"label\":\"Gr\xfc\xdfe\"}"), "Content-Encoding", "gzip"),
		"koi8-r of ASCII":    answered("application/json;charset=koi8-r", "{\"label\":\"Gr\\u00fc\\u00dfe\"}"),
		"utf-16 little":      answered("application/json", "\xff\xfe"+utf16Text(greeting, 0)),
		"utf-16 big":         answered("application/json; charset=utf-16", "\xfe\xff"+utf16Text(greeting, 1)),
		"utf-16be":           answered("application/json; charset=UTF-16BE", utf16Text(greeting, 1)),
		"+json":              answered("application/vnd.x+json", greeting),
		"no type":            answered("", greeting),
		"bad type":           answered("json", greeting),
		"text":               answered("text/plain", greeting),
		"after errors":       answered("application/octet-stream", greeting),
	} {
		for _, sides := range [][2]*exchange.Answer{{plain, other}, {other, plain}} {
			var p Pair
			p.Read(sides[0], sides[1])
			want := !strings.Contains(string(other.Body), `\u00`)
			if r, c := &p.Reference, &p.Candidate; r.Err != nil || c.Err != nil || r.Form != JSON || c.Form != JSON || p.SameText != want {
				t.Errorf("%s: %s, %s, same text: %v", name, showRead(r), showRead(c), p.SameText)
			}
		}
		if d := read(other); showRead(&d) != "json {label:Grüße}" {
			t.Errorf("%s: %s", name, showRead(&d))
		}
	}
}

// utf16Text writes text of the basic plane, the low byte at place low.
func utf16Text(text string, low int) string {
	var out []byte
	for _, r := range text {
		unit := []byte{0, 0}
		unit[low], unit[1-low] = byte(r), byte(r>>8)
		out = append(out, unit...)
	}
	return string(out)
}

// Without this, answers that nobody can read would be judged, or the reason why
// they are undecided would be a riddle.
func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct {
		a    *exchange.Answer
		want string
	}{
		"no gzip":         {answered("application/json", "no gzip", "Content-Encoding", "gzip"), "unpack gzip"},
		"cut gzip":        {answered("text/plain", packed(t, "gzip", greeting)[:20], "Content-Encoding", "gzip"), "unpack gzip: unexpected EOF"},
		"cut deflate":     {answered("text/plain", packed(t, "deflate", greeting)[:5], "Content-Encoding", "deflate"), "unpack deflate"},
		"more than zlib":  {answered("text/plain", packed(t, "zlib", greeting)+"x", "Content-Encoding", "deflate"), "1 bytes follow"},
		"brotli":          {answered("text/plain", "?", "Content-Encoding", "br"), `"br" is not supported`},
		"broken headers":  {&exchange.Answer{Headers: []byte(`["content-encoding"`), Body: []byte("{}")}, "read headers"},
		"charset":         {answered("text/plain; charset=klingon", "x"), "charset klingon: it is not known"},
		"not its charset": {answered("text/plain; charset=gbk", "\xff\xff"), "charset gbk: bytes that it does not have"},
		"no UTF-8":        {answered("text/plain; charset=utf-8", "\xff"), "charset utf-8"},
		"no UTF-8 JSON":   {answered("application/json", "{\"a\":\"\xff\"}"), "read as json"},
		"no UTF-8 CSV":    {answered("text/csv", "a,\xff\n"), "read as csv"},
		"odd UTF-16":      {answered("application/json; charset=utf-16", "{\x00}"), "odd number of bytes"},
		"half a pair":     {answered("text/plain; charset=utf-16le", "\x00\xd8"), "surrogate"},
		"two values":      {answered("application/json", "{} {}"), "read as json"},
		"cut JSON":        {answered("application/json", `{"a":`), "read as json"},
		"text as JSON":    {answered("application/json", "Internal Server Error"), "read as json"},
		"empty JSON":      {answered("application/json", ""), "read as json"},
		"broken line":     {answered("application/jsonlines", "{}\n{"), "read as jsonl"},
		"broken quotes":   {answered("text/csv", "\"a\n"), "read as csv"},
		"deep":            {answered("", strings.Repeat("[", 2000)), "nested deeper"},
	} {
		var p Pair
		p.Read(c.a, answered("application/json", "{}"))
		if p.Reference.Err == nil || !strings.Contains(p.Reference.Err.Error(), c.want) || p.Candidate.Err != nil {
			t.Errorf("%s: %v and %v, want %q", name, p.Reference.Err, p.Candidate.Err, c.want)
		}
		p.Read(answered("application/json", "{}"), answered("application/json", "[]")) // what was broken before must not matter
		if p.Reference.Err != nil || show(&p.Reference.Tape) != "{}" || show(&p.Candidate.Tape) != "[]" {
			t.Errorf("after %s: %s, %s", name, showRead(&p.Reference), showRead(&p.Candidate))
		}
	}
}

// Without this, a form that a server does not declare, or declares by another
// name, would be compared as the wrong thing.
func TestForms(t *testing.T) {
	for _, c := range []struct{ contentType, body, want string }{
		{"application/json", " [1]\n", "json [1]"},
		{"text/json", "1", "json 1"},
		{"application/problem+json;x=1", `"a"`, "json a"},
		{"application/jsonlines", "1\n\n{}\n", "jsonl [1 {}]"},
		{"application/x-ndjson", "{}", "jsonl [{}]"},
		{"application/jsonl", "", "jsonl []"},
		{"text/csv", "1,2\n3,4\n", "csv [[1 2] [3 4]]"},
		{"application/csv", "0.5", "csv [[0.5]]"},
		{"", "\n {\"a\":NaN}", "json {a:NaN}"},
		{"*/*", "0.5", "json 0.5"},
		{"application/octet-stream", `"a"`, "json a"},
		{"binary/octet-stream", "{\"a\":1}\n[2]\n", "jsonl [{a:1} [2]]"},
		{"", "{\"a\":1}\n2", "text {\"a\":1}\n2"},
		{"", `{"a":1`, `text {"a":1`},
		{"", "1\n2", "text 1\n2"},
		{"", "spam", "text spam"},
		{"", "", "text "},
		{"", "\x00\xff", "binary \x00\xff"},
		{"application/octet-stream", "\xff\xfe\x00", "binary \xff\xfe\x00"},
		{"text/plain", "1.50", "text 1.50"},
		{"text/plain", `"a"`, `text "a"`},
		{"text/plain; charset=utf-8", "[1]", "json [1]"},
		{"text/event-stream", "data: {}\n\n", "text data: {}\n\n"},
		{"text/html", "caf\xe9", "binary caf\xe9"},
		{"text/html; charset=latin1", "caf\xe9", "text café"},
		{"image/png", "{}", "binary {}"},
		{"application/x-npy; charset=utf-8", "\xef\xbb\xbf\xff", "binary \xef\xbb\xbf\xff"},
		{"application/octet-stream", "\xef\xbb\xbf{}", "json {}"},
	} {
		d := read(answered(c.contentType, c.body))
		if got := showRead(&d); got != c.want {
			t.Errorf("%q of %q: %q, want %q", c.body, c.contentType, got, c.want)
		}
		media, _, _ := strings.Cut(c.contentType, ";")
		if d.MediaType != media {
			t.Errorf("%q has the media type %q", c.contentType, d.MediaType)
		}
	}
}

// Without this, the same bytes that clients read as another text would match, or
// answers that can't be read would be undecided though nothing changed.
func TestSame(t *testing.T) {
	zipped := packed(t, "gzip", greeting)
	for _, c := range []struct {
		name string
		a, b *exchange.Answer
		want bool
	}{
		{"another date", answered("text/plain", "x", "Age", "1"), answered("text/plain", "x", "Age", "2"), true},
		{"another byte", answered("text/plain", "x"), answered("text/plain", "y"), false},
		{"another type", answered("text/plain", "{}"), answered("application/json; charset=UTF8", "{}"), true},
		{"charset", answered("text/plain", greeting), answered("text/plain; charset=latin1", greeting), false},
		{"charset by another name", answered("text/plain; charset=l1", greeting), answered("text/plain; charset=latin1", greeting), true},
		{"unknown charset", answered("text/plain; charset=a", "x"), answered("text/plain; charset=b", "x"), false},
		{"charset in quotes", answered("text/plain", "x"), answered(`text/plain; a="; charset=b"; charset="utf-8"`, "x"), true},
		{"packed and not said so", answered("text/plain", zipped, "Content-Encoding", "gzip"), answered("text/plain", zipped), false},
		{"gzip by another name", answered("text/plain", zipped, "Content-Encoding", "gzip"), answered("text/plain", zipped, "Content-Encoding", "X-GZIP, identity"), true},
		{"an escaped name", answered("text/plain", zipped, "Content-Encoding", "a\"b"), answered("text/plain", zipped, "Content-Encoding", "A\"b"), true},
		{"unknown packing", answered("text/plain", "x", "Content-Encoding", "br"), answered("text/plain", "x", "Content-Encoding", "br", "Age", "1"), true},
		{"two unknown packings", answered("text/plain", "x", "Content-Encoding", "br"), answered("text/plain", "x", "Content-Encoding", "zstd"), false},
		{"broken headers", &exchange.Answer{Headers: []byte(`["content-encoding"`)}, &exchange.Answer{Headers: []byte(`[["content-encoding"`)}, false},
		{"binary tensors", answered("application/json", "{}  "), answered("application/json", "{}  ", "Inference-Header-Content-Length", "2"), false},
		{"binary tensors of SageMaker", answered("application/x+json", "{}"), answered("application/x+json; json-header-size=1", "{}"), false},
		{"header declared", answered("text/csv", "a\n1"), answered("text/csv; header=present", "a\n1"), true},
		{"header denied", answered("text/csv; header=absent", "a\n1"), answered("text/csv; header=present", "a\n1"), false},
	} {
		if Same(c.a, c.b) != c.want || Same(c.b, c.a) != c.want {
			t.Errorf("%s: same: %v", c.name, !c.want)
		}
		if !Same(c.a, c.a) && c.name != "broken headers" {
			t.Errorf("%s: an answer is not the same as itself", c.name)
		}
	}
}

// Without this, two texts that only look alike would count as the same.
func TestSameTextWantsTheSameForm(t *testing.T) {
	for _, c := range []struct {
		a, b *exchange.Answer
		want bool
	}{
		{answered("application/json", "1"), answered("text/plain", "1"), false},
		{answered("application/json", "1"), answered("", "1"), true},
		{answered("text/plain", "1"), answered("text/html", "1"), true},
		{answered("text/csv; header=present", "a\n1"), answered("text/csv; header=absent", "a\n1"), false},
		{answered("image/png", "1"), answered("image/gif", "1"), true},
		{answered("application/json", "broken"), answered("application/json; x=y", "broken"), true},
		{answered("text/plain; charset=latin1", "\xe9"), answered("text/plain", "é"), true},
	} {
		var p Pair
		if p.Read(c.a, c.b); p.SameText != c.want {
			t.Errorf("%q and %q: the same text: %v", c.a.ContentType, c.b.ContentType, p.SameText)
		}
	}
}

// Without this, one packed answer could take all memory.
func TestTooLarge(t *testing.T) {
	text := strings.Repeat("0", 1000)
	for _, encoding := range []string{"gzip", "deflate"} {
		var u unpacker
		if got, err := u.unpack([]byte(packed(t, encoding, text)), []byte(encoding), 1000); err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, %v", encoding, len(got), err)
		}
		if _, err := u.unpack([]byte(packed(t, encoding, text)), []byte(encoding), 999); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", encoding, err)
		}
		twice := packed(t, encoding, packed(t, encoding, text))
		if _, err := u.unpack([]byte(twice), []byte(encoding+","+encoding), 1000); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s twice, of more than 1000 bytes in all: %v", encoding, err)
		}
	}
	for _, charset := range []string{"utf-16le", "gbk"} {
		if _, _, err := toUTF8(nil, []byte(text), charset, 499); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", charset, err)
		}
		if _, _, err := toUTF8(nil, []byte(text), charset, 1500); err != nil {
			t.Errorf("%s: %v", charset, err)
		}
	}
}

// Without this, judging a million pairs would be a million times garbage.
func TestNothingIsAllocated(t *testing.T) {
	zipped := packed(t, "gzip", greeting)
	for name, pair := range map[string][2]*exchange.Answer{
		"JSON":       {answered("application/json", greeting), answered("application/json;charset=UTF-8", " "+greeting)},
		"same text":  {answered("application/json", greeting), answered("application/json;charset=UTF-8", greeting)},
		"CSV":        {answered("text/csv", "a,b\n1,2"), answered("text/csv", "a,b\n1,3")},
		"text":       {answered("text/plain", "a"), answered("text/plain", "b")},
		"gzip":       {answered("application/json", zipped, "Content-Encoding", "gzip"), answered("application/json", "[]")},
		"FP32":       {answered("application/json", oneTensor("FP32", "1", "[1]")), answered("application/json", oneTensor("FP32", "1", "[2]"))},
		"octets":     {answered("", "[1]"), answered("", "[2]")},
		"whole body": {answered("application/json", greeting), answered("text/plain;charset=UTF-8", greeting, "Age", "1")},
	} {
		var p Pair
		p.Read(pair[0], pair[1])
		if n := testing.AllocsPerRun(10, func() { p.Read(pair[0], pair[1]) }); n > 0 {
			t.Errorf("%s: Read allocates %v times", name, n)
		}
		if n := testing.AllocsPerRun(10, func() { Same(pair[0], pair[1]) }); n > 0 {
			t.Errorf("%s: Same allocates %v times", name, n)
		}
	}
}

// Without this, a worker that once met a huge answer would hold its memory for
// good.
func TestLargeBuffersAreGivenBack(t *testing.T) {
	huge := packed(t, "gzip", "["+strings.Repeat("1,", 3<<20)+"1]")
	var p Pair
	p.Read(answered("application/json", huge, "Content-Encoding", "gzip"), answered("application/json; charset=utf-16le", utf16Text(strings.Repeat("  ", 3<<20)+"1", 0)))
	if p.Reference.Err != nil || p.Candidate.Err != nil {
		t.Fatal(p.Reference.Err, p.Candidate.Err)
	}
	p.Read(answered("application/json", "1"), answered("application/json", "2"))
	if n := cap(p.ref.unpacker.buffers[0]) + cap(p.cand.converted); n > 0 {
		t.Errorf("%d bytes are still held", n)
	}
	if n := cap(p.Reference.Tape.Nodes); n > 1<<20 {
		t.Errorf("%d nodes are still held", n)
	}
}

// Without this, an answer that is read alone, as noise profiles do, would have
// other paths than the same answer in a pair.
func TestReadReference(t *testing.T) {
	for _, c := range []struct{ a, b *exchange.Answer }{
		{answered("text/csv", "a,b\n1,2\n"), answered("text/csv", "a,b\n1,3\n")},
		{answered("text/csv; header=present", "a,a\n1,2\n"), answered("text/csv", "a,a\n1,3\n")},
		{answered("text/csv", "1,2\n"), answered("text/csv", "1,3\n")},
		{answered("", oneTensor("FP32", "1", "[[1]]")), answered("", oneTensor("FP32", "1", "[2]"))},
		{binaryTensor("INT8", "1", "1"), binaryTensor("INT8", "1", "2")},
		{answered("application/json", sameNamed), answered("application/json", "[]")},
		{answered("application/json", "{"), answered("application/json", "[]")},
		{answered("text/plain", "a"), answered("text/plain", "b")},
	} {
		var p, alone Pair
		p.Read(c.a, c.b)
		alone.ReadReference(c.a)
		if want, got := showRead(&p.Reference), showRead(&alone.Reference); got != want || len(p.Reference.Tensors) != len(alone.Reference.Tensors) {
			t.Errorf("%s alone, %s in a pair", got, want)
		}
	}
}

// Without this, the short look for packing headers could miss one.
func TestPacking(t *testing.T) {
	var r reader // keeps the last headers
	for _, c := range []struct {
		headers string
		packs   bool
	}{
		{``, false},
		{`[]`, false},
		{`[["content-length","1"],["content-type","image/png"],["server","gagging"]]`, false},
		{`[["accept-encoding","gzip"],["content-length","1"]]`, true}, // for whoever looks closely
		{`[["content-encoding","gzip"]]`, true},
		{`[["content-length","1"],["content-encoding","br"]]`, true},
		{`[["content-length","1"],["inference-header-content-length","7"],["x","y"]]`, true},
	} {
		got := r.packing([]byte(c.headers))
		if (got != nil) != c.packs || got != nil && string(got) != c.headers {
			t.Errorf("%s: %q", c.headers, got)
		}
		for _, name := range []string{exchange.ContentEncoding, exchange.JSONLength} {
			quick, _ := field(got, name)
			slow, _ := field([]byte(c.headers), name)
			if string(quick) != string(slow) {
				t.Errorf("%s: %s is %q, quickly %q", c.headers, name, slow, quick)
			}
		}
	}
}
