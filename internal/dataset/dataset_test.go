package dataset

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// sample makes exchanges with everything in them that is hard to keep: empty
// and binary bodies, NUL, invalid UTF-8, repeated headers, extremes.
func sample(n int, seed uint64) []exchange.Exchange {
	r := rand.New(rand.NewPCG(seed, 1))
	rows := make([]exchange.Exchange, n)
	for i := range rows {
		body := make([]byte, r.IntN(400))
		for j := range body {
			body[j] = byte(r.IntN(256))
		}
		at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond)
		e := &rows[i]
		*e = exchange.Exchange{
			ID: exchange.DeriveID(at, fmt.Append(nil, seed, i)), Time: exchange.At(at),
			Model: fmt.Sprintf("model-%02d", r.IntN(7)), ModelVersion: []string{"", "3", "ü"}[r.IntN(3)],
			RequestHash: int64(r.Uint64()), Defect: []exchange.Defect{"", "", exchange.NoAnswer}[r.IntN(3)],
			SamplingProbability: []float64{1, 1, 0.25, 0.1}[r.IntN(4)],
			Request: exchange.Request{
				SourceID: fmt.Sprint("r", i), Method: "POST", Path: "/m?x=%41;y\x00", ContentType: "application/json",
				Headers: []byte(`[["a","1"],["a","2"]]`), Body: body,
			},
			Reference: exchange.Answer{Status: 200, Headers: []byte(`[]`), ContentType: "text/csv", Body: bytes.Clone(body[len(body)/2:]), FirstByteUS: 5, LatencyUS: -1},
			Candidate: exchange.Candidate{
				Answer: exchange.Answer{Status: 503, Failure: exchange.Throttled, Body: []byte("no")},
				Error:  "boom", Due: 1, Sent: 1 << 60,
			},
			Verdict: exchange.Verdict{Kind: "mismatch", Deltas: []byte(`[{"path":"$"}]`)},
		}
		e.Reference.Hash, e.Candidate.Hash = exchange.HashAnswer(&e.Reference), exchange.HashAnswer(&e.Candidate.Answer)
	}
	return rows
}

func openBucket(t *testing.T) store.Bucket {
	t.Helper()
	b, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, b store.Bucket, key string, kind Kind, limits Limits, rows []exchange.Exchange) {
	t.Helper()
	w, err := newWriter(b, key, kind, limits, map[string]string{keyInstance: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for len(rows) > 0 {
		n := min(100, len(rows))
		batch := exchange.Batch{Rows: deepCopy(rows[:n])}
		if err := w.Write(t.Context(), &batch); err != nil {
			t.Fatal(err)
		}
		poison(&batch)
		rows = rows[n:]
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func deepCopy(rows []exchange.Exchange) []exchange.Exchange {
	out := make([]exchange.Exchange, len(rows))
	for i := range rows {
		out[i] = rows[i]
		for _, c := range exchange.Columns(exchange.MismatchSides) {
			if c.Kind == exchange.Blob || c.Kind == exchange.JSON {
				*c.Blob(&out[i]) = bytes.Clone(*c.Blob(&rows[i]))
			}
		}
	}
	return out
}

// poison overwrites a batch's bytes, as its owner may once Write has returned.
func poison(b *exchange.Batch) {
	for i := range b.Rows {
		for _, c := range exchange.Columns(exchange.MismatchSides) {
			if c.Kind == exchange.Blob || c.Kind == exchange.JSON {
				for j := range *c.Blob(&b.Rows[i]) {
					(*c.Blob(&b.Rows[i]))[j] = 'X'
				}
			}
		}
	}
}

func read(ctx context.Context, b store.Bucket, key string, sides exchange.Sides) ([]exchange.Exchange, error) {
	o, err := openObject(ctx, b, key)
	if err != nil {
		return nil, err
	}
	src := newSource(o, sides, whole, allGroups(o)...)
	defer src.Close()
	var rows []exchange.Exchange
	for {
		var batch exchange.Batch
		if err := src.Read(ctx, &batch); err == io.EOF {
			return rows, nil
		} else if err != nil {
			return rows, err
		}
		rows = append(rows, deepCopy(batch.Rows)...)
	}
}

// only keeps the given sides' fields and makes empty blobs nil.
func only(rows []exchange.Exchange, sides exchange.Sides) []exchange.Exchange {
	out := make([]exchange.Exchange, len(rows))
	for i := range rows {
		if err := exchange.Decode(exchange.Append(nil, &rows[i], sides), &out[i], sides); err != nil {
			panic(err)
		}
		for _, c := range exchange.Columns(sides) {
			if (c.Kind == exchange.Blob || c.Kind == exchange.JSON) && len(*c.Blob(&out[i])) == 0 {
				*c.Blob(&out[i]) = nil
			}
		}
	}
	return out
}

// Without this a body could come back changed, or another row's.
func TestRoundTrip(t *testing.T) {
	for _, kind := range []Kind{RecordingKind, ResultKind, MismatchKind} {
		for _, limits := range []Limits{{}, {Rows: 7}, {Bytes: 3000}} {
			for _, n := range []int{0, 1, 3000} {
				t.Run(fmt.Sprint(kind, limits, n), func(t *testing.T) {
					b := openBucket(t)
					rows := sample(n, 1)
					write(t, b, "a.parquet", kind, limits, rows)
					for _, sides := range []exchange.Sides{kindSides[kind], exchange.KeySide, exchange.ReferenceSide & kindSides[kind]} {
						got, err := read(t.Context(), b, "a.parquet", sides)
						if err != nil {
							t.Fatal(err)
						}
						want := only(rows, sides)
						if kind == RecordingKind {
							sortRows(want)
						}
						got = only(got, sides)
						if len(got) != len(want) {
							t.Fatalf("%d rows, want %d", len(got), len(want))
						}
						for i := range want {
							if !reflect.DeepEqual(got[i], want[i]) {
								t.Fatalf("row %d:\n got %+v\nwant %+v", i, got[i], want[i])
							}
						}
					}
				})
			}
		}
	}
}

// sortRows sorts as a recording is sorted.
func sortRows(rows []exchange.Exchange) {
	slices.SortFunc(rows, func(a, b exchange.Exchange) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

// Without this, judging twice could give two different sets of bytes.
func TestSameRowsSameBytes(t *testing.T) {
	b := openBucket(t)
	write(t, b, "a.parquet", MismatchKind, Limits{}, sample(2000, 3))
	write(t, b, "b.parquet", MismatchKind, Limits{}, sample(2000, 3))
	one, _, _ := b.Get(t.Context(), "a.parquet", 0, -1)
	two, _, _ := b.Get(t.Context(), "b.parquet", 0, -1)
	if len(one) == 0 || !bytes.Equal(one, two) {
		t.Fatalf("%d and %d bytes differ", len(one), len(two))
	}
}

// flip is how many bits are flipped in each kind of object.
const flips = 3000

// Without this a damaged object could be judged, change a count, or take the
// process down. Reading may not notice what it does not read (the page
// index); fsck must notice everything.
func TestFlippedBits(t *testing.T) {
	for _, kind := range []Kind{RecordingKind, ResultKind, MismatchKind} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := openBucket(t)
			write(t, b, "a.parquet", kind, Limits{Rows: 40}, sample(100, 2))
			want, err := read(t.Context(), b, "a.parquet", kindSides[kind])
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(fmt.Sprint(b), "a.parquet")
			unseen := 0
			flipBits(t, file, func(at int) {
				got, err := read(t.Context(), b, "a.parquet", kindSides[kind])
				if err == nil && !reflect.DeepEqual(got, want) {
					t.Fatalf("bit %d: other rows were read without an error", at)
				}
				if err == nil {
					unseen++
				} else if !strings.Contains(err.Error(), "a.parquet") {
					t.Fatalf("bit %d: the error does not name the object: %v", at, err)
				}
				if _, err := checkObject(t.Context(), b, "a.parquet"); err == nil {
					t.Fatalf("bit %d: fsck found nothing", at)
				}
			})
			if unseen > flips/2 {
				t.Errorf("%d of %d flips went unseen when reading", unseen, flips)
			}
		})
	}
}

// flipBits calls fn with the file damaged in one bit, over the whole file
// evenly and for the first and last bytes each.
func flipBits(t *testing.T, file string, fn func(bit int)) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	bits := len(data) * 8
	r := rand.New(rand.NewPCG(9, 9))
	for i := range flips {
		bit := r.IntN(bits)
		if i < 64 { // magic at both ends, length, end of the footer
			bit = bits - 1 - i
		}
		at := bit / 8
		if _, err := f.WriteAt([]byte{data[at] ^ 1<<(bit%8)}, int64(at)); err != nil {
			t.Fatal(err)
		}
		fn(bit)
		if _, err := f.WriteAt(data[at:at+1], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
}

// Without this, a damaged plan, run.json or tally could change what is planned
// or counted in silence.
func TestFlippedBitsInPlansAndDocuments(t *testing.T) {
	ctx := t.Context()
	run, err := CreateRun(ctx, t.TempDir(), RunInfo{ID: "x", Recording: "rec", Target: "http://t"})
	if err != nil {
		t.Fatal(err)
	}
	var splits []Split
	for i := range 50 {
		splits = append(splits, Split{i, fmt.Sprint("dt/", i/5), 1000, i % 5, 20, 19, exchange.Timestamp(i + 1), exchange.Timestamp(i + 2)})
	}
	plan, err := run.FreezePlan(ctx, planFor(splits...))
	if err != nil || !reflect.DeepEqual(plan, splits) {
		t.Fatalf("%v, %+v", err, plan)
	}
	flipBits(t, filepath.Join(run.Location, planKey), func(bit int) {
		got, ok, err := run.Plan(ctx)
		if err == nil && (!ok || !reflect.DeepEqual(got, splits)) {
			t.Fatalf("bit %d: another plan was read", bit)
		}
		if _, err := checkObject(ctx, run.bucket, planKey); err == nil {
			t.Fatalf("bit %d: fsck found nothing", bit)
		}
	})
	flipBits(t, filepath.Join(run.Location, runKey), func(bit int) {
		got, err := OpenRun(ctx, run.Location)
		if err == nil && !reflect.DeepEqual(got.Info, run.Info) {
			t.Fatalf("bit %d: another run was read: %+v", bit, got.Info)
		}
	})
	j, err := run.CreateJudgement(ctx, JudgementInfo{Version: "v", JudgeVersion: 1, Rules: []byte(`{"number":{"abs":0.5}}`), Control: "c"}, map[string]int{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	flipBits(t, filepath.Join(run.Location, judgementKey(j.Info.ID)), func(bit int) {
		got, err := run.Judgement(ctx, j.Info.ID)
		if err == nil && !reflect.DeepEqual(got.Info, j.Info) {
			t.Fatalf("bit %d: another judgement was read: %+v", bit, got.Info)
		}
	})
	tally := map[string]any{"models": map[string]any{"a": map[string]any{"match": 17.0, "requests": "AAAA"}}}
	if err := j.PutTally(ctx, splits[3], tally); err != nil {
		t.Fatal(err)
	}
	flipBits(t, filepath.Join(run.Location, j.tallyKey(splits[3])), func(bit int) {
		var got map[string]any
		if err := j.Tally(ctx, splits[3], &got); err == nil && !reflect.DeepEqual(got, tally) {
			t.Fatalf("bit %d: another tally was read: %+v", bit, got)
		}
	})
}

// Without this, a file cut short, empty, or of another program would be a
// puzzle to whoever names it.
func TestForeignFiles(t *testing.T) {
	b := openBucket(t)
	write(t, b, "a.parquet", RecordingKind, Limits{}, sample(100, 2))
	whole, _, _ := b.Get(t.Context(), "a.parquet", 0, -1)
	for name, data := range map[string][]byte{
		"empty": {}, "text": []byte("hello"), "cut": whole[:len(whole)/2], "tail": whole[len(whole)-500:],
		"huge footer": append(bytes.Clone(whole[:len(whole)-8]), "\xff\xff\xff\x7fPAR1"...),
	} {
		key := strings.ReplaceAll(name, " ", "-") + ".parquet"
		if err := store.PutBytes(t.Context(), b, key, data); err != nil {
			t.Fatal(err)
		}
		if _, err := read(t.Context(), b, key, exchange.RecordingSides); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without this, what a second worker makes of the same split could replace the
// first one's.
func TestCommitTwice(t *testing.T) {
	b := openBucket(t)
	write(t, b, "a.parquet", ResultKind, Limits{}, sample(10, 1))
	w, err := newWriter(b, "a.parquet", ResultKind, Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Commit(t.Context()); !errors.Is(err, exchange.ErrExists) {
		t.Fatalf("second commit: %v", err)
	}
	rows, err := read(t.Context(), b, "a.parquet", exchange.ResultSides)
	if err != nil || len(rows) != 10 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
}
