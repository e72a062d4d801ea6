package answer

import (
	"strconv"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// contentType is what a Content-Type says about how to read a body.
type contentType struct {
	media      string // lower case, without parameters
	form       Form   // "" where the body has to tell
	scalars    bool   // the body may be a bare JSON scalar: no type that says anything is declared
	charset    string // its usual name; "" for UTF-8
	declared   bool   // a charset is declared, be it UTF-8
	header     string // "present" or "absent", of CSV (RFC 4180)
	jsonHeader int    // SageMaker's json-header-size, in bytes: binary tensors follow that much JSON; -1 without
}

// parseContentType is lenient: parameters that make no sense are left out.
// mime.ParseMediaType would allocate, and a server may change from
// "application/json" to "application/json;charset=utf-8" for every answer.
func parseContentType(header string) contentType {
	media, rest, _ := strings.Cut(header, ";")
	c := contentType{media: strings.ToLower(strings.TrimSpace(media)), jsonHeader: -1}
	c.form, c.scalars = formOf(c.media)
	for rest != "" {
		var parameter string
		parameter, rest = cutParameter(rest)
		name, value, _ := strings.Cut(parameter, "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, "charset"):
			c.charset, c.declared = canonicalCharset(value), value != ""
		case strings.EqualFold(name, "header"):
			c.header = strings.ToLower(value)
		case strings.EqualFold(name, "json-header-size"):
			if n, err := strconv.Atoi(value); err == nil && n >= 0 {
				c.jsonHeader = n
			}
		}
	}
	return c
}

// cutParameter cuts at the first semicolon that is not within quotes.
func cutParameter(s string) (parameter, rest string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ';' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// formOf is what a media type says of the form: "" where the body has to tell.
// Then scalars says whether a bare JSON number or string counts as JSON: in a
// text/plain it is a text.
func formOf(media string) (form Form, scalars bool) {
	switch media {
	case "application/json", "text/json":
		return JSON, false
	case "application/jsonlines", "application/jsonl", "application/x-ndjson", "application/ndjson", "application/x-jsonlines":
		return Lines, false
	case "text/csv", "application/csv":
		return CSV, false
	case "", "application/octet-stream", "binary/octet-stream", "*/*": // some servers give the client's Accept back
		return "", true
	}
	switch {
	case strings.HasSuffix(media, "+json"):
		return JSON, false
	case strings.HasPrefix(media, "text/"):
		return "", false
	case !strings.Contains(media, "/"): // no media type at all
		return "", true
	}
	return Binary, false
}

// canonicalCharset is one name for all of a charset's; "" for UTF-8 and ASCII,
// which is part of it. An unknown one is kept.
func canonicalCharset(label string) string {
	for _, utf8 := range []string{"", "utf-8", "utf8", "us-ascii", "ascii"} {
		if strings.EqualFold(label, utf8) {
			return ""
		}
	}
	label = strings.ToLower(label)
	encoding, err := htmlindex.Get(label)
	if err != nil {
		return label
	}
	if name, err := htmlindex.Name(encoding); err == nil {
		label = name
	}
	return label
}

// sameHeaderRow says that the first row of a CSV is the same to both. Only one
// saying what it is is no difference.
func sameHeaderRow(a, b contentType) bool {
	return a.header == b.header || a.header == "" || b.header == ""
}
