package replay

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	bodies "github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

// mapper asks with what the target's mapping makes of requests.
type mapper struct {
	client
	options Options
}

func (m *mapper) send(ctx context.Context, e *exchange.Exchange, c *exchange.Candidate, o *overflow) {
	mapped, err := m.options.mapped(ctx, e)
	if err != nil {
		c.Failure, c.Error = exchange.Unsendable, short(err.Error())
		return
	}
	m.client.send(ctx, mapped, c, o)
}

// mapped is e as it goes out: e itself, or a copy whose body is what the target's
// mapping makes of the recorded one. An error says why it can't be sent, unless
// ctx has ended.
func (o *Options) mapped(ctx context.Context, e *exchange.Exchange) (*exchange.Exchange, error) {
	program := o.programs.Of(e.Model)
	if program == nil || len(e.Request.Body) == 0 { // a GET has nothing to map
		return e, nil
	}
	body, err := mapBody(ctx, program, &e.Request)
	if err != nil {
		return nil, fmt.Errorf("map the request: %w", err)
	}
	headers, err := mappedHeaders(e.Request.Headers)
	if err != nil {
		return nil, err
	}
	out := *e
	out.Request.Body, out.Request.ContentType, out.Request.Headers = body, mappedType, headers
	return &out, nil
}

// mapBody reads the body as compare reads those of answers: content encodings
// and charset are undone, JSON Lines are an array.
func mapBody(ctx context.Context, program *mapping.Program, r *exchange.Request) ([]byte, error) {
	var out []byte
	text, err := bodies.Mappable(&exchange.Answer{Headers: r.Headers, ContentType: r.ContentType, Body: r.Body}, mapping.MaxDocument)
	if err == nil {
		out, err = program.Apply(ctx, nil, text)
	}
	if err != nil {
		return nil, program.Explain(err, r.ContentType, len(r.Body))
	}
	return out, nil
}

const mappedType = "application/json"

// mappedHeaders leaves out what was about the recorded body's bytes. Options.Headers
// can still say otherwise.
func mappedHeaders(recorded []byte) ([]byte, error) {
	fields, err := exchange.DecodeHeaders(recorded)
	if err != nil {
		return nil, err
	}
	h := http.Header{"content-type": {mappedType}}
	for _, f := range fields {
		switch strings.ToLower(f.Name) {
		case "content-type", exchange.ContentEncoding, exchange.JSONLength,
			"content-md5", "content-digest", "repr-digest", "digest", "x-amz-content-sha256":
			continue
		}
		h[f.Name] = append(h[f.Name], f.Value)
	}
	return exchange.EncodeHeaders(h), nil
}

// MapRequest is e as a Sender with this mapping sends it, for people who want to
// see it or to send it by hand. An error says why it can't be sent.
func MapRequest(ctx context.Context, s mapping.Set, e *exchange.Exchange) (*exchange.Exchange, error) {
	o := Options{Mapping: s}
	var err error
	if o.programs, err = s.Compile("request"); err != nil {
		return nil, err
	}
	return o.mapped(ctx, e)
}
