package capture

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// pack packs a text with one of the standard library's writers.
func pack[W io.WriteCloser](text string, to func(io.Writer) W) string {
	var b bytes.Buffer
	w := to(&b)
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

func gzipped(text string) string { return pack(text, gzip.NewWriter) }

func zlibbed(text string) string { return pack(text, zlib.NewWriter) }

func deflated(text string) string {
	return pack(text, func(w io.Writer) *flate.Writer { f, _ := flate.NewWriter(w, 6); return f })
}

// Without this, odd requests could be filed under a wrong model, end the recorder, or
// be missing from the count of those that have none.
func TestModelsOfOddRequests(t *testing.T) {
	const none = exchange.UnknownModel
	pointer := must(ParseRule("json:/model"))
	header := must(ParseRule("header:X-Model"))
	path := must(ParseRule("path:/models/{model}/classify"))
	long := strings.Repeat("m", 4<<10)
	tests := []struct {
		what     string
		rule     Rule
		uri      string
		models   []string // of the header X-Model
		encoding string
		body     string
		want     string
	}{
		{"plain", pointer, "", nil, "", `{"model":"spam"}`, "spam"},
		{"identity", pointer, "", nil, "identity", `{"model":"spam"}`, "spam"},
		{"gzip", pointer, "", nil, "gzip", gzipped(`{"x":[1,2],"model":"spam"}`), "spam"},
		{"x-gzip in capitals", pointer, "", nil, "X-GZIP", gzipped(`{"model":"spam"}`), "spam"},
		{"deflate", pointer, "", nil, "deflate", zlibbed(`{"model":"spam"}`), "spam"},
		{"deflate without a head", pointer, "", nil, "deflate", deflated(`{"model":"spam"}`), "spam"},
		{"another coding", pointer, "", nil, "br", `{"model":"spam"}`, none},
		{"two codings", pointer, "", nil, "gzip, gzip", gzipped(gzipped(`{"model":"spam"}`)), none},
		{"called gzip, and is not", pointer, "", nil, "gzip", `{"model":"spam"}`, none},
		{"not called gzip, and is", pointer, "", nil, "", gzipped(`{"model":"spam"}`), none},
		{"gzip that is cut behind the name", pointer, "", nil, "gzip", cutShort(gzipped(`{"model":"spam","x":1}`), 8), "spam"},
		{"gzip that is cut in its head", pointer, "", nil, "gzip", gzipped(`{"model":"spam"}`)[:5], none},
		{"more than is looked at", pointer, "", nil, "gzip", gzipped(`{"x":"` + strings.Repeat("a", maxLooked) + `","model":"spam"}`), none},
		{"a mark of byte order", pointer, "", nil, "", "\ufeff" + `{"model":"spam"}`, "spam"},
		{"no body", pointer, "", nil, "", "", none},

		{"cut behind the name", pointer, "", nil, "", `{"model":"spam","text":"and so o`, "spam"},
		{"cut in the name", pointer, "", nil, "", `{"model":"spa`, none},
		{"cut before the name", pointer, "", nil, "", `{"text":"and so o`, none},
		{"cut in a number", pointer, "", nil, "", `{"model":12`, none},
		{"cut in true", pointer, "", nil, "", `{"model":tru`, none},
		{"invalid before the name", pointer, "", nil, "", `{"x":nope,"model":"spam"}`, none},
		{"invalid behind the name", pointer, "", nil, "", `{"model":"spam",}`, "spam"},
		{"no JSON", pointer, "", nil, "", "model=spam", none},
		{"several values", pointer, "", nil, "", `{"model":"a"} {"model":"b"}`, "a"},
		{"duplicate names", pointer, "", nil, "", `{"model":"a","model":"b"}`, "a"},
		{"a number", pointer, "", nil, "", `{"model":42}`, "42"},
		{"a number as it is written", pointer, "", nil, "", `{"model":1.50e+2}`, "1.50e+2"},
		{"true", pointer, "", nil, "", `{"model":true}`, "true"},
		{"null", pointer, "", nil, "", `{"model":null}`, none},
		{"an array", pointer, "", nil, "", `{"model":["spam"]}`, none},
		{"an element", must(ParseRule("json:/model/1")), "", nil, "", `{"model":["a","b"]}`, "b"},
		{"an object", pointer, "", nil, "", `{"model":{"name":"spam"}}`, none},
		{"an array in place of the object", pointer, "", nil, "", `["model","spam"]`, none},
		{"an empty name", pointer, "", nil, "", `{"model":""}`, none},
		{"a huge number", pointer, "", nil, "", `{"model":` + strings.Repeat("9", 4<<10) + `}`, none},
		{"4 KB", pointer, "", nil, "", `{"model":"` + long + `"}`, none},
		{"control characters", pointer, "", nil, "", `{"model":"a\u0000\n\u001b[31m\u0085"}`, "a%00%0A%1B[31m%C2%85"},
		{"a right-to-left mark", pointer, "", nil, "", `{"model":"a\u202Eb"}`, "a\u202Eb"},
		{"half a pair", pointer, "", nil, "", `{"model":"a\ud800"}`, "a\uFFFD"},
		{"bytes that are no UTF-8", pointer, "", nil, "", "{\"model\":\"a\xff\"}", "a\uFFFD"},
		{"dots", pointer, "", nil, "", `{"model":".."}`, ".."},
		{"slashes", pointer, "", nil, "", `{"model":"../../etc/passwd"}`, "../../etc/passwd"},
		{"markup", pointer, "", nil, "", `{"model":"</script><script>"}`, "</script><script>"},
		{"the name of none", pointer, "", nil, "", `{"model":"_unknown"}`, none},

		{"a header", header, "", []string{"spam"}, "", "", "spam"},
		{"a header twice", header, "", []string{"spam", "ham"}, "", "", "spam"},
		{"first an empty one", header, "", []string{"", "ham"}, "", "", none},
		{"a list", header, "", []string{"spam, ham"}, "", "", "spam, ham"},
		{"bytes that are no UTF-8 in a header", header, "", []string{"caf\xe9"}, "", "", "caf%E9"},
		{"4 KB in a header", header, "", []string{long}, "", "", none},
		{"none", header, "", nil, "", "", none},

		{"an escaped slash", path, "/models/a%2Fb/classify", nil, "", "", "a/b"},
		{"an escaped slash in small letters", path, "/models/a%2fb/classify", nil, "", "", "a/b"},
		{"an escaped zero", path, "/models/a%00b/classify", nil, "", "", "a%00b"},
		{"an escaped line feed", path, "/models/a%0Ab/classify", nil, "", "", "a%0Ab"},
		{"escaped bytes that are no UTF-8", path, "/models/a%FFb/classify", nil, "", "", "a%FFb"},
		{"no escape", path, "/models/a%zzb/classify", nil, "", "", "a%zzb"},
		{"half an escape", path, "/models/a%2/classify", nil, "", "", "a%2"},
		{"escaped dots", path, "/models/%2e%2e/classify", nil, "", "", ".."},
		{"a plus", path, "/models/a+b/classify", nil, "", "", "a+b"},
		{"a question mark", path, "/models/a%3Fb/classify?x=/y", nil, "", "", "a?b"},
		{"a slash", path, "/models/a/b/classify", nil, "", "", none},
		{"no name", path, "/models//classify", nil, "", "", none},
		{"another case", path, "/Models/a/classify", nil, "", "", none},
		{"something behind", path, "/models/a/classify/", nil, "", "", none},
		{"4 KB in a path", path, "/models/" + long + "/classify", nil, "", "", none},
		{"everything", path, "*", nil, "", "", none},
	}
	unknown, want := atomic.Int64{}, int64(0)
	b := builder{models: names{}, versions: names{}, unknown: &unknown}
	for _, tt := range tests {
		r := &record{uri: tt.uri, header: http.Header{}, request: copied{data: []byte(tt.body)}}
		for _, model := range tt.models {
			r.header.Add("X-Model", model)
		}
		if tt.encoding != "" {
			r.header.Set("Content-Encoding", tt.encoding)
		}
		b.model = []Rule{tt.rule}
		e, err := b.row(r)
		if err != nil || e.Model != tt.want {
			t.Errorf("%s: model %.100q, want %q; %v", tt.what, e.Model, tt.want, err)
		}
		if tt.want == none {
			want++
		}
		if string(e.Request.Body) != tt.body {
			t.Errorf("%s: the body is recorded as %.100q", tt.what, e.Request.Body)
		}
	}
	if n := unknown.Load(); n != want {
		t.Errorf("%d are counted as unknown, want %d", n, want)
	}
}

func cutShort(text string, by int) string { return text[:len(text)-by] }
