package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// keyConcurrency is the key-value in a result's footer that says how it was sent.
const keyConcurrency = "parity.concurrency"

// keyReached is the one that says how many were in flight to each model's endpoint.
const keyReached = "parity.in_flight"

// Answers are a split's answers of one generation.
type Answers struct {
	exchange.LazySource
	Generation int
	// Concurrency is how many requests were in flight at most when they were
	// asked, over all workers; 0 where the object does not say.
	Concurrency int
	// Reached is that by model, to its endpoint alone; nil where the object does not
	// say.
	Reached map[string]int
}

// Answers opens a split's answers: those of generation 0, and of each of the
// later generations that has some. Whoever gets them closes them.
func (r *Run) Answers(ctx context.Context, s Split, later []*Generation) ([]Answers, error) {
	return r.generations(ctx, s, later, whole)
}

// LazyAnswers opens them as far as equal answers need them.
func (r *Run) LazyAnswers(ctx context.Context, s Split, later []*Generation) ([]Answers, error) {
	return r.generations(ctx, s, later, answers)
}

func (r *Run) generations(ctx context.Context, s Split, later []*Generation, d depth) (all []Answers, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, CloseAnswers(all))
		}
	}()
	first, err := r.answers(ctx, 0, s, d)
	if err != nil {
		return nil, err
	}
	all = append(all, first)
	for _, g := range later {
		rows, ok := g.rows(s.Index)
		if !ok {
			continue
		}
		part := s
		part.Planned = rows
		again, err := r.answers(ctx, g.Info.Number, part, d)
		if err != nil {
			return all, err
		}
		all = append(all, again)
	}
	return all, nil
}

// CloseAnswers closes what Answers opened.
func CloseAnswers(all []Answers) error {
	var errs []error
	for _, a := range all {
		errs = append(errs, a.Close())
	}
	return errors.Join(errs...)
}

// answers opens a result object and holds it against what was planned of it.
func (r *Run) answers(ctx context.Context, generation int, s Split, d depth) (Answers, error) {
	o, err := openObject(ctx, r.bucket, resultKey(generation, s))
	if err != nil {
		return Answers{}, err
	}
	if err := o.belongs(r.of(generation, s)); err != nil {
		return Answers{}, err
	}
	if o.kind != ResultKind || o.allRows() != s.Planned {
		return Answers{}, inObject(r.bucket, o.key, fmt.Errorf("it holds %d rows of kind %s; the plan has %d for it", o.allRows(), o.kind, s.Planned))
	}
	concurrency, _ := strconv.Atoi(o.meta(keyConcurrency)) // 0 of one that was written without
	var reached map[string]int
	if text := o.meta(keyReached); text != "" {
		if err := json.Unmarshal([]byte(text), &reached); err != nil {
			return Answers{}, inObject(r.bucket, o.key, fmt.Errorf("read %s: %w", keyReached, err))
		}
	}
	return Answers{newSource(o, exchange.ResultSides, d, allGroups(o)...), generation, concurrency, reached}, nil
}

// Stray lists the results that no generation knows of: whoever reads the run
// passes over them.
func (r *Run) Stray(ctx context.Context, plan []Split, later []*Generation) ([]string, error) {
	known := map[string]bool{}
	for _, s := range plan {
		known[resultKey(0, s)] = true
	}
	for _, g := range later {
		for _, s := range g.Info.Splits {
			known[resultKey(g.Info.Number, Split{Index: s.Split})] = true
		}
	}
	var stray []string
	for o, err := range r.bucket.List(ctx, "results/") {
		if err != nil {
			return nil, fmt.Errorf("list results of %s: %w", r.Location, err)
		}
		if !known[o.Key] {
			stray = append(stray, o.Key)
		}
	}
	return stray, nil
}

// Only passes on the exchanges of a source that are among ids.
func Only(src exchange.LazySource, ids map[exchange.ID]bool) exchange.LazySource {
	return &among{LazySource: src, keep: func(e *exchange.Exchange) bool { return ids[e.ID] }}
}

type among struct {
	exchange.LazySource
	keep func(*exchange.Exchange) bool
	all  exchange.Batch // as it was read
	at   []int          // in it, of the rows that are passed on
	rows []exchange.Exchange
}

func (a *among) Read(ctx context.Context, b *exchange.Batch) error {
	a.at, a.rows = a.at[:0], a.rows[:0]
	for len(a.rows) == 0 {
		if err := a.LazySource.Read(ctx, &a.all); err != nil {
			return err
		}
		for i := range a.all.Rows {
			if e := &a.all.Rows[i]; a.keep(e) {
				a.at, a.rows = append(a.at, i), append(a.rows, *e)
			}
		}
	}
	b.Rows = a.rows
	return nil
}

func (a *among) Load(i int) error { return a.filled(i, a.LazySource.Load) }
func (a *among) Fill(i int) error { return a.filled(i, a.LazySource.Fill) }

// filled keeps what the caller has filled in of the row.
func (a *among) filled(i int, by func(int) error) error {
	row := &a.all.Rows[a.at[i]]
	*row = a.rows[i]
	err := by(a.at[i])
	a.rows[i] = *row
	return err
}

// MismatchIDs are the exchanges of a split that are in the mismatch set.
func (j *Judgement) MismatchIDs(ctx context.Context, s Split) (map[exchange.ID]bool, error) {
	ids := map[exchange.ID]bool{}
	n, err := j.MismatchRows(ctx, s)
	if err != nil || n == 0 {
		return ids, err
	}
	o, err := openObject(ctx, j.run.bucket, j.mismatchKey(s))
	if err != nil {
		return nil, err
	}
	err = EachRow(ctx, newSource(o, exchange.KeySide, whole, allGroups(o)...), func(e *exchange.Exchange) error {
		ids[e.ID] = true
		return nil
	})
	return ids, err
}

// resultsFolder is where the results of a generation lie.
func resultsFolder(generation int) string { return "results/" + generationName(generation) + "/" }

// resultKey is where a split's candidate answers lie.
func resultKey(generation int, s Split) string {
	return resultsFolder(generation) + s.Name() + ".parquet"
}

// of is what a result says that it belongs to.
func (r *Run) of(generation int, s Split) string {
	parts := []string{r.Info.ID, generationName(generation), s.Name()}
	if generation == 0 { // as it was before there were others
		parts = slices.Delete(parts, 1, 2)
	}
	return strings.Join(parts, "/")
}
