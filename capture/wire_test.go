package capture

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
)

var update = flag.Bool("update", false, "write the golden files anew")

// wireCase is one conversation of testdata/wire; that folder's README says how
// it is written down.
type wireCase struct {
	path  string
	about []string
	steps []step
	want  []string // the lines after "="
}

type step struct {
	client bool
	text   string
	closes bool // the connection, after the text
	lines  []string
}

func readCase(t *testing.T, path string) *wireCase {
	c := &wireCase{path: path}
	for _, line := range strings.Split(strings.TrimSuffix(string(must(os.ReadFile(path))), "\n"), "\n") {
		mark, text := line[:min(1, len(line))], strings.TrimPrefix(line[min(1, len(line)):], " ")
		switch mark {
		case "#":
			c.about = append(c.about, line)
		case ">", "<":
			if n := len(c.steps); n == 0 || c.steps[n-1].client != (mark == ">") || c.steps[n-1].closes || text == "[then]" {
				c.steps = append(c.steps, step{client: mark == ">"})
			}
			s := &c.steps[len(c.steps)-1]
			s.lines = append(s.lines, line)
			switch text {
			case "[then]":
			case "[closes]":
				s.closes = true
			default:
				s.text += unescape(t, text)
			}
		case "=":
			c.want = append(c.want, text)
		default:
			t.Fatalf("%s: what is %q?", path, line)
		}
	}
	return c
}

var escapes = regexp.MustCompile(`\\(x[0-9a-f]{2}|[rnt\\]|[0-9]+\*.)`)

// unescape makes bytes of a line: it ends in CRLF unless it ends in a backslash.
func unescape(t *testing.T, line string) string {
	body, open := strings.CutSuffix(line, `\`)
	body = escapes.ReplaceAllStringFunc(body, func(e string) string {
		if n, what, ok := strings.Cut(e[1:], "*"); ok {
			return strings.Repeat(what, must(strconv.Atoi(n)))
		}
		return must(strconv.Unquote(`"` + e + `"`))
	})
	if open {
		return body
	}
	return body + "\r\n"
}

func (c *wireCase) write(t *testing.T, got []string) {
	lines := slices.Clone(c.about)
	for _, s := range c.steps {
		lines = append(lines, s.lines...)
	}
	for _, g := range got {
		lines = append(lines, "= "+g)
	}
	if err := os.WriteFile(c.path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// side is one end of a conversation, with a socket of its own.
type side struct {
	*table
	in     []byte
	closed bool     // what came ends here
	conn   net.Conn // the one that was heard last
	out    []byte
	shut   bool // out ends here
}

// table is what the two sides sit at: whoever hears something wakes who waits.
type table struct {
	mu     sync.Mutex
	change *sync.Cond
}

func newTable() *table {
	t := &table{}
	t.change = sync.NewCond(&t.mu)
	return t
}

// hear reads c to its end.
func (s *side) hear(c net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		s.mu.Lock()
		if n > 0 {
			s.conn = c
		}
		s.in = append(s.in, buf[:n]...)
		s.closed = err != nil
		s.change.Broadcast()
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *side) say(st step) {
	s.mu.Lock()
	c := s.conn
	s.out = append(s.out, st.text...)
	s.shut = s.shut || st.closes
	s.mu.Unlock()
	c.Write([]byte(st.text)) // who does not listen any more has said so
	if st.closes {
		c.Close()
	}
}

// wait until done, which is called with the lock. Ten seconds are for a sidecar
// that hangs.
func (s *side) wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	late := false
	timer := time.AfterFunc(10*time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.change.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !done() {
		if late {
			t.Errorf("%s waits in vain", what)
			return
		}
		s.change.Wait()
	}
}

// conversation is what both sides heard.
type conversation struct {
	requests, answers []*message
	canceled          bool // the client went, and then the old service's connection ended
}

// talk plays a case between a client that connects to front and an origin.
// Whoever has to say something waits until it has heard, in whatever spelling, all
// that the other one said.
func (c *wireCase) talk(t *testing.T, front string, origin *side) conversation {
	t.Helper()
	client := &side{table: origin.table, conn: must(net.Dial("tcp", front))}
	defer client.conn.Close()
	go client.hear(client.conn)
	var methods []string
	requests := func(b []byte) string { return progress(messages(b, nil, false, false)) }
	answers := func(b []byte, closed bool) []*message { return messages(b, methods, true, closed) }
	refused := func() bool { // an answer that the origin did not give
		return client.closed || ended(answers(client.in, false)) > ended(answers(origin.out, origin.shut))
	}
	answered := func() bool {
		return client.closed || progress(answers(client.in, false)) == progress(answers(origin.out, origin.shut))
	}
	for _, s := range c.steps {
		if s.client {
			client.wait(t, "the client, for what the origin said,", answered)
			client.say(s)
			methods = nil
			for _, r := range messages(client.out, nil, false, false) {
				methods = append(methods, strings.SplitN(r.start, " ", 2)[0])
			}
			continue
		}
		origin.wait(t, "the origin, for what the client said,", func() bool {
			return requests(client.out) == requests(origin.in) || refused() ||
				pipelined(messages(origin.in, nil, false, false), answers(origin.out, false))
		})
		origin.mu.Lock()
		over := origin.conn == nil || refused() && len(origin.in) == 0
		origin.mu.Unlock()
		if over {
			break
		}
		origin.say(s)
	}
	if client.shut {
		origin.wait(t, "the origin, for the end of its connection,", func() bool { return origin.closed })
	} else {
		client.wait(t, "the client, for the end of its answer,", func() bool {
			list := answers(client.in, false)
			heard := requests(client.out) == requests(origin.in) // else an answer that the origin does not give is still to come
			return client.closed || !ends(list) && (answered() && heard && !origin.shut || !tunnel(list) && ended(list) >= len(methods))
		})
	}
	origin.mu.Lock()
	defer origin.mu.Unlock()
	return conversation{messages(origin.in, nil, false, origin.closed), answers(client.in, client.closed), client.shut && origin.closed}
}

// ended counts the messages that came whole, without interim answers.
func ended(list []*message) (n int) {
	for _, m := range list {
		if m.ended && (!strings.HasPrefix(m.start, "HTTP/") || m.status() >= 200) {
			n++
		}
	}
	return n
}

// pipelined says that one of the requests can be answered before all are there.
func pipelined(requests, answers []*message) bool {
	return !tunnel(requests) && ended(requests) > ended(answers)
}

func tunnel(list []*message) bool { return len(list) > 0 && list[len(list)-1].framing == "tunnel" }

// ends says that the last answer ends its connection.
func ends(list []*message) bool {
	if len(list) == 0 {
		return false
	}
	last := list[len(list)-1]
	how, _ := last.get("Connection")
	return strings.EqualFold(how, "close") || last.framing == "close" || strings.HasPrefix(last.start, "HTTP/1.0") && !strings.EqualFold(how, "keep-alive")
}

// listen makes an origin that plays no part but its lines'.
func listen(t *testing.T) (string, *side) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	s := &side{table: newTable()}
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.conn != nil {
			s.conn.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.hear(c)
		}
	}()
	return l.Addr().String(), s
}

// through runs a sidecar with its front before an origin.
func through(t *testing.T, upstream string, talk func(front string)) (rows []exchange.Exchange, l exchange.Ledger, refused map[string]int64) {
	t.Helper()
	store := newStore()
	o := options(t, "http://"+upstream, store)
	s := must(New(o))
	front := NewFront(s, nil)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	ctx, end := context.WithCancel(context.Background())
	served, ran := make(chan error, 1), make(chan error, 1)
	go func() { served <- front.Serve(listener) }()
	go func() { ran <- s.Run(ctx) }()
	talk(listener.Addr().String())
	stop, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := front.Stop(stop, 0)
	end()
	if err := errors.Join(err, <-served, <-ran, s.Close(context.Background())); err != nil {
		t.Error(err)
	}
	return store.rows(), store.ledger(), s.Refused()
}

// If this fails, the sidecar changes what clients and the old service say to one
// another in another way than docs/capture.md tells.
func TestWire(t *testing.T) {
	files := must(filepath.Glob("testdata/wire/*.txt"))
	if len(files) < 60 {
		t.Errorf("%d cases", len(files))
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			c := readCase(t, path)
			address, origin := listen(t)
			direct := c.talk(t, address, origin)
			address, origin = listen(t)
			var via conversation
			rows, ledger, refused := through(t, address, func(front string) { via = c.talk(t, front, origin) })
			got := slices.Concat(differences("request", direct.requests, via.requests), differences("answer", direct.answers, via.answers))
			slices.Sort(got)
			got = slices.Compact(got)
			if direct.canceled != via.canceled {
				got = append(got, "the old service does not see that the client has gone")
			}
			for _, r := range rows {
				got = append(got, strings.TrimSpace(fmt.Sprintf("recorded %s %.40s %d %s %s", r.Request.Method, r.Request.Path, r.Reference.Status, r.Defect, r.Reference.Failure)))
			}
			for why, n := range ledger.Dropped {
				got = append(got, fmt.Sprintf("dropped %s %d", why, n))
			}
			for why, n := range refused {
				got = append(got, fmt.Sprintf("refused %s %d", why, n))
			}
			balanced(t, ledger, len(rows))
			if *update {
				c.write(t, got)
				return
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s\ngot:\n  %s\nwant:\n  %s", strings.Join(c.about, "\n"), strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// If this fails a request whose chunks are broken gets an answer as if it were
// whole, or is refused without a trace. How much of it has reached the old service
// by then is a matter of time, so it is no case of TestWire.
func TestBadChunks(t *testing.T) {
	for _, body := range []string{"3\r\nabc\r\nzz\r\n", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"} {
		address, _ := listen(t)
		var answer string
		rows, ledger, refused := through(t, address, func(front string) {
			answer = raw(t, front, "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
		})
		balanced(t, ledger, 1)
		if !strings.HasPrefix(answer, "HTTP/1.1 400 ") || refused["bad_chunk"] != 1 || rows[0].Defect != exchange.NoAnswer {
			t.Errorf("%q: %q, refused %v, recorded %+v", body, answer, refused, rows)
		}
	}
}

var differenceCode = regexp.MustCompile("`((?:request|answer) [a-z0-9 ]+)`")

// If this fails the documented list of differences is not the one that holds.
func TestDifferencesAreDocumented(t *testing.T) {
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, m := range differenceCode.FindAllStringSubmatch(string(must(os.ReadFile("../docs/capture.md"))), -1) {
		documented[m[1]] = true
	}
	for _, path := range must(filepath.Glob("testdata/wire/*.txt")) {
		for _, w := range readCase(t, path).want {
			if code, _, _ := strings.Cut(w, ":"); strings.HasPrefix(code, "request ") || strings.HasPrefix(code, "answer ") {
				seen[code] = true
			}
		}
	}
	for code := range seen {
		if !documented[code] {
			t.Errorf("not documented: %s", code)
		}
	}
	for code := range documented {
		if !seen[code] {
			t.Errorf("documented and shown by no case: %s", code)
		}
	}
}
