package answer

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"net/http"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// A mapping reads JSON. Without this, what was sent packed, in another charset or
// line by line could not be mapped, though it can be compared.
func TestMappable(t *testing.T) {
	var zipped, deflated bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write([]byte(`{"a":1}`))
	z.Close()
	d := zlib.NewWriter(&deflated)
	d.Write([]byte("\"\xe9\"")) // ISO 8859-1
	d.Close()
	for _, c := range []struct{ body, kind, encoding, want string }{
		{`{"a":1}`, "application/json", "", `{"a":1}`},
		{zipped.String(), "application/json", "gzip", `{"a":1}`},
		{deflated.String(), "application/json; charset=iso-8859-1", "deflate", `"é"`},
		{"\xff\xfe1\x00", "application/json", "", `1`},
		{"{\"a\":1}\n\n[2]\n", "application/x-ndjson", "", `[{"a":1},[2]]`},
		{`{"a":1}`, "", "", `{"a":1}`},
		{`no JSON`, "text/plain", "", `no JSON`}, // which the mapping finds out
	} {
		got, err := Mappable(&exchange.Answer{ContentType: c.kind, Body: []byte(c.body), Headers: encoded(c.encoding)}, 100)
		if err != nil || string(got) != c.want {
			t.Errorf("%s %s: got %q, %v", c.kind, c.encoding, got, err)
		}
	}
}

// A few packed bytes must not become gigabytes in a sender that has sixteen at a
// time, and what is no JSON must say so.
func TestNotMappable(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 1<<20))
	z.Close()
	if _, err := Mappable(&exchange.Answer{Body: bomb.Bytes(), Headers: encoded("gzip")}, 1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a bomb: %v", err)
	}
	if _, err := Mappable(&exchange.Answer{Body: make([]byte, 1001)}, 1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	for _, a := range []exchange.Answer{
		{Body: []byte("x"), Headers: encoded("br")},
		{Body: []byte("x"), Headers: encoded("gzip")},
		{Body: []byte("{}xx"), ContentType: "application/octet-stream; json-header-size=2"},
		{Body: []byte("{\n"), ContentType: "application/jsonlines"},
		{Body: []byte("\"\xff\""), ContentType: "application/json; charset=nonsense"},
	} {
		if got, err := Mappable(&a, 1000); err == nil {
			t.Errorf("%+v: got %q", a, got)
		}
	}
}

func encoded(as string) []byte {
	if as == "" {
		return nil
	}
	return exchange.EncodeHeaders(http.Header{"Content-Encoding": {as}})
}
