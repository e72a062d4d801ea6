package importer

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/modelparity/parity/internal/exchange"
)

// entry is a HAR's entry, shaped as Chrome writes them.
func entry(id, request, response string) string {
	return fmt.Sprintf(`{"_initiator":{"type":"script"},"pageref":"page_1","startedDateTime":"2026-11-22T21:00:00.250+01:00","time":80.5,`+
		`"request":{"method":"POST","httpVersion":"h2","cookies":[],"queryString":[],"headersSize":-1,`+
		`"headers":[{"name":":method","value":"POST"},{"name":"X-Request-Id","value":"%s"},{"name":"Authorization","value":"Bearer secret"},{"name":"Content-Type","value":"application/json"}],%s},`+
		`"response":{"statusText":"","cookies":[],"redirectURL":"","headersSize":-1,"bodySize":20,`+
		`"headers":[{"name":"content-encoding","value":"gzip"},{"name":"Set-Cookie","value":"secret"},{"name":"content-type","value":"application/json"}],%s},`+
		`"cache":{},"timings":{"blocked":50,"dns":-1,"ssl":-1,"connect":-1,"send":0.5,"wait":20.25,"receive":9.25}}`, id, request, response)
}

func har(entries ...string) string {
	return `{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"pages":[{"id":"page_1"}],"entries":[` + strings.Join(entries, ",") + `],"comment":""}}`
}

const (
	askOne    = `"url":"https://old.example:8443/models/a%2Fb?x=1;y#part","bodySize":9,"postData":{"mimeType":"application/json","text":"{\"a\":1.0}"}`
	answerOne = `"status":200,"content":{"size":10,"mimeType":"application/json","text":"{\"b\":2.50}"}`
)

func one(t *testing.T, format, name, text string, o Options) imported {
	t.Helper()
	return importAll(t, format, filepath.Join(files(t, map[string]string{name: text}), name), o)
}

// If this fails what a browser sent is replayed otherwise, or a secret is recorded.
func TestHAR(t *testing.T) {
	im := one(t, "har", "x.har", "\xef\xbb\xbf"+har(
		entry("plain", askOne, answerOne),
		entry("binary", `"url":"http://old.example","bodySize":-1,"postData":{"text":"AAE=","encoding":"base64"}`, `"status":500,"content":{"size":2,"text":"AP8=","encoding":"base64"}`),
		entry("form", `"url":"http://old.example?q","bodySize":0`, `"status":204,"content":{"size":0,"mimeType":"x-unknown"}`),
		entry("silent", askOne, `"status":0,"content":{"size":0},"_error":"net::ERR_TIMED_OUT"`),
		entry("cut", askOne, `"status":200,"content":{"size":5000000,"mimeType":"application/json"}`),
		entry("cut-request", `"url":"http://old.example/","bodySize":90,"postData":{"text":"{"}`, answerOne),
		entry("data", `"url":"data:text/plain,x","bodySize":0`, answerOne),
		entry("worse", `"url":7`, answerOne), entry("worse", askOne, `"status":99,"content":{}`), entry(`\ud800`, askOne, answerOne), "[]",
		strings.Replace(entry("worse", askOne, answerOne), "2026", "Sunday", 1),
	), Options{})
	im.wantDrops(t, "not_http: entry 7 of x.har", "unreadable: entry 8 of x.har", "status 99", "surrogate", "array", "Sunday")
	e := im.row(t, "plain")
	if e.Request.Path != "/models/a%2Fb?x=1;y" || string(e.Request.Body) != `{"a":1.0}` || string(e.Reference.Body) != `{"b":2.50}` || e.Defect != "" ||
		e.Time.Time().Format("15:04:05.000") != "20:00:00.250" || e.Reference.FirstByteUS != 20750 || e.Reference.LatencyUS != 30000 {
		t.Errorf("%+v", e)
	}
	if h := string(e.Request.Headers) + string(e.Reference.Headers); strings.Contains(h, "secret") || strings.Contains(h, "gzip") || strings.Contains(h, `":`) {
		t.Error(h)
	}
	if e := im.row(t, "binary"); e.Request.Path != "/" || string(e.Request.Body) != "\x00\x01" || string(e.Reference.Body) != "\x00\xff" || e.Reference.Status != 500 {
		t.Errorf("%+v", e)
	}
	if e := im.row(t, "form"); e.Request.Path != "/?q" || e.Defect != "" {
		t.Errorf("%+v", e)
	}
	for id, want := range map[string]exchange.Defect{"silent": exchange.NoAnswer, "cut": exchange.ResponseTruncated, "cut-request": exchange.RequestTruncated} {
		if e := im.row(t, id); e.Defect != want {
			t.Errorf("%s: %q, want %q", id, e.Defect, want)
		}
	}
	if im.Unanswered != 1 || im.Unnamed != 6 {
		t.Errorf("%+v", im.Result)
	}
}

// If this fails a body is compared in another charset than the one it came in.
func TestHARCharset(t *testing.T) {
	got, err := textBody("café", "", "text/plain; charset=ISO-8859-1")
	if err != nil || string(got) != "caf\xe9" {
		t.Errorf("%q, %v", got, err)
	}
	post := harPost{Params: []harHeader{{"a b", "1&2"}}}
	if got, err := post.body("application/x-www-form-urlencoded"); err != nil || string(got) != "a+b=1%262" {
		t.Errorf("%q, %v", got, err)
	}
}

// If this fails all entries before damage are lost with those after it, or damage
// goes unseen.
func TestHARDamage(t *testing.T) {
	whole := har(entry("a", askOne, answerOne), entry("b", askOne, answerOne))
	for text, n := range map[string]int{
		whole[:len(whole)-16]: 2, whole[:len(whole)-100]: 1, strings.Replace(whole, "},{\"_init", "}{\"_init", 1): 1,
		"": 0, "[]": 0, "{}": 0, `{"log":{}}`: 0, `{"log":{"entries":{}}}`: 0, `{"log":[`: 0, "GIF89a": 0,
	} {
		im := one(t, "har", "x", text, Options{})
		if len(im.rows) != n {
			t.Errorf("%.30q: %d exchanges, want %d", text, len(im.rows), n)
		}
		im.wantDrops(t, "unreadable: byte ")
	}
}

// If this fails a HAR of gigabytes fills memory.
func TestHARStreams(t *testing.T) {
	before, after, _ := strings.Cut(har("|"), "|")
	streams(t, "har", before, entry("a", askOne, answerOne), ",", after, 25_000)
}

// If this fails an entry can end an import with a panic.
func FuzzHAR(f *testing.F) {
	f.Add(har(entry("a", askOne, answerOne)))
	f.Add(har(entry("a", `"url":"HTTP://x?","postData":{"params":[{"name":"a"}]}`, `"status":0`)))
	f.Fuzz(func(t *testing.T, text string) {
		d := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		eachEntry(d, func(v jsontext.Value) error {
			if e, reason, err := parseEntry(v); (e == nil) != (err != nil) || (reason == "") != (err == nil) {
				t.Errorf("%q: %v %q %v", v, e, reason, err)
			}
			return nil
		})
	})
}
