package compare

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/number"
)

var epoch = time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)

// rows is a Source over exchanges in memory. As its contract allows, it destroys
// a batch's bytes and rows at the next Read, so that whoever keeps them is caught.
type rows struct {
	all    []exchange.Exchange
	size   int // rows a batch
	sides  exchange.Sides
	lent   []byte
	broken error // returned in place of io.EOF
}

func (r *rows) Read(_ context.Context, b *exchange.Batch) error {
	for i := range r.lent {
		r.lent[i] = '#'
	}
	for i := range b.Rows {
		b.Rows[i] = exchange.Exchange{Model: "destroyed"}
	}
	n := min(r.size, len(r.all))
	if n == 0 {
		if r.broken != nil {
			return r.broken
		}
		return io.EOF
	}
	r.lent = r.lent[:0]
	var ends []int
	for i := range r.all[:n] {
		r.lent = exchange.Append(r.lent, &r.all[i], r.sides)
		ends = append(ends, len(r.lent))
	}
	b.Rows = make([]exchange.Exchange, n)
	start := 0
	for i, end := range ends {
		if err := exchange.Decode(r.lent[start:end], &b.Rows[i], r.sides); err != nil {
			return err
		}
		start = end
	}
	r.all = r.all[n:]
	return nil
}

func (r *rows) Close() error { return nil }

// lazyRows is rows as an exchange.LazySource: what Load filled in is destroyed by
// the next Load, and rows must be asked for in their order.
type lazyRows struct {
	rows
	batch  *exchange.Batch
	held   []exchange.Exchange // the rows with all they have
	next   int
	loaded []byte
}

func (l *lazyRows) Read(ctx context.Context, b *exchange.Batch) error {
	l.destroy()
	err := l.rows.Read(ctx, b)
	l.batch, l.held, l.next = b, slices.Clone(b.Rows), 0
	for i := range b.Rows {
		for _, a := range []*exchange.Answer{&b.Rows[i].Reference, &b.Rows[i].Candidate.Answer} {
			a.Body, a.Headers = nil, nil
		}
	}
	return err
}

func (l *lazyRows) Load(i int) error { return l.Fill(i) }

func (l *lazyRows) Fill(i int) error {
	if i == l.next-1 {
		return nil
	}
	if i < l.next {
		panic("rows are loaded in their order")
	}
	l.destroy()
	from, to := &l.held[i], &l.batch.Rows[i]
	l.loaded = slices.Concat(from.Reference.Body, from.Candidate.Body)
	to.Reference.Headers, to.Candidate.Headers = from.Reference.Headers, from.Candidate.Headers
	n := len(from.Reference.Body)
	to.Reference.Body, to.Candidate.Body = l.loaded[:n:n], l.loaded[n:]
	l.next = i + 1
	return nil
}

func (l *lazyRows) destroy() {
	for i := range l.loaded {
		l.loaded[i] = '#'
	}
}

// sink keeps copies of the rows written.
type sink struct{ encoded [][]byte }

func (s *sink) Write(_ context.Context, b *exchange.Batch) error {
	for i := range b.Rows {
		s.encoded = append(s.encoded, exchange.Append(nil, &b.Rows[i], exchange.MismatchSides))
	}
	return nil
}

func (s *sink) Commit(context.Context) error { return nil }
func (s *sink) Close() error                 { return nil }

func (s *sink) rows(t testing.TB) []exchange.Exchange {
	t.Helper()
	out := make([]exchange.Exchange, len(s.encoded))
	for i, b := range s.encoded {
		if err := exchange.Decode(b, &out[i], exchange.MismatchSides); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// jsonPair is an exchange with two answers of JSON.
func jsonPair(n int, model, ref, cand string) exchange.Exchange {
	at := epoch.Add(time.Duration(n) * time.Second)
	answer := func(body string, us int64) exchange.Answer {
		return exchange.Answer{Status: 200, ContentType: "application/json", Body: []byte(body), LatencyUS: us}
	}
	e := exchange.Exchange{ID: exchange.DeriveID(at, fmt.Append(nil, n)), Time: exchange.At(at), Model: model}
	e.Request = exchange.Request{Method: "POST", Path: "/models/" + model, Body: fmt.Append(nil, "text ", n)}
	e.RequestHash = exchange.HashRequest(&e)
	e.Reference, e.Candidate.Answer = answer(ref, 1000), answer(cand, 2000)
	return e
}

// judgeRows judges pairs as one split whose two objects come in batches of
// different lengths.
func judgeRows(t testing.TB, r Rules, all []exchange.Exchange, mismatches exchange.Sink) *Tally {
	t.Helper()
	tally, err := newJudge(t, r).Split(t.Context(), SplitInput{
		Reference:  &lazyRows{rows: rows{all: all, size: 3, sides: exchange.KeySide | exchange.ReferenceSide}},
		Candidate:  &lazyRows{rows: rows{all: all, size: 2, sides: exchange.ResultSides}},
		Mismatches: mismatches,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func newJudge(t testing.TB, r Rules) *Judge {
	t.Helper()
	j, err := NewJudge(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// compareBodies compares two answers of status 200.
func compareBodies(t testing.TB, r Rules, contentType string, ref, cand []byte) (decided, []Delta) {
	t.Helper()
	a := exchange.Answer{Status: 200, ContentType: contentType, Body: ref}
	b := exchange.Answer{Status: 200, ContentType: contentType, Body: cand}
	return compareAnswers(t, r, &a, &b)
}

func compareAnswers(t testing.TB, r Rules, ref, cand *exchange.Answer) (decided, []Delta) {
	t.Helper()
	c := newComparer(newJudge(t, r).rules.of("m"))
	d := c.compare(ref, cand)
	var deltas []Delta
	c.each(func(f finding) { deltas = append(deltas, f.Delta) })
	return d, deltas
}

// exact is the tolerance 0.
var exact = Rules{Number: &number.Tolerance{}}

func toJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
