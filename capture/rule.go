package capture

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/modelparity/parity/internal/exchange"
)

// Rule takes a name, of the model or of its version, from a request.
type Rule struct {
	text  string               // as it was parsed
	yield func(*record) string // "" where the request has none
}

const ruleForms = "path:/models/{model}/classify, header:X-Model, json:/model (a JSON Pointer into the request body), const:name"

// ParseRule reads a rule:
//
//	path:/models/{model}/classify   the part of the path that stands where the placeholder does, without
//	                                a slash, percent-decoded; the rest of the path must be equal
//	header:X-Model                  a header's first value
//	json:/model                     the string, number or boolean at a JSON Pointer (RFC 6901) in the request body,
//	                                gzip and deflate undone; of several members of one name the first
//	const:name                      the name itself
//
// An error names the rule and the forms allowed. A header that carries a
// credential is refused: the recording would hold it as a model's name.
func ParseRule(s string) (Rule, error) {
	kind, arg, _ := strings.Cut(s, ":")
	if kind == "header" && exchange.IsCredential(arg) {
		return Rule{}, fmt.Errorf("rule %q: %s carries a credential, and would be recorded as a name; take another header", s, arg)
	}
	var yield func(*record) string
	switch kind {
	case "path":
		yield = pathRule(arg)
	case "header":
		if headerName.MatchString(arg) {
			yield = func(r *record) string { return r.header.Get(arg) }
		}
	case "json":
		yield = jsonRule(arg)
	case "const":
		if arg != "" {
			yield = func(*record) string { return arg }
		}
	}
	if yield == nil {
		return Rule{}, fmt.Errorf("rule %q: must be one of %s", s, ruleForms)
	}
	return Rule{s, yield}, nil
}

var (
	placeholder = regexp.MustCompile(`\{[A-Za-z_]+\}`)
	headerName  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
)

func pathRule(template string) func(*record) string {
	at := placeholder.FindAllStringIndex(template, -1)
	if len(at) != 1 || !strings.HasPrefix(template, "/") || strings.Contains(template, "?") {
		return nil
	}
	before, after := template[:at[0][0]], template[at[0][1]:]
	if strings.ContainsAny(before+after, "{}") {
		return nil
	}
	return func(r *record) string {
		path, _, _ := strings.Cut(r.uri, "?")
		rest, ok := strings.CutPrefix(path, before)
		if !ok {
			return ""
		}
		name, ok := strings.CutSuffix(rest, after)
		if !ok || strings.Contains(name, "/") {
			return ""
		}
		if decoded, err := url.PathUnescape(name); err == nil {
			return decoded
		}
		return name
	}
}

func jsonRule(pointer string) func(*record) string {
	if !strings.HasPrefix(pointer, "/") {
		return nil
	}
	var path []string
	for _, p := range strings.Split(pointer[1:], "/") {
		path = append(path, strings.NewReplacer("~1", "/", "~0", "~").Replace(p))
	}
	return func(r *record) string {
		text := unpacked(r)
		d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		for _, p := range path {
			if !descend(d, p) {
				return ""
			}
		}
		name, isNumber := scalar(d)
		if isNumber && d.InputOffset() == int64(len(text)) { // the body was cut there, and the number may go on
			return ""
		}
		return name
	}
}

// maxLooked is how much of a packed body a rule looks at, in bytes: a few kilobytes
// may unpack to gigabytes.
const maxLooked = 8 << 20

// unpacked is the text of a request's body, or as much of it as can be read.
func unpacked(r *record) []byte {
	text := r.request.data
	var z io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(strings.Join(r.header.Values("Content-Encoding"), ","))) {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err = gzip.NewReader(bytes.NewReader(text))
	case "deflate":
		if z, err = zlib.NewReader(bytes.NewReader(text)); err != nil { // some send it without a head
			z, err = flate.NewReader(bytes.NewReader(text)), nil
		}
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	if z != nil {
		text, _ = io.ReadAll(io.LimitReader(z, maxLooked)) // where it breaks off the name may have come already
	}
	return bytes.TrimPrefix(text, []byte("\ufeff"))
}

// descend moves d to the value of the member or the element that p names.
func descend(d *jsontext.Decoder, p string) bool {
	open, err := d.ReadToken()
	if err != nil {
		return false
	}
	switch open.Kind() {
	case '{':
		return toMember(d, p)
	case '[':
		index, err := strconv.ParseUint(p, 10, 31)
		return err == nil && toElement(d, index)
	}
	return false
}

func toMember(d *jsontext.Decoder, name string) bool {
	for {
		key, err := d.ReadToken()
		if err != nil || key.Kind() != '"' {
			return false
		}
		if key.String() == name {
			return true
		}
		if d.SkipValue() != nil {
			return false
		}
	}
}

func toElement(d *jsontext.Decoder, index uint64) bool {
	for ; index > 0; index-- {
		if d.PeekKind() == ']' || d.SkipValue() != nil {
			return false
		}
	}
	return d.PeekKind() != ']'
}

// scalar is the text of a string, number or boolean.
func scalar(d *jsontext.Decoder) (text string, isNumber bool) {
	v, err := d.ReadToken()
	if err != nil {
		return "", false
	}
	switch v.Kind() {
	case '"', '0', 't', 'f':
		return v.String(), v.Kind() == '0'
	}
	return "", false
}
