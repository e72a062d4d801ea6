package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// Without this, shards could leave splits out or do them twice, another
// worker's success could be a failure, and a failure could be a success.
func TestEachSplit(t *testing.T) {
	plan := make([]Split, 20)
	for i := range plan {
		plan[i].Index = i
	}
	var mu sync.Mutex
	var did []int
	for i := range 3 {
		worked, err := EachSplit(t.Context(), Work{Plan: plan, Shard: Shard{i, 3}, Done: map[int]bool{4: true}, Parallel: 4}, func(_ context.Context, s Split) error {
			mu.Lock()
			defer mu.Unlock()
			did = append(did, s.Index)
			if s.Index == 5 {
				return fmt.Errorf("commit: %w", exchange.ErrExists)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Worked{Made: 7, Existed: 0}); i == 0 && worked != want {
			t.Errorf("shard %d: %+v, want %+v", i, worked, want)
		}
	}
	slices.Sort(did)
	if want := []int{0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}; !slices.Equal(did, want) {
		t.Errorf("splits %v were done, want %v", did, want)
	}
	boom := errors.New("boom")
	var calls atomic.Int64
	_, err := EachSplit(t.Context(), Work{Plan: plan, Parallel: 1}, func(context.Context, Split) error { calls.Add(1); return boom })
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), "split 000000") || calls.Load() != 1 {
		t.Errorf("after %d calls: %v", calls.Load(), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = EachSplit(ctx, Work{Plan: plan, Parallel: 1}, func(context.Context, Split) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted worker says %v", err)
	}
}

// counting counts the reads of a bucket.
type counting struct {
	store.Bucket
	gets  atomic.Int64
	bytes atomic.Int64
}

func (c *counting) Get(ctx context.Context, key string, off, n int64) ([]byte, int64, error) {
	return c.GetInto(ctx, key, off, n, nil)
}

func (c *counting) GetInto(ctx context.Context, key string, off, n int64, buf []byte) ([]byte, int64, error) {
	data, size, err := c.Bucket.GetInto(ctx, key, off, n, buf)
	c.gets.Add(1)
	c.bytes.Add(int64(len(data)))
	return data, size, err
}

// Without this, each split could cost dozens of requests, or the whole object.
func TestFewRangedReads(t *testing.T) {
	b := &counting{Bucket: openBucket(t)}
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 2000}, sample(20_000, 4))
	_, size, err := b.Get(t.Context(), "a.parquet", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	rec := &Recording{Location: "here", bucket: b, keys: []string{"a.parquet"}}
	b.gets.Store(0)
	splits, err := rec.Splits(t.Context())
	if err != nil || len(splits) != 10 || b.gets.Load() != 1 {
		t.Fatalf("%d splits by %d requests: %v", len(splits), b.gets.Load(), err)
	}
	for sides, most := range map[exchange.Sides]int64{exchange.KeySide: 2, exchange.RequestSide: 2, exchange.ReferenceSide: 3, exchange.RecordingSides: 2} {
		b.gets.Store(0)
		b.bytes.Store(0)
		src, err := rec.Source(t.Context(), splits[3], sides)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		if err := EachRow(t.Context(), src, func(*exchange.Exchange) error { rows++; return nil }); err != nil || rows != 2000 {
			t.Fatalf("%d rows, %v", rows, err)
		}
		if b.gets.Load() > most || b.bytes.Load() > tailSize+size/8 {
			t.Errorf("sides %b of a tenth of %d bytes: %d requests, %d bytes", sides, size, b.gets.Load(), b.bytes.Load())
		}
	}
}

// Without this, importing twice could add something, or hours could be mixed.
func TestImporter(t *testing.T) {
	b := openBucket(t)
	rows := sample(3000, 6)
	for i := range rows {
		rows[i].Time += exchange.Timestamp(i%3) * 3600e6 // three hours
	}
	for again, want := range []int64{3, 0} {
		im := NewImporter(b, "import-test", Limits{Rows: 400})
		for i := range rows {
			if err := im.Add(t.Context(), &rows[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := im.Finish(t.Context(), exchange.Ledger{Served: 3001, Recorded: 3000, Dropped: map[string]int64{"x": 1}}); err != nil {
			t.Fatal(err)
		}
		if im.Added != want {
			t.Errorf("import %d added %d objects, want %d", again, im.Added, want)
		}
	}
	rec, err := OpenRecording(t.Context(), fmt.Sprint(b))
	if err != nil {
		t.Fatal(err)
	}
	st, err := rec.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := st.Instances[fmt.Sprintf("import-test-%x", rows[0].ID[12:])]
	if st.Rows != 3000 || st.Objects != 3 || len(st.Models) != 7 || in.Rows != 3000 || in.Ledger == nil || !in.Ledger.Balanced() {
		t.Errorf("%+v, %+v", st, in)
	}
	hours, err := filepath.Glob(filepath.Join(fmt.Sprint(b), "dt=2026-11-22", "hr=2*", "import-test-*.parquet"))
	if err != nil || len(hours) != 3 {
		t.Errorf("%v, %v", hours, err)
	}
}

// Without this, the same import could make objects that differ in their bytes, which
// whoever keeps recordings twice takes for damage.
func TestImportsAreTheSameBytes(t *testing.T) {
	var first []byte
	for n := range 20 {
		rows := sample(20, 6)
		b := openBucket(t)
		im := NewImporter(b, "import-test", Limits{})
		for i := range rows {
			if err := im.Add(t.Context(), &rows[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := im.Finish(t.Context(), exchange.Ledger{Served: 20, Recorded: 20}); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(fmt.Sprint(b), "dt=*", "hr=*", "*.parquet"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = text
		}
		if !bytes.Equal(text, first) {
			t.Fatal("another time it is other bytes")
		}
	}
}

// Without this, a recording that was changed after planning could be sent or
// judged as if it were the same.
func TestChangedRecordingIsRefused(t *testing.T) {
	b := openBucket(t)
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 50}, sample(100, 7))
	rec, err := OpenRecording(t.Context(), fmt.Sprint(b))
	if err != nil {
		t.Fatal(err)
	}
	splits, err := rec.Splits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(fmt.Sprint(b), "a.parquet")); err != nil {
		t.Fatal(err)
	}
	if _, err := rec.Source(t.Context(), splits[0], exchange.KeySide); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without its object a split is read: %v", err)
	}
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 50}, sample(101, 7))
	if _, err := rec.Source(t.Context(), splits[0], exchange.KeySide); err == nil || !strings.Contains(err.Error(), "changed since") {
		t.Errorf("a split of another object is read: %v", err)
	}
}

// Without this, RUN/mismatches could be an earlier judgement's.
func TestLatestJudgement(t *testing.T) {
	run, err := CreateRun(t.Context(), filepath.Join(t.TempDir(), "run"), RunInfo{ID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Judgement(t.Context(), ""); !errors.Is(err, ErrNotJudged) {
		t.Errorf("a run that is not judged says %v", err)
	}
	last := ""
	for i, rules := range []string{`{"a":1}`, `{"a":2}`, `{"a":3}`} {
		info := JudgementInfo{Created: run.Info.Created.AddDate(0, 0, i), Rules: []byte(rules)}
		j, err := run.CreateJudgement(t.Context(), info, nil)
		if err != nil {
			t.Fatal(err)
		}
		last = j.Info.ID
		sink, err := j.MismatchSink(Split{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(sink.Commit(t.Context()), sink.Close()); err != nil {
			t.Fatal(err)
		}
	}
	rec, err := OpenRecording(t.Context(), store.Join(run.Location, "mismatches"))
	if err != nil || !strings.Contains(rec.Location, filepath.Join("judgements", last, "mismatches")) {
		t.Errorf("%+v, %v", rec, err)
	}
}

// Without this, an object of many row groups would be read whole for each.
func TestLargeFooter(t *testing.T) {
	b := &counting{Bucket: openBucket(t)}
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 40}, sample(20_000, 4))
	_, size, err := b.Get(t.Context(), "a.parquet", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	rec := &Recording{Location: "here", bucket: b, keys: []string{"a.parquet"}}
	splits, err := rec.Splits(t.Context())
	if err != nil || len(splits) != 500 {
		t.Fatalf("%d splits, %v", len(splits), err)
	}
	b.gets.Store(0)
	b.bytes.Store(0)
	src, err := rec.Source(t.Context(), splits[77], exchange.RequestSide)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	if err := EachRow(t.Context(), src, func(*exchange.Exchange) error { rows++; return nil }); err != nil || rows != 40 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	if b.gets.Load() > 3 || b.bytes.Load() > size/4 {
		t.Errorf("a split of %d bytes in 500 groups took %d requests and %d bytes", size, b.gets.Load(), b.bytes.Load())
	}
}
