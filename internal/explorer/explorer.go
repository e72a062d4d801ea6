// Package explorer shows the runs of a store to a browser: what was judged, the
// report, and the mismatches page by page, down to one exchange with both answers
// side by side. It reads and never writes. Of a mismatch set it reads the keys and
// verdicts of a page, and the bodies of the one exchange that is opened, so that
// how many there are costs nothing.
package explorer

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/report"
)

// Engine is what the explorer asks of the commands that it stands beside, so
// that it says what they say.
type Engine interface {
	// Summary is what report and gate say of a judgement.
	Summary(ctx context.Context, run *dataset.Run, j *dataset.Judgement) (*report.Summary, error)
	// State changes when what a summary is held against does, beside the run: with
	// the accepted differences, and from day to day.
	State() (string, error)
	// WriteReport writes the page of a summary.
	WriteReport(ctx context.Context, s *report.Summary, w io.Writer) error
	// Explain judges an exchange again, by the judgement's own rules.
	Explain(ctx context.Context, run *dataset.Run, j *dataset.Judgement, e *exchange.Exchange) (*Explained, error)
	// Commands go on from a judgement.
	Commands(run *dataset.Run, j *dataset.Judgement) []Command
}

// Explained is why an exchange has its verdict.
type Explained struct {
	*compare.Explanation
	Why      string    // in a sentence
	Commands []Command // that go on from there
}

// Command is a line for a shell, whole, so that it can be pasted.
type Command struct{ What, Line string }

// atOnce is how many pages are made at a time: each may hold a row group.
const atOnce = 4

type explorer struct {
	store  string
	engine Engine
	cache  cache
	busy   chan struct{}
}

//go:embed static
var static embed.FS

// New serves what is at a store, a local folder or s3://bucket/prefix. Requests
// for other hosts than this machine's own names are refused, see guard.
func New(store string, engine Engine) http.Handler {
	x := &explorer{store: store, engine: engine, busy: make(chan struct{}, atOnce)}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", x.page("home", x.home))
	mux.Handle("GET /run", x.page("run", x.run))
	mux.Handle("GET /judgement", x.page("judgement", x.judgement))
	mux.Handle("GET /mismatches", x.page("mismatches", x.mismatches))
	mux.Handle("GET /exchange", x.page("exchange", x.exchange))
	mux.Handle("GET /report", x.limited(x.report))
	mux.Handle("GET /static/", http.FileServerFS(static))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("/", x.limited(func(*http.Request) (answer, error) {
		return answer{}, notFound("there is no such page: / lists all recordings and runs")
	}))
	return guard(mux)
}

// notFound is an error that is the asker's.
type notFound string

func (n notFound) Error() string { return string(n) }

// answer is a page, whole, so that nothing is held while it is on its way to
// somebody who reads slowly.
type answer struct {
	code   int
	policy string // of its own; "" is that of all pages
	body   []byte
}

// limited makes a few of its like at a time, and shows their errors.
func (x *explorer) limited(make func(*http.Request) (answer, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, err := x.inTurn(r, make); err == nil {
			a.write(w)
		} else if r.Context().Err() == nil {
			x.failed(err).write(w)
		}
	})
}

// inTurn waits for a place among those that are at work, or until nobody wants
// the page any more.
func (x *explorer) inTurn(r *http.Request, make func(*http.Request) (answer, error)) (answer, error) {
	select {
	case x.busy <- struct{}{}:
		defer func() { <-x.busy }()
		return make(r)
	case <-r.Context().Done():
		return answer{}, r.Context().Err()
	}
}

// failed is the page of an error.
func (x *explorer) failed(err error) answer {
	code := http.StatusInternalServerError
	var missing notFound
	if errors.As(err, &missing) || errors.Is(err, dataset.ErrNoRun) || errors.Is(err, dataset.ErrNotJudged) {
		code = http.StatusNotFound
	}
	body, err := render("error", view{Title: http.StatusText(code), Store: x.store, Body: err.Error()})
	if err != nil {
		body = []byte(http.StatusText(code))
	}
	return answer{code: code, body: body}
}

// page renders a template with what make returns.
func (x *explorer) page(name string, make func(*http.Request) (view, error)) http.Handler {
	return x.limited(func(r *http.Request) (answer, error) {
		v, err := make(r)
		if err != nil {
			return answer{}, err
		}
		v.Store = x.store
		body, err := render(name, v)
		if err != nil {
			return answer{}, fmt.Errorf("render page %s: %w", name, err)
		}
		return answer{code: http.StatusOK, body: body}, nil
	})
}

// write sends the page. Who does not read it in time is hung up on.
func (a answer) write(w http.ResponseWriter) {
	if a.policy != "" {
		w.Header().Set("Content-Security-Policy", a.policy)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	setDeadline(w)
	w.WriteHeader(a.code)
	_, _ = w.Write(a.body) // there is nobody to tell
}
