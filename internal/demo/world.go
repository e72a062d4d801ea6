// Package demo is the world that `parity demo` runs in: an old moderation
// service and the new endpoints that its models were ported to, on loopback.
// The models are real classifiers, trained at start on reviews that a seeded
// generator writes. Most ports differ from the old service in one way that
// ports do go wrong in, and the world knows which, so that what Parity finds
// can be held against it.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"time"
)

// World is the old service and the new one, up and running.
type World struct {
	seed     uint64
	models   []*model
	old, new *server
}

// Planted says how a model's port differs from it.
type Planted struct {
	Model  string
	What   string // one line for people
	Expect string // the finding it should lead to: "match", "unavailable", or the commonest kind of delta
}

// Request is a request to the old service or, with the same path, to the new one.
type Request struct {
	Model  string
	Path   string // of a POST
	Header http.Header
	Body   []byte // JSON
}

// reviews is how many reviews a model is trained on.
const reviews = 2000

// Start trains the models and listens on two free ports of 127.0.0.1. The same
// seed gives the same models and requests. The caller must Close the world.
func Start(seed uint64) (*World, error) {
	w := &World{seed: seed}
	olds, news := map[string]endpoint{}, map[string]endpoint{}
	for _, s := range specs {
		m := &model{s, s.learn(newGenerator(seed, hash("train "+s.name)), reviews)}
		w.models = append(w.models, m)
		olds[m.name], news[m.name] = m.old, m.port(m)
	}
	var err error
	if w.old, err = listen(handler(olds)); err != nil {
		return nil, fmt.Errorf("start the old service: %w", err)
	}
	if w.new, err = listen(handler(news)); err != nil {
		return nil, errors.Join(fmt.Errorf("start the new service: %w", err), w.old.close())
	}
	return w, nil
}

// OldURL is the old service's, without a path. A model answers to
// POST /models/{model}/classify with {"id": …, "text": …}; GET /ping says ok.
func (w *World) OldURL() string { return w.old.url }

// NewURL is the same of the service that the ports run in.
func (w *World) NewURL() string { return w.new.url }

// Close waits for the answers that are under way, five seconds at most, and
// stops both services.
func (w *World) Close() error { return errors.Join(w.old.close(), w.new.close()) }

// Models says what was planted, by name of the model.
func (w *World) Models() []Planted {
	planted := make([]Planted, len(w.models))
	for i, m := range w.models {
		planted[i] = Planted{Model: m.name, What: m.what, Expect: m.expect}
	}
	return planted
}

// Requests yields perModel requests to each model, the models taking turns. No
// two have the same text, and each ranging over them gives the same.
func (w *World) Requests(perModel int) iter.Seq[Request] {
	return func(yield func(Request) bool) {
		writers := make([]*generator, len(w.models))
		for i, m := range w.models {
			writers[i] = newGenerator(w.seed, hash("ask "+m.name))
		}
		seen := map[uint64]bool{}
		for n := range perModel {
			for i, m := range w.models {
				text := m.write(writers[i]).text
				for seen[hash(text)] {
					text = m.write(writers[i]).text
				}
				seen[hash(text)] = true
				if !yield(request(m.name, n, text)) {
					return
				}
			}
		}
	}
}

func request(model string, n int, text string) Request {
	body, _ := json.Marshal(map[string]string{"id": fmt.Sprintf("%s-%06d", model, n), "text": text}) // strings always encode
	return Request{
		Model:  model,
		Path:   "/models/" + model + "/classify",
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   body,
	}
}

// server is an HTTP server and the goroutine that serves it.
type server struct {
	http http.Server
	url  string
	done chan error // what Serve returned; then closed
}

func listen(h http.Handler) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://" + l.Addr().String(), done: make(chan error, 1)}
	s.http = http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.done <- fmt.Errorf("serve %s: %w", s.url, err)
		}
	}()
	return s, nil
}

// close may be called more than once.
func (s *server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop %s: %w", s.url, err), s.http.Close())
	}
	return errors.Join(err, <-s.done)
}
