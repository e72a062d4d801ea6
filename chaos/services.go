package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// oldAnswer and newAnswer follow from the request alone, so that the checker knows
// what each service must have said. The new one differs for one in thirteen.
func oldAnswer(body []byte) (status int, answer []byte) {
	h := hashOf(body)
	if h%53 == 0 {
		return http.StatusInternalServerError, fmt.Appendf(nil, `{"error":"no model for %d"}`, h)
	}
	return http.StatusOK, answerOf(h, h%5)
}

func newAnswer(body []byte) (status int, answer []byte) {
	h := hashOf(body)
	if h%53 == 0 || h%13 != 0 {
		return oldAnswer(body)
	}
	return http.StatusOK, answerOf(h, h%5+1)
}

// differs says that the two answers to a request do.
func differs(body []byte) bool { h := hashOf(body); return h%53 != 0 && h%13 == 0 }

func answerOf(h, label uint64) []byte {
	pad := ""
	if h%101 == 0 {
		pad = strings.Repeat("long ", 8000)
	}
	answer, err := json.Marshal(map[string]any{"label": fmt.Sprint("label-", label), "score": float64(h%1e6) / 1e6, "seen": h, "pad": pad})
	if err != nil {
		panic(err) // texts and numbers
	}
	return answer
}

func hashOf(body []byte) uint64 {
	h := fnv.New64a()
	h.Write(body)
	return h.Sum64()
}

// service listens on loopback until it is closed.
type service struct {
	*http.Server
	url   string
	asked atomic.Int64
}

func serve(handler func(http.ResponseWriter, *http.Request, []byte)) (*service, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{url: "http://" + l.Addr().String()}
	s.Server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.asked.Add(1)
		handler(w, r, body)
	})}
	go s.Serve(l)
	return s, nil
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

// The faults of endpoints: statuses that mean that the model did not answer.
var endpointStatuses = map[string]int{"endpoint throttles": http.StatusTooManyRequests, "endpoint answers 503": http.StatusServiceUnavailable}

// newEndpoint has each of its faults for a few of a hundred requests. Which ones
// follows from the request and how many came before it.
func (r *round) newEndpoint() (*service, error) {
	seed := r.rng.Uint64()
	var n atomic.Uint64
	faults := []string{"endpoint is slow", "endpoint throttles", "endpoint answers 503", "endpoint resets", "endpoint lies about Content-Length"}
	return serve(func(w http.ResponseWriter, req *http.Request, body []byte) {
		status, answer := newAnswer(body)
		pick := (hashOf(fmt.Appendf(body, "%d", seed)) ^ n.Add(1)*0x9e3779b97f4a7c15) >> 8 % 200
		if pick >= uint64(len(faults)) {
			reply(w, status, answer)
			return
		}
		kind := faults[pick]
		r.fault(kind)
		switch kind {
		case "endpoint is slow":
			time.Sleep(100 * time.Millisecond)
			reply(w, status, answer)
		case "endpoint resets":
			breakOff(w, "")
		case "endpoint lies about Content-Length":
			breakOff(w, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(answer)+100, answer))
		default:
			reply(w, endpointStatuses[kind], []byte(`{"message":"planted"}`))
		}
	})
}

// breakOff writes the text and resets the connection.
func breakOff(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	io.WriteString(conn, text)
	if text == "" {
		conn.(*net.TCPConn).SetLinger(0)
	}
	conn.Close()
}
