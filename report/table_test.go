package report

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/width"

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
// take over the terminal of whoever reads the report. How wide a line is says
// another table of Unicode's than the one that lays it out.
func TestTableIsNarrowAndHarmless(t *testing.T) {
	names := []string{
		strings.Repeat("模型", 80), "a\nb\u2028c", strings.Repeat("🧪🚀", 40), strings.Repeat("é", 90), strings.Repeat("👩‍🔬", 30), strings.Repeat("🇪🇺", 50),
		strings.Repeat("ไม่", 60), strings.Repeat("\x1b[2J", 40), strings.Repeat("long name ", 30), strings.Repeat("한국어 ", 40), hostile,
	}
	tally := sample()
	for i, name := range names {
		m := tallyOf(tally.Model(name), 12_345, int64(1+i))
		addSignature(m, "$."+name, compare.KindString, int64(1+i), name, name+"2")
		m.Decided, m.Flips, m.Confusion = 12_345, 2, map[string]map[string]int64{name: {name + "2": 2}}
		m.Hits = map[string]int64{"$." + name + " ignore": 70_000}
		outcome("skipped", 900)(m)
	}
	in := Input{Info: sampleInfo(), Tally: tally, Noise: sampleControl()}
	in.Info.Config, in.Info.Control, in.Info.Run = names[0], names[2], names[8]
	s, err := Summarise(in)
	if err != nil {
		t.Fatal(err)
	}
	unbalanced := *s
	unbalanced.Ledger.Balanced = false
	passing := compare.NewTally()
	for i := range 400 {
		tallyOf(passing.Model(strings.Repeat("m", i+1)), 20_000, 1)
	}
	for _, s := range []*Summary{s, &unbalanced, summarise(t, passing, Gate{})} {
		wide := tableWidth
		for line := range strings.Lines(tableText(t, s, false)) {
			line = strings.TrimSuffix(line, "\n")
			if line == "next" {
				wide = math.MaxInt // commands are whole, so that they can be pasted
			}
			if n := columns(line); n > wide {
				t.Errorf("%d columns: %q", n, line)
			}
			if visible(line) != line {
				t.Errorf("not harmless: %q", line)
			}
		}
	}
}

// columns is how many of a terminal a line takes by UAX 11: two where a character
// is wide, none where it is put on another.
func columns(line string) (n int) {
	for _, r := range line {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// Who looks at the top of a long list must see what is worst.
func TestTableHasTheWorstFirst(t *testing.T) {
	var verdicts []Verdict
	for line := range strings.Lines(tableText(t, manySummary(), false)) {
		for v, sign := range signs {
			if strings.HasPrefix(line, sign+" "+string(v)) {
				verdicts = append(verdicts, v)
			}
		}
		if strings.HasPrefix(line, "…") {
			break
		}
	}
	if !slices.IsSortedFunc(verdicts, func(a, b Verdict) int { return severity[a] - severity[b] }) || len(verdicts) != maxOthers+maxPassing {
		t.Errorf("%q", verdicts)
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
