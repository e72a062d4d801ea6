package capture

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

var testKey = []byte("a key of thirty-two bytes, or so")

func hiding(t *testing.T, r Redaction) *redactor {
	t.Helper()
	r.Key = testKey
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	return newRedactor(&r)
}

// Without this, a value that is to be hidden could stay in a body, or the rest of
// the body be changed with it.
func TestRedactBodies(t *testing.T) {
	d := hiding(t, Redaction{JSON: []string{"/a", "/b/c", "/list/*/x", "/list/0/y", "/~1~0", "/deep/*/*/z"}})
	m := func(v string) string { return `"` + d.mask(v) + `"` }
	for _, c := range []struct{ name, body, want string }{
		{"a string", `{"a": "x",  "n":1.0}`, `{"a": ` + m("x") + `,  "n":1.0}`},
		{"as another spells it", `{"a":"\u0078"}`, `{"a":` + m("x") + `}`},
		{"numbers and all else by their text", `{"a":1e400}`, `{"a":` + m("1e400") + `}`},
		{"an object, whole", `{"a":{"b":[1, 2]} , "c":2}`, `{"a":` + m(`{"b":[1, 2]}`) + ` , "c":2}`},
		{"members of one name", `{"a":"x","a":"y"}`, `{"a":` + m("x") + `,"a":` + m("y") + `}`},
		{"escaped name", `{"\u0061":"x"}`, `{"\u0061":` + m("x") + `}`},
		{"below", `{"b":{"c":null,"d":"c"},"c":"x"}`, `{"b":{"c":` + m("null") + `,"d":"c"},"c":"x"}`},
		{"elements", `{"list":[{"x":"1","y":"2"},{"x":"3","y":"4"}]}`, `{"list":[{"x":` + m("1") + `,"y":` + m("2") + `},{"x":` + m("3") + `,"y":"4"}]}`},
		{"pointer's escapes", `{"/~":"x"}`, `{"/~":` + m("x") + `}`},
		{"any of any", `{"deep":{"p":{"q":{"z":1}},"r":[{"z":2}]}}`, `{"deep":{"p":{"q":{"z":` + m("1") + `}},"r":[{"z":` + m("2") + `}]}}`},
		{"one after the other", `{"a":"x"}` + "\n" + `{"a":"y"}` + "\n", `{"a":` + m("x") + `}` + "\n" + `{"a":` + m("y") + `}` + "\n"},
		{"bad UTF-8 beside", "{\"n\":\"\xff\",\"a\":\"x\"}", "{\"n\":\"\xff\",\"a\":" + m("x") + "}"},
		{"nothing of it", `{"z":"x"}`, `{"z":"x"}`},
		{"a scalar", `"x"`, `"x"`},
		{"no JSON", `1,2,"a"`, `1,2,"a"`},
		{"nothing", ``, ``},
		{"cut off", `{"a":"x","b`, "unredactable"},
		{"too much", `{"a":"x"}}`, "unredactable"},
		{"not JSON after all", `{a: "x"}`, "unredactable"},
		{"mark of byte order", "\ufeff" + `{"a":"x"}`, "unredactable"},
	} {
		h := http.Header{}
		if c.name == "a scalar" {
			h.Set("Content-Type", "application/problem+json; charset=utf-8")
		}
		got, changed, err := d.body([]byte(c.body), h, false)
		if err == errUnredactable {
			got = []byte("unredactable")
		} else if err != nil || changed != (c.want != c.body) {
			t.Errorf("%s: %v, changed %v", c.name, err, changed)
		}
		if string(got) != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
	packed := http.Header{"Content-Encoding": {"gzip"}}
	got, changed, err := d.body(regzip([]byte(`{"a":"x"}`)), packed, false)
	if text, unzipErr := gunzip(got); err != nil || unzipErr != nil || !changed || string(text) != `{"a":`+m("x")+`}` {
		t.Errorf("gzipped: %s, %v, %v", text, err, unzipErr)
	}
	for name, h := range map[string]http.Header{
		"no gzip": packed, "another coding": {"Content-Encoding": {"br"}}, "two codings": {"Content-Encoding": {"gzip", "gzip"}}, "declared": {"Content-Type": {"application/json"}},
	} {
		if _, _, err := d.body([]byte("x"), h, false); err != errUnredactable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := d.body([]byte(`{"z":1}`), http.Header{}, true); err != errUnredactable {
		t.Errorf("truncated where it looks whole: %v", err)
	}
}

// Without this, a secret in a query would be recorded, or the query be another.
func TestRedactQueries(t *testing.T) {
	d := hiding(t, Redaction{Query: []string{"token", "e mail"}})
	m := d.mask
	for path, want := range map[string]string{
		"/a?token=x&b=%2F;c": "/a?token=" + m("x") + "&b=%2F;c", "/a?b=1;token=a%20b": "/a?b=1;token=" + m("a b"), "/a?token=a;b&c": "/a?token=" + m("a;b") + "&c", "/a?e+mail=x&e%20mail=x": "/a?e+mail=" + m("x") + "&e%20mail=" + m("x"),
		"/token=x": "/token=x", "/a?Token=x&token": "/a?Token=" + m("x") + "&token", "/a?token=%zz": "/a?token=" + m("%zz"), "/a?": "/a?", "/a?token=&x": "/a?token=" + m("") + "&x",
	} {
		got := path
		if changed := d.path(&got); got != want || changed != (path != want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// Without this, something that must not be recorded could lie in the spool or in the
// recording, whatever the configuration says, and in a row's hash be tried out.
func TestNothingRedactedReachesTheDisk(t *testing.T) {
	const secret = "s3cr3t-of-a-person"
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Answer", secret)
		w.Header().Set("Location", "/b?KEY="+secret)
		w.Header().Set("ETag", `"digest of it"`)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"echo":"`+secret+`","label":"spam"}`)
	}))
	defer back.Close()
	store := newStore()
	o := options(t, back.URL, store)
	o.MaxBody = 500
	o.Model = []Rule{must(ParseRule("json:/model"))}
	o.Redact = Redaction{Headers: []string{"x-client", "X-ANSWER", "x-request-id"}, Query: []string{"key"}, JSON: []string{"/author", "/echo"}, Key: testKey}
	s := must(New(o))
	front := httptest.NewServer(s)
	w := newWriter(s)
	send := func(path, body string) {
		t.Helper()
		req := must(http.NewRequest(http.MethodPost, front.URL+path, strings.NewReader(body)))
		req.Header.Set("X-Client", secret)
		req.Header.Set("X-Request-Id", secret)
		req.Header.Set("Referer", "http://a/?key="+secret)
		req.Header.Set("Content-MD5", "digest of it")
		res := must(http.DefaultClient.Do(req))
		if got := string(must(io.ReadAll(res.Body))); !strings.Contains(got, secret) || res.Header.Get("X-Answer") != secret {
			t.Errorf("the live answer was changed: %s", got)
		}
		res.Body.Close()
	}
	send("/a?key="+secret, `{"model":"m","author":"`+secret+`"}`)
	send("/a?key="+secret, `{"model":"m","author":"`+secret+`"}`)
	send("/a?key=other", `{"model":"m","author":"other"}`)
	send("/a", `{"model":"m","author":"`+secret)                                  // cut off
	send("/a", `{"model":"m","author":"`+secret+`"`+strings.Repeat(" ", 600)+"}") // over the limit
	w.write(w.queue.take())
	front.Close()
	for _, file := range must(filepath.Glob(filepath.Join(o.Spool, "*"))) {
		if bytes.Contains(must(os.ReadFile(file)), []byte(secret)) {
			t.Errorf("%s holds what is to be hidden", file)
		}
	}
	if err := w.sealLast(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := store.rows()
	balanced(t, store.ledger(), 3)
	if len(rows) != 3 || store.ledger().Dropped["unredactable"] != 2 {
		t.Fatalf("%d rows, dropped %v", len(rows), store.ledger().Dropped)
	}
	d := newRedactor(&o.Redact)
	for i, e := range rows {
		if bytes.Contains(e.Request.Headers, []byte("digest of it")) || bytes.Contains(e.Reference.Headers, []byte("digest of it")) || bytes.Contains(e.Request.Headers, []byte("content-length")) {
			t.Errorf("row %d: its headers tell what the body was: %s %s", i, e.Request.Headers, e.Reference.Headers)
		}
		if e.Model != "m" || e.RequestHash != exchange.HashRequest(&e) || e.Origin != `{"redacted":"both"}` {
			t.Errorf("row %d: %+v", i, e)
		}
	}
	if a, b, c := rows[0], rows[1], rows[2]; a.RequestHash != b.RequestHash || a.RequestHash == c.RequestHash ||
		string(a.Request.Body) != `{"model":"m","author":"`+d.mask(secret)+`"}` || a.Request.Path != "/a?key="+d.mask(secret) || a.Request.SourceID != d.mask(secret) {
		t.Errorf("equal requests are not equal, or others are: %s %s", a.Request.Path, a.Request.Body)
	}
}

// Without this, a mistake in the configuration would hide nothing, or the model's
// name tell what is hidden.
func TestRedactionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		r    Redaction
		rule string
		says string
	}{
		{Redaction{JSON: []string{"author"}, Key: testKey}, "", "must be a JSON Pointer"},
		{Redaction{Headers: []string{"a b"}, Key: testKey}, "", "must be the name of a header"},
		{Redaction{Query: []string{""}, Key: testKey}, "", "a name is empty"},
		{Redaction{Headers: []string{"X-A"}, Key: []byte("short")}, "", "at least 16"},
		{Redaction{Headers: []string{"x-model"}, Key: testKey}, "header:X-Model", "looks at what is redacted"},
		{Redaction{JSON: []string{"/a/*"}, Key: testKey}, "json:/a/b/c", "looks at what is redacted"},
		{Redaction{JSON: []string{"/a/b/c"}, Key: testKey}, "json:/a/b", ""},
		{Redaction{}, "header:X-Model", ""},
	} {
		o := options(t, "http://127.0.0.1:1", newStore())
		o.Redact = c.r
		if c.rule != "" {
			o.Model = []Rule{must(ParseRule(c.rule))}
		}
		err := o.Validate()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%+v with %s: %v", c.r, c.rule, err)
		}
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{`{"a":"x"}`, `{"a":{"b":1},"a":2} {"a":[]}`, `[{"a":1}]`, "{\"a\":\"\xff\"}", `{"b":{"a":"\ud83d"}}`, "\ufeff{}"} {
		f.Add([]byte(s))
	}
	r := Redaction{JSON: []string{"/a", "/*/a"}, Key: testKey}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := newRedactor(&r)
		once, _, err := d.body(text, http.Header{}, false)
		if err != nil {
			return
		}
		spans, err := d.find(once)
		if err != nil {
			if beginsAsJSON(text) {
				t.Errorf("%q became %q, which can't be read", text, once)
			}
			return
		}
		for _, s := range spans {
			if beginsAsJSON(text) && !bytes.HasPrefix(once[s.from:s.to], []byte(`"hmac:`)) {
				t.Errorf("%q became %q, which still has %q", text, once, once[s.from:s.to])
			}
		}
	})
}
