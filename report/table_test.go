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

// Thousands of models that are warned of must not push the verdict off the screen.
func TestWarningsAreFew(t *testing.T) {
	tally := compare.NewTally()
	for i := range 500 {
		both(distinct(10, 0), outcome("skipped", 90))(tally.Model(strings.Repeat("long-", 20) + string(rune('가'+i))))
	}
	s := summarise(t, tally, Gate{})
	if len(s.Warnings) != 500 {
		t.Errorf("%d warnings", len(s.Warnings))
	}
	for sign, text := range map[string]string{"warning:": tableText(t, s, false), `<li class="warning">`: html(t, s)} {
		if n := strings.Count(strings.ToLower(text), sign); n != maxWarnings || !strings.Contains(text, "… and 488 more warnings") {
			t.Errorf("%d times %s", n, sign)
		}
	}
}

// Where nothing was judged there is no rate, and 0% would look like a good one.
func TestNoRateOfNothing(t *testing.T) {
	tally := compare.NewTally()
	outcome("skipped", 9)(tally.Model("m"))
	s := summarise(t, tally, Gate{})
	for name, text := range map[string]string{"table": tableText(t, s, false), "HTML": html(t, s)} {
		if !strings.Contains(text, "–") || strings.Contains(text, "0% ≤") || strings.Contains(text, "<td>0%<td>100%") {
			t.Errorf("the %s shows a rate:\n%s", name, text)
		}
	}
}

// What the report says to run next is pasted: it must not be refused.
func TestNextOfAnIncompleteRun(t *testing.T) {
	tally := compare.NewTally()
	both(distinct(10, 0), outcome("missing", 1))(tally.Model("m"))
	got := tableText(t, summarise(t, tally, Gate{}), false)
	if !strings.Contains(got, "repeat the `parity replay` that began the run") || strings.Contains(got, "--target http") {
		t.Error(got)
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
