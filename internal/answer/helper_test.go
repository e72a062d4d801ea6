package answer

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/tape"
)

// answered is an answer with header fields: name, value, name, value, …
func answered(contentType, body string, fields ...string) *exchange.Answer {
	h := http.Header{"Content-Type": {contentType}, "Date": {"Mon, 23 Nov 2026 09:00:00 GMT"}}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return &exchange.Answer{Status: 200, ContentType: contentType, Headers: exchange.EncodeHeaders(h), Body: []byte(body)}
}

// read decodes one answer, beside one that has nothing in common with it.
func read(a *exchange.Answer) Decoded {
	var p Pair
	p.Read(a, answered("image/png", "?"))
	return p.Reference
}

// show writes a tape in short: names and texts without quotes and escapes, cells
// and literals as they are.
func show(t *tape.Tape) string {
	var b strings.Builder
	showNode(&b, t, 0)
	return b.String()
}

func showNode(b *strings.Builder, t *tape.Tape, n int32) {
	kind := t.Nodes[n].Kind
	switch kind {
	case tape.String, tape.Cell:
		b.Write(t.Str(n))
	case tape.Object, tape.Array:
		b.WriteByte(byte(kind))
		for c := n + 1; c < t.Nodes[n].End; c = t.Nodes[c].End {
			if t.Nodes[c].Index > 0 {
				b.WriteByte(' ')
			}
			if kind == tape.Object {
				b.WriteString(string(t.Name(c)) + ":")
			}
			showNode(b, t, c)
		}
		b.WriteByte(byte(kind) + 2) // the closing bracket
	default:
		b.Write(t.Literal(n))
	}
}

// showRead is the form and the tape, or the error.
func showRead(d *Decoded) string {
	if d.Err != nil {
		return d.Err.Error()
	}
	return string(d.Form) + " " + show(&d.Tape)
}

// packed is text in a content encoding: gzip, zlib, or bare deflate data.
func packed(t testing.TB, encoding, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	default:
		var err error
		if w, err = flate.NewWriter(&b, flate.DefaultCompression); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
