package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
)

func junitText(t testing.TB, s *Summary) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What CI shows of a run: a change of it must be meant.
func TestJUnitGolden(t *testing.T) {
	golden(t, "junit.xml", junitText(t, summarise(t, sample(), sampleGate())))
}

// parsedCase is what a CI system makes of a test case.
type parsedCase struct {
	Class, Name string
	Time        float64
	Results     [][4]string // element, type, message, text
}

// parseJUnit reads the file with a parser that is not ours.
func parseJUnit(t *testing.T, text []byte) (suites int, cases []parsedCase) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "junit.xml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join("testdata", "junit.py"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(pythonWith(t, "junitparser"), "-c", string(script), file)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("junitparser: %v", err)
	}
	var parsed struct {
		Suites int
		Cases  []parsedCase
	}
	if err := json.Unmarshal(out, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed.Suites, parsed.Cases
}

// pythonWith finds a Python that has a module of Debian's.
func pythonWith(t *testing.T, module string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	why := "no python3 with " + module + " here: apt-get install python3-" + module
	if os.Getenv("PARITY_NO_SKIP") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
	return ""
}

// A CI system must see a test case for each model, and red for each that the gate
// does not pass, whatever the models are called.
func TestJUnitIsWhatTheGateSays(t *testing.T) {
	s := summarise(t, sample(), sampleGate())
	suites, cases := parseJUnit(t, junitText(t, s))
	if suites != 1 || len(cases) != len(s.Models) {
		t.Fatalf("%d suites with %d test cases, want 1 with %d", suites, len(cases), len(s.Models))
	}
	byName := map[string]parsedCase{}
	for _, c := range cases {
		byName[c.Name] = c
	}
	for _, m := range s.Models {
		c, ok := byName[visible(m.Name)]
		want := map[Verdict][]string{Fail: {"Failure", "over_budget"}, Inconclusive: {"Error", "inconclusive"}}[m.Verdict]
		switch {
		case !ok:
			t.Errorf("no test case for %q", m.Name)
		case m.Verdict == Pass && len(c.Results) > 0:
			t.Errorf("%s passes, and its test case does not: %v", m.Name, c.Results)
		case m.Verdict != Pass && (len(c.Results) != 1 || !slices.Equal(c.Results[0][:2], want) || c.Results[0][2] != visible(m.Reason)):
			t.Errorf("%s is %s, and its test case says %q", m.Name, m.Verdict, c.Results)
		}
	}
	drift := byName["review-drift"]
	for _, want := range []string{
		"$.scores[*].value number: 310 exchanges, as 0.9 → 0.8931",
		"parity show runs/2026-11-22 01000000-0000-0000-0000-000000001102 --judgement 3f2a9c",
		"parity run runs/2026-11-22/judgements/3f2a9c/mismatches --model review-drift --signature '$.scores[*].value number' --target http://127.0.0.1:9000 --out RUN2",
	} {
		if !strings.Contains(drift.Results[0][3], want) {
			t.Errorf("review-drift lacks %s:\n%s", want, drift.Results[0][3])
		}
	}
	if drift.Time < 0.006 || drift.Time > 0.009 { // half of 2500 + 2·5200 µs, within 1 %
		t.Errorf("review-drift takes %v s", drift.Time)
	}
}

// A character that XML has no place for makes a CI system drop the whole file,
// and one that turns the writing direction changes what people read.
func TestJUnitIsHarmless(t *testing.T) {
	tally := compare.NewTally()
	for _, name := range []string{hostile, "\x00\x01\x0b\ufffe\uffff", "]]>&lt;![CDATA[", "a\nb", "\ud7ff\U0010ffff", strings.Repeat("<&>\"", 300_000)} {
		m := tallyOf(tally.Model(name), 40, 40)
		addSignature(m, "$."+name, compare.KindString, 40, name, strings.Repeat(name, 3))
	}
	text := junitText(t, summarise(t, tally, Gate{}))
	if rest := visible(strings.ReplaceAll(string(text), "\n", "")); len(rest) != len(text)-bytes.Count(text, []byte("\n")) {
		t.Error("something is not harmless")
	}
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if _, cases := parseJUnit(t, text); len(cases) != 6 {
		t.Errorf("%d test cases, want 6", len(cases))
	}
}

// What is not passed for no model's sake must not look green.
func TestJUnitOfNoModels(t *testing.T) {
	_, cases := parseJUnit(t, junitText(t, summarise(t, compare.NewTally(), Gate{})))
	if len(cases) != 1 || cases[0].Name != "all models" || len(cases[0].Results) != 1 || cases[0].Results[0][0] != "Error" {
		t.Errorf("%+v", cases)
	}
}

// GitLab takes files of up to 30 MB.
func TestJUnitOfManyModels(t *testing.T) {
	text := junitText(t, manySummary())
	if len(text) > 15<<20 {
		t.Errorf("%d bytes", len(text))
	}
	t.Logf("%d bytes", len(text))
}
