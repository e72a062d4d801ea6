package report

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/modelparity/parity/compare"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s; run with -update when that is meant. Got:\n%s", file, got)
	}
}

func tableText(t *testing.T, s *Summary, color bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteTable(&b, color); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What an engineer sees after each compare: a change of it must be meant.
func TestTableGolden(t *testing.T) {
	s := summarise(t, sample(), sampleGate())
	golden(t, "table.txt", []byte(tableText(t, s, false)))
	golden(t, "table-color.txt", []byte(tableText(t, s, true)))
}

// A log that is 100 columns wide must not wrap, and a model's name must not
// take over the terminal of whoever reads the report.
func TestTableIsNarrowAndHarmless(t *testing.T) {
	tally := sample()
	tallyOf(tally.Model(strings.Repeat("模型", 80)), 12_345, 1)
	tallyOf(tally.Model("a\nb\u2028c"), 10, 0)
	wide := tableWidth
	for line := range strings.Lines(tableText(t, summarise(t, tally, Gate{}), false)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "next" {
			wide = math.MaxInt // commands are whole, so that they can be pasted
		}
		if text.StringWidthWithoutEscSequences(line) > wide {
			t.Errorf("over %d columns: %q", wide, line)
		}
		if visible(line) != line {
			t.Errorf("not harmless: %q", line)
		}
	}
}

// With thousands of models the terminal shows what matters and says what it
// left out.
func TestTableOfManyModels(t *testing.T) {
	got := tableText(t, manySummary(), false)
	for _, want := range []string{"… and 750 more that do not pass", "… and 3,170 more that pass"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q", want)
		}
	}
	if lines := strings.Count(got, "\n"); lines > 125 {
		t.Errorf("%d lines", lines)
	}
}

// A ledger that does not balance must be the first thing that anybody reads.
func TestTableSaysFirstThatTheLedgerIsOff(t *testing.T) {
	tally := compare.NewTally()
	tallyOf(tally.Model("m"), 3000, 0).Planned++
	got := tableText(t, summarise(t, tally, Gate{}), false)
	if !strings.HasPrefix(got, "THE LEDGER DOES NOT BALANCE: 3,001 exchanges planned, 3,000 accounted for") {
		t.Error(got)
	}
}
