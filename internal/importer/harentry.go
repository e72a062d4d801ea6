package importer

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/modelparity/parity/internal/exchange"
)

// harEntry is an entry of a HAR (github.com/ahmadnassri/har-spec, versions/1.2.md).
// All numbers may be −1, for unknown.
type harEntry struct {
	Started string  `json:"startedDateTime"`
	Time    float64 `json:"time"` // milliseconds, with what passed before sending
	Request struct {
		Method   string      `json:"method"`
		URL      string      `json:"url"`
		Headers  []harHeader `json:"headers"`
		BodySize float64     `json:"bodySize"`
		Post     *harPost    `json:"postData"`
	} `json:"request"`
	Response struct {
		Status  float64     `json:"status"` // 0: no answer
		Headers []harHeader `json:"headers"`
		Content harContent  `json:"content"`
	} `json:"response"`
	Timings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	} `json:"timings"`
}

// harHeader is a header, or a form's parameter.
type harHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harPost struct {
	MimeType string      `json:"mimeType"`
	Text     string      `json:"text"`
	Encoding string      `json:"encoding"` // of version 1.3
	Params   []harHeader `json:"params"`
}

type harContent struct {
	Size     float64 `json:"size"` // bytes, decompressed
	MimeType string  `json:"mimeType"`
	Text     *string `json:"text"`
	Encoding string  `json:"encoding"`
}

// parseEntry makes an exchange of an entry; reason says why it drops one.
func parseEntry(text jsontext.Value) (e *exchange.Exchange, reason string, err error) {
	var h harEntry
	if err := json.Unmarshal(text, &h, jsontext.AllowDuplicateNames(true)); err != nil {
		return nil, Unreadable, err
	}
	target, ok := originForm(h.Request.URL)
	if !ok {
		return nil, NotHTTP, fmt.Errorf("%.100q is no http(s) URL", h.Request.URL)
	}
	started, err := time.Parse(time.RFC3339Nano, h.Started)
	if err != nil {
		return nil, Unreadable, fmt.Errorf("startedDateTime %.100q is not RFC 3339", h.Started)
	}
	if s := h.Response.Status; s != 0 && (s < 100 || s > 999) {
		return nil, Unreadable, fmt.Errorf("status %v is none of HTTP's", s)
	}
	e = &exchange.Exchange{Time: exchange.At(started)}
	if err := h.request(e, target); err != nil {
		return nil, Unreadable, fmt.Errorf("request: %w", err)
	}
	if h.Response.Status != 0 {
		if err := h.answer(e); err != nil {
			return nil, Unreadable, fmt.Errorf("response: %w", err)
		}
	}
	return e, "", nil
}

func (h *harEntry) request(e *exchange.Exchange, target string) (err error) {
	r, fields := &e.Request, harHeaders(h.Request.Headers)
	r.Method, r.Path, r.SourceID = h.Request.Method, target, fields.Get("X-Request-Id")
	if p := h.Request.Post; p != nil {
		if fields.Get("Content-Type") == "" && p.MimeType != "" {
			fields.Set("Content-Type", p.MimeType)
		}
		if r.Body, err = p.body(fields.Get("Content-Type")); err != nil {
			return err
		}
	}
	r.ContentType, r.Headers = fields.Get("Content-Type"), exchange.EncodeHeaders(fields)
	// A compressed body is smaller than its text, never larger.
	if h.Request.BodySize > 0 && float64(len(r.Body)) < h.Request.BodySize {
		e.Defect = exchange.RequestTruncated
	}
	return nil
}

// body is the text's; where there are parameters alone, what a form makes of them.
func (p *harPost) body(contentType string) ([]byte, error) {
	if p.Text != "" || len(p.Params) == 0 || !strings.HasPrefix(contentType, "application/x-www-form-urlencoded") {
		return textBody(p.Text, p.Encoding, contentType)
	}
	var pairs []string
	for _, param := range p.Params {
		pairs = append(pairs, url.QueryEscape(param.Name)+"="+url.QueryEscape(param.Value))
	}
	return []byte(strings.Join(pairs, "&")), nil
}

func (h *harEntry) answer(e *exchange.Exchange) (err error) {
	a, c, fields := &e.Reference, h.Response.Content, harHeaders(h.Response.Headers)
	if fields.Get("Content-Type") == "" && c.MimeType != "" && c.Size > 0 {
		fields.Set("Content-Type", c.MimeType)
	}
	a.Status, a.ContentType, a.Headers = int64(h.Response.Status), fields.Get("Content-Type"), exchange.EncodeHeaders(fields)
	if c.Text != nil {
		if a.Body, err = textBody(*c.Text, c.Encoding, a.ContentType); err != nil {
			return err
		}
	}
	if float64(len(a.Body)) < c.Size && e.Defect == "" { // browsers leave out large bodies, and all if asked to
		e.Defect = exchange.ResponseTruncated
	}
	if t := h.Timings; t.Wait >= 0 && t.Send+t.Wait+t.Receive > 0 {
		a.FirstByteUS = int64(1000 * (max(t.Send, 0) + t.Wait))
		a.LatencyUS = a.FirstByteUS + int64(1000*max(t.Receive, 0))
	} else {
		a.LatencyUS = int64(1000 * max(h.Time, 0))
	}
	return nil
}

// textBody is a text as the bytes that were sent: in the charset that the content
// type declares, as far as that can be.
func textBody(text, encoding, contentType string) ([]byte, error) {
	if strings.EqualFold(encoding, "base64") {
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("its text is not base64: %w", err)
		}
		return body, nil
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params["charset"] != "" {
		if charset, err := htmlindex.Get(params["charset"]); err == nil {
			if body, err := charset.NewEncoder().String(text); err == nil {
				return []byte(body), nil
			}
		}
	}
	return []byte(text), nil
}

// harHeaders leaves out HTTP/2's pseudo-headers, and Content-Encoding: the texts
// of a HAR are decompressed.
func harHeaders(list []harHeader) http.Header {
	h := http.Header{}
	for _, f := range list {
		if f.Name != "" && !strings.HasPrefix(f.Name, ":") && !strings.EqualFold(f.Name, exchange.ContentEncoding) {
			h.Add(f.Name, f.Value)
		}
	}
	return h
}

// originForm is the path and the query of a URL, as they are written.
func originForm(uri string) (target string, ok bool) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "#")
	if at := strings.IndexAny(rest, "/?"); at < 0 {
		rest = "/"
	} else {
		rest = rest[at:]
	}
	if rest[0] == '?' {
		rest = "/" + rest
	}
	return rest, true
}
