package dataset

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/exchange"
)

// duckdb reads a Parquet file with DuckDB: column → value as text, row by row.
func duckdb(t *testing.T, file string) []map[string]string {
	t.Helper()
	dir := filepath.Join("..", "..", "tools", "duckdb")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		const sentence = "DuckDB is not there: make test installs it where there is npm"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatal(sentence)
		}
		t.Skip(sentence)
	}
	cmd := exec.Command("node", filepath.Join(dir, "read.mjs"), file)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var row map[string]string
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// Without this, a dataset could mean one thing to us and another to DuckDB,
// Athena or Spark.
func TestDuckDBReadsTheSame(t *testing.T) {
	for _, kind := range []Kind{RecordingKind, ResultKind, MismatchKind} {
		t.Run(string(kind), func(t *testing.T) {
			b := openBucket(t)
			rows := sample(1000, 5)
			write(t, b, "a.parquet", kind, Limits{Rows: 300}, rows)
			want, err := read(t.Context(), b, "a.parquet", kindSides[kind])
			if err != nil {
				t.Fatal(err)
			}
			got := duckdb(t, filepath.Join(fmt.Sprint(b), "a.parquet"))
			if len(got) != len(want) || len(got) != len(rows) {
				t.Fatalf("%d rows, want %d", len(got), len(want))
			}
			for i := range got {
				compareRow(t, i, got[i], &want[i], kindSides[kind])
			}
		})
	}
}

func compareRow(t *testing.T, i int, got map[string]string, want *exchange.Exchange, sides exchange.Sides) {
	t.Helper()
	var sum exchange.Summer
	n := 0
	expect := func(column, value string) {
		n++
		if got[column] != value {
			t.Errorf("row %d: %s is %q to DuckDB, and %q to us", i, column, got[column], value)
		}
	}
	for _, c := range exchange.Columns(sides) {
		expect(c.Name, columnText(c, want))
	}
	for _, side := range exchange.ChecksummedSides {
		if sides&side != 0 {
			expect(exchange.ChecksumColumn(side), fmt.Sprint(sum.Checksum(want, side)))
		}
	}
	if n != len(got) {
		t.Errorf("row %d: DuckDB sees %d columns, and we have %d", i, len(got), n)
	}
}

func columnText(c *exchange.Column, e *exchange.Exchange) string {
	switch c.Kind {
	case exchange.UUID:
		return e.ID.String()
	case exchange.Time, exchange.Int, exchange.Hash:
		return strconv.FormatInt(*c.Num(e), 10)
	case exchange.Float:
		text := strconv.FormatFloat(math.Float64frombits(uint64(*c.Num(e))), 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	case exchange.Text:
		return *c.Text(e)
	case exchange.JSON:
		return string(*c.Blob(e))
	default:
		return strings.ToUpper(fmt.Sprintf("%x", *c.Blob(e)))
	}
}

// Without this, nobody could join a plan with the rest in SQL.
func TestDuckDBReadsPlans(t *testing.T) {
	run, err := CreateRun(t.Context(), t.TempDir(), RunInfo{ID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.FreezePlan(t.Context(), planFor(Split{0, "dt=x/a b.parquet", 1000, 3, 20, 19, 1_700_000_000_000_000, 1_700_000_000_000_001})); err != nil {
		t.Fatal(err)
	}
	rows := duckdb(t, filepath.Join(run.Location, planKey))
	want := map[string]string{
		"split": "0", "object": "dt=x/a b.parquet", "object_size": "1000", "row_group": "3", "rows": "20",
		"model": "m", "defect": "", "first_time": "1700000000000000", "last_time": "1700000000000001", "planned": "19", "request_bytes": "190", "response_bytes": "19",
	}
	if len(rows) != 1 || fmt.Sprint(rows[0]) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", rows, want)
	}
}
