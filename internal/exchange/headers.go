package exchange

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Header is one header field.
type Header struct{ Name, Value string }

// credentials are the header fields that never reach the disk.
var credentials = []string{
	"Api-Key", "Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "Set-Cookie", "Set-Cookie2",
	"X-Access-Token", "X-Amz-Security-Token", "X-Api-Key", "X-Auth-Token", "X-Csrf-Token",
}

// IsCredential says that a header field carries a secret and must not be kept.
func IsCredential(name string) bool {
	return slices.ContainsFunc(credentials, func(c string) bool { return strings.EqualFold(c, name) })
}

// EncodeHeaders writes fields as a JSON array of [name, value] pairs, names in
// lower case and sorted, repeated fields in their order, credentials left out.
// A value that is not UTF-8 becomes [name, base64 of the value, "base64"].
func EncodeHeaders(h http.Header) []byte {
	names := make([]string, 0, len(h))
	for name := range h {
		if !IsCredential(name) {
			names = append(names, name)
		}
	}
	// Names that differ in case only are one name; which comes first must not
	// depend on the map.
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
	pairs := make([][]string, 0, len(names))
	for _, name := range names {
		for _, v := range h[name] {
			pair := []string{strings.ToLower(name), v}
			if !utf8.ValidString(v) {
				pair = []string{strings.ToLower(name), base64.StdEncoding.EncodeToString([]byte(v)), "base64"}
			}
			pairs = append(pairs, pair)
		}
	}
	text, err := json.Marshal(pairs)
	if err != nil {
		panic("strings always marshal: " + err.Error())
	}
	return text
}

// DecodeHeaders reads what EncodeHeaders wrote. Empty input is no headers.
func DecodeHeaders(text []byte) ([]Header, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var pairs [][]string
	if err := json.Unmarshal(text, &pairs); err != nil {
		return nil, fmt.Errorf("read headers: %w", err)
	}
	headers := make([]Header, 0, len(pairs))
	for _, p := range pairs {
		switch {
		case len(p) == 2:
			headers = append(headers, Header{p[0], p[1]})
		case len(p) == 3 && p[2] == "base64":
			v, err := base64.StdEncoding.DecodeString(p[1])
			if err != nil {
				return nil, fmt.Errorf("read header %s: %w", p[0], err)
			}
			headers = append(headers, Header{p[0], string(v)})
		default:
			return nil, fmt.Errorf("read headers: %q is no [name, value] pair", p)
		}
	}
	return headers, nil
}
