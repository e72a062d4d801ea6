package dataset

import (
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// Without this, the judge could be given another row's body than the one whose
// answers differ: pages of bodies end at other rows than those of the rest.
func TestLoadFillsInTheRow(t *testing.T) {
	rows := sample(3000, 4)
	for i := range rows {
		if i%100 == 7 {
			rows[i].Reference.Body = []byte(strings.Repeat("long ", 9000)) // more than a page
			rows[i].Reference.Hash = exchange.HashAnswer(&rows[i].Reference)
		}
	}
	b := openBucket(t)
	write(t, b, "a.parquet", RecordingKind, Limits{Rows: 1700}, rows)
	sortRows(rows)
	want := only(rows, exchange.ReferenceSide)
	for _, every := range []int{1, 2, 97, 5000} {
		o, err := openObject(t.Context(), b, "a.parquet")
		if err != nil {
			t.Fatal(err)
		}
		src := newSource(o, exchange.ReferenceSide, answers, allGroups(o)...)
		var batch exchange.Batch
		for n := 0; ; n += len(batch.Rows) {
			if err := src.Read(t.Context(), &batch); err == io.EOF {
				if n != len(want) {
					t.Errorf("%d of %d rows were read", n, len(want))
				}
				break
			} else if err != nil {
				t.Fatal(err)
			}
			for i := range batch.Rows {
				light := want[n+i]
				light.Reference.Body, light.Reference.Headers = nil, nil
				if got := batch.Rows[i]; !reflect.DeepEqual(got, light) {
					t.Fatalf("row %d before Load: %+v", n+i, got)
				}
				if (n+i)%every != 0 {
					continue
				}
				if err := src.Load(i); err != nil {
					t.Fatal(err)
				}
				if got := only(batch.Rows[i:i+1], exchange.ReferenceSide)[0]; !reflect.DeepEqual(got, want[n+i]) {
					t.Fatalf("every %d, row %d: Load gives %+v", every, n+i, got)
				}
			}
		}
	}
}

// Without this, a body of which a part was exchanged for another's, under a
// chunk checksum that fits, would be judged.
func TestLoadVerifiesTheRow(t *testing.T) {
	rows := sample(50, 4)
	b := openBucket(t)
	write(t, b, "a.parquet", RecordingKind, Limits{}, rows)
	o, err := openObject(t.Context(), b, "a.parquet")
	if err != nil {
		t.Fatal(err)
	}
	src := newSource(o, exchange.ReferenceSide, answers, 0)
	var batch exchange.Batch
	if err := src.Read(t.Context(), &batch); err != nil {
		t.Fatal(err)
	}
	batch.Rows[3].Reference.Status++
	if err := src.Load(3); err == nil || !strings.Contains(err.Error(), "response_crc32c does not fit") {
		t.Errorf("the error is %v", err)
	}
}

// Without this, a few wanted bodies would cost decompressing all of them.
func TestPagesOfBodiesAreSmall(t *testing.T) {
	b := openBucket(t)
	write(t, b, "a.parquet", RecordingKind, Limits{}, sample(9000, 4))
	o, err := openObject(t.Context(), b, "a.parquet")
	if err != nil {
		t.Fatal(err)
	}
	cols := fileColumns(kindSides[RecordingKind])
	body := slices.IndexFunc(cols, func(c column) bool { return c.Column != nil && c.Name == "response_body" })
	data, _, err := o.fetch(t.Context(), 0, []int{body}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := newCursor(cols[body], data[0])
	pages := 0
	for c.end < 9000 {
		if err := c.nextPage(); err != nil {
			t.Fatal(err)
		}
		if pages++; c.header.uncompressed > 2*pageBytes {
			t.Errorf("page %d has %d bytes", pages, c.header.uncompressed)
		}
	}
	if pages < 10 {
		t.Errorf("%d pages", pages)
	}
}

// Damaged pages that pass the checksums, which only a defect or an enemy makes,
// must end in an error, and soon.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "\x15\x06\x15\x02\x15\x02\x5c\x15\x02\x00\x00", "\x15\x04\x15\x10\x15\x10\x4c\x15\x02\x15\x00\x00\x00"} {
		f.Add([]byte(seed), uint8(0))
	}
	f.Fuzz(func(t *testing.T, chunk []byte, kind uint8) {
		cols := fileColumns(exchange.MismatchSides)
		c := newCursor(cols[int(kind)%len(cols)], chunk)
		defer func() { _ = recovered(recover(), nil) }() // as Read and Load do
		for row := 0; ; {
			if c.seek(row) != nil {
				return
			}
			n := min(c.remaining(), batchRows)
			if c.take(make([]exchange.Exchange, n)) != nil {
				return
			}
			row += n
		}
	})
}
