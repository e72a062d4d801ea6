package compare

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/modelparity/parity/internal/exchange"
)

// maxDecoded is how many bytes of a gzipped answer are unpacked. One that is
// larger can't be judged.
const maxDecoded = 256 << 20

// form is how a body is read.
type form string

const (
	jsonForm form = "json"
	csvForm  form = "csv"
	textForm form = "text" // anything else: compared byte by byte
)

// body is an answer's body without its encodings: UTF-8, for text.
type body struct {
	form form
	text []byte
}

// readBody undoes the content encoding and the charset, and tells the form.
// maxDecoded bounds the unpacked bytes; past them the error is errTooLarge.
func readBody(a *exchange.Answer, maxDecoded int64) (body, error) {
	text, err := unpack(a, maxDecoded)
	if err != nil {
		return body{}, err
	}
	mediaType, charset := contentType(a.ContentType)
	b := body{form: formOf(mediaType, text), text: text}
	if charset == latin1 {
		b.text = fromLatin1(text)
	} else if charset != utf8Charset {
		return body{}, fmt.Errorf("charset %q is not supported", charset)
	}
	return b, nil
}

// unpack undoes the Content-Encoding.
func unpack(a *exchange.Answer, maxDecoded int64) ([]byte, error) {
	// Most answers have none: that is seen without decoding the headers.
	if !isEncoded(a) {
		return a.Body, nil
	}
	list, err := encodings(a)
	if err != nil {
		return nil, err
	}
	text := a.Body
	for _, name := range slices.Backward(list) { // the last encoding was applied last
		if name != "gzip" && name != "x-gzip" {
			return nil, fmt.Errorf("content encoding %q is not supported", name)
		}
		if text, err = gunzip(text, maxDecoded); err != nil {
			return nil, err
		}
	}
	return text, nil
}

func isEncoded(a *exchange.Answer) bool {
	return bytes.Contains(a.Headers, []byte(`"content-encoding"`))
}

// encodings lists the content encodings in lower case, identity left out.
func encodings(a *exchange.Answer) ([]string, error) {
	headers, err := exchange.DecodeHeaders(a.Headers)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, h := range headers {
		name := strings.ToLower(strings.TrimSpace(h.Value))
		if h.Name == "content-encoding" && name != "" && name != "identity" {
			list = append(list, name)
		}
	}
	return list, nil
}

// sameBody says whether both bodies are the same bytes and would be decoded
// alike, be it in a way that is not known here.
func sameBody(a, b *exchange.Answer) bool {
	return bytes.Equal(a.Body, b.Body) && sameCharset(a, b) && sameEncodings(a, b)
}

func sameCharset(a, b *exchange.Answer) bool {
	if a.ContentType == b.ContentType {
		return true
	}
	_, charsetA := contentType(a.ContentType)
	_, charsetB := contentType(b.ContentType)
	return charsetA == charsetB
}

func sameEncodings(a, b *exchange.Answer) bool {
	if bytes.Equal(a.Headers, b.Headers) || !isEncoded(a) && !isEncoded(b) {
		return true
	}
	listA, errA := encodings(a)
	listB, errB := encodings(b)
	return errA == nil && errB == nil && slices.Equal(listA, listB)
}

func gunzip(packed []byte, maxDecoded int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxDecoded+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > maxDecoded {
		return nil, errTooLarge
	}
	return text, nil
}

const (
	utf8Charset = "utf-8"
	latin1      = "iso-8859-1"
)

// contentType splits a Content-Type into its lower-case type and its charset,
// by its usual name. Parameters that make no sense are left out.
func contentType(header string) (mediaType, charset string) {
	mediaType, parameters, err := mime.ParseMediaType(header)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		mediaType, _, _ = strings.Cut(strings.ToLower(header), ";")
		mediaType = strings.TrimSpace(mediaType)
	}
	switch charset = strings.ToLower(parameters["charset"]); charset {
	case "", "utf8", "us-ascii", "ascii":
		charset = utf8Charset
	case "latin1", "latin-1", "iso8859-1", "iso_8859-1":
		charset = latin1
	}
	return mediaType, charset
}

// formOf goes by the type. Without one, a body that starts like an object or an
// array is JSON, and so is one that is a whole JSON value of another kind.
func formOf(mediaType string, text []byte) form {
	switch mediaType {
	case "application/json", "text/json":
		return jsonForm
	case "text/csv":
		return csvForm
	case "", "application/octet-stream", "binary/octet-stream":
		start := bytes.TrimLeft(text, " \t\r\n")
		if len(start) > 0 && (start[0] == '{' || start[0] == '[') || jsontext.Value(text).IsValid() {
			return jsonForm
		}
	}
	if strings.HasSuffix(mediaType, "+json") {
		return jsonForm
	}
	return textForm
}

func fromLatin1(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, b := range text {
		out = utf8.AppendRune(out, rune(b))
	}
	return out
}
