package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	loadConnections = 64
	loadRequests    = 20_000 // different ones, sent in turn
	loadBytes       = 1060   // of a body, which the server answers with 300
)

// result is what came of a load.
type result struct {
	Answered int64
	Took     time.Duration // from the first request to the last answer
	P50, P99 time.Duration // from when a request was due, even where no connection was free
}

// runLoad asks whoever listens, from a process of its own.
func runLoad(ctx context.Context, address string, rate int, seconds time.Duration) (r result, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	out, _, err := measure(ctx, nil, self, "capture", "-load", address, "-rates", fmt.Sprint(rate), "-for", seconds.String())
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}

func parseRates(text string) (rates []int, err error) {
	for field := range strings.SplitSeq(text, ",") {
		rate, err := strconv.Atoi(field)
		if err != nil || rate < 0 {
			return nil, fmt.Errorf("-rates %q: write numbers of requests a second, as in 0,2000", text)
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

func loadMain(address, rates string, seconds time.Duration) error {
	rate, err := strconv.Atoi(rates)
	if err != nil {
		return err
	}
	l := &loader{requests: makeRequests(address)}
	if err := l.connect(address); err != nil {
		return err
	}
	r, err := l.run(rate, seconds)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// makeRequests makes requests as they are on the wire.
func makeRequests(address string) [][]byte {
	all := make([][]byte, loadRequests)
	for i := range all {
		r := newExchange(i, loadBytes).Request
		all[i] = fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: reviews/2.1\r\nAccept: application/json\r\nContent-Type: application/json\r\nX-Request-Id: %s\r\nContent-Length: %d\r\n\r\n%s",
			r.Method, r.Path, address, r.SourceID, len(r.Body), r.Body)
	}
	return all
}

// loader sends requests from one thread and waits for all connections at once:
// it must take little of the core that it shares with the server.
type loader struct {
	requests [][]byte
	epoll    int
	conns    map[int32]*loadConn
	free     []*loadConn
	waiting  []time.Time // when requests were due that have no connection yet
	sent     int
	taken    []time.Duration
}

type loadConn struct {
	fd  int
	due time.Time
	in  []byte
}

func (l *loader) connect(address string) (err error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if l.epoll, err = unix.EpollCreate1(0); err != nil {
		return err
	}
	l.conns = map[int32]*loadConn{}
	for range loadConnections {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		c := &loadConn{fd: fd}
		err = errors.Join(
			unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}),
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
			unix.SetNonblock(fd, true),
			unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}),
		)
		if err != nil {
			return fmt.Errorf("connect to %s: %w", address, err)
		}
		l.conns[int32(fd)], l.free = c, append(l.free, c)
	}
	return nil
}

// run sends for so long, and waits for the answers. Rate 0 is a closed loop: each
// connection sends as soon as it has its answer.
func (l *loader) run(rate int, seconds time.Duration) (r result, err error) {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return r, err
	}
	start := time.Now()
	end, last := start.Add(seconds), start
	for due := start; ; {
		now := time.Now()
		for ; rate > 0 && due.Before(end) && !due.After(now); due = due.Add(time.Second / time.Duration(rate)) {
			l.waiting = append(l.waiting, now) // not due: how late this thread wakes up is not the proxy's doing
		}
		if rate == 0 && now.Before(end) {
			for range l.free {
				l.waiting = append(l.waiting, now)
			}
		}
		if err := l.send(); err != nil {
			return r, err
		}
		if !now.Before(end) && len(l.free) == loadConnections && len(l.waiting) == 0 {
			break
		}
		if now.After(end.Add(10 * time.Second)) {
			return r, fmt.Errorf("%d requests have no answer after 10 s: the comparison is void", loadConnections-len(l.free)+len(l.waiting))
		}
		if last, err = l.receive(min(due.Sub(now), time.Second), rate > 0 && due.Before(end), last); err != nil {
			return r, err
		}
	}
	slices.Sort(l.taken)
	n := len(l.taken)
	return result{int64(n), last.Sub(start), l.taken[n/2], l.taken[n*99/100]}, nil
}

func (l *loader) send() error {
	for len(l.waiting) > 0 && len(l.free) > 0 {
		c := l.free[len(l.free)-1]
		l.free = l.free[:len(l.free)-1]
		c.due, l.waiting = l.waiting[0], l.waiting[1:]
		request := l.requests[l.sent%len(l.requests)]
		l.sent++
		n, err := unix.Write(c.fd, request)
		if err != nil || n < len(request) {
			return fmt.Errorf("send: %d of %d bytes went: %w", n, len(request), err)
		}
	}
	return nil
}

// receive waits for answers, where something is due no longer than until then.
func (l *loader) receive(wait time.Duration, due bool, last time.Time) (time.Time, error) {
	timeout := unix.NsecToTimespec(max(0, wait).Nanoseconds())
	if !due {
		timeout = unix.NsecToTimespec(time.Second.Nanoseconds())
	}
	if _, err := unix.Ppoll([]unix.PollFd{{Fd: int32(l.epoll), Events: unix.POLLIN}}, &timeout, nil); err != nil && err != unix.EINTR {
		return last, err
	}
	var events [loadConnections]unix.EpollEvent
	n, err := unix.EpollWait(l.epoll, events[:], 0)
	if err != nil && err != unix.EINTR {
		return last, err
	}
	for i := range max(0, n) {
		c := l.conns[events[i].Fd]
		whole, err := c.read()
		if err != nil {
			return last, err
		}
		if whole {
			last = time.Now()
			l.taken = append(l.taken, last.Sub(c.due))
			l.free = append(l.free, c)
		}
	}
	return last, nil
}

// read takes what came, and says whether that is the whole answer.
func (c *loadConn) read() (whole bool, err error) {
	c.in = slices.Grow(c.in, 4<<10)
	n, err := unix.Read(c.fd, c.in[len(c.in):cap(c.in)])
	if err == unix.EAGAIN {
		return false, nil
	}
	if err != nil || n == 0 {
		return false, fmt.Errorf("a connection ended before its answer came: %w", err)
	}
	c.in = c.in[:len(c.in)+n]
	head, body, ok := bytes.Cut(c.in, []byte("\r\n\r\n"))
	if !ok {
		return false, nil
	}
	_, text, ok := bytes.Cut(head, []byte("Content-Length: "))
	text, _, _ = bytes.Cut(text, []byte("\r\n"))
	length, err := strconv.Atoi(string(text))
	if !ok || err != nil || !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		return false, fmt.Errorf("an answer that is none of the server's: %q", head)
	}
	if len(body) < length {
		return false, nil
	}
	c.in = c.in[:0]
	return true, nil
}
