package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go/format"

	"github.com/modelparity/parity/internal/exchange"
)

// Planning says how far the making of a plan is: how many objects have been read
// of how many that are to be. A recording is read up to three times.
type Planning struct{ Done, Of atomic.Int64 }

// Plan counts in every split what the selection asks for, by model and defect, and
// leaves out the splits that have nothing of it. It reads the footers, model and
// defect of every exchange, and what else the selection looks at: no bodies. That a
// name, or all of it, matches nothing is an error that names what there is.
// watch may be nil.
func (r *Recording) Plan(ctx context.Context, sel exchange.Selection, watch *Planning) (*Plan, error) {
	p := &planner{rec: r, sel: sel, rest: sel.Rest(), watch: watch, seen: newSeen(&sel), names: map[string]string{}}
	if p.watch == nil {
		p.watch = new(Planning)
	}
	if err := p.findCut(ctx); err != nil {
		return nil, err
	}
	plan, err := p.count(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.seen.check(r.Location); err != nil {
		return nil, err
	}
	if len(plan.Splits) == 0 && !sel.All() {
		return nil, p.seen.nothing(r.Location)
	}
	return plan, nil
}

// planner makes the plan of a recording.
type planner struct {
	rec   *Recording
	sel   exchange.Selection
	rest  *exchange.Rest // nil: nothing
	cut   *exchange.Cut  // nil: none, or it is not found yet
	watch *Planning

	mu    sync.Mutex
	seen  *seen
	names map[string]string // of models, each once: every split has texts of its own
}

func (p *planner) name(model string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, ok := p.names[model]
	if !ok {
		name = strings.Clone(model)
		p.names[name] = name
	}
	return name
}

// eachGroup calls fn for every row group, several at a time.
func (p *planner) eachGroup(ctx context.Context, fn func(object int, o *object, group int) error) error {
	p.watch.Of.Add(int64(len(p.rec.keys)))
	return p.rec.eachObject(ctx, func(i int, o *object) error {
		for group := range o.groups() {
			if err := fn(i, o, group); err != nil {
				return err
			}
		}
		p.watch.Done.Add(1)
		return nil
	})
}

// eachSelected calls fn for every exchange of a row group that is selected, with
// the columns that the selection looks at and those named.
func (p *planner) eachSelected(ctx context.Context, o *object, group int, columns []string, fn func(*exchange.Exchange)) error {
	seen := newSeen(&p.sel)
	var signedIDs map[exchange.ID]bool // nil: all
	if len(p.sel.Signatures) > 0 {
		var err error
		if signedIDs, err = signed(ctx, o, group, p.sel.Signatures, seen.signature); err != nil {
			return err
		}
		columns = append(columns, "id")
	}
	err := EachRow(ctx, newColumnSource(o, append(p.sel.Columns(), columns...), group), func(e *exchange.Exchange) error {
		seen.add(e, p.rest)
		if p.sel.Match(e) && (p.rest == nil || p.rest.Match(e)) && (signedIDs == nil || signedIDs[e.ID]) && (p.cut == nil || p.cut.Has(e)) {
			fn(e)
		}
		return nil
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen.merge(seen)
	return err
}

// count makes the plan.
func (p *planner) count(ctx context.Context) (*Plan, error) {
	type counted struct {
		split    Split
		redacted int64
		parts    []part
	}
	perObject := make([][]counted, len(p.rec.keys))
	err := p.eachGroup(ctx, func(i int, o *object, group int) error {
		parts, redacted, err := p.partsOf(ctx, o, group)
		if err != nil || len(parts) == 0 {
			return err
		}
		s := Split{Object: o.key, ObjectSize: o.size, RowGroup: group, Rows: o.rows(group), From: parts[0].from, To: parts[0].to}
		for _, part := range parts {
			s.Planned, s.From, s.To = s.Planned+part.planned, min(s.From, part.from), max(s.To, part.to)
		}
		perObject[i] = append(perObject[i], counted{s, redacted, parts})
		return nil
	})
	if err != nil {
		return nil, err
	}
	plan := &Plan{Cut: p.cut}
	for _, c := range slices.Concat(perObject...) {
		c.split.Index = len(plan.Splits)
		plan.Splits, plan.parts = append(plan.Splits, c.split), append(plan.parts, c.parts)
		plan.Redacted += c.redacted
	}
	return plan, nil
}

// partsOf counts what is selected of a row group, and of what can be sent of it the
// redacted requests. Its rows are mostly sorted by
// model, so that the next exchange is counted where the last one was.
func (p *planner) partsOf(ctx context.Context, o *object, group int) (parts []part, redacted int64, err error) {
	type key struct{ model, defect string }
	all := map[key]*part{}
	var at *part
	columns := []string{"model", "defect", "time"}
	if len(o.column(group, "origin").Statistics.MaxValue) > 0 { // else all are empty, as nearly everywhere
		columns = append(columns, "origin")
	}
	var odd error
	err = p.eachSelected(ctx, o, group, columns, func(e *exchange.Exchange) {
		if at == nil || e.Model != at.model || string(e.Defect) != at.defect {
			k := key{e.Model, string(e.Defect)}
			if at = all[k]; at == nil {
				at = &part{model: k.model, defect: k.defect, from: e.Time, to: e.Time}
				all[k] = at
			}
		}
		at.planned++
		at.from, at.to = min(at.from, e.Time), max(at.to, e.Time)
		if e.Origin == "" || e.Defect != "" {
			return
		}
		hidden, err := e.Hidden()
		if err != nil {
			odd = err
		}
		if hidden == "request" || hidden == "both" {
			redacted++
		}
	})
	rows, request, reply := o.rows(group), o.bodyBytes(group, "request_body"), o.bodyBytes(group, "response_body")
	parts = make([]part, 0, len(all))
	for _, one := range all {
		one.model, one.request, one.reply = p.name(one.model), share(request, one.planned, rows), share(reply, one.planned, rows)
		parts = append(parts, *one)
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.model, b.model), cmp.Compare(a.defect, b.defect))
	})
	return parts, redacted, errors.Join(err, inObject(o.bucket, o.key, odd))
}

// share is the part of total that n of all rows have.
func share(total, n, all int64) int64 {
	hi, lo := bits.Mul64(uint64(total), uint64(n))
	quotient, _ := bits.Div64(hi, lo, uint64(all)) // n is at most all
	return int64(quotient)
}

// bodyBytes is about how many bytes the values of a column of bodies have in a
// row group: what its pages have, without the lengths of the values.
func (o *object) bodyBytes(group int, name string) int64 {
	m := o.column(group, name)
	return max(0, m.TotalUncompressedSize-4*m.NumValues)
}

// column is what the footer says of a column of a row group.
func (o *object) column(group int, name string) *format.ColumnMetaData {
	n := slices.IndexFunc(fileColumns(kindSides[o.kind]), func(c column) bool { return c.name() == name })
	return &o.file.Metadata().RowGroups[group].Columns[n].MetaData
}

// cutBuckets is how many parts the range of hashes is counted in.
const cutBuckets = 1 << 16

func bucketOf(hash int64) uint64 { return uint64(hash) >> 48 }

// findCut finds where a plan of at most Selection.MaxRequests ends, in memory that
// is bounded: it counts the hashes in parts of their range, and looks closely at
// the part that the cut is in.
func (p *planner) findCut(ctx context.Context) error {
	if p.sel.MaxRequests == 0 {
		return nil
	}
	counts := make([]atomic.Int64, cutBuckets)
	err := p.eachGroup(ctx, func(_ int, o *object, group int) error {
		return p.eachSelected(ctx, o, group, nil, func(e *exchange.Exchange) { counts[bucketOf(e.RequestHash)].Add(1) })
	})
	if err != nil {
		return err
	}
	left := p.sel.MaxRequests // of the part that the cut is in
	bucket := uint64(0)
	for bucket < cutBuckets && counts[bucket].Load() <= left {
		left -= counts[bucket].Load()
		bucket++
	}
	if bucket == cutBuckets {
		return nil // there are no more
	}
	least := leastCuts{most: int(left) + 1}
	err = p.eachGroup(ctx, func(_ int, o *object, group int) error {
		return p.eachSelected(ctx, o, group, nil, func(e *exchange.Exchange) {
			if bucketOf(e.RequestHash) == bucket {
				least.add(exchange.CutAt(e))
			}
		})
	})
	if least.trim(); err == nil && int64(len(least.places)) <= left {
		err = fmt.Errorf("plan %s: it was changed meanwhile; repeat the command", p.rec.Location)
	}
	if err != nil {
		return err
	}
	p.cut = &least.places[left]
	return nil
}

// leastCuts keeps the lowest places of those that are added.
type leastCuts struct {
	most   int
	mu     sync.Mutex
	places []exchange.Cut
}

func (l *leastCuts) add(c exchange.Cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.places = append(l.places, c); len(l.places) >= 2*l.most+1000 {
		l.trim()
	}
}

func (l *leastCuts) trim() {
	slices.SortFunc(l.places, exchange.Cut.Compare)
	l.places = l.places[:min(len(l.places), l.most)]
}
