package dataset

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/modelparity/parity/internal/exchange"
)

// Without this, FORMAT.md could say less, or something else, than what is
// written: each column with its type, and the kinds of dataset that have it.
func TestFormatIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "FORMAT.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	for _, c := range fileColumns(exchange.MismatchSides) {
		at := strings.Index(doc, "\n| `"+c.name()+"` | "+typeName(c))
		if at < 0 {
			t.Errorf("FORMAT.md has no row for column %s of type %s", c.name(), typeName(c))
			continue
		}
		if side := sideOf(c); side != exchange.KeySide {
			row, _, _ := strings.Cut(doc[at+1:], "\n")
			cells := strings.Split(row, "|")
			for i, sides := range []exchange.Sides{exchange.RecordingSides, exchange.ResultSides, exchange.MismatchSides} {
				if got := strings.TrimSpace(cells[3+i]) == "•"; got != (sides&side != 0) {
					t.Errorf("FORMAT.md is wrong on which datasets have %s: %s", c.name(), row)
				}
			}
		}
	}
	for _, c := range parquet.SchemaOf(planRow{}).Columns() {
		if !strings.Contains(doc, "`"+c[0]+"`") {
			t.Errorf("FORMAT.md does not mention column %s of a plan", c[0])
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[exchange.Selection]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("FORMAT.md does not mention %s of a selection", name)
		}
	}
	for _, word := range []string{
		keyCut, keyFormat, keyKind, keyOf, keyInstance, keyLedger, keyChunksCRC, keyFooterCRC, keyConcurrency, keyReached, runFormat, generationFormat, judgementFormat, tallyFormat, noiseFormat, repeatsFormat,
		planKey, runKey, "version **" + FormatVersion + "**",
	} {
		if !strings.Contains(doc, word) {
			t.Errorf("FORMAT.md does not mention %s", word)
		}
	}
}

func sideOf(c column) exchange.Sides {
	if c.Column == nil {
		return c.checksum
	}
	return c.Side
}

func typeName(c column) string {
	if c.Column == nil {
		return "INT64"
	}
	return map[exchange.Kind]string{
		exchange.UUID: "UUID", exchange.Time: "TIMESTAMP(µs, UTC)", exchange.Int: "INT64", exchange.Hash: "INT64", exchange.Float: "DOUBLE",
		exchange.Text: "STRING", exchange.JSON: "STRING (JSON)", exchange.Blob: "BINARY",
	}[c.Kind]
}

// Without this, what another version wrote could be read as if this one had, or
// be taken for damage, and nobody would know which version to use.
func TestOtherVersionsAreRefusedByName(t *testing.T) {
	b := openBucket(t)
	w, err := newWriter(b, "a.parquet", RecordingKind, Limits{}, map[string]string{keyFormat: "2"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Write(t.Context(), &exchange.Batch{Rows: sample(3, 1)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = read(t.Context(), b, "a.parquet", exchange.RecordingSides)
	if want := `it has format "2", and this parity reads format "` + FormatVersion + `": use the version that wrote it`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}
