package explorer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/report"
)

// plainEngine judges by the default rules.
type plainEngine struct{}

func (plainEngine) Summary(context.Context, *dataset.Run, *dataset.Judgement) (*report.Summary, error) {
	return &report.Summary{}, nil
}

func (plainEngine) Explain(_ context.Context, _ *dataset.Run, _ *dataset.Judgement, e *exchange.Exchange) (*Explained, error) {
	j, err := compare.NewJudge(compare.Rules{}, compare.Options{})
	if err != nil {
		return nil, err
	}
	x, err := j.Explain(e, true)
	return &Explained{Explanation: x}, err
}

func (plainEngine) WriteReport(context.Context, *report.Summary, io.Writer) error {
	return errors.New("a page of mismatches asks for no report")
}

func (plainEngine) State() (string, error) { return "", nil }

func (plainEngine) Commands(*dataset.Run, *dataset.Judgement) []Command { return nil }

// splitRows is how many mismatches a split has at most, as in a real run.
const splitRows = 10_000

// manyMismatches makes a run of which n exchanges differ, and returns the store
// and the address of its first page of mismatches.
func manyMismatches(b testing.TB, n int) (place, page string) {
	b.Helper()
	place = b.TempDir()
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	run, err := dataset.CreateRun(b.Context(), store.Join(place, "run"), dataset.RunInfo{ID: "many", Created: at})
	if err != nil {
		b.Fatal(err)
	}
	j, err := run.CreateJudgement(b.Context(), dataset.JudgementInfo{Created: at, Rules: []byte(`{}`)}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for split := 0; split*splitRows < n; split++ {
		sink, err := j.MismatchSink(dataset.Split{Index: split})
		if err != nil {
			b.Fatal(err)
		}
		for i := split * splitRows; i < min(n, (split+1)*splitRows); i++ {
			e := differing(i, at)
			if err := sink.Write(b.Context(), &exchange.Batch{Rows: []exchange.Exchange{e}}); err != nil {
				b.Fatal(err)
			}
		}
		if err := sink.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
		sink.Close()
	}
	return place, "/mismatches?at=run&id=" + j.Info.ID
}

func differing(i int, at time.Time) exchange.Exchange {
	e := exchange.Exchange{ID: exchange.DeriveID(at, fmt.Append(nil, i)), Time: exchange.At(at), Model: fmt.Sprintf("review-%02d", i%40)}
	e.Request = exchange.Request{Method: "POST", Path: "/m", Body: fmt.Appendf(nil, `{"text":"%0300d"}`, i)}
	body := func(n int) exchange.Answer {
		return exchange.Answer{Status: 200, ContentType: "application/json", Body: fmt.Appendf(nil, `{"text":"%0300d","score":0.%d}`, i, n)}
	}
	e.Reference, e.Candidate.Answer = body(i+1), body(i+2)
	e.Verdict = exchange.Verdict{Kind: "mismatch", Deltas: fmt.Appendf(nil, `[{"path":"$.score","kind":"number","reference":"0.%d","candidate":"0.%d","signature":"$.score number"}]`, i+1, i+2)}
	return e
}

// open asks for a page, or ends the test.
func open(b testing.TB, h http.Handler, link string) string {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, link, nil)
	r.Host = "localhost"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		b.Fatalf("%s is answered %d: %s", link, w.Code, w.Body)
	}
	return w.Body.String()
}

var toExchange = regexp.MustCompile(`/exchange\?[^"]*`)

// BenchmarkPages shows that how many mismatches there are costs a page nothing,
// but for a search that finds none, which reads scanRows of them.
//
//	go test ./internal/explorer -run - -bench Pages -benchtime 20x
func BenchmarkPages(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		place, first := manyMismatches(b, n)
		h := New(place, plainEngine{})
		exchange := strings.ReplaceAll(toExchange.FindString(open(b, h, first)), "&amp;", "&")
		for name, link := range map[string]string{
			"first": first, "model": first + "&model=review-07", "search": first + "&signature=nothing", "exchange": exchange,
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					open(b, h, link)
				}
			})
		}
	}
}

// Without this, pages could leave some mismatches out, or show some twice.
func TestPagesHoldEveryMismatchOnce(t *testing.T) {
	const n = splitRows + 2*pageRows + 7
	place, link := manyMismatches(t, n)
	h := New(place, plainEngine{})
	seen, next := map[string]bool{}, regexp.MustCompile(`href="([^"]*)" rel="next"`)
	for pages := 0; link != ""; pages++ {
		if pages > n {
			t.Fatal("there is no last page")
		}
		page := open(t, h, link)
		for _, x := range toExchange.FindAllString(page, -1) {
			if seen[x] {
				t.Errorf("%s is there twice", x)
			}
			seen[x] = true
		}
		link = ""
		if m := next.FindStringSubmatch(page); m != nil {
			link = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if len(seen) != n {
		t.Errorf("%d of %d mismatches are on the pages", len(seen), n)
	}
}
