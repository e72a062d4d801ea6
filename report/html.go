package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/modelparity/parity/compare"
)

// How much WriteHTML shows below the table of all models, to keep a report of
// thousands of models at a size that browsers like.
const (
	maxDetails    = 120 // models, worst first
	maxCharts     = 80  // of these have charts
	maxSignatures = 20  // of a model
	allSignatures = 240 // of all models together
	maxExemplars  = 3   // of a signature
	maxLiteral    = 100 // columns
	maxShown      = 90  // columns of a literal on the page
	maxRequest    = 400
	maxLines      = 12 // of a request

	maxChangesShown = 20
)

const timeLayout = "2006-01-02 15:04:05 MST"

var (
	//go:embed report.html
	pageHTML string
	//go:embed report.css
	pageCSS string
	//go:embed report.js
	pageJS string
	//go:embed uplot/uPlot.min.css
	plotCSS string
	//go:embed uplot/uPlot.iife.min.js
	plotJS string
)

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"count":   func(n any) string { return count(reflect.ValueOf(n).Int()) }, // of int64 and of len
	"percent": percent, "percentUp": percentUp, "percentDown": percentDown, "visible": visible,
	"literal": func(s string) string { return cut(visible(s), maxShown) },
	"request": lines,
	"headline": func(s string) string {
		first, _, _ := strings.Cut(s, ". ")
		return strings.TrimSuffix(first, ".") + "."
	},
	"rest":   func(s string) string { _, rest, _ := strings.Cut(s, ". "); return rest },
	"list":   func(list []Change) []Change { return list[:min(len(list), maxChangesShown)] },
	"sign":   func(v Verdict) string { return signs[v] },
	"budget": func(x float64) string { return Percent(x).String() },
	"total":  total, "counts": counts, "share": share,
	"moment": func(t time.Time) string { return t.Format(timeLayout) },
	"size":   func(x float64) string { return fmt.Sprintf("%.3g", x) },
	"points": points, "version": versionName,
	"decision": func(s string) string { return cut(visible(s), maxDecision) },
	"depth":    func(n int) int { return min(n, 6) },
	"mark":     func(m compare.Mark) string { return marks[m] },
	"millis":   func(us int64) string { return latencyText(float64(us)) },
}).Parse(pageHTML))

// marks stand between the two sides of a row.
var marks = map[compare.Mark]string{
	compare.HeldEqual: "=", compare.Differs: "≠", compare.IsNoise: "~", compare.ReferenceOnly: "−", compare.CandidateOnly: "+", compare.Broken: "✗",
}

// lines is text whose lines are kept, as far as there is room.
func lines(s string) string {
	list := strings.SplitN(strings.TrimRight(cut(s, maxRequest), "\n"), "\n", maxLines+1)
	for i, line := range list {
		list[i] = visible(strings.TrimSuffix(line, "\r"))
	}
	if len(list) > maxLines {
		list[maxLines] = "…"
	}
	return strings.Join(list, "\n")
}

// page is what report.html is filled with.
type page struct {
	*Summary
	CSS           template.CSS
	PlotJS, JS    template.JS
	StyleDigest   string   // the only style and
	ScriptDigests []string // scripts that the page may use
	Rules         *ruleset
	Scale         scale
	Verdicts      []verdictCount
	Kinds         []string
	Parts         []ledgerPart
	Rows          []row
	Details       []row
}

// Judged counts the exchanges whose two answers were compared.
func (p page) Judged() int64 { return p.Ledger.judged() }

// Covers is how much of the recording was judged; "" where that is not known.
func (p page) Covers() string { return strings.TrimPrefix(p.Coverage.line(), "covers  ") }

// ShownWarnings are the first few; MoreWarnings is how many follow.
func (p page) ShownWarnings() []string { return p.Warnings[:min(len(p.Warnings), maxWarnings)] }
func (p page) MoreWarnings() int       { return len(p.Warnings) - len(p.ShownWarnings()) }

type verdictCount struct {
	Verdict  Verdict
	Models   int64
	X, Width string // of a bar that is 1000 wide
}

// ledgerPart is one outcome in the ledger: a segment of a bar that is 1000 wide.
type ledgerPart struct {
	Name       string
	Count      int64
	Reasons    map[string]int64
	X, Width   string
	Definition string
}

// WriteHTML writes s, with what x shows of the mismatch set, as one file that
// needs no other and no network: it opens from a mail or a build's artifacts.
// Names and bodies from outside are shown as text.
func (s *Summary) WriteHTML(w io.Writer, x Exhibits) error {
	var rules compare.Rules
	if len(s.Info.Rules) > 0 {
		_ = json.Unmarshal(s.Info.Rules, &rules) // what can't be read is shown as it is
	}
	tolerances, err := compare.NewTolerances(rules)
	if err != nil {
		return fmt.Errorf("write the summary as HTML: its rules: %w", err)
	}
	p := page{
		Summary: s, CSS: template.CSS(plotCSS + pageCSS), PlotJS: template.JS(plotJS), JS: template.JS(pageJS),
		StyleDigest: digest(plotCSS + pageCSS), ScriptDigests: []string{digest(plotJS), digest(pageJS)},
		Rules: newRuleset(rules, &s.Info, s.Models), Scale: newScale(s.Models), Parts: ledgerParts(s.Ledger),
	}
	p.addModels(func(r *row, signatures int) { r.detail(signatures, x, tolerances, s.Info) })
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write the summary as HTML: %w", err)
	}
	return nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// addModels fills in what there is of each model; detail adds to a row what its
// details show, so many signatures.
func (p *page) addModels(detail func(r *row, signatures int)) {
	models, detailed := p.worstFirst(), p.detailed()
	perModel := min(maxSignatures, allSignatures/max(1, len(detailed)))
	by, kinds := map[Verdict]int64{}, map[string]bool{}
	for i, m := range models {
		by[m.Verdict]++
		for kind := range strings.FieldsSeq(m.Kinds()) {
			kinds[kind] = true
		}
		r := row{Model: m, Number: i, Detailed: i < len(detailed), Open: i == 0 && m.Verdict != Pass, Plot: p.Scale.interval(m)}
		if r.Detailed {
			detail(&r, perModel)
			p.Details = append(p.Details, r)
		}
		p.Rows = append(p.Rows, r)
	}
	p.Kinds = sortedKeys(kinds)
	x := 0.0
	for _, v := range []Verdict{Fail, Inconclusive, Pass} {
		width := 1000 * share(by[v], int64(len(models)))
		p.Verdicts = append(p.Verdicts, verdictCount{v, by[v], fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", width)})
		x += width
	}
}

// detailed are the models that the page details, worst first.
func (s *Summary) detailed() []Model {
	models := s.worstFirst()
	return models[:min(len(models), maxDetails)]
}

func ledgerParts(l Ledger) []ledgerPart {
	parts := []ledgerPart{
		{Name: "match", Count: l.Match, Definition: "both answers say the same"},
		{Name: "noise", Count: l.Noise, Definition: "they differ as the old system differs from itself"},
		{Name: "mismatch", Count: l.Mismatch, Definition: "they differ"},
		{Name: "unavailable", Count: total(l.Unavailable), Reasons: l.Unavailable, Definition: "the candidate gave no answer"},
		{Name: "undecided", Count: total(l.Undecided), Reasons: l.Undecided, Definition: "a body can't be read"},
		{Name: "skipped", Count: total(l.Skipped), Reasons: l.Skipped, Definition: "the recording can't be judged"},
		{Name: "missing", Count: l.Missing, Definition: "not sent yet"},
	}
	x, whole := 0.0, float64(max(1, l.Planned, l.accounted()))
	for i := range parts {
		width := 1000 * float64(parts[i].Count) / whole
		parts[i].X, parts[i].Width = fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", width)
		x += width
	}
	return parts
}
