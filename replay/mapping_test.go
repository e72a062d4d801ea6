package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/internal/sagemakertest"
)

// got is what a server was asked, by exchange.
type got struct {
	sync.Mutex
	requests map[string]*http.Request
	bodies   map[string]string
}

func record(t *testing.T) (*got, string) {
	g := &got{requests: map[string]*http.Request{}, bodies: map[string]string{}}
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.Lock()
		defer g.Unlock()
		id := r.Header.Get(ExchangeHeader)
		g.requests[id], g.bodies[id] = r, string(body)
	})
	return g, server.URL
}

// asked is the i-th exchange, of a model, with a body and headers.
func asked(i int, model, body string, headers http.Header) exchange.Exchange {
	e := recorded(i)
	e.Model, e.Request.Body = model, []byte(body)
	e.Request.ContentType = headers.Get("Content-Type")
	e.Request.Headers = exchange.EncodeHeaders(headers)
	return e
}

func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

// The new endpoint wants another form of request. Without this it would be asked
// in the old one, or told of a packing that the body no longer has; and a score
// that loses a digit on the way is a difference that nobody's model made.
func TestRequestsAreMapped(t *testing.T) {
	g, target := record(t)
	json := http.Header{"Content-Type": {"application/json"}}
	rows := []exchange.Exchange{
		asked(0, "spam", `{"text":"hi","at":[1.0,9007199254740993,1e400,-0,4.83E-12]}`, json),
		asked(1, "legacy-7", `{"x":12345678901234567890}`, json),
		asked(2, "other", `as it is`, http.Header{"Content-Type": {"text/plain"}}),
		asked(3, "spam", zipped(`{"text":"zip"}`), http.Header{
			"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}, "Content-Md5": {"of the old bytes"}, "X-Kept": {"a", "b"},
		}),
		asked(4, "spam", "", nil),
		asked(5, "spam", "{\"text\":\"caf\xe9\"}", http.Header{"Content-Type": {"application/json; charset=latin1"}}),
	}
	s := newSender(t, Options{Target: target, Mapping: mapping.Set{Models: map[string]string{
		"spam": `{inputs: [{name: "text", data: [.text]}], at}`, "legacy-*": "{instances: [.]}",
	}}})
	results, _ := replay(t, s, rows...)
	for i, want := range []string{
		`{"at":[1.0,9007199254740993,1e400,-0,4.83E-12],"inputs":[{"data":["hi"],"name":"text"}]}`,
		`{"instances":[{"x":12345678901234567890}]}`,
		"as it is",
		`{"at":null,"inputs":[{"data":["zip"],"name":"text"}]}`,
		"",
		`{"at":null,"inputs":[{"data":["café"],"name":"text"}]}`,
	} {
		id := rows[i].ID.String()
		if g.bodies[id] != want || results[i].Candidate.Status != 200 {
			t.Errorf("row %d: sent %q, want %q: %+v", i, g.bodies[id], want, results[i].Candidate)
		}
	}
	if h := g.requests[rows[3].ID.String()].Header; h.Get("Content-Type") != "application/json" || h.Get("Content-Encoding")+h.Get("Content-Md5") != "" || len(h["X-Kept"]) != 2 {
		t.Errorf("headers of a packed body: %v", h)
	}
	if h := g.requests[rows[2].ID.String()].Header; h.Get("Content-Type") != "text/plain" {
		t.Errorf("headers of what is not mapped: %v", h)
	}
	if h := g.requests[rows[4].ID.String()].Header; h.Get("Content-Type") != "" {
		t.Errorf("headers of what has no body: %v", h)
	}
}

// Some servers want another type than application/json.
func TestMappedTypeCanBeTold(t *testing.T) {
	g, target := record(t)
	row := asked(0, "m", "{}", http.Header{"Content-Type": {"text/csv"}})
	s := newSender(t, Options{Target: target, Mapping: mapping.Set{Program: "."}, Headers: http.Header{"Content-Type": {"application/vnd.new+json"}}})
	replay(t, s, row)
	if h := g.requests[row.ID.String()].Header; len(h["Content-Type"]) != 1 || h.Get("Content-Type") != "application/vnd.new+json" {
		t.Errorf("got %q", h["Content-Type"])
	}
}

// What can't be mapped is a row that says why, nothing goes out for it, and the
// others go on: one odd request in ten million must not end a night, and a program
// that loops must not hold it up.
func TestUnmappableIsUnsendable(t *testing.T) {
	g, target := record(t)
	json := http.Header{"Content-Type": {"application/json"}}
	for _, c := range []struct{ name, program, body, words string }{
		{"error", `error("no text")`, `{}`, "map the request: targets.v2.request: at $: the program says: no text"},
		{"of another kind", ".text + 1", `{"text":"a"}`, "request: at $.text: the program says: cannot add"},
		{"no JSON", ".", "plain text", "map the request: targets.v2.request: no JSON document"},
		{"damaged", ".", `{"a":`, "no JSON document"},
		{"nothing", "empty", `{}`, "no result"},
		{"several", ".[]", `[1,2]`, "more than one result"},
		{"loops", "def f: f; f", `{}`, "worked too long"},
		{"grows", `[range(4000000)]`, `{}`, "map the request: "},
		{"too large", ".", `"` + strings.Repeat("a", mapping.MaxDocument) + `"`, "map the request: "},
		{"large result", `[limit(5; repeat(.))]`, `"` + strings.Repeat("a", 1<<20-2) + `"`, "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSender(t, Options{Target: target, Mapping: mapping.Set{Program: c.program, Models: map[string]string{"fine": "."}, Place: "targets.v2"}})
			bad, fine := asked(0, "bad", c.body, json), asked(1, "fine", "{}", json)
			rows, counts := replay(t, s, bad, fine)
			if e := rows[0].Candidate; e.Failure != exchange.Unsendable || !strings.Contains(e.Error, c.words) || e.Sent != 0 || len(e.Error) > 400 {
				t.Errorf("got %q, %q, sent %d", e.Failure, e.Error, e.Sent)
			}
			if rows[1].Candidate.Status != 200 || counts.Sent != 1 || counts.Failed["unsendable"] != 1 || g.requests[bad.ID.String()] != nil {
				t.Errorf("got %+v, %+v", rows[1].Candidate, counts)
			}
		})
	}
}

// A mapping that does not compile is refused before anything is sent.
func TestMappingIsValidated(t *testing.T) {
	for want, set := range map[string]mapping.Set{
		"request: compile jq program":         {Program: ".a |"},
		"request: compile jq program: now is": {Program: "now"},
		"can both match one model":            {Models: map[string]string{"a*": ".", "*b": "."}},
	} {
		if _, err := New(Options{Target: "http://a", RunID: "r", Mapping: set}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// What people see and send by hand is what the Sender sends.
func TestMapRequest(t *testing.T) {
	e := asked(0, "m", zipped(`{"a":1}`), http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}})
	out, err := MapRequest(context.Background(), mapping.Set{Program: "[.a]"}, &e)
	if err != nil || string(out.Request.Body) != "[1]" || strings.Contains(string(out.Request.Headers), "gzip") || string(e.Request.Body) == "[1]" {
		t.Errorf("got %+v, %v", out, err)
	}
	if same, err := MapRequest(context.Background(), mapping.Set{}, &e); same != &e || err != nil {
		t.Errorf("without a mapping: %v, %v", same, err)
	}
	if _, err := MapRequest(context.Background(), mapping.Set{Program: "error"}, &e); err == nil {
		t.Error("no error")
	}
}

// A SageMaker endpoint wants the mapped body as any other does, and its type.
func TestSageMakerRequestsAreMapped(t *testing.T) {
	var sent atomic.Value
	sageMaker(t, map[string]*sagemakertest.Endpoint{"e": container(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent.Store(r.Header.Get("Content-Type") + " " + string(body))
	})})
	row := asked(0, "m", `{"n":1.10}`, http.Header{"Content-Type": {"text/plain"}})
	s := newSender(t, Options{Target: "sagemaker://e", Mapping: mapping.Set{Program: "{instances: [.n]}", Models: map[string]string{"bad": "error"}}})
	bad := row
	bad.ID[0]++
	bad.Model = "bad"
	rows, _ := replay(t, s, row, bad)
	if got := sent.Load(); rows[0].Candidate.Status != 200 || got != `application/json {"instances":[1.10]}` {
		t.Errorf("sent %q: %+v", got, rows[0].Candidate)
	}
	if c := rows[1].Candidate; c.Failure != exchange.Unsendable || c.Sent != 0 {
		t.Errorf("got %+v", c)
	}
}
