package dataset

import (
	"reflect"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// mismatchSet is a judgement with the rows as the mismatches of split 1, in row
// groups of 700.
func mismatchSet(t *testing.T, rows []exchange.Exchange) (*Judgement, *counting) {
	t.Helper()
	run, plan := newRun(t)
	b := &counting{Bucket: run.bucket}
	run.bucket = b
	j, err := run.CreateJudgement(t.Context(), JudgementInfo{Created: run.Info.Created, Rules: []byte(`{}`)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter(b, j.mismatchKey(plan[1]), MismatchKind, Limits{Rows: 700}, map[string]string{keyOf: j.of(plan[1])})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Write(t.Context(), &exchange.Batch{Rows: deepCopy(rows)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return j, b
}

// Without this, a page of mismatches could be another page, one exchange could be
// shown with another's answers, and each could cost reading the whole set.
func TestMismatchesByTheRow(t *testing.T) {
	rows := sample(20_000, 3)
	j, b := mismatchSet(t, rows)
	if splits, err := j.MismatchSplits(t.Context()); err != nil || !reflect.DeepEqual(splits, []int{1}) {
		t.Fatalf("%v, %v", splits, err)
	}
	for _, from := range []int64{0, 1, 699, 700, 701, 1234, 19_999, 20_000} {
		src, err := j.Mismatches(t.Context(), 1, exchange.VerdictSide, from)
		if err != nil {
			t.Fatal(err)
		}
		at := from
		err = EachRow(t.Context(), src, func(e *exchange.Exchange) error {
			if want := &rows[at]; e.ID != want.ID || string(e.Verdict.Deltas) != string(want.Verdict.Deltas) {
				t.Fatalf("row %d from %d is %s, want %s", at, from, e.ID, want.ID)
			}
			at++
			return nil
		})
		if err != nil || at != int64(len(rows)) {
			t.Errorf("from %d: ends at row %d, %v", from, at, err)
		}
	}
	all := b.bytes.Load()
	b.bytes.Store(0)
	for _, i := range []int{0, 700, 1399, 19_999} {
		found, err := j.Mismatch(t.Context(), 1, rows[i].ID, func(e *exchange.Exchange) error {
			if got, want := only([]exchange.Exchange{*e}, exchange.MismatchSides), only(deepCopy(rows[i:i+1]), exchange.MismatchSides); !reflect.DeepEqual(fields(&got[0]), fields(&want[0])) {
				t.Errorf("row %d is\n%v, want\n%v", i, fields(&got[0]), fields(&want[0]))
			}
			return nil
		})
		if !found || err != nil {
			t.Errorf("row %d: %v, %v", i, found, err)
		}
	}
	if one := b.bytes.Load(); one > all {
		t.Errorf("four exchanges cost %d bytes, eight passes over the verdicts %d", one, all)
	}
	if found, err := j.Mismatch(t.Context(), 1, exchange.ID{1}, nil); found || err != nil {
		t.Errorf("one that is not there: %v, %v", found, err)
	}
	if found, err := j.Mismatch(t.Context(), 0, rows[0].ID, nil); found || err != nil {
		t.Errorf("a split without mismatches: %v, %v", found, err)
	}
}

// fields are an exchange's values without the hashes that writing adds.
func fields(e *exchange.Exchange) exchange.Exchange {
	out := *e
	out.Reference.Hash, out.Candidate.Hash = 0, 0
	return out
}
