package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// line is an exchange in the jsonl import format, which `parity cat` writes
// too, with the verdict's and the candidate's members added where there are any.
type line struct {
	ID           string          `json:"id"`
	SourceID     string          `json:"source_id,omitempty"`
	Origin       json.RawMessage `json:"origin,omitempty"`
	Time         string          `json:"time,omitempty"`
	Model        string          `json:"model"`
	ModelVersion string          `json:"model_version,omitempty"`
	Defect       Defect          `json:"defect,omitempty"`
	Sampling     *float64        `json:"sampling_probability,omitempty"`
	Request      *message        `json:"request,omitempty"`
	Response     *message        `json:"response,omitempty"`
	LatencyUS    int64           `json:"latency_us,omitempty"`
	FirstByteUS  int64           `json:"first_byte_us,omitempty"`
	Candidate    *message        `json:"candidate,omitempty"`
	Verdict      string          `json:"verdict,omitempty"`
	Deltas       json.RawMessage `json:"deltas,omitempty"`
}

type message struct {
	Method      string      `json:"method,omitempty"`
	Path        string      `json:"path,omitempty"`
	Status      int64       `json:"status,omitempty"`
	Failure     Failure     `json:"failure,omitempty"`
	Error       string      `json:"error,omitempty"`
	Headers     jsonHeaders `json:"headers,omitempty"`
	Body        *string     `json:"body,omitempty"`
	BodyBase64  []byte      `json:"body_base64,omitempty"`
	Sent        string      `json:"sent,omitempty"`
	FirstByteUS int64       `json:"first_byte_us,omitempty"`
	LatencyUS   int64       `json:"latency_us,omitempty"`

	// JSON is the body as a value, in its place: of the documents that jq programs
	// see (AppendDocument) and of what they make (Overlay).
	JSON json.RawMessage `json:"json,omitempty"`

	Delivery json.RawMessage `json:"delivery,omitempty"` // of a candidate: see the type
}

// jsonHeaders is an object of name → value or values; arrays of pairs, as
// EncodeHeaders writes them, are read too and written for values that no
// JSON string can hold.
type jsonHeaders json.RawMessage

func (h jsonHeaders) MarshalJSON() ([]byte, error) { return h, nil }

func (h *jsonHeaders) UnmarshalJSON(b []byte) error {
	*h = bytes.Clone(b)
	return nil
}

// ParseLine reads one line of the jsonl import format. ID and RequestHash are left
// zero, for whoever records it once the model is found, and SourceID holds the
// line's id.
// Lines whose text can't be kept byte for byte are errors.
func ParseLine(text []byte) (*Exchange, error) {
	var l line
	if err := unmarshalExact(text, &l); err != nil {
		return nil, err
	}
	switch {
	case l.Request == nil:
		return nil, errors.New(`no "request"`)
	case l.Request.Path == "":
		return nil, errors.New(`no "path" in the request`)
	}
	t, err := time.Parse(time.RFC3339Nano, l.Time)
	if err != nil {
		return nil, fmt.Errorf("time %q is not RFC 3339", l.Time)
	}
	if l.Defect != "" && !slices.Contains(defects, l.Defect) {
		return nil, fmt.Errorf("defect %q is none of %v", l.Defect, defects)
	}
	if l.LatencyUS < 0 || l.FirstByteUS < 0 {
		return nil, errors.New("a latency is negative")
	}
	e := &Exchange{Time: At(t), Model: l.Model, ModelVersion: l.ModelVersion, Defect: l.Defect, SamplingProbability: 1}
	if p := l.Sampling; p != nil {
		if !(*p > 0 && *p <= 1) {
			return nil, fmt.Errorf("sampling_probability %v: must be above 0 and at most 1", *p)
		}
		e.SamplingProbability = *p
	}
	if e.Model == "" {
		e.Model = UnknownModel
	}
	if err := l.Request.request(&e.Request); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if e.Request.SourceID = l.SourceID; e.Request.SourceID == "" {
		e.Request.SourceID = l.ID
	}
	origin, err := ParseOrigin(string(l.Origin))
	if err != nil {
		return nil, err
	}
	e.Origin = origin.String()
	if err := l.reference(e); err != nil {
		return nil, fmt.Errorf("response: %w", err)
	}
	return e, nil
}

// ParseAnswer reads a line that holds just an answer to the exchange that its
// id names, as the ports' answers beside a recording come.
func ParseAnswer(text []byte) (sourceID string, a Answer, err error) {
	var l line
	if err := unmarshalExact(text, &l); err != nil {
		return "", a, err
	}
	if l.Response == nil {
		return "", a, errors.New(`no "response"`)
	}
	a.LatencyUS = l.LatencyUS
	return l.ID, a, l.Response.answer(&a)
}

// UnknownModel is the model of exchanges for which no rule yields one.
const UnknownModel = "_unknown"

func (l *line) reference(e *Exchange) error {
	if l.Response == nil || l.Response.Status == 0 {
		if e.Defect == "" {
			e.Defect = NoAnswer
		}
		if l.Response == nil {
			return nil
		}
	}
	if s := l.Response.Status; s != 0 && (s < 100 || s > 999) {
		return fmt.Errorf("status %d is none of HTTP's", s)
	}
	e.Reference.LatencyUS, e.Reference.FirstByteUS = l.LatencyUS, l.FirstByteUS
	return l.Response.answer(&e.Reference)
}

func (m *message) request(r *Request) (err error) {
	r.Path = m.Path
	if r.Method = m.Method; r.Method == "" {
		r.Method = http.MethodPost
	}
	r.Body = m.body()
	r.Headers, r.ContentType, err = m.headers()
	return err
}

func (m *message) answer(a *Answer) (err error) {
	a.Status, a.Failure, a.Body = m.Status, m.Failure, m.body()
	a.Headers, a.ContentType, err = m.headers()
	return err
}

func (m *message) body() []byte {
	switch {
	case m.JSON != nil:
		return m.JSON
	case m.Body != nil:
		return []byte(*m.Body)
	}
	return m.BodyBase64
}

func (m *message) headers() (text []byte, contentType string, err error) {
	h := http.Header{}
	if err := parseHeaders(m.Headers, h); err != nil {
		return nil, "", err
	}
	return EncodeHeaders(h), h.Get("Content-Type"), nil
}

// plainObject reads nearly all objects of headers there are: strings in which nothing
// is escaped, no name twice, no white space between. They come sorted by name.
func plainObject(text string) (fields []Header, ok bool) {
	for before := `{"`; ; before = `,"` {
		name, rest, ok := plainString(text, before)
		if !ok {
			return nil, false
		}
		value, rest, ok := plainString(rest, `:"`)
		if !ok || rest == "" {
			return nil, false
		}
		fields = append(fields, Header{name, value})
		if text = rest; text == "}" {
			break
		}
	}
	slices.SortFunc(fields, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	for i := range fields[1:] {
		if fields[i].Name == fields[i+1].Name {
			return nil, false
		}
	}
	return fields, true
}

func parseHeaders(text []byte, h http.Header) error {
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	if text[0] == '[' {
		fields, err := DecodeHeaders(text)
		for _, f := range fields {
			h.Add(strings.ToLower(f.Name), f.Value)
		}
		return err
	}
	if fields, ok := plainObject(string(text)); ok {
		for _, f := range fields {
			h.Add(strings.ToLower(f.Name), f.Value)
		}
		return nil
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		switch v := object[name].(type) {
		case string:
			h.Add(strings.ToLower(name), v)
		case []any:
			for _, each := range v {
				text, ok := each.(string)
				if !ok {
					return fmt.Errorf("header %s: %v is no string", name, each)
				}
				h.Add(strings.ToLower(name), text)
			}
		default:
			return fmt.Errorf("header %s: %v is neither a string nor an array of strings", name, v)
		}
	}
	return nil
}
