package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

// curl is a command line that sends the request to the run's target.
func curl(run *dataset.Run, e *exchange.Exchange) string {
	const inline = 8 << 10
	url, err := replay.RequestURL(run.Info.Target, e)
	if err != nil {
		return fmt.Sprintf("(it can't be sent: %v)", err)
	}
	args := []string{
		"curl -sSig --path-as-is -X " + shellQuote(e.Request.Method) + " " + shellQuote(url),
		"-H '" + replay.RunHeader + ": " + run.Info.ID + "'", "-H '" + replay.ExchangeHeader + ": " + e.ID.String() + "'",
	}
	fields, err := exchange.DecodeHeaders(e.Request.Headers)
	if err != nil {
		return fmt.Sprintf("(it can't be sent: %v)", err)
	}
	if e.Request.ContentType == "" && len(e.Request.Body) > 0 {
		args = append(args, "-H 'content-type:'") // curl would make one up
	}
	for _, f := range fields {
		if !slices.Contains(curlSets, f.Name) {
			args = append(args, "-H "+shellQuote(f.Name+": "+f.Value))
		}
	}
	switch body := e.Request.Body; {
	case len(body) == 0:
	case len(body) <= inline && utf8.Valid(body) && !strings.ContainsRune(string(body), 0):
		args = append(args, "--data-raw "+shellQuote(string(body)))
	default:
		field, decode := ".body", ""
		if !utf8.Valid(body) {
			field, decode = ".body_base64", "base64 -d |\n  " // jq's @base64d changes what is no text
		}
		from := fmt.Sprintf("  parity cat %s | jq -j 'select(.id == \"%s\") | .request%s'", shellQuote(run.Location), e.ID, field)
		return from + " |\n  " + decode + strings.Join(append(args, "--data-binary @-"), " \\\n  ")
	}
	return "  " + strings.Join(args, " \\\n    ")
}

// curlSets are the fields that curl makes itself.
var curlSets = []string{"content-length", "connection", "host", "transfer-encoding", "accept-encoding"}

func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+=,", r))
	}) {
		return s
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7f || r == utf8.RuneError }) {
		return ansiQuote(s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ansiQuote is bash's $'…', which shows control characters harmlessly.
func ansiQuote(s string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
