package dataset

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// mixed makes a recording of several objects with exchanges of different statuses,
// versions and defects, some of them the same request.
func mixed(t *testing.T, n, objects int, kind Kind) (*Recording, []exchange.Exchange) {
	t.Helper()
	rows := sample(n, 11)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range rows {
		rows[i].Reference.Status = []int64{200, 200, 204, 404, 500, 0}[r.IntN(6)]
		rows[i].Verdict.Deltas = fmt.Appendf(nil, `[{"signature":"$.n%d number"},{"signature":"$.ever number","noise":true}]`, r.IntN(3))
		if i%5 == 4 {
			rows[i].RequestHash = rows[i-1].RequestHash
		}
	}
	b := &counting{Bucket: openBucket(t)}
	rec := &Recording{Location: fmt.Sprint(b), bucket: b}
	for i := range objects {
		key := fmt.Sprintf("%02d.parquet", i)
		write(t, b, key, kind, Limits{Rows: 37}, rows[i*n/objects:(i+1)*n/objects])
		rec.keys = append(rec.keys, key)
	}
	return rec, rows
}

// selections are of every kind, and mixed.
func selections(rows []exchange.Exchange) []exchange.Selection {
	at := rows[len(rows)/2].Time.Time()
	ids := []string{rows[3].ID.String(), rows[400].Request.SourceID, rows[401].Request.SourceID}
	return []exchange.Selection{
		{},
		{Models: []string{"model-0*", "!model-03"}},
		{Versions: []string{"3", ""}},
		{Since: at.Add(-100 * time.Millisecond), Until: at},
		{Sample: 0.3},
		{Statuses: []string{"2xx", "!204"}},
		{Statuses: []string{"0"}, Models: []string{"model-02"}},
		{IDs: slices.Sorted(slices.Values(ids))},
		{MaxRequests: 100},
		{MaxRequests: 1},
		{MaxRequests: int64(len(rows))},
		{MaxRequests: int64(len(rows)) - 1},
		{Models: []string{"!model-01"}, Sample: 0.5, Statuses: []string{"!5xx"}, MaxRequests: 77},
	}
}

// asked are the exchanges that a selection asks for, found out one by one.
func asked(rows []exchange.Exchange, sel exchange.Selection) (list []exchange.Exchange) {
	rest := sel.Rest()
	for _, e := range rows {
		signatures, _ := e.Verdict.Signatures()
		if sel.Match(&e) && (rest == nil || rest.Match(&e)) && (len(sel.Signatures) == 0 ||
			slices.ContainsFunc(signatures, func(has string) bool { return slices.Contains(sel.Signatures, has) })) {
			list = append(list, e)
		}
	}
	if sel.MaxRequests > 0 {
		slices.SortFunc(list, func(a, b exchange.Exchange) int { return exchange.CutAt(&a).Compare(exchange.CutAt(&b)) })
		list = list[:min(len(list), int(sel.MaxRequests))]
	}
	return list
}

func idsOf(rows []exchange.Exchange) (ids []string) {
	for i := range rows {
		ids = append(ids, rows[i].ID.String())
	}
	return slices.Sorted(slices.Values(ids))
}

// readBack reads what is left of a narrowed recording in a plan's splits.
func readBack(t *testing.T, rec *Recording, splits []Split, sel exchange.Selection, sides exchange.Sides) (rows []exchange.Exchange) {
	t.Helper()
	for _, s := range splits {
		src, err := rec.Source(t.Context(), s, sides)
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		err = EachRow(t.Context(), src, func(e *exchange.Exchange) error {
			if sel.Match(e) {
				if rows = append(rows, *e); e.Time < s.From {
					t.Errorf("split %s has an exchange of %d, and is from %d on", s.Name(), e.Time, s.From)
				}
				n++
			}
			return nil
		})
		if err != nil || n != s.Planned {
			t.Fatalf("split %s has %d exchanges, and %d are planned: %v", s.Name(), n, s.Planned, err)
		}
	}
	return rows
}

// Without this, a plan could be of other exchanges than were asked for, or count
// them wrong, or whoever reads the run later could meet others than were planned.
func TestPlanIsWhatIsRead(t *testing.T) {
	for _, kind := range []Kind{RecordingKind, MismatchKind} {
		rec, rows := mixed(t, 1000, 3, kind)
		all := selections(rows)
		if kind == MismatchKind {
			all = append(all, exchange.Selection{Signatures: []string{"$.n1 number"}},
				exchange.Selection{Signatures: []string{"$.n1 number", "$.n2 number"}, Statuses: []string{"2xx"}, MaxRequests: 90})
		}
		for i, sel := range all {
			t.Run(fmt.Sprint(kind, " ", sel), func(t *testing.T) { planAndRead(t, rec, rows, sel, fmt.Sprint(kind, i)) })
		}
	}
}

func planAndRead(t *testing.T, rec *Recording, rows []exchange.Exchange, sel exchange.Selection, name string) {
	ctx := t.Context()
	want := asked(rows, sel)
	plan, err := rec.Plan(ctx, sel, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := rec.Plan(ctx, sel, nil); err != nil || !reflect.DeepEqual(again, plan) {
		t.Errorf("the same plan made again is another, %v", err)
	}
	run, err := CreateRun(ctx, filepath.Join(t.TempDir(), name), RunInfo{ID: name, Recording: rec.Location, Selection: sel})
	if err != nil {
		t.Fatal(err)
	}
	splits, err := run.FreezePlan(ctx, plan)
	if err != nil || !reflect.DeepEqual(splits, plan.Splits) {
		t.Fatalf("the frozen plan is another: %v", err)
	}
	totals, err := run.PlanTotals(ctx)
	if err != nil || !reflect.DeepEqual(totals, plan.Totals()) {
		t.Fatalf("the frozen plan adds up to something else: %v", err)
	}
	models := map[string]map[string]int64{}
	for _, e := range want {
		if models[e.Model] == nil {
			models[e.Model] = map[string]int64{}
		}
		models[e.Model][string(e.Defect)]++
	}
	for model, has := range totals.Models {
		skipped := models[model]
		sendable := skipped[""]
		delete(skipped, "")
		if has.Sendable != sendable || len(skipped) != len(has.Skipped) || len(skipped) > 0 && !reflect.DeepEqual(has.Skipped, skipped) {
			t.Errorf("model %s: %+v, want %d and %v", model, has, sendable, skipped)
		}
	}
	var first, last exchange.Timestamp
	for i, e := range want {
		if i == 0 || e.Time < first {
			first = e.Time
		}
		last = max(last, e.Time)
	}
	if totals.From != first || totals.To != last {
		t.Errorf("the plan is from %d to %d, want %d to %d", totals.From, totals.To, first, last)
	}
	if len(totals.Models) != len(models) || totals.Planned != int64(len(want)) || Planned(splits) != totals.Planned {
		t.Errorf("%d models with %d exchanges, want %d with %d", len(totals.Models), totals.Planned, len(models), len(want))
	}
	narrow, err := run.Recording(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, sides := range []exchange.Sides{exchange.KeySide, exchange.RequestSide, exchange.ReferenceSide} {
		if got := readBack(t, narrow, splits, sel, sides); !slices.Equal(idsOf(got), idsOf(want)) {
			t.Errorf("sides %b: %d other exchanges than the %d that were asked for are read", sides, len(got), len(want))
		}
	}
}

// Without this, which requests a capped run sends would hang on how the recording
// is cut into objects, or on which of its models come first.
func TestCapIsASample(t *testing.T) {
	one, rows := mixed(t, 1000, 1, RecordingKind)
	many, _ := mixed(t, 1000, 7, RecordingKind)
	var last []string
	for _, n := range []int64{10, 50, 333} {
		sel := exchange.Selection{MaxRequests: n}
		var got [][]string
		for _, rec := range []*Recording{one, many} {
			plan, err := rec.Plan(t.Context(), sel, nil)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, idsOf(readBack(t, rec.Narrow(sel, plan.Cut), plan.Splits, sel, exchange.KeySide)))
			if models := len(plan.Totals().Models); n >= 50 && models != 7 {
				t.Errorf("of %d exchanges only %d models are among %d", len(rows), models, n)
			}
		}
		if int64(len(got[0])) != n || !slices.Equal(got[0], got[1]) {
			t.Errorf("at most %d: %d and %d exchanges, other ones", n, len(got[0]), len(got[1]))
		}
		for _, id := range last {
			if !slices.Contains(got[0], id) {
				t.Errorf("what %d takes is no part of it: %s", n, id)
			}
		}
		last = got[0]
	}
}

// Without this, a request that is repeated a million times could not be capped, or
// would take memory for each.
func TestCapWithinOneRequest(t *testing.T) {
	rows := sample(3000, 3)
	for i := range rows {
		rows[i].RequestHash = 7
	}
	b := openBucket(t)
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 100}, rows)
	rec := &Recording{Location: "here", bucket: b, keys: []string{"a.parquet"}}
	sel := exchange.Selection{MaxRequests: 5}
	plan, err := rec.Plan(t.Context(), sel, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := idsOf(readBack(t, rec.Narrow(sel, plan.Cut), plan.Splits, sel, exchange.KeySide)), idsOf(rows)[:5]; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	least := leastCuts{most: 2}
	for i := range 10_000 {
		least.add(exchange.Cut{Hash: int64(10_000 - i)})
		if len(least.places) > 2000 {
			t.Fatalf("%d places are kept for 2", len(least.places))
		}
	}
	if least.trim(); !slices.Equal(least.places, []exchange.Cut{{Hash: 1}, {Hash: 2}}) {
		t.Errorf("%v", least.places)
	}
}

// Without this, to plan ten million exchanges could take as long as to read them.
func TestPlanningReadsNoBodies(t *testing.T) {
	rows := sample(2000, 1)
	var bodies int64
	for i := range rows {
		rows[i].Request.Body = []byte(strings.Repeat("x", 1000) + fmt.Sprint(rand.Uint64()))
		bodies += int64(len(rows[i].Request.Body))
		rows[i].Defect = ""
	}
	b := &counting{Bucket: openBucket(t)}
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 500}, rows)
	rec := &Recording{Location: "here", bucket: b, keys: []string{"a.parquet"}}
	for _, sel := range []exchange.Selection{{}, {Models: []string{"*"}, Sample: 0.99, Until: time.Now()}} {
		b.gets.Store(0)
		b.bytes.Store(0)
		plan, err := rec.Plan(t.Context(), sel, nil)
		if err != nil {
			t.Fatal(err)
		}
		if gets, bytes := b.gets.Load(), b.bytes.Load(); gets > 5 || bytes > tailSize+24*int64(len(rows)) {
			t.Errorf("%s: %d reads, %d bytes of %d exchanges", sel, gets, bytes, len(rows))
		}
		if got := plan.Totals().RequestBytes; sel.All() && (got < bodies || got > bodies*102/100) {
			t.Errorf("the bodies are said to have %d bytes, and have %d", got, bodies)
		}
	}
}

// Without this, to read what a status leaves could cost as much as to read all.
func TestNarrowingReadsNoBodies(t *testing.T) {
	rows := sample(2000, 1)
	for i := range rows {
		rows[i].Request.Body, rows[i].Reference.Status = fmt.Append(nil, strings.Repeat("x", 1000), rand.Uint64()), int64(200+i%2)
	}
	b := &counting{Bucket: openBucket(t)}
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 500}, rows)
	rec := &Recording{Location: "here", bucket: b, keys: []string{"a.parquet"}}
	sel := exchange.Selection{Statuses: []string{"201"}, IDs: []string{"r1", "r3", "r4"}}
	plan, err := rec.Plan(t.Context(), sel, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.gets.Store(0)
	b.bytes.Store(0)
	got := readBack(t, rec.Narrow(sel, nil), plan.Splits, sel, exchange.KeySide)
	if gets, bytes := b.gets.Load(), b.bytes.Load(); len(got) != 2 || gets > int64(1+5*len(plan.Splits)) || bytes > tailSize+100*int64(len(rows)) {
		t.Errorf("%d exchanges by %d reads of %d bytes", len(got), gets, bytes)
	}
}

// Without this, a slip in a name would send less than was asked for, in silence.
func TestNamesThatAreNone(t *testing.T) {
	rec, rows := mixed(t, 1000, 2, MismatchKind)
	for _, c := range []struct {
		sel  exchange.Selection
		want string
	}{
		{exchange.Selection{Models: []string{"model-0*", "modle"}}, `model "modle" matches none of REC: its models are "model-00", "model-01", "model-02"`},
		{exchange.Selection{Versions: []string{"4"}}, `version "4" matches none of REC: the versions of its models are "", "3", "ü"`},
		{exchange.Selection{IDs: []string{rows[1].ID.String(), "nobody"}}, `no exchange of REC has the id "nobody": ` + "`parity cat REC` lists ids"},
		{exchange.Selection{Statuses: []string{"418"}}, `no exchange of REC is selected by --status "418": its statuses are 0 200 204 404 500`},
		{exchange.Selection{Signatures: []string{"$.ever number"}}, `no exchange of REC differs at "$.ever number": it has "$.n0 number", "$.n1 number", "$.n2 number"`},
		{exchange.Selection{Until: rows[0].Time.Time()}, `no exchange of REC is selected by --until`},
	} {
		_, err := rec.Plan(t.Context(), c.sel, nil)
		if want := strings.ReplaceAll(c.want, "REC", rec.Location); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", c.sel, err, want)
		}
	}
	plain, _ := mixed(t, 50, 1, RecordingKind)
	if _, err := plain.Plan(t.Context(), exchange.Selection{Signatures: []string{"x"}}, nil); err == nil || !strings.Contains(err.Error(), "is no mismatch set") {
		t.Errorf("signatures of a recording: %v", err)
	}
}

// Without this, of two workers that begin while the recording grows one could send
// by its own plan, or by the other's plan and its own cut.
func TestFirstPlanCounts(t *testing.T) {
	rec, _ := mixed(t, 1000, 2, RecordingKind)
	sel := exchange.Selection{MaxRequests: 30}
	earlier, err := (&Recording{Location: rec.Location, bucket: rec.bucket, keys: rec.keys[:1]}).Plan(t.Context(), sel, nil)
	if err != nil {
		t.Fatal(err)
	}
	later, err := rec.Plan(t.Context(), sel, nil)
	if err != nil || *later.Cut == *earlier.Cut {
		t.Fatalf("the cuts are the same: %v", err)
	}
	run, err := CreateRun(t.Context(), t.TempDir(), RunInfo{ID: "x", Recording: rec.Location, Selection: sel})
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range []*Plan{earlier, later} {
		splits, err := run.FreezePlan(t.Context(), plan)
		if err != nil || !reflect.DeepEqual(splits, earlier.Splits) {
			t.Fatalf("%v: %+v", err, splits)
		}
		narrow, err := run.Narrow(t.Context(), rec)
		if err != nil {
			t.Fatal(err)
		}
		if got := readBack(t, narrow, splits, sel, exchange.RequestSide); len(got) != 30 {
			t.Errorf("%d exchanges", len(got))
		}
	}
}

// Without this, a run that was cut could be read without its cut, and its results
// would be held against exchanges that were never planned.
func TestCutNeedsThePlan(t *testing.T) {
	rec, _ := mixed(t, 100, 1, RecordingKind)
	run, err := CreateRun(t.Context(), t.TempDir(), RunInfo{ID: "x", Recording: rec.Location, Selection: exchange.Selection{MaxRequests: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Recording(t.Context()); err == nil || !strings.Contains(err.Error(), "has no plan yet") {
		t.Errorf("%v", err)
	}
	if totals, err := run.PlanTotals(t.Context()); totals != nil || err != nil {
		t.Errorf("%+v, %v", totals, err)
	}
}

// failing fails to read after some reads.
type failing struct {
	store.Bucket
	left int
}

func (f *failing) GetInto(ctx context.Context, key string, off, n int64, buf []byte) ([]byte, int64, error) {
	if f.left--; f.left < 0 {
		return nil, 0, fmt.Errorf("the disk is gone")
	}
	return f.Bucket.GetInto(ctx, key, off, n, buf)
}

// Without this, a store that fails halfway could make a plan of what was read.
func TestPlanningThatFails(t *testing.T) {
	good, _ := mixed(t, 300, 1, RecordingKind)
	for left := range 9 {
		bad := &Recording{Location: "here", bucket: &failing{good.bucket, left}, keys: good.keys}
		if _, err := bad.Plan(t.Context(), exchange.Selection{MaxRequests: 10}, nil); err == nil || !strings.Contains(err.Error(), "the disk is gone") {
			t.Errorf("after %d reads: %v", left, err)
		}
	}
}
