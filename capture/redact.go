package capture

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// Redaction says what of an exchange never reaches the disk. In the place of each
// value stands hmac: and the first 128 bits of its HMAC-SHA-256 (RFC 2104), in
// hexadecimal: equal values stay equal, in whichever place they stand, and nobody
// without the key can try out which they are. The zero value hides nothing.
type Redaction struct {
	Headers []string // names, of requests and answers
	Query   []string // names of parameters in the request's query
	// JSON are pointers (RFC 6901) into the bodies of requests and answers, in which *
	// stands for any member or element. What they point to is hidden whole.
	JSON []string
	Key  []byte
}

// None says that nothing is hidden.
func (r *Redaction) None() bool { return len(r.Headers)+len(r.Query)+len(r.JSON) == 0 }

// MinKey is how long a key must be, in bytes.
const MinKey = 16

// Validate names what makes no sense.
func (r *Redaction) Validate() error {
	for _, name := range r.Headers {
		if !headerName.MatchString(name) {
			return fmt.Errorf("redact header %q: must be the name of a header", name)
		}
	}
	for _, p := range r.JSON {
		if !strings.HasPrefix(p, "/") {
			return fmt.Errorf("redact json %q: must be a JSON Pointer, as in /author/email; * is any member or element", p)
		}
	}
	switch {
	case slices.Contains(r.Query, ""):
		return errors.New("redact query: a name is empty")
	case !r.None() && len(r.Key) < MinKey:
		return fmt.Errorf("redact: the key has %d bytes: must have at least %d, as `openssl rand -hex 32` makes one", len(r.Key), MinKey)
	}
	return nil
}

// clashes says that a rule for names looks at what is hidden: the name would tell
// it.
func (r *Redaction) clashes(rule Rule) bool {
	kind, arg, _ := strings.Cut(rule.text, ":")
	switch kind {
	case "header":
		return slices.ContainsFunc(r.Headers, func(h string) bool { return strings.EqualFold(h, arg) })
	case "json":
		return slices.ContainsFunc(r.JSON, func(p string) bool { return hides(pointer(p), pointer(arg)) })
	}
	return false
}

// hides says that what a pointer to hide names is on the way to another one's
// value.
func hides(hidden, at []string) bool {
	if len(hidden) > len(at) {
		return false
	}
	for i, name := range hidden {
		if name != "*" && name != at[i] {
			return false
		}
	}
	return true
}

// pointer are the names in a JSON Pointer.
func pointer(text string) (path []string) {
	for p := range strings.SplitSeq(strings.TrimPrefix(text, "/"), "/") {
		path = append(path, strings.NewReplacer("~1", "/", "~0", "~").Replace(p))
	}
	return path
}

// errUnredactable says that a body can't be read whole, and may hold what is to be
// hidden.
var errUnredactable = errors.New("unredactable")

// redactor hides what a Redaction says. It belongs to one goroutine.
type redactor struct {
	*Redaction
	pointers [][]string
}

func newRedactor(r *Redaction) *redactor {
	if r.None() {
		return nil
	}
	d := &redactor{Redaction: r}
	for _, p := range r.JSON {
		d.pointers = append(d.pointers, pointer(p))
	}
	return d
}

// mask is what stands for a value.
func (d *redactor) mask(value string) string {
	h := hmac.New(sha256.New, d.Key)
	h.Write([]byte(value))
	return "hmac:" + hex.EncodeToString(h.Sum(nil)[:16])
}

// apply hides it in e, and notes in e that something was.
func (d *redactor) apply(e *exchange.Exchange) error {
	if d == nil {
		return nil
	}
	request := d.path(&e.Request.Path)
	answer := false
	for _, m := range []struct {
		of        *bool
		headers   *[]byte
		body      *[]byte
		typ       *string
		truncated bool
	}{
		{&request, &e.Request.Headers, &e.Request.Body, &e.Request.ContentType, e.Defect == exchange.RequestTruncated},
		{&answer, &e.Reference.Headers, &e.Reference.Body, &e.Reference.ContentType, e.Defect == exchange.ResponseTruncated || e.Reference.Failure != ""},
	} {
		h, err := headersOf(*m.headers)
		if err != nil {
			return err
		}
		inHeaders := d.headers(h)
		body, inBody, err := d.body(*m.body, h, m.truncated)
		if err != nil {
			return err
		}
		if inBody { // what is said of the bytes that were there would tell them
			maps.DeleteFunc(h, func(name string, _ []string) bool { return exchange.AboutBody(name) })
		}
		if inHeaders || inBody {
			*m.headers, *m.typ = exchange.EncodeHeaders(h), exchange.Clean(h.Get("Content-Type"))
		}
		*m.body = body
		*m.of = *m.of || inHeaders || inBody
	}
	if d.hiddenHeader("X-Request-Id") && e.Request.SourceID != "" {
		e.Request.SourceID, request = d.mask(e.Request.SourceID), true
	}
	return note(e, request, answer)
}

// note says in e what was hidden.
func note(e *exchange.Exchange, request, answer bool) error {
	if !request && !answer {
		return nil
	}
	o, err := exchange.ParseOrigin(e.Origin)
	if err != nil {
		return err
	}
	o.Redacted = map[[2]bool]string{{true, false}: "request", {false, true}: "answer", {true, true}: "both"}[[2]bool{request, answer}]
	e.Origin = o.String()
	return nil
}

func headersOf(text []byte) (http.Header, error) {
	fields, err := exchange.DecodeHeaders(text)
	h := http.Header{}
	for _, f := range fields {
		h.Add(f.Name, f.Value)
	}
	return h, err
}

func (d *redactor) hiddenHeader(name string) bool {
	return slices.ContainsFunc(d.Headers, func(h string) bool { return strings.EqualFold(h, name) })
}

// urls are the headers whose values are addresses, with the queries of such.
var urls = []string{"referer", "location", "content-location"}

func (d *redactor) headers(h http.Header) (changed bool) {
	for name, values := range h {
		for i := range values {
			switch {
			case d.hiddenHeader(name):
				values[i], changed = d.mask(values[i]), true
			case slices.Contains(urls, strings.ToLower(name)):
				changed = d.path(&values[i]) || changed
			}
		}
	}
	return changed
}

// path hides parameters of the query. All else stays byte for byte.
func (d *redactor) path(path *string) (changed bool) {
	before, query, ok := strings.Cut(*path, "?")
	if !ok || len(d.Query) == 0 {
		return false
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if at := d.hiddenFrom(pair); at >= 0 {
			pairs[i], changed = pair[:at]+d.mask(unescaped(pair[at:])), true
		}
	}
	*path = before + "?" + strings.Join(pairs, "&")
	return changed
}

// hiddenFrom is where in what stands between two & something begins that is to be
// hidden, up to its end; -1: nothing is. Some servers take ; for &, others for a part
// of the value, so a name may stand behind one, and no value ends at one.
func (d *redactor) hiddenFrom(pair string) int {
	at := 0
	for part := range strings.SplitSeq(pair, ";") {
		name, _, has := strings.Cut(part, "=")
		if has && slices.ContainsFunc(d.Query, func(q string) bool { return strings.EqualFold(q, unescaped(name)) }) {
			return at + len(name) + 1
		}
		at += len(part) + 1
	}
	return -1
}

func unescaped(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}
