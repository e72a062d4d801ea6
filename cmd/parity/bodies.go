package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/modelparity/parity/internal/answer"
	"github.com/modelparity/parity/internal/exchange"
)

// longestBody is how many bytes of a body are shown.
const longestBody = 1000

// writeBody shows the beginning of a body, unpacked, as a mapping reads it. It may
// be hostile.
func writeBody(b *strings.Builder, a *exchange.Answer) {
	shown := bodyText(a)
	rest := ""
	if n := len(shown); n > longestBody {
		shown, rest = strings.ToValidUTF8(shown[:longestBody], ""), fmt.Sprintf(" … of %s", size(int64(n)))
	}
	for line := range strings.SplitSeq(text.WrapHard(printable(shown), screenWidth-4)+rest, "\n") {
		b.WriteString("    " + line + "\n")
	}
}

// bodyText is a body as text, JSON in one line, or what there is to say of it.
func bodyText(a *exchange.Answer) string {
	const most = 16 << 20
	body, err := answer.Mappable(a, most)
	switch {
	case len(a.Body) == 0:
		return "(nothing)"
	case err != nil:
		return fmt.Sprintf("(%s that can't be unpacked: %v)", size(int64(len(a.Body))), err)
	case !utf8.Valid(body):
		return fmt.Sprintf("(%s that are no text)", size(int64(len(body))))
	}
	var line bytes.Buffer
	if json.Compact(&line, body) != nil {
		return string(body)
	}
	return line.String()
}
