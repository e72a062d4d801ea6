// Package derive makes a recording of a recording, which is what `parity select`
// does: it filters, fans out, leaves out repeats and caps what a model has. It
// sees across splits, in memory that is bounded, and knows no Parquet: a Source
// gives it the exchanges, twice where what is kept depends on all of them.
//
//	source ──▶ selection ──▶ where ──▶ fan-out ──▶ repeats ──▶ limit ──▶ keep
//	           └───── one exchange after another ─────┘└── external sort ──┘
package derive

import (
	"context"
	"errors"
	"fmt"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
)

// Source calls fn for every exchange, in the same order each time that it is
// called. What fn gets is valid during the call.
type Source func(ctx context.Context, fn func(*exchange.Exchange) error) error

// Options say what is made of a recording. The zero value keeps everything.
type Options struct {
	// Match chooses by what costs nothing to look at; nil: all.
	Match func(*exchange.Exchange) bool
	// Where chooses those for which it says something that is neither false nor
	// null. It sees what exchange.AppendDocument writes. One that it can't be
	// applied to is left out: nobody knows whether it should have been.
	Where *mapping.Program
	// FanOut makes any number of exchanges of one: each result lies over it
	// (exchange.Overlay).
	FanOut *mapping.Program
	// Dedupe keeps one of identical requests to a model and version, and one
	// more with another answer where not all were answered alike, so that what the
	// old system disagrees with itself about is still to be seen.
	Dedupe bool
	// Limit is how many exchanges of a model are kept, those with the lowest
	// request hashes; 0: all.
	Limit int64
	// Unreadable is told of each exchange that Where or FanOut can't be applied to.
	Unreadable func(e *exchange.Exchange, err error)

	memory int // bytes that each of up to two sorters may take; 0: sortBytes
}

// Counts say what became of the exchanges. They balance: what was read was not
// selected, unreadable, or made into others (into one, where nothing is fanned
// out); and those that were made are repeated, over the limit, or kept.
type Counts struct {
	Read, NotSelected, Unreadable, FannedOut int64
	Made, Repeated, OverLimit, Kept          int64

	AsText int64 // of those read: their JSON bodies were texts to the programs
}

// Check says where the counts don't balance.
func (c Counts) Check() error {
	if c.Read != c.NotSelected+c.Unreadable+c.FannedOut || c.Made != c.Repeated+c.OverLimit+c.Kept {
		return fmt.Errorf("the counts don't balance: %+v", c)
	}
	return nil
}

// Run makes of src what o says. keep gets the exchanges in the order of src, each
// valid during the call.
func Run(ctx context.Context, src Source, o Options, keep func(*exchange.Exchange) error) (Counts, error) {
	d := &deriver{Options: o, src: src}
	if !o.Dedupe && o.Limit == 0 {
		if err := d.each(ctx, func(_ int64, e *exchange.Exchange) error { d.counts.Kept++; return keep(e) }); err != nil {
			return d.counts, err
		}
		return d.counts, d.counts.Check()
	}
	chosen, err := d.choose(ctx)
	if err != nil {
		return d.counts, err
	}
	defer chosen.close()
	if err := d.keepChosen(ctx, chosen, keep); err != nil {
		return d.counts, err
	}
	return d.counts, d.counts.Check()
}

type deriver struct {
	Options
	src    Source
	counts Counts
	doc    []byte
}

// errChanged says that the second look at a recording saw another one.
var errChanged = errors.New("the recording was changed meanwhile: repeat the command")

// each calls fn with everything that is made of the source, numbered from 0.
func (d *deriver) each(ctx context.Context, fn func(n int64, e *exchange.Exchange) error) error {
	d.counts = Counts{Repeated: d.counts.Repeated, OverLimit: d.counts.OverLimit} // it may be the second time
	return d.src(ctx, func(e *exchange.Exchange) error {
		d.counts.Read++
		made, err := d.make(ctx, e)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			d.counts.Unreadable++
			if d.Unreadable != nil {
				d.Unreadable(e, err)
			}
			return nil
		case made == nil:
			d.counts.NotSelected++
			return nil
		}
		d.counts.FannedOut++
		for _, m := range made {
			if err := fn(d.counts.Made, m); err != nil {
				return err
			}
			d.counts.Made++
		}
		return nil
	})
}

// make is what becomes of one exchange; nil: it is not selected.
func (d *deriver) make(ctx context.Context, e *exchange.Exchange) (made []*exchange.Exchange, err error) {
	if d.Match != nil && !d.Match(e) {
		return nil, nil
	}
	if d.Where == nil && d.FanOut == nil {
		return []*exchange.Exchange{e}, nil
	}
	if d.doc, err = exchange.AppendDocument(d.doc[:0], e); err != nil {
		return nil, err
	}
	made, err = d.apply(ctx, e)
	if !errors.Is(err, mapping.ErrInput) {
		return made, err
	}
	// JSON of a kind that no program reads (a name twice, half a character): it is
	// a text to them, and no reason to lose what may be the very input to look at.
	if d.doc, err = exchange.AppendLine(d.doc[:0], e, exchange.RecordingSides); err != nil {
		return nil, err
	}
	if made, err = d.apply(ctx, e); err == nil {
		d.counts.AsText++
	}
	return made, err
}

// apply runs the programs on the document of e.
func (d *deriver) apply(ctx context.Context, e *exchange.Exchange) ([]*exchange.Exchange, error) {
	if d.Where != nil {
		if ok, err := holds(ctx, d.Where, d.doc); !ok || err != nil {
			return nil, err
		}
	}
	if d.FanOut == nil {
		return []*exchange.Exchange{e}, nil
	}
	return d.fanOut(ctx, e)
}

// holds says that a program says something that is neither false nor null.
func holds(ctx context.Context, p *mapping.Program, doc []byte) (bool, error) {
	out, err := p.Apply(ctx, nil, doc)
	if errors.Is(err, mapping.ErrNoResult) { // of `select(…)`
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("--where: %w", err)
	}
	return string(out) != "false" && string(out) != "null", nil
}

func (d *deriver) fanOut(ctx context.Context, e *exchange.Exchange) ([]*exchange.Exchange, error) {
	results, err := d.FanOut.ApplyAll(ctx, d.doc)
	if err != nil {
		return nil, fmt.Errorf("--fanout: %w", err)
	}
	made := make([]*exchange.Exchange, 0, len(results))
	for n, text := range results {
		one, err := exchange.Overlay(e, text, n)
		if err != nil {
			return nil, fmt.Errorf("--fanout: result %d: %w", n+1, err)
		}
		made = append(made, one)
	}
	return made, nil
}
