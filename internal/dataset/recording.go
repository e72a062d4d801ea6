package dataset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Recording is a folder of objects with exchanges: what capture or an import
// wrote, or the mismatch set of a judgement.
type Recording struct {
	Location string
	bucket   store.Bucket
	keys     []string
	narrow   *narrowing             // nil: all of it; see Narrow
	last     atomic.Pointer[object] // the one that a split was opened of: the next one is mostly of it too
}

// OpenRecording lists the objects at a location. RUN/mismatches is the
// mismatch set of the run's latest judgement. A location without any is an
// error that says what was found there instead.
func OpenRecording(ctx context.Context, location string) (*Recording, error) {
	asked := location
	location, err := resolveMismatches(ctx, location)
	if err != nil {
		return nil, err
	}
	b, err := store.Open(ctx, location)
	if err != nil {
		return nil, err
	}
	r := &Recording{Location: location, bucket: b}
	others := 0
	for o, err := range b.List(ctx, "") {
		switch {
		case err != nil:
			return nil, fmt.Errorf("open recording %s: %w", location, err)
		case o.Key == runKey:
			return nil, fmt.Errorf("%s is a run, not a recording; its mismatch set is %s", location, store.Join(location, "mismatches"))
		case strings.HasSuffix(o.Key, ".parquet"):
			r.keys = append(r.keys, o.Key)
		default:
			others++
		}
	}
	if len(r.keys) == 0 && location != asked {
		return nil, fmt.Errorf("the mismatch set %s is empty: nothing differed in the latest judgement, or it is lost, which `parity fsck` tells", asked)
	}
	if len(r.keys) == 0 {
		return nil, fmt.Errorf("open recording %s: %w", location, emptyError(others))
	}
	return r, nil
}

// ErrNoRecording says that a location holds no exchanges.
var ErrNoRecording = errors.New("no recording is there")

func emptyError(others int) error {
	if others > 0 {
		return fmt.Errorf("%w (none of its %d objects is a .parquet): name the folder that `parity capture` or `parity import` wrote", ErrNoRecording, others)
	}
	return fmt.Errorf("%w: name the folder that `parity capture` or `parity import` wrote (capture writes when it seals a segment: after --segment-age, or when it stops)", ErrNoRecording)
}

// Split is the unit of work: one row group of one object of a recording.
type Split struct {
	Index      int    // in the plan
	Object     string // its key in the recording
	ObjectSize int64
	RowGroup   int
	Rows       int64              // in the row group
	Planned    int64              // of these, what the run's selection matches
	From, To   exchange.Timestamp // the earliest and the latest time of what is planned
}

// Name is what objects made of the split are called.
func (s Split) Name() string { return fmt.Sprintf("%06d", s.Index) }

// HasMore says that the recording has objects which a plan has nothing of: of a
// run over all of it, those that came later.
func (r *Recording) HasMore(plan []Split) bool {
	planned := map[string]bool{}
	for _, s := range plan {
		planned[s.Object] = true
	}
	return slices.ContainsFunc(r.keys, func(key string) bool { return !planned[key] })
}

// openParallel is how many footers are read at a time.
const openParallel = 16

// open opens an object that holds exchanges with answers.
func (r *Recording) open(ctx context.Context, key string) (*object, error) {
	o, err := openObject(ctx, r.bucket, key)
	if err == nil && o.kind != RecordingKind && o.kind != MismatchKind {
		err = inObject(r.bucket, key, fmt.Errorf("it holds a %s, not a recording: name the recording's own folder", o.kind))
	}
	return o, err
}

// eachObject opens every object, several at a time. fn is called with the
// object's number; calls run side by side.
func (r *Recording) eachObject(ctx context.Context, fn func(i int, o *object) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(openParallel)
	for i, key := range r.keys {
		g.Go(func() error {
			o, err := r.open(ctx, key)
			if err != nil {
				return err
			}
			return fn(i, o)
		})
	}
	return g.Wait()
}

// Splits reads all footers and lists the row groups, in the order of the keys.
func (r *Recording) Splits(ctx context.Context) ([]Split, error) {
	perObject := make([][]Split, len(r.keys))
	err := r.eachObject(ctx, func(i int, o *object) error {
		for g := range o.groups() {
			perObject[i] = append(perObject[i], Split{
				Object: o.key, ObjectSize: o.size, RowGroup: g, Rows: o.rows(g), Planned: o.rows(g),
			})
		}
		return nil
	})
	var splits []Split
	for _, s := range perObject {
		splits = append(splits, s...)
	}
	for i := range splits {
		splits[i].Index = i
	}
	return splits, err
}

// Source reads the given sides of a split, which Load has nothing to add to. A
// split that is not what it was when the plan was made is an error.
func (r *Recording) Source(ctx context.Context, s Split, sides exchange.Sides) (exchange.LazySource, error) {
	return r.source(ctx, s, sides, whole)
}

// LazyAnswers reads the reference side of a split as far as equal answers need it.
func (r *Recording) LazyAnswers(ctx context.Context, s Split) (exchange.LazySource, error) {
	return r.source(ctx, s, exchange.ReferenceSide, answers)
}

func (r *Recording) source(ctx context.Context, s Split, sides exchange.Sides, d depth) (exchange.LazySource, error) {
	o, err := r.openSplit(ctx, s)
	if err != nil {
		return nil, err
	}
	src := newSource(o, sides, d, s.RowGroup)
	if r.narrow == nil {
		return src, nil
	}
	keep, err := r.narrow.of(ctx, o, s.RowGroup)
	return &among{LazySource: src, keep: keep}, err
}

// openSplit opens the split's object and holds it against the plan.
func (r *Recording) openSplit(ctx context.Context, s Split) (*object, error) {
	o := r.last.Load()
	if o == nil || o.key != s.Object {
		var err error
		if o, err = r.open(ctx, s.Object); err != nil {
			return nil, err
		}
		r.last.Store(o)
	}
	if o.size != s.ObjectSize || s.RowGroup >= o.groups() || o.rows(s.RowGroup) != s.Rows {
		return nil, inObject(r.bucket, s.Object, fmt.Errorf(
			"split %s of the plan has row group %d with %d rows of an object of %d bytes; the recording was changed since",
			s.Name(), s.RowGroup, s.Rows, s.ObjectSize))
	}
	return o, nil
}

// ObjectInfo says where an object of a recording comes from.
type ObjectInfo struct {
	Hour     time.Time   // the partition that it lies in
	Instance string      // who wrote it
	ID       exchange.ID // names it; follows from its input
	Ledger   *exchange.Ledger
}

// Key is where the object lies in the recording.
func (i ObjectInfo) Key() string {
	return fmt.Sprintf("%s/%s-%s.parquet", i.Hour.UTC().Format("dt=2006-01-02/hr=15"), i.Instance, i.ID)
}

func (i ObjectInfo) meta() map[string]string {
	m := map[string]string{keyInstance: i.Instance}
	if i.Ledger != nil {
		m[keyLedger] = ledgerText(*i.Ledger)
	}
	return m
}

// NewObject begins an object of a recording. Its rows are sorted by (model, id).
func NewObject(b store.Bucket, info ObjectInfo, limits Limits) (exchange.Sink, error) {
	return newWriter(b, info.Key(), RecordingKind, limits, info.meta())
}

// Stats is what a recording holds, by model, and what its recorders counted.
type Stats struct {
	Objects   int
	Bytes     int64
	Rows      int64
	Defects   map[string]int64
	Redacted  map[string]int64 // by what of them is: request, answer or both
	Models    map[string]ModelStats
	Instances map[string]InstanceStats
}

// ModelStats counts one model's exchanges.
type ModelStats struct {
	Seen
	Versions map[string]Seen // by the reference's version, "" where none is known
}

// Seen counts exchanges, and says when the first and the last of them came.
type Seen struct {
	Rows        int64
	First, Last exchange.Timestamp
}

func (s *Seen) add(t exchange.Timestamp) {
	s.Rows++
	if s.Rows == 1 || t < s.First {
		s.First = t
	}
	s.Last = max(s.Last, t)
}

// InstanceStats sets one recorder's ledger beside the rows that are there.
// Ledger is nil where an import was cut short.
type InstanceStats struct {
	Rows   int64
	Ledger *exchange.Ledger
}

// Stats reads the key columns of the whole recording, and where its rows come from.
func (r *Recording) Stats(ctx context.Context) (*Stats, error) {
	st := &Stats{Objects: len(r.keys), Defects: map[string]int64{}, Redacted: map[string]int64{}, Models: map[string]ModelStats{}, Instances: map[string]InstanceStats{}}
	for _, key := range r.keys {
		o, err := r.open(ctx, key)
		if err != nil {
			return nil, err
		}
		st.Bytes += o.size
		st.addInstance(o)
		columns := []string{"origin"}
		for _, c := range exchange.Columns(exchange.KeySide) {
			columns = append(columns, c.Name)
		}
		if err := EachRow(ctx, newColumnSource(o, columns, allGroups(o)...), st.add); err != nil {
			return nil, err
		}
	}
	return st, nil
}

func allGroups(o *object) []int {
	groups := make([]int, o.groups())
	for i := range groups {
		groups[i] = i
	}
	return groups
}

func (st *Stats) add(e *exchange.Exchange) error {
	origin, err := exchange.ParseOrigin(e.Origin)
	if err != nil {
		return fmt.Errorf("exchange %s: %w", e.ID, err)
	}
	if origin.Redacted != "" {
		st.Redacted[origin.Redacted]++
	}
	st.Rows++
	if e.Defect != "" {
		st.Defects[string(e.Defect)]++
	}
	m, ok := st.Models[e.Model]
	if !ok {
		m.Versions = map[string]Seen{}
	}
	v := m.Versions[e.ModelVersion]
	v.add(e.Time)
	m.add(e.Time)
	m.Versions[e.ModelVersion], st.Models[e.Model] = v, m
	return nil
}

// addInstance keeps the ledger that counts most: ledgers are cumulative.
func (st *Stats) addInstance(o *object) {
	name := o.meta(keyInstance)
	if name == "" {
		return
	}
	in := st.Instances[name]
	in.Rows += o.allRows()
	if l, ok := o.ledger(); ok && (in.Ledger == nil || l.Served >= in.Ledger.Served) {
		in.Ledger = &l
	}
	st.Instances[name] = in
}
