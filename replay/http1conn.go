package replay

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a connection that is asked one thing at a time.
type conn struct {
	net.Conn
	in   *bufio.Reader
	out  []byte
	head int64 // how many bytes of an answer's head may still come
	idle time.Time
	used bool // it has answered before
}

const (
	// maxHead is how large the head of an answer may be, as in net/http.
	maxHead = 10 << 20
	// atOnce is how large a request may be to be written before its answer is
	// looked for. No idle connection blocks on so little; with more, a server that
	// answers before it has read all would be waited for in vain.
	atOnce = 16 << 10
	// maxIdle is how long a connection waits for the next request: less than what
	// servers and balancers usually have.
	maxIdle = 30 * time.Second
)

func newConn(raw net.Conn) *conn {
	c := &conn{Conn: raw}
	c.in = bufio.NewReader(c)
	return c
}

var errHead = fmt.Errorf("server response headers exceeded %d bytes; aborted", maxHead) // as net/http says it

// Read counts what an answer's head takes.
func (c *conn) Read(b []byte) (int, error) {
	if c.head <= 0 {
		return 0, errHead
	}
	n, err := c.Conn.Read(b[:min(int64(len(b)), c.head)])
	c.head -= int64(n)
	return n, err
}

// ask writes m and reads the head of the answer. The connection is closed, or
// waits for the next request, when the answer's body is closed or an error comes.
func (c *conn) ask(ctx context.Context, m *message, first *firstByte) (*http.Response, error) {
	a := &talk{conn: c, ctx: ctx, pool: &m.wire.idle}
	a.stop = context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	a.write(m)
	res, err := c.readHead(m.method, first)
	if err != nil {
		err = a.why(err)
		a.end(false)
		return nil, err
	}
	a.ReadCloser, a.keep = res.Body, !res.Close && res.StatusCode >= 200
	res.Body = a
	return res, nil
}

// headOnly has net/http expect no body.
var headOnly = &http.Request{Method: http.MethodHead}

func (c *conn) readHead(method string, first *firstByte) (*http.Response, error) {
	c.head = maxHead
	if _, err := c.in.Peek(1); err != nil {
		return nil, err
	}
	first.mark()
	var asked *http.Request
	if method == http.MethodHead {
		asked = headOnly
	}
	for {
		res, err := http.ReadResponse(c.in, asked)
		if err != nil && c.head <= 0 {
			return nil, errHead // not what it made of the part that it got
		}
		if err != nil {
			return nil, err
		}
		switch {
		case res.StatusCode == http.StatusSwitchingProtocols && upgrades(res.Header):
			res.Body = io.NopCloser(c.in) // whatever comes, until it ends
		case 100 <= res.StatusCode && res.StatusCode < 200 && res.StatusCode != http.StatusSwitchingProtocols:
			continue // the answer is still to come
		}
		c.head = 1 << 62 // the body has a limit of its own
		return res, nil
	}
}

func upgrades(h http.Header) bool {
	return slices.ContainsFunc(h["Connection"], func(v string) bool { return strings.Contains(strings.ToLower(v), "upgrade") })
}

// talk is one request and its answer on a connection. As a body it reads the
// answer's.
type talk struct {
	io.ReadCloser
	conn    *conn
	ctx     context.Context
	pool    *pool
	stop    func() bool // keeps the end of ctx from breaking the connection off
	written chan error  // of a request that is written while its answer is read
	wrote   error
	keep    bool // the connection can be asked again when the body has ended
	whole   bool // it has
}

// write sends m. What fails shows where the answer is read: a server may have
// answered before it closed the connection.
func (a *talk) write(m *message) {
	c := a.conn
	c.out = m.append(c.out[:0])
	if len(c.out)+len(m.body) <= atOnce {
		c.out = append(c.out, m.body...)
		_, a.wrote = c.Write(c.out)
		return
	}
	a.written = make(chan error, 1)
	parts := net.Buffers{c.out, m.body}
	go func() {
		_, err := parts.WriteTo(c.Conn)
		a.written <- err
	}()
}

// errSurplus is that more came than one answer on a connection that has answered
// before. The first of it may be a late one that nobody asked for.
var errSurplus = errors.New("the server sent more than one answer, so that it is not known which is the request's")

func (a *talk) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	if err == io.EOF {
		a.whole = true
		if a.conn.in.Buffered() > 0 {
			a.pool.distrust()
			if a.conn.used {
				return n, errSurplus
			}
		}
	}
	return n, a.why(err)
}

// why is the context's error where that, or the time, broke the connection off.
func (a *talk) why(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return cmp.Or(a.ctx.Err(), context.DeadlineExceeded)
	}
	return err
}

// Close ends the talk. It never fails.
func (a *talk) Close() error {
	a.end(a.keep && a.whole && a.conn.in.Buffered() == 0)
	return nil
}

func (a *talk) end(keep bool) {
	if !a.stop() {
		keep = false // its deadline has passed
	}
	if a.written != nil {
		select {
		case a.wrote = <-a.written:
			a.written = nil
		default: // the answer came before all was written
			keep = false
		}
	}
	if keep && a.wrote == nil {
		a.pool.put(a.conn)
		return
	}
	a.conn.Close()
	if a.written != nil {
		<-a.written
	}
}

// pool holds the connections that wait for a request, the latest last.
//
// What comes on one that waits belongs to no request: the connection is closed. But
// had it come a moment later, it would have been taken for the next answer, and
// each answer for the one after. So a server that says what it was not asked is
// not trusted any more: from then on each request has a connection of its own.
// What was answered before on connections that had been used may be another's.
type pool struct {
	mu         sync.Mutex
	idle       []*conn
	distrusted atomic.Bool
	reused     atomic.Int64 // requests that went out on connections that had been used
}

// outOfTurn says that the server has said what it was not asked.
func (p *pool) outOfTurn() bool { return p != nil && p.distrusted.Load() }

// sharing is how many requests went out on connections that had been used.
func (p *pool) sharing() int64 {
	if p == nil {
		return 0
	}
	return p.reused.Load()
}

// listen hears what came on the connections that wait.
func (p *pool) listen() {
	if p == nil {
		return
	}
	p.mu.Lock()
	said := false
	p.idle = slices.DeleteFunc(p.idle, func(c *conn) bool {
		what := hear(c.Conn)
		if said = said || what == unasked; what != nothing {
			c.Close()
		}
		return what != nothing
	})
	p.mu.Unlock()
	if said {
		p.distrust()
	}
}

// heard is what came on a connection that waits.
type heard uint8

const (
	nothing heard = iota
	ended
	unasked
)

func (p *pool) distrust() {
	p.distrusted.Store(true)
	p.close()
}

// take returns a connection that the server has not closed, as far as one can
// know, or nil. It has a deadline from then on.
func (p *pool) take(deadline time.Time) *conn {
	for {
		p.mu.Lock()
		n := len(p.idle) - 1
		if n < 0 {
			p.mu.Unlock()
			return nil
		}
		c := p.idle[n]
		p.idle = slices.Delete(p.idle, n, n+1)
		p.mu.Unlock()
		c.SetDeadline(deadline)
		what := hear(c.Conn)
		if what == nothing && time.Since(c.idle) < maxIdle {
			c.used = true
			p.reused.Add(1)
			return c
		}
		c.Close()
		if what == unasked {
			p.distrust()
		}
	}
}

// put keeps c, and closes those that have waited for too long.
func (p *pool) put(c *conn) {
	c.idle = time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.distrusted.Load() {
		c.Close()
		return
	}
	for len(p.idle) > 0 && c.idle.Sub(p.idle[0].idle) > maxIdle {
		p.idle[0].Close()
		p.idle = slices.Delete(p.idle, 0, 1)
	}
	p.idle = append(p.idle, c)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}
