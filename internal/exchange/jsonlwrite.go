package exchange

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"
)

// AppendLine adds e and a line feed in the jsonl import format to dst, with
// the candidate and the deltas where sides has them.
func AppendLine(dst []byte, e *Exchange, sides Sides) ([]byte, error) {
	l, err := newLine(e, sides)
	if err != nil {
		return dst, err
	}
	return l.append(dst)
}

func (l *line) append(dst []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(l)
	return out.Bytes(), err
}

func newLine(e *Exchange, sides Sides) (l *line, err error) {
	l = &line{
		ID: e.ID.String(), Model: e.Model, ModelVersion: e.ModelVersion, Defect: e.Defect,
		Time: e.Time.Time().Format(time.RFC3339Nano), Verdict: e.Verdict.Kind, Deltas: e.Verdict.Deltas,
	}
	if p := e.SamplingProbability; p != 0 && p != 1 {
		l.Sampling = &p
	}
	if sides&RequestSide != 0 {
		r := &e.Request
		l.SourceID = r.SourceID
		l.Request, err = newMessage(r.Headers, r.Body)
		if err != nil {
			return nil, err
		}
		l.Request.Method, l.Request.Path = r.Method, r.Path
	}
	if sides&ReferenceSide != 0 {
		if l.Response, err = newAnswer(&e.Reference); err != nil {
			return nil, err
		}
		l.LatencyUS, l.FirstByteUS, l.Origin = e.Reference.LatencyUS, e.Reference.FirstByteUS, json.RawMessage(e.Origin)
	}
	if sides&CandidateSide != 0 {
		if l.Candidate, err = newAnswer(&e.Candidate.Answer); err != nil {
			return nil, err
		}
		if l.Candidate == nil {
			l.Candidate = &message{}
		}
		l.Candidate.Error = e.Candidate.Error
		l.Candidate.Delivery = json.RawMessage(e.Candidate.Delivery)
		if e.Candidate.Sent != 0 {
			l.Candidate.Sent = e.Candidate.Sent.Time().Format(time.RFC3339Nano)
		}
		l.Candidate.FirstByteUS, l.Candidate.LatencyUS = e.Candidate.FirstByteUS, e.Candidate.LatencyUS
	}
	return l, nil
}

// newAnswer gives nil where there is nothing at all.
func newAnswer(a *Answer) (*message, error) {
	if a.Status == 0 && a.Failure == "" && len(a.Headers) == 0 && len(a.Body) == 0 {
		return nil, nil
	}
	m, err := newMessage(a.Headers, a.Body)
	if err == nil {
		m.Status, m.Failure = a.Status, a.Failure
	}
	return m, err
}

func newMessage(headers, body []byte) (*message, error) {
	m := &message{}
	switch {
	case len(body) == 0:
	case utf8.Valid(body):
		s := string(body)
		m.Body = &s
	default:
		m.BodyBase64 = body
	}
	var err error
	m.Headers, err = headerObject(headers)
	return m, err
}

// headerObject turns EncodeHeaders' pairs into an object, or leaves them where
// a value is not UTF-8.
func headerObject(text []byte) (jsonHeaders, error) {
	fields, err := DecodeHeaders(text)
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	object := map[string]any{}
	for _, f := range fields {
		if !utf8.ValidString(f.Value) {
			return jsonHeaders(text), nil
		}
		switch old := object[f.Name].(type) {
		case nil:
			object[f.Name] = f.Value
		case string:
			object[f.Name] = []string{old, f.Value}
		case []string:
			object[f.Name] = append(old, f.Value)
		}
	}
	return json.Marshal(object)
}
