package capture

import (
	"bytes"
	"compress/gzip"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxUnpacked is how large a packed body may become to be looked at.
const maxUnpacked = 64 << 20

// body hides what the pointers name. They are for JSON: a body that is declared as
// it, or begins as it does. Such a body that can't be read whole, or is packed in a
// way that is not known, is errUnredactable. What is not JSON is left as it is.
func (d *redactor) body(body []byte, h http.Header, truncated bool) (_ []byte, changed bool, err error) {
	if len(d.pointers) == 0 || len(body) == 0 {
		return body, false, nil
	}
	text := body
	coding := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ",")))
	switch coding {
	case "", "identity":
	case "gzip", "x-gzip":
		if text, err = gunzip(body); err != nil {
			return nil, false, errUnredactable
		}
	default:
		return nil, false, errUnredactable
	}
	if !declaredJSON(h.Get("Content-Type")) && !beginsAsJSON(text) {
		return body, false, nil
	}
	if truncated {
		return nil, false, errUnredactable
	}
	spans, err := d.find(text)
	if err != nil {
		return nil, false, errUnredactable
	}
	if len(spans) == 0 {
		return body, false, nil
	}
	if text = d.replace(text, spans); coding == "" || coding == "identity" {
		return text, true, nil
	}
	return regzip(text), true, nil
}

func gunzip(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err == nil && len(text) > maxUnpacked {
		err = errUnredactable
	}
	return text, err
}

func regzip(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text) // to memory: it can't fail
	z.Close()
	return b.Bytes()
}

func declaredJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(contentType), ";")
	}
	kind = strings.TrimSpace(kind)
	_, sub, _ := strings.Cut(kind, "/")
	return strings.Contains(sub, "json")
}

// beginsAsJSON says that it is an object or an array, as far as its first letter
// says; a mark of byte order may stand before it.
func beginsAsJSON(text []byte) bool {
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\ufeff")), " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// span is where a value lies that is to be hidden.
type span struct{ from, to int64 }

// find lists the values that the pointers name, in their order: of one JSON value,
// or of several, one after the other. Of members with one name all are found.
func (d *redactor) find(text []byte) ([]span, error) {
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		return nil, errUnredactable // readers disagree on what follows
	}
	f := finder{d: jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	for n := 0; ; n++ {
		if f.d.PeekKind() == 0 { // the end, or no value
			if _, err := f.d.ReadToken(); err == io.EOF && n > 0 {
				return f.spans, nil
			}
			return nil, errUnredactable
		}
		if err := f.value(d.pointers); err != nil {
			return nil, err
		}
	}
}

type finder struct {
	d     *jsontext.Decoder
	spans []span
}

// value reads one value, of which the paths name parts.
func (f *finder) value(paths [][]string) error {
	kind := f.d.PeekKind()
	whole := slices.ContainsFunc(paths, func(p []string) bool { return len(p) == 0 })
	if whole || len(paths) == 0 || kind != '{' && kind != '[' {
		v, err := f.d.ReadValue()
		if err == nil && whole {
			end := f.d.InputOffset()
			f.spans = append(f.spans, span{end - int64(len(v)), end})
		}
		return err
	}
	if _, err := f.d.ReadToken(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		if k := f.d.PeekKind(); k == '}' || k == ']' {
			_, err := f.d.ReadToken()
			return err
		}
		name := strconv.Itoa(n)
		if kind == '{' {
			token, err := f.d.ReadToken()
			if err != nil {
				return err
			}
			name = token.String()
		}
		if err := f.value(below(paths, name)); err != nil {
			return err
		}
	}
}

// below are the paths that go on in a member or an element.
func below(paths [][]string, name string) (rest [][]string) {
	for _, p := range paths {
		if p[0] == "*" || p[0] == name {
			rest = append(rest, p[1:])
		}
	}
	return rest
}

// replace puts masks into the spans. All else stays byte for byte.
func (d *redactor) replace(text []byte, spans []span) []byte {
	var out []byte
	at := int64(0)
	for _, s := range spans {
		value := text[s.from:s.to]
		plain := string(value)
		if value[0] == '"' {
			if s, err := jsontext.AppendUnquote(nil, value); err == nil || len(s) > 0 {
				plain = string(s) // as the same text in a header has it
			}
		}
		out = append(append(out, text[at:s.from]...), '"')
		out = append(append(out, d.mask(plain)...), '"')
		at = s.to
	}
	return append(out, text[at:]...)
}
