package importer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/modelparity/parity/internal/exchange"
)

// readKServe reads rows of the logger. They have no times: a request's is when its
// object was written.
func readKServe(ctx context.Context, f *file, s *sink) (err error) {
	if f.source.stream != nil {
		return errors.New("a Parquet file is read from its end, so it can't come from stdin: name a file, a folder or s3://bucket/prefix")
	}
	n := int64(0)
	err = eachKServeRow(ctx, f.at(ctx), f.size, func(row kserveRow) error {
		n++
		p := place{f.name, "row", n}
		h, err := row.half()
		if err != nil {
			s.drop(p, Unreadable, err)
			return nil
		}
		h.place = p
		if h.e.Time = exchange.At(f.modified); h.answer {
			h.e.Time = 0
		}
		if h.e.Request.SourceID == "" {
			return s.pairs.alone(h)
		}
		return s.pairs.put(h)
	})
	var damaged errParquet
	if errors.As(err, &damaged) {
		s.drop(place{f.name, "row", n + 1}, Unreadable, err)
		return nil
	}
	return err
}

// errParquet is what is wrong with a file, as opposed to reading it.
type errParquet struct{ error }

// eachKServeRow calls fn with each row.
func eachKServeRow(ctx context.Context, at io.ReaderAt, size int64, fn func(kserveRow) error) (err error) {
	var fnErr error
	source := &failing{at: at}
	defer func() {
		if p := recover(); p != nil { // damage makes parquet-go panic
			err = fmt.Errorf("panic: %v", p)
		}
		switch {
		case ctx.Err() != nil || fnErr != nil:
			err = errors.Join(ctx.Err(), fnErr)
		case source.err != nil:
			err = source.err
		case err != nil:
			err = errParquet{err}
		}
	}()
	f, err := parquet.OpenFile(source, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	if err := checkKServe(f, size); err != nil {
		return err
	}
	columns := kserveColumns(f.Schema())
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		defer rows.Close()
		buf := make([]parquet.Row, 16)
		for {
			n, err := rows.ReadRows(buf)
			for _, values := range buf[:n] {
				if fnErr = fn(makeKServeRow(values, columns)); fnErr != nil || ctx.Err() != nil {
					return fnErr
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// failing keeps the error of a read that failed.
type failing struct {
	at  io.ReaderAt
	err error
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 { // so says a damaged file; a bucket would count from the end
		return 0, errors.New("it points before its beginning")
	}
	n, err := f.at.ReadAt(p, off)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// checkKServe refuses files of something else, and what would have parquet-go take
// memory without end.
func checkKServe(f *parquet.File, size int64) error {
	for _, name := range []string{"id", "bytes"} {
		if f.Root().Column(name) == nil {
			return fmt.Errorf("it has no column %q: KServe's logger did not write it", name)
		}
	}
	for _, group := range f.Metadata().RowGroups {
		for _, c := range group.Columns {
			switch c.MetaData.Codec {
			case format.Uncompressed, format.Snappy, format.Gzip, format.Zstd, format.Brotli:
			default:
				return fmt.Errorf("its columns are packed with %v, which is not read", c.MetaData.Codec)
			}
			if c.MetaData.TotalUncompressedSize > 4*most || c.MetaData.TotalCompressedSize > size {
				return errors.New("a column is too large")
			}
		}
	}
	return nil
}
