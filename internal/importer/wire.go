package importer

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// wireMessage is a message of HTTP/1 (RFC 9112), its body without transfer coding.
type wireMessage struct {
	start  string // the request line, or the status line
	header http.Header
	body   []byte
	cut    bool // the body's end is not there
}

// readMessage reads a message that is all of r. bodyless says of a start line that
// no body follows; where nothing says a length, an answer's goes on to the end.
func readMessage(r *bufio.Reader, answer bool, bodyless func(start string) bool) (m wireMessage, err error) {
	text := textproto.NewReader(r)
	if m.start, err = text.ReadLine(); err != nil {
		return m, fmt.Errorf("read its first line: %w", wholly(err))
	}
	fields, err := text.ReadMIMEHeader()
	if err != nil {
		return m, fmt.Errorf("read its header: %w", wholly(err))
	}
	m.header = http.Header(fields)
	length, lengthErr := strconv.ParseInt(m.header.Get("Content-Length"), 10, 64)
	switch {
	case bodyless(m.start):
	case strings.HasSuffix(strings.ToLower(m.header.Get("Transfer-Encoding")), "chunked"):
		m.header.Del("Transfer-Encoding")
		m.body, err = io.ReadAll(httputil.NewChunkedReader(r))
		m.cut = err != nil
	case lengthErr == nil && length >= 0:
		m.body, err = io.ReadAll(io.LimitReader(r, length))
		m.cut = err != nil || int64(len(m.body)) < length
	case answer:
		m.body, err = io.ReadAll(r)
		m.cut = err != nil
	}
	return m, nil
}

// wireRequest fills in what a request's bytes say.
func wireRequest(raw []byte, e *exchange.Exchange) error {
	m, err := readMessage(bufio.NewReader(bytes.NewReader(raw)), false, func(string) bool { return false })
	if err != nil {
		return err
	}
	method, rest, _ := strings.Cut(m.start, " ")
	target, proto, ok := strings.Cut(rest, " ")
	if !ok || method == "" || target == "" || !strings.HasPrefix(proto, "HTTP/1.") {
		return fmt.Errorf("%.100q is no request line of HTTP/1", m.start)
	}
	if origin, ok := originForm(target); ok { // as proxies are asked
		target = origin
	}
	r := &e.Request
	r.Method, r.Path, r.Body, r.ContentType, r.Headers = method, target, m.body, m.header.Get("Content-Type"), exchange.EncodeHeaders(m.header)
	if m.cut {
		e.Defect = exchange.RequestTruncated
	}
	return nil
}

// wireAnswer fills in what an answer's bytes say, interim answers aside.
func wireAnswer(raw []byte, e *exchange.Exchange) error {
	r := bufio.NewReader(bytes.NewReader(raw))
	for {
		status := int64(0)
		m, err := readMessage(r, true, func(start string) bool {
			proto, rest, _ := strings.Cut(start, " ")
			code, _, _ := strings.Cut(rest, " ")
			if strings.HasPrefix(proto, "HTTP/1.") && len(code) == 3 {
				status, _ = strconv.ParseInt(code, 10, 64)
			}
			return status < 200 || status == http.StatusNoContent || status == http.StatusNotModified
		})
		switch {
		case err != nil:
			return err
		case status < 100:
			return fmt.Errorf("%.100q is no status line of HTTP/1", m.start)
		case status == http.StatusSwitchingProtocols:
			return errors.New("it switches to another protocol")
		case status < 200:
			continue
		}
		a := &e.Reference
		a.Status, a.Body, a.ContentType, a.Headers = status, m.body, m.header.Get("Content-Type"), exchange.EncodeHeaders(m.header)
		if m.cut {
			e.Defect = exchange.ResponseTruncated
		}
		return nil
	}
}
