package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

// answerBytes is how many bytes an answer has at least.
const answerBytes = 240

// endpoint is the server that all contenders ask: as fast as Go makes it easy,
// so that what is measured is whoever asks. It reads requests with a
// Content-Length and answers at once, with 240 to 350 bytes of JSON that follow
// from the body, and with the headers of most servers.
type endpoint struct {
	requests    atomic.Int64
	first, last atomic.Int64 // when they came, in Unix nanoseconds
	date        atomic.Pointer[string]
}

// counted is what the server met since it was last set to zero.
type counted struct{ Requests, First, Last int64 }

// rate is in requests a second. It is what lies between the first and the last
// request, so that it holds for a pace too.
func (c counted) rate() float64 {
	return float64(c.Requests-1) / time.Duration(c.Last-c.First).Seconds()
}

// serveMain serves until stdin ends. It prints its address, and for each byte on
// stdin what it counted; a 0 sets that to zero then.
func serveMain() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	e := &endpoint{}
	e.setDate()
	go func() {
		for range time.Tick(time.Second) {
			e.setDate()
		}
	}()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go e.talk(c)
		}
	}()
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewReader(os.Stdin); ; {
		command, err := in.ReadByte()
		if err != nil {
			return nil
		}
		if err := out.Encode(counted{e.requests.Load(), e.first.Load(), e.last.Load()}); err != nil {
			return err
		}
		if command == '0' {
			e.requests.Store(0)
			e.first.Store(0)
		}
	}
}

func (e *endpoint) setDate() {
	date := time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
	e.date.Store(&date)
}

func (e *endpoint) count() {
	now := time.Now().UnixNano()
	e.requests.Add(1)
	e.first.CompareAndSwap(0, now)
	e.last.Store(now)
}

func (e *endpoint) talk(c net.Conn) {
	defer c.Close()
	in := bufio.NewReaderSize(c, 16<<10)
	var out []byte
	for {
		body, err := readBody(in)
		if err != nil {
			return
		}
		e.count()
		out = e.answer(out[:0], body)
		in.Discard(len(body))
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

var errLong = errors.New("the request is larger than this server takes")

// readBody reads past the head of a request and leaves its body in the buffer.
func readBody(in *bufio.Reader) ([]byte, error) {
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		if len(line) <= 2 {
			break
		}
		const name = "content-length:"
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(name):]))); err != nil {
				return nil, err
			}
		}
	}
	if length > in.Size() {
		return nil, errLong
	}
	body, err := in.Peek(length)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}

// answer repeats 200 to 300 bytes of the body, so that answers differ as those
// of a model do.
func (e *endpoint) answer(dst, body []byte) []byte {
	said := bytes.Trim(body, `{}"`)
	if n := 200 + len(body)%100; len(said) > n {
		said = said[len(said)-n:]
	}
	const head, tail = `{"label":"good","score":0.73,"because":"`, `"}`
	dst = append(append(dst, "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: "...), *e.date.Load()...)
	dst = append(dst, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(head)+len(said)+len(tail)), 10)
	dst = append(append(dst, "\r\n\r\n"...), head...)
	return append(append(dst, said...), tail...)
}
