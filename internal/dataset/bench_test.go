package dataset

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

const benchRows = 100_000

func benchBucket(b *testing.B) store.Bucket {
	bucket, err := store.Open(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	return bucket
}

func benchWrite(b *testing.B, bucket store.Bucket, key string, rows []exchange.Exchange) {
	w, err := newWriter(bucket, key, RecordingKind, Limits{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	err = errors.Join(w.Write(b.Context(), &exchange.Batch{Rows: rows}), w.Commit(b.Context()), w.Close())
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkWrite and BenchmarkRead show what Parquet costs an exchange of
// about 300 bytes; rows/s of one core.
func BenchmarkWrite(b *testing.B) {
	bucket, rows := benchBucket(b), sample(benchRows, 1)
	for i := 0; b.Loop(); i++ {
		benchWrite(b, bucket, fmt.Sprint(i, ".parquet"), rows)
	}
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkRead(b *testing.B) {
	bucket := benchBucket(b)
	benchWrite(b, bucket, "a.parquet", sample(benchRows, 1))
	for name, sides := range map[string]exchange.Sides{"key": exchange.KeySide, "reference": exchange.ReferenceSide, "all": exchange.RecordingSides} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o, err := openObject(b.Context(), bucket, "a.parquet")
				if err != nil {
					b.Fatal(err)
				}
				src := newSource(o, sides, whole, allGroups(o)...)
				var batch exchange.Batch
				for err = nil; err == nil; err = src.Read(b.Context(), &batch) {
				}
				if err != io.EOF {
					b.Fatal(err)
				}
				src.Close()
			}
			b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
