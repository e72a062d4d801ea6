package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/modelparity/parity/compare"
)

func html(t testing.TB, s *Summary) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteHTML(&b, Exhibits{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// manyPage shows 4,000 models with all that a page has room for.
func manyPage(t testing.TB) string {
	t.Helper()
	reference, candidate := wholeAnswers()
	var b bytes.Buffer
	if err := manySummary().WriteHTML(&b, showing(t, manySummary(), reference, candidate)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A browser mends what is left open, by putting half of the page into a
// table's cell.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	for _, tag := range strings.Fields("html head body main header footer section details summary table thead tbody svg defs form ul li dl dt dd figure h1 h2 h3 a p pre code span small strong b button script style") {
		opened := len(regexp.MustCompile(`<`+tag+`[ >]`).FindAllString(page, -1))
		if closed := strings.Count(page, "</"+tag+">"); opened != closed {
			t.Errorf("<%s> is opened %d times and closed %d times", tag, opened, closed)
		}
	}
}

// A mapping of answers can hide as much as a rule: whoever trusts a PASS must see
// what was compared.
func TestHTMLShowsTheMapping(t *testing.T) {
	s := summarise(t, sample(), sampleGate())
	s.Info.Mapping = json.RawMessage(`{"program":".outputs[0] </script>","models":{"legacy-*":".predictions"}}`)
	page := html(t, s)
	for _, want := range []string{"<code>.outputs[0] &lt;/script&gt;</code><td>all", "<code>.predictions</code><td><code>legacy-*</code>"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	wellFormed(t, page)
}

// The report is mailed and opened from a build's artifacts: it must show
// everything without a network.
func TestHTMLStandsAlone(t *testing.T) {
	page := html(t, summarise(t, sample(), sampleGate()))
	wellFormed(t, page)
	resource := regexp.MustCompile(`(?i)<(link|img|iframe|object|embed|base)\b|\b(src|srcset|action|formaction)\s*=|@import|url\(|href="[^#]`)
	if found := resource.FindString(page); found != "" {
		t.Errorf("needs something from outside: %s", found)
	}
	for _, want := range []string{
		"default-src 'none'", "5 of 12 models are over budget.", "review-drift", "$.scores[*].value", "0.31291121",
		"s3://traffic/reviews", "10⁻⁵", "nobody-*", "46,368", "4.12 ms", "2026-11-18 11:06:40 UTC",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s", want)
		}
	}
}

// Answers of a foreign system are in the report; a script among them must not
// run in the reader's browser, nor a mark turn the text around.
func TestHTMLShowsHostileTextAsText(t *testing.T) {
	tally := sample()
	tallyOf(tally.Model(`"><img onerror=alert(1)>`), 10, 0).Unavailable = map[string]int64{hostile: 1}
	info := Info{Run: hostile, Recording: hostile, Target: "javascript:alert(1)", Judgement: hostile, Version: hostile, Control: hostile}
	info.Rules, _ = json.Marshal(map[string]string{"path": "</pre></script>" + hostile})
	s, err := Summarise(Input{Info: info, Tally: tally, Noise: sampleControl(), Gate: Gate{Models: map[string]Limits{hostile: {}, "x" + hostile: {}}}})
	if err != nil {
		t.Fatal(err)
	}
	page := html(t, s)
	wellFormed(t, page)
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d scripts, want uPlot and ours alone", n)
	}
	for _, bad := range []string{"<img", "\x1b", "\u202e", "\x00", "\xff", `href="javascript`} {
		if strings.Contains(page, bad) {
			t.Errorf("holds %q", bad)
		}
	}
}

// The page may use its own style and scripts: if a digest is off, sorting and
// filtering are dead, and without them any script may run.
func TestHTMLAllowsItsOwnScriptsOnly(t *testing.T) {
	page := html(t, summarise(t, sample(), Gate{}))
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1]
	policy = strings.ReplaceAll(policy, "&#43;", "+")
	for _, own := range []struct{ tag, text string }{{"script", plotJS}, {"script", pageJS}, {"style", plotCSS + pageCSS}} {
		if !strings.Contains(page, "<"+own.tag+">"+own.text+"</"+own.tag+">") {
			t.Errorf("a %s is not in the page as it was digested", own.tag)
		}
		sum := sha256.Sum256([]byte(own.text))
		if !strings.Contains(policy, "sha256-"+base64.StdEncoding.EncodeToString(sum[:])) {
			t.Errorf("no digest of a %s in %s", own.tag, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Count(policy, "sha256-") != 3 {
		t.Errorf("the policy lets in more: %s", policy)
	}
	if found := regexp.MustCompile(`<[^>]*\s(style|on\w+)="`).FindString(page); found != "" {
		t.Errorf("has %s, which the policy blocks or should", found)
	}
}

// 4,000 models must open in a browser, with every one of them in the table.
func TestHTMLOfManyModels(t *testing.T) {
	page := manyPage(t)
	wellFormed(t, page)
	t.Logf("%d bytes", len(page))
	if len(page) > 3_000_000 {
		t.Errorf("%d bytes, over 3 MB", len(page))
	}
	if n := len(regexp.MustCompile(`<tr class="(FAIL|INCONCLUSIVE|PASS)"`).FindAllString(page, -1)); n != 4000 {
		t.Errorf("%d models in the table", n)
	}
	if n := strings.Count(page, `<details class="model `); n != maxDetails {
		t.Errorf("%d models with details", n)
	}
	if !strings.Contains(page, fmt.Sprintf("of the worst %d models of 4,000", maxDetails)) {
		t.Error("does not say what it leaves out")
	}
}

// An empty run and a lost exchange are what the report must not gloss over.
func TestHTMLOfBadRuns(t *testing.T) {
	empty := html(t, summarise(t, compare.NewTally(), Gate{}))
	wellFormed(t, empty)
	if !strings.Contains(empty, "The run holds no exchanges.") {
		t.Error("an empty run looks like any other")
	}
	lost := compare.NewTally()
	tallyOf(lost.Model("m"), 3000, 0).Planned++
	page := html(t, summarise(t, lost, Gate{}))
	if alarm := strings.Index(page, "The ledger does not balance."); alarm < 0 || alarm > strings.Index(page, "<h1") {
		t.Error("does not say first that the ledger is off")
	}
}

// A plot that puts a rate on the wrong side of its budget misleads whoever
// looks at nothing else.
func TestScaleKeepsOrder(t *testing.T) {
	s := newScale([]Model{{Budget: 0.001, Upper: 0.00003}})
	if s.floor != 1e-5 {
		t.Errorf("the floor is %v", s.floor)
	}
	last := math.Inf(-1)
	for _, rate := range []float64{0, 1e-9, 9e-6, 1e-5, 2e-5, 0.00099, 0.001, 0.5, 1} {
		x := s.x(rate)
		if x <= last || x < plotLeft || x > plotRight+1e-9 {
			t.Errorf("%v is at %v, after %v", rate, x, last)
		}
		last = x
	}
	if x := newScale(nil).x(1); x != plotRight {
		t.Errorf("100 %% is at %v", x)
	}
}

// The page shows whole answers, which are anything.
func TestHTMLShowsExhibits(t *testing.T) {
	s := summarise(t, sample(), sampleGate())
	reference, candidate := wholeAnswers()
	var b bytes.Buffer
	if err := s.WriteHTML(&b, showing(t, s, reference, candidate)); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	wellFormed(t, page)
	if len(page) > 1_500_000 {
		t.Errorf("%d bytes for %d models", len(page), len(s.Models))
	}
	for _, bad := range []string{"<img", "\x1b", "\u202e", "\x00", "\xff", "<script>alert"} {
		if strings.Contains(page, bad) {
			t.Errorf("holds %q", bad)
		}
	}
	for _, want := range []string{
		`<tr class="differs">`, "0.31291121", "a very long name", "candidate ↑ against reference →", "tolerance 1e-09</text>",
		`parity run runs/2026-11-22/judgements/3f2a9c/mismatches --model review-drift --signature &#39;$.scores[*].value number&#39; --target http://127.0.0.1:9000 --out RUN2`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %s", want)
		}
	}
}
