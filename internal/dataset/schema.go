package dataset

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/modelparity/parity/internal/exchange"
)

// Kind is what an object holds; it stands in the object's metadata.
type Kind string

// The kinds of object. A mismatch set is a recording with more columns.
const (
	RecordingKind Kind = "recording"
	ResultKind    Kind = "result"
	MismatchKind  Kind = "mismatches"
	PlanKind      Kind = "plan"
)

var kindSides = map[Kind]exchange.Sides{
	RecordingKind: exchange.RecordingSides,
	ResultKind:    exchange.ResultSides,
	MismatchKind:  exchange.MismatchSides,
}

// column is a column of a file: one of the exchange's, or a side's checksum.
type column struct {
	*exchange.Column
	checksum exchange.Sides // the side, for a checksum column
}

func (c column) name() string {
	if c.Column != nil {
		return c.Column.Name
	}
	return exchange.ChecksumColumn(c.checksum)
}

// large says that its values are bodies or headers.
func (c column) large() bool {
	return c.Column != nil && (c.Kind == exchange.JSON || c.Kind == exchange.Blob)
}

// fileColumns lists the columns of a file with the given sides in their order:
// the key, then each side followed by its checksum, so that what is read
// together lies together.
func fileColumns(sides exchange.Sides) []column {
	var cols []column
	for _, side := range append([]exchange.Sides{exchange.KeySide}, exchange.ChecksummedSides...) {
		if sides&side == 0 {
			continue
		}
		for _, c := range exchange.Columns(side) {
			if c.Side == side {
				cols = append(cols, column{Column: c})
			}
		}
		if side != exchange.KeySide {
			cols = append(cols, column{checksum: side})
		}
	}
	return cols
}

// tags are the struct tags that give a kind its Parquet type. What looks random
// is not compressed, numbers are written as differences: both are several times
// as fast to read as what zstd makes of them, and no larger. Blobs are plain, so
// that a page is one slice to read.
var tags = map[exchange.Kind]struct {
	goType reflect.Type
	tag    string
}{
	exchange.UUID:  {reflect.TypeFor[[16]byte](), ",uuid,plain,uncompressed"},
	exchange.Time:  {reflect.TypeFor[int64](), ",timestamp(microsecond),delta"},
	exchange.Int:   {reflect.TypeFor[int64](), ",delta"},
	exchange.Hash:  {reflect.TypeFor[int64](), ",plain,uncompressed"},
	exchange.Float: {reflect.TypeFor[float64](), ",plain"},
	exchange.Text:  {reflect.TypeFor[string](), ",dict"},
	exchange.JSON:  {reflect.TypeFor[string](), ",plain"},
	exchange.Blob:  {reflect.TypeFor[[]byte](), ",plain"},
}

// newSchema makes the schema by way of a struct type, because that is the way
// of parquet-go that keeps the columns in the order given.
func newSchema(kind Kind) *parquet.Schema {
	var fields []reflect.StructField
	for _, c := range fileColumns(kindSides[kind]) {
		t := tags[exchange.Hash]
		if c.Column != nil {
			t = tags[c.Kind]
		}
		fields = append(fields, reflect.StructField{
			Name: "F_" + c.name(), Type: t.goType,
			Tag: reflect.StructTag(fmt.Sprintf(`parquet:"%s%s"`, c.name(), t.tag)),
		})
	}
	return parquet.NewSchema("exchange", parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()))
}

var schemas = map[Kind]*parquet.Schema{
	RecordingKind: newSchema(RecordingKind), ResultKind: newSchema(ResultKind), MismatchKind: newSchema(MismatchKind),
}

// packer is one for all files: setting up an encoder takes half a MiB, and more
// time than to pack a small file.
var packer = &zstd.Codec{Level: zstd.SpeedFastest}

// writerOptions keep bodies out of the statistics, where they would be copied
// into the footer, and model names whole in them.
func writerOptions(kind Kind) []parquet.WriterOption {
	opts := []parquet.WriterOption{
		parquet.Compression(packer),
		parquet.CreatedBy("parity", FormatVersion, ""),
		parquet.PageBufferSize(2 * pageBytes), // pages are ended by us, before
		parquet.ColumnIndexSizeLimit(func(path []string) int {
			if slices.Equal(path, []string{"model"}) {
				return 256
			}
			return 16
		}),
	}
	for _, c := range fileColumns(kindSides[kind]) {
		if c.large() {
			opts = append(opts, parquet.SkipPageBounds(c.Name), parquet.SkipPageStatistics(c.Name))
		}
	}
	return opts
}

// checkSchema says how a file's columns differ from what its kind has.
func checkSchema(f *parquet.File, kind Kind) error {
	var have, want []string
	for _, c := range f.Schema().Columns() {
		have = append(have, strings.Join(c, "."))
	}
	for _, c := range fileColumns(kindSides[kind]) {
		want = append(want, c.name())
	}
	if !slices.Equal(have, want) {
		return fmt.Errorf("the columns are %s; a %s of format %s has %s",
			strings.Join(have, ", "), kind, FormatVersion, strings.Join(want, ", "))
	}
	return nil
}
