package dataset

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/internal/exchange"
)

// recordingOf writes rows as one object with row groups of 700.
func recordingOf(t *testing.T, rows []exchange.Exchange) (*Recording, []Split) {
	t.Helper()
	b := openBucket(t)
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 700}, rows)
	rec, err := OpenRecording(t.Context(), fmt.Sprint(b))
	if err != nil {
		t.Fatal(err)
	}
	splits, err := rec.Splits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rec, splits
}

// Without this, a mismatch could be written with another exchange's request, or
// with none, and replaying the mismatch set would ask something else.
func TestWithRequests(t *testing.T) {
	rows := sample(2000, 4)
	rec, splits := recordingOf(t, rows)
	sortRows(rows)
	// Every 97th, neighbours, the first of a split and the last.
	wanted := func(i int) bool { return i%97 == 0 || i%500 < 3 || i == 1400 || i == 1399 || i == len(rows)-1 }
	out := openBucket(t)
	at := 0
	for _, s := range splits {
		inner, err := newWriter(out, s.Name()+".parquet", MismatchKind, Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sink := rec.WithRequests(s, inner)
		var want []exchange.Exchange
		var batch exchange.Batch
		for range s.Rows {
			if wanted(at) {
				row := rows[at]
				row.Request = exchange.Request{}
				batch.Rows = append(batch.Rows, row)
				want = append(want, rows[at])
			}
			at++
		}
		if err := sink.Write(t.Context(), &exchange.Batch{Rows: batch.Rows[:1]}); err != nil {
			t.Fatal(err)
		}
		if err := sink.Write(t.Context(), &exchange.Batch{Rows: batch.Rows[1:]}); err != nil {
			t.Fatal(err)
		}
		if err := sink.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := sink.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := read(t.Context(), out, s.Name()+".parquet", exchange.MismatchSides)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(only(got, exchange.MismatchSides), only(want, exchange.MismatchSides)) {
			t.Fatalf("split %s: %d rows came out other than the %d that went in", s.Name(), len(got), len(want))
		}
	}
}

// Without this, a row of another split or in another order could get any
// request, and a recording that changed meanwhile could go unseen.
func TestWithRequestsRefuses(t *testing.T) {
	rows := sample(1000, 4)
	rec, splits := recordingOf(t, rows)
	sortRows(rows)
	other := rows[0]
	other.Time++ // the key of a row is under its request's checksum
	for name, bad := range map[string][]exchange.Exchange{
		"of another split": {rows[900]}, "out of order": {rows[5], rows[4]}, "another key": {other},
	} {
		inner, err := newWriter(openBucket(t), "m.parquet", MismatchKind, Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sink := rec.WithRequests(splits[0], inner)
		err = sink.Write(t.Context(), &exchange.Batch{Rows: bad})
		if err == nil || !strings.Contains(err.Error(), "a.parquet") {
			t.Errorf("%s: the error is %v", name, err)
		}
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Without this, every split would be read a second time, those without a
// mismatch included.
func TestWithRequestsReadsNothingForNothing(t *testing.T) {
	rec, splits := recordingOf(t, sample(10, 4))
	if err := os.Remove(filepath.Join(rec.Location, "a.parquet")); err != nil {
		t.Fatal(err)
	}
	inner, err := newWriter(openBucket(t), "m.parquet", MismatchKind, Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sink := rec.WithRequests(splits[0], inner)
	if err := sink.Write(t.Context(), &exchange.Batch{}); err != nil {
		t.Error(err)
	}
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
}

// Without this, workers on neighbouring splits, which share an opened object,
// could get in each other's way.
func TestSplitsSideBySide(t *testing.T) {
	rows := sample(3000, 4)
	rec, splits := recordingOf(t, rows)
	sortRows(rows)
	var g errgroup.Group
	first := 0
	for _, s := range splits {
		want := rows[first : first+int(s.Rows)]
		first += int(s.Rows)
		g.Go(func() error {
			src, err := rec.Source(t.Context(), s, exchange.ReferenceSide)
			if err != nil {
				return err
			}
			return EachRow(t.Context(), src, func(e *exchange.Exchange) error {
				if e.ID != want[0].ID || !bytes.Equal(e.Reference.Body, want[0].Reference.Body) {
					return fmt.Errorf("split %s: exchange %s is another", s.Name(), e.ID)
				}
				want = want[1:]
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}
