package capture

import (
	"net/http"

	"github.com/modelparity/parity/internal/exchange"
)

// Namer is a function that finds names, of models or of their versions, in
// requests that something else recorded: what the first of the rules that yields
// says, "" where none does, and for new names past the number that a sidecar
// takes. It is not safe for concurrent use.
func Namer(rules []Rule) func(*exchange.Exchange) string {
	seen := names{}
	return func(e *exchange.Exchange) string {
		h := http.Header{}
		fields, _ := exchange.DecodeHeaders(e.Request.Headers) // they are EncodeHeaders' own
		for _, f := range fields {
			h.Add(f.Name, f.Value)
		}
		return seen.pick(rules, &record{uri: e.Request.Path, header: h, request: copied{data: e.Request.Body}}, "")
	}
}
