package replay

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/modelparity/parity/internal/exchange"
)

// message is a request on its way, as http1 writes it.
type message struct {
	wire   *http1
	method string
	uri    string
	head   *head
	id     exchange.ID
	body   []byte
}

// head is what requests with the same recorded fields have in common.
type head struct {
	agent  []byte // the User-Agent line, if any
	fields []byte // the other lines, and the empty one
	id     int    // where in fields the exchange's id belongs
}

// append writes the head in the order in which net/http does.
func (m *message) append(dst []byte) []byte {
	dst = append(append(append(dst, m.method...), ' '), m.uri...)
	dst = append(append(dst, " HTTP/1.1\r\nHost: "...), m.wire.host...)
	dst = append(append(dst, "\r\n"...), m.head.agent...)
	if len(m.body) > 0 || m.method == http.MethodPost || m.method == http.MethodPut || m.method == http.MethodPatch {
		dst = strconv.AppendInt(append(dst, "Content-Length: "...), int64(len(m.body)), 10)
		dst = append(dst, "\r\n"...)
	}
	at := len(dst) + m.head.id
	dst = append(dst, m.head.fields...)
	m.id.Encode(dst[at:])
	return dst
}

// heads keeps what recorded fields came to. Those of a recording are mostly the
// same, and to decode, sort and check them costs more than to send them.
type heads struct {
	mu    sync.RWMutex
	known map[string]*head
}

// Past this many, or for fields this large, it is not worth the memory.
const (
	maxHeads     = 1000
	maxHeadBytes = 4 << 10
)

func (hs *heads) of(c *httpClient, e *exchange.Exchange) (*head, error) {
	hs.mu.RLock()
	h := hs.known[string(e.Request.Headers)]
	hs.mu.RUnlock()
	if h != nil {
		return h, nil
	}
	fields, err := c.header(e)
	if err != nil {
		return nil, err
	}
	h = newHead(fields)
	if len(e.Request.Headers) <= maxHeadBytes {
		hs.keep(string(e.Request.Headers), h)
	}
	return h, nil
}

func (hs *heads) keep(recorded string, h *head) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.known == nil || len(hs.known) >= maxHeads {
		hs.known = map[string]*head{}
	}
	hs.known[recorded] = h
}

// newHead writes fields as net/http does, with room for an id.
func newHead(fields http.Header) *head {
	h := &head{}
	if agent := fields.Get("User-Agent"); agent != "" {
		h.agent = []byte("User-Agent: " + strings.Trim(agent, " \t") + "\r\n")
	}
	var text bytes.Buffer
	text.WriteString("\r\n") // so that each line has one before it
	fields.WriteSubset(&text, map[string]bool{"User-Agent": true})
	text.WriteString("\r\n")
	const line = "\r\n" + ExchangeHeader + ": "
	h.fields = text.Bytes()[2:]
	h.id = bytes.Index(text.Bytes(), []byte(line)) + len(line) - 2
	return h
}
