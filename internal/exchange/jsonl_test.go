package exchange

import (
	"bytes"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const goodLine = `{"id":"r1","time":"2026-11-22T21:13:26.079808Z","model":"m","request":{"method":"PUT","path":"/a?b","headers":{"Content-Type":"text/plain","X":["1","2"]},"body":"é"},"response":{"status":201,"headers":{"content-type":"a/b"},"body_base64":"AP8="},"latency_us":5}`

func TestParseLine(t *testing.T) {
	e, err := ParseLine([]byte(goodLine))
	if err != nil {
		t.Fatal(err)
	}
	if e.Request.SourceID != "r1" || e.Request.Method != "PUT" || e.Request.Path != "/a?b" || string(e.Request.Body) != "é" ||
		e.Request.ContentType != "text/plain" || string(e.Request.Headers) != `[["content-type","text/plain"],["x","1"],["x","2"]]` {
		t.Errorf("%+v", e.Request)
	}
	if e.Reference.Status != 201 || !bytes.Equal(e.Reference.Body, []byte{0, 255}) || e.Reference.LatencyUS != 5 || e.Reference.ContentType != "a/b" {
		t.Errorf("%+v", e.Reference)
	}
	if e.Time.Time().Format("15:04:05.000000") != "21:13:26.079808" || e.Defect != "" {
		t.Errorf("%+v", e)
	}
}

// Without this, an import could change what it can't keep, or take what can't
// be judged for an answer.
func TestParseLineRefuses(t *testing.T) {
	for line, want := range map[string]string{
		`{}`:                       "no \"request\"",
		`{"request":{}}`:           "no \"path\"",
		`{"request":{"path":"/"}}`: "RFC 3339",
		`{"request":{"path":"/"},"time":"yesterday"}`: "RFC 3339",
		`[1]`:    "cannot unmarshal",
		`{"id":`: "unexpected end",
		strings.Replace(goodLine, "é", "\xff", 1):                                 "not UTF-8",
		strings.Replace(goodLine, "é", `\ud800`, 1):                               "lone surrogate",
		strings.Replace(goodLine, "é", `\udc00\ud800`, 1):                         "lone surrogate",
		strings.Replace(goodLine, "é", `\ud800 \udc00`, 1):                        "lone surrogate",
		strings.Replace(goodLine, "é", `\ud800\ufffd`, 1):                         "lone surrogate",
		strings.Replace(goodLine, `"m"`, `"\uDBFF"`, 1):                           "lone surrogate",
		strings.Replace(goodLine, `["1","2"]`, `[null]`, 1):                       "no string",
		strings.Replace(goodLine, `"AP8="`, `"!"`, 1):                             "illegal base64",
		strings.Replace(goodLine, `["1","2"]`, `7`, 1):                            "neither a string nor an array",
		strings.Replace(goodLine, `"id"`, `"sampling_probability":0,"id"`, 1):     "sampling_probability 0: must be above 0 and at most 1",
		strings.Replace(goodLine, `"id"`, `"sampling_probability":-0.5,"id"`, 1):  "sampling_probability -0.5",
		strings.Replace(goodLine, `"id"`, `"sampling_probability":1.01,"id"`, 1):  "sampling_probability 1.01",
		strings.Replace(goodLine, `"id"`, `"sampling_probability":NaN,"id"`, 1):   "invalid character 'N'",
		strings.Replace(goodLine, `"id"`, `"sampling_probability":"10%","id"`, 1): "cannot unmarshal string",
	} {
		if _, err := ParseLine([]byte(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
	for line, want := range map[string]Defect{
		`{"time":"2026-11-22T21:13:26Z","request":{"path":"/"}}`:                                NoAnswer,
		`{"time":"2026-11-22T21:13:26Z","request":{"path":"/"},"response":{"failure":"reset"}}`: NoAnswer,
		strings.Replace(goodLine, `"id"`, `"defect":"redacted","id"`, 1):                        Redacted,
		strings.Replace(goodLine, "é", `\\ud800 \ud83d\ude00 \ud83d\ude00`, 1):                  "", // an escaped backslash, and pairs
		strings.Replace(goodLine, "é", "�", 1):                                                  "", // a real U+FFFD is text
	} {
		e, err := ParseLine([]byte(line))
		if err != nil || e.Defect != want {
			t.Errorf("%s: %v, %v", line, e, err)
		}
	}
}

// Without this, cat could print what import does not read, or loses.
func TestLineRoundTrip(t *testing.T) {
	for _, line := range []string{
		goodLine,
		strings.Replace(goodLine, `"X":["1","2"]`, `"X":"<&>"`, 1),
		strings.Replace(goodLine, `{"Content-Type":"text/plain","X":["1","2"]}`, `[["x","AP8=","base64"]]`, 1),
		strings.Replace(goodLine, `"status":201`, `"failure":"reset"`, 1),
		strings.Replace(goodLine, `"id"`, `"sampling_probability":0.001,"id"`, 1),
	} {
		e, err := ParseLine([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		text, err := AppendLine(nil, e, RecordingSides)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseLine(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if a, b := Append(nil, e, RecordingSides), Append(nil, back, RecordingSides); !bytes.Equal(a, b) {
			t.Errorf("%s\ncomes back as\n%s", a, b)
		}
	}
}

// Without this, a line from outside could take an import down.
func FuzzParseLine(f *testing.F) {
	f.Add([]byte(goodLine))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ParseLine(line)
		if err != nil {
			return
		}
		e.Request.SourceID += "x" // without one, the id that cat prints takes its place
		text, err := AppendLine(nil, e, RecordingSides)
		if err != nil {
			t.Fatalf("%q can be read and not written: %v", line, err)
		}
		if e.Time.Time().Year() > 9999 || e.Time.Time().Year() < 0 {
			return // RFC 3339 has no such years
		}
		back, err := ParseLine(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if a, b := Append(nil, e, RecordingSides), Append(nil, back, RecordingSides); !bytes.Equal(a, b) {
			t.Fatalf("%q\ncomes back as\n%q", a, b)
		}
	})
}

// Without this, the short way through headers could read them otherwise than the long
// one, which a space before them takes.
func FuzzHeaderObject(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"b":"2","a":"1"}`, `{"A":"1","a":"2","Ab":"3"}`, `{"a":"1","a":"2"}`, `{"a":["1","2"],"b":"3"}`, `{"a":"\u0041"}`, `{"a":"1"`, `{"a":"1"},`,
		`{"a":"1",}`, `{"a":"é"}`, `{"":""}`, `{"a":1}`, `{"a":"1"}{"b":"2"}`, `null`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 || text[0] == '[' || string(text) == "null" {
			return
		}
		short, long := http.Header{}, http.Header{}
		err, longErr := parseHeaders(text, short), parseHeaders(append([]byte(" "), text...), long)
		if (err == nil) != (longErr == nil) || err == nil && !reflect.DeepEqual(short, long) {
			t.Fatalf("%q is read as %v, %v, and the long way as %v, %v", text, short, err, long, longErr)
		}
	})
}

// Without this, a damaged spool could take the sidecar down.
func FuzzDecode(f *testing.F) {
	e := full()
	f.Add(Append(nil, &e, RecordingSides))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e Exchange
		if Decode(text, &e, RecordingSides) == nil && !bytes.Equal(Append(nil, &e, RecordingSides), text) {
			t.Fatal("what was decoded encodes to something else")
		}
	})
}

func FuzzDecodeHeaders(f *testing.F) {
	f.Add([]byte(`[["a","b"],["c","AP8=","base64"]]`))
	f.Fuzz(func(t *testing.T, text []byte) { DecodeHeaders(text) })
}
