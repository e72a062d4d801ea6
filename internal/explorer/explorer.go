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
	mux.Handle("/", x.limited(func(http.ResponseWriter, *http.Request) error {
		return notFound("there is no such page: / lists all recordings and runs")
	}))
	return guard(mux)
}

// notFound is an error that is the asker's.
type notFound string

func (n notFound) Error() string { return string(n) }

// limited runs a few of its like at a time, and shows their errors.
func (x *explorer) limited(serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case x.busy <- struct{}{}:
			defer func() { <-x.busy }()
		case <-r.Context().Done():
			return
		}
		if err := serve(w, r); err != nil && r.Context().Err() == nil {
			x.fail(w, err)
		}
	})
}

func (x *explorer) fail(w http.ResponseWriter, err error) {
	code := http.StatusInternalServerError
	var missing notFound
	if errors.As(err, &missing) || errors.Is(err, dataset.ErrNoRun) || errors.Is(err, dataset.ErrNotJudged) {
		code = http.StatusNotFound
	}
	_ = render(w, code, "error", view{Title: http.StatusText(code), Store: x.store, Body: err.Error()})
}

// page renders a template with what make returns.
func (x *explorer) page(name string, make func(*http.Request) (view, error)) http.Handler {
	return x.limited(func(w http.ResponseWriter, r *http.Request) error {
		v, err := make(r)
		if err != nil {
			return err
		}
		v.Store = x.store
		if err := render(w, http.StatusOK, name, v); err != nil {
			return fmt.Errorf("render page %s: %w", name, err)
		}
		return nil
	})
}
