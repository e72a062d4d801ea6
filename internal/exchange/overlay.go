package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// AppendDocument adds e to dst as jq programs see it: a line of the jsonl format,
// in which a body that is JSON is a value, json, instead of the text body.
func AppendDocument(dst []byte, e *Exchange) ([]byte, error) {
	l, err := newLine(e, RecordingSides)
	if err != nil {
		return dst, err
	}
	for _, m := range []*message{l.Request, l.Response} {
		if m != nil && m.Body != nil && json.Valid([]byte(*m.Body)) {
			m.JSON, m.Body = json.RawMessage(*m.Body), nil
		}
	}
	return l.append(dst)
}

// Overlay is the exchange that a line of the jsonl format makes of parent: what the
// line lacks is the parent's. A body may also be given as json, a value. Its id
// follows from the parent's and from its place, n, among those made of it.
func Overlay(parent *Exchange, text []byte, n int) (*Exchange, error) {
	var l line
	if err := unmarshalExact(text, &l); err != nil {
		return nil, err
	}
	e := *parent
	e.ID = DeriveID(parent.Time.Time(), parent.ID[:], fmt.Append(nil, n))
	origin, err := ParseOrigin(parent.Origin)
	if err != nil {
		return nil, err
	}
	e.Origin = Origin{From: parent.ID, Redacted: origin.Redacted}.String()
	if l.Model != "" {
		e.Model = l.Model
	}
	if l.ModelVersion != "" {
		e.ModelVersion = l.ModelVersion
	}
	if err := l.Request.over(&e.Request.Headers, &e.Request.ContentType, &e.Request.Body); err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	if err := l.Response.over(&e.Reference.Headers, &e.Reference.ContentType, &e.Reference.Body); err != nil {
		return nil, fmt.Errorf("response: %w", err)
	}
	if m := l.Request; m != nil {
		e.Request.Method, e.Request.Path = or(m.Method, e.Request.Method), or(m.Path, e.Request.Path)
	}
	if m := l.Response; m != nil && m.Status != 0 {
		if e.Reference.Status == 0 {
			return nil, errors.New("response: there was no answer that could be fanned out")
		}
		e.Reference.Status = m.Status
	}
	e.RequestHash = HashRequest(&e)
	return &e, nil
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// over lays the message's headers and body over those given, where it has them.
func (m *message) over(headers *[]byte, contentType *string, body *[]byte) (err error) {
	if m == nil {
		return nil
	}
	if len(m.Headers) > 0 && string(m.Headers) != "null" {
		if *headers, *contentType, err = m.headers(); err != nil {
			return err
		}
	}
	if m.JSON == nil && m.Body == nil && m.BodyBase64 == nil {
		return nil
	}
	*body = m.body()
	*headers, err = unpacked(*headers)
	return err
}

// unpacked is headers without those that are about the bytes of a body that is
// replaced.
func unpacked(headers []byte) ([]byte, error) {
	list, err := DecodeHeaders(headers)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	for _, f := range list {
		if f.Name != ContentEncoding && !AboutBody(f.Name) {
			h[f.Name] = append(h[f.Name], f.Value)
		}
	}
	return EncodeHeaders(h), nil
}
