package capture

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

// record is a finished exchange as the tap saw it. What takes time, encoding
// and the rules, is left to the writer.
type record struct {
	arrival            time.Time
	method, uri        string
	header             http.Header
	request, response  copied
	status             int64
	answerHeader       http.Header
	firstByte, latency time.Duration
	defect             exchange.Defect
	failure            exchange.Failure

	bytes int64 // about how much memory it takes; set when it is put into the queue

	given *exchange.Exchange // what somebody else recorded, of which the rest is what rules look at; nil: nobody did
}

// copied is as much of a body as is recorded.
type copied struct {
	data   []byte
	seen   int64 // bytes that passed
	ended  bool  // the body came to its end
	failed bool  // its sender broke off
	noRoom bool  // memory was full; there is no copy
}

// memory is what the copies of exchanges under way may still take, in bytes.
type memory struct{ left atomic.Int64 }

func (m *memory) take(n int64) bool {
	if m.left.Add(-n) >= 0 {
		return true
	}
	m.left.Add(n)
	return false
}

// add copies p, up to limit bytes of a body, with memory taken from m.
func (c *copied) add(p []byte, limit int64, m *memory) {
	c.seen += int64(len(p))
	p = p[:min(int64(len(p)), limit-int64(len(c.data)))]
	if c.noRoom || !c.grow(len(p), limit, m) {
		c.release(m)
		c.data, c.noRoom = nil, true
		return
	}
	c.data = append(c.data, p...)
}

// grow makes room for n bytes more, by doubling: append goes in steps of a
// quarter for a large body, and copies it anew each time.
func (c *copied) grow(n int, limit int64, m *memory) bool {
	need, have := int64(len(c.data)+n), int64(cap(c.data))
	if need <= have {
		return true
	}
	size := min(max(need, 2*have), limit)
	if !m.take(size - have) {
		return false
	}
	c.data = append(make([]byte, 0, size), c.data...)
	return true
}

// release gives the copy's memory back to m. The copy may live on elsewhere.
func (c *copied) release(m *memory) { m.left.Add(int64(cap(c.data))) }

// cut says that the body was over the limit.
func (c *copied) cut() bool { return c.seen > int64(len(c.data)) }

// recordOverhead stands for what a record takes beside its bytes. It also
// bounds how many records a queue can hold.
const recordOverhead = 1 << 10

// size is about how much memory the record takes.
func (r *record) size() int64 {
	if e := r.given; e != nil {
		return int64(recordOverhead + len(e.Request.Headers) + len(e.Request.Body) + len(e.Reference.Headers) + len(e.Reference.Body))
	}
	n := recordOverhead + len(r.uri) + cap(r.request.data) + cap(r.response.data)
	for _, h := range []http.Header{r.header, r.answerHeader} {
		for name, values := range h {
			for _, v := range values {
				n += len(name) + len(v)
			}
		}
	}
	return int64(n)
}

// builder makes rows of records.
type builder struct {
	model, version   []Rule
	models, versions names
	sample           *sampler      // nil: all is recorded
	out              *byModel      // what it leaves out
	unknown          *atomic.Int64 // those of no model
	redact           *redactor     // nil: nothing is hidden
}

// names are the different values seen, at most maxNames: they come from
// clients, and everything downstream keeps something for each.
type names map[string]bool

const (
	maxNames   = 10_000
	maxNameLen = 256 // bytes
)

// row makes the row. A panic, of a rule say, becomes an error. With an error there is
// a row, or none, that must not be recorded.
func (b *builder) row(r *record) (e *exchange.Exchange, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if r.given != nil {
		return b.finish(b.givenRow(r))
	}
	e = &exchange.Exchange{
		ID: exchange.NewID(r.arrival), Time: exchange.At(r.arrival), Defect: r.defect, SamplingProbability: 1,
		Model:        b.models.pick(b.model, r, exchange.UnknownModel),
		ModelVersion: b.versions.pick(b.version, r, ""),
		Request: exchange.Request{
			SourceID: exchange.Clean(r.header.Get("X-Request-Id")), Method: r.method, Path: exchange.Clean(r.uri),
			Headers: exchange.EncodeHeaders(r.header), ContentType: exchange.Clean(r.header.Get("Content-Type")),
			Body: r.request.data,
		},
		Reference: exchange.Answer{Status: r.status, Failure: r.failure, LatencyUS: r.latency.Microseconds()},
	}
	if r.status != 0 {
		a := &e.Reference
		a.Headers, a.ContentType = exchange.EncodeHeaders(r.answerHeader), exchange.Clean(r.answerHeader.Get("Content-Type"))
		a.Body, a.FirstByteUS = r.response.data, r.firstByte.Microseconds()
	}
	return b.finish(e)
}

// finish samples and redacts e. What its request hash is of is what is recorded of
// it: the hash is no way to find out the rest.
func (b *builder) finish(e *exchange.Exchange) (*exchange.Exchange, error) {
	if e.Model == exchange.UnknownModel {
		b.unknown.Add(1)
	}
	if !b.sample.take(e) {
		b.out.add(e.Model)
		return e, errSampledOut
	}
	if err := b.redact.apply(e); err != nil {
		return e, err
	}
	e.RequestHash = exchange.HashRequest(e)
	return e, nil
}

// pick is what the first rule that yields says. Names that are too long and
// new names past the limit become other: cutting a name would make one model of two.
func (n names) pick(rules []Rule, r *record, other string) string {
	for _, rule := range rules {
		name := exchange.Clean(rule.yield(r))
		if name == "" {
			continue
		}
		return n.known(name, other)
	}
	return other
}

// known is the name, as long as there is room for it.
func (n names) known(name, other string) string {
	if len(name) > maxNameLen || !n[name] && len(n) >= maxNames {
		return other
	}
	n[name] = true
	return name
}
