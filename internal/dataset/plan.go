package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Plan is what a run has to send: splits, and of each how much of which model.
type Plan struct {
	Splits []Split
	Cut    *exchange.Cut // where Selection.MaxRequests ends it; nil: nowhere
	// Redacted is how many of the requests to be sent capture hid something of.
	Redacted int64
	parts    [][]part // by split, sorted; what is planned of it adds up to Split.Planned
}

// part is what is planned of a split's exchanges of one model with one defect.
type part struct {
	model, defect  string
	from, to       exchange.Timestamp // the earliest and the latest
	planned        int64
	request, reply int64 // bytes of their bodies, about
}

// planRow is a row of plan.parquet: a part of a split.
type planRow struct {
	Split         int64  `parquet:"split,delta"`
	Object        string `parquet:"object,dict"`
	ObjectSize    int64  `parquet:"object_size,delta"`
	RowGroup      int64  `parquet:"row_group,delta"`
	Rows          int64  `parquet:"rows,delta"`
	Model         string `parquet:"model,dict"`
	Defect        string `parquet:"defect,dict"`
	First         int64  `parquet:"first_time,delta,timestamp(microsecond)"`
	Last          int64  `parquet:"last_time,delta,timestamp(microsecond)"`
	Planned       int64  `parquet:"planned,delta"`
	RequestBytes  int64  `parquet:"request_bytes,delta"`
	ResponseBytes int64  `parquet:"response_bytes,delta"`
}

func (r *planRow) part() part {
	return part{r.Model, r.Defect, exchange.Timestamp(r.First), exchange.Timestamp(r.Last), r.Planned, r.RequestBytes, r.ResponseBytes}
}

// keyCut is the key-value of a plan that says where it is cut.
const keyCut = "parity.cut"

// keyRedacted is the key-value of a plan that has Plan.Redacted, where it is not 0.
const keyRedacted = "parity.redacted"

// planRows is how many rows of a plan are in memory at a time.
const planRows = 1024

// FreezePlan writes the plan, unless there is one, and returns the splits of the
// one that counts: the first worker's.
func (r *Run) FreezePlan(ctx context.Context, p *Plan) ([]Split, error) {
	err := r.writePlan(ctx, p)
	if err != nil && !errors.Is(err, store.ErrExists) {
		return nil, fmt.Errorf("write plan of %s: %w", r.Location, err)
	}
	splits, _, err := r.Plan(ctx)
	return splits, err
}

func (r *Run) writePlan(ctx context.Context, p *Plan) error {
	f, err := unnamedFile()
	if err != nil {
		return err
	}
	defer f.Close()
	w := parquet.NewGenericWriter[planRow](f, writerOptions(PlanKind)...)
	w.SetKeyValueMetadata(keyFormat, FormatVersion)
	w.SetKeyValueMetadata(keyKind, string(PlanKind))
	w.SetKeyValueMetadata(keyOf, r.Info.ID)
	if p.Cut != nil {
		w.SetKeyValueMetadata(keyCut, p.Cut.String())
	}
	if p.Redacted > 0 {
		w.SetKeyValueMetadata(keyRedacted, strconv.FormatInt(p.Redacted, 10))
	}
	var rows []planRow
	for i, s := range p.Splits {
		for _, part := range p.parts[i] {
			rows = append(rows, planRow{
				int64(s.Index), s.Object, s.ObjectSize, int64(s.RowGroup), s.Rows,
				part.model, part.defect, int64(part.from), int64(part.to), part.planned, part.request, part.reply,
			})
		}
		if len(rows) < planRows && i < len(p.Splits)-1 {
			continue
		}
		if _, err := w.Write(rows); err != nil {
			return err
		}
		rows = rows[:0]
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := closeSealed(w, f, 1, len(w.Schema().Columns())); err != nil {
		return err
	}
	return r.bucket.Put(ctx, planKey, f)
}

// Plan reads the splits of the frozen plan; false where there is none yet.
func (r *Run) Plan(ctx context.Context) (splits []Split, ok bool, err error) {
	ok, err = r.eachPlanRow(ctx, func(row planRow) error {
		s := Split{int(row.Split), row.Object, row.ObjectSize, int(row.RowGroup), row.Rows, 0, exchange.Timestamp(row.First), exchange.Timestamp(row.Last)}
		if s.Index == len(splits) {
			splits = append(splits, s)
		}
		if s.Index != len(splits)-1 {
			return fmt.Errorf("split %d follows split %d", s.Index, len(splits)-1)
		}
		last := &splits[s.Index]
		from, to := min(last.From, s.From), max(last.To, s.To)
		s.Planned, s.From, s.To = last.Planned, last.From, last.To
		if *last != s {
			return fmt.Errorf("split %d is said to be two", s.Index)
		}
		last.Planned += row.Planned
		last.From, last.To = from, to
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	return splits, ok, nil
}

// PlanTotals adds up the frozen plan; nil where there is none yet.
func (r *Run) PlanTotals(ctx context.Context) (*Totals, error) {
	t := &Totals{}
	last := int64(-1)
	ok, err := r.eachPlanRow(ctx, func(row planRow) error {
		if row.Split != last {
			last = row.Split
			t.Splits++
		}
		t.add(row.part())
		return nil
	})
	if !ok || err != nil {
		return nil, err
	}
	o, err := r.openPlan(ctx)
	if err != nil {
		return nil, err
	}
	t.Redacted, _ = strconv.ParseInt(o.meta(keyRedacted), 10, 64) // 0 of one that was written before there was any
	return t, nil
}

// cut is where the frozen plan ends.
func (r *Run) cut(ctx context.Context) (*exchange.Cut, error) {
	if r.Info.Selection.MaxRequests == 0 {
		return nil, nil
	}
	o, err := r.openPlan(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("run %s has no plan yet: repeat the `parity replay` that began it", r.Location)
	}
	if err != nil || o.meta(keyCut) == "" { // there were no more than the most
		return nil, err
	}
	c, err := exchange.ParseCut(o.meta(keyCut))
	return &c, inObject(r.bucket, planKey, err)
}

func (r *Run) openPlan(ctx context.Context) (*object, error) {
	o, err := openObject(ctx, r.bucket, planKey)
	if err != nil {
		return nil, err
	}
	return o, o.belongs(r.Info.ID)
}

// eachPlanRow reads the frozen plan; false where there is none yet.
func (r *Run) eachPlanRow(ctx context.Context, fn func(planRow) error) (ok bool, err error) {
	o, err := r.openPlan(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = inObject(r.bucket, planKey, recovered(recover(), err)) }()
	data, err := o.readWhole(ctx)
	if err != nil {
		return false, err
	}
	reader := parquet.NewGenericReader[planRow](bytes.NewReader(data))
	defer func() { err = errors.Join(err, reader.Close()) }()
	var n int64
	rows := make([]planRow, min(planRows, reader.NumRows()))
	for n < reader.NumRows() {
		got, err := reader.Read(rows)
		if got == 0 || err != nil && err != io.EOF {
			return false, fmt.Errorf("%d of %d rows: %w", n, reader.NumRows(), err)
		}
		for _, row := range rows[:got] {
			if err := fn(row); err != nil {
				return false, err
			}
		}
		n += int64(got)
	}
	return true, nil
}

// Planned adds up what a plan's splits have to send.
func Planned(plan []Split) (n int64) {
	for _, s := range plan {
		n += s.Planned
	}
	return n
}

// Totals are a plan's: how much of what it has.
type Totals struct {
	Splits   int64
	From, To exchange.Timestamp // the earliest and the latest exchange
	Redacted int64              // of the sendable, those whose requests capture hid something of
	PlanCount
	Models map[string]*PlanCount
}

// PlanCount is how many exchanges are planned, and what for: Planned = Sendable +
// all Skipped.
type PlanCount struct {
	Planned  int64
	Sendable int64
	Skipped  map[string]int64 // those that can't be sent, by defect
	// RequestBytes is how large the bodies are of those that can be, and
	// ResponseBytes those of the recorded answers to them. Both are taken from the
	// footers, as if all exchanges of a split were of one size: the sums over many
	// splits are good, what they say of one model among others is not.
	RequestBytes, ResponseBytes int64
}

// Totals adds up the plan.
func (p *Plan) Totals() *Totals {
	t := &Totals{Splits: int64(len(p.Splits)), Redacted: p.Redacted}
	for _, parts := range p.parts {
		for _, part := range parts {
			t.add(part)
		}
	}
	return t
}

// ModelNames are the plan's models, sorted.
func (t *Totals) ModelNames() []string { return slices.Sorted(maps.Keys(t.Models)) }

func (t *Totals) add(p part) {
	if t.Models == nil {
		t.Models, t.From, t.To = map[string]*PlanCount{}, p.from, p.to
	}
	t.From, t.To = min(t.From, p.from), max(t.To, p.to)
	m := t.Models[p.model]
	if m == nil {
		m = &PlanCount{}
		t.Models[p.model] = m
	}
	t.PlanCount.add(p)
	m.add(p)
}

func (c *PlanCount) add(p part) {
	c.Planned += p.planned
	if p.defect == "" {
		c.Sendable += p.planned
		c.RequestBytes += p.request
		c.ResponseBytes += p.reply
		return
	}
	if c.Skipped == nil {
		c.Skipped = map[string]int64{}
	}
	c.Skipped[p.defect] += p.planned
}
