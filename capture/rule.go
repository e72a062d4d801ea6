package capture

import (
	"bytes"
	"fmt"
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
//	json:/model                     the string, number or boolean at a JSON Pointer (RFC 6901) in the request body
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
		d := jsontext.NewDecoder(bytes.NewReader(r.request.data),
			jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		for _, p := range path {
			if !descend(d, p) {
				return ""
			}
		}
		return scalar(d)
	}
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
func scalar(d *jsontext.Decoder) string {
	v, err := d.ReadToken()
	if err != nil {
		return ""
	}
	switch v.Kind() {
	case '"', '0', 't', 'f':
		return v.String()
	}
	return ""
}
