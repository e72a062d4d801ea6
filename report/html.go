package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"
)

// How much WriteHTML shows below the table of all models, to keep a report of
// thousands of models at a size that browsers like.
const (
	maxDetails    = 200 // models, worst first
	maxSignatures = 20  // of a model
	allSignatures = 400 // of all models together
	maxExemplars  = 3   // of a signature
	maxLiteral    = 100 // columns
)

const timeLayout = "2006-01-02 15:04:05 MST"

//go:embed report.html
var pageHTML string

//go:embed report.css
var pageCSS string

//go:embed report.js
var pageJS string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"count":   func(n any) string { return count(reflect.ValueOf(n).Int()) }, // of int64 and of len
	"percent": percent, "percentUp": percentUp, "percentDown": percentDown, "visible": visible,
	"literal": func(s string) string { return cut(visible(s), maxLiteral) },
	"sign":    func(v Verdict) string { return signs[v] },
	"budget":  func(x float64) string { return Percent(x).String() },
	"total":   total, "counts": counts, "share": share,
	"moment": func(t time.Time) string { return t.Format(timeLayout) },
	"size":   func(x float64) string { return fmt.Sprintf("%.3g", x) },
	"points": points, "byCount": byCount, "version": versionName,
	"decision": func(s string) string { return cut(visible(s), maxDecision) },
	"millis":   func(us int64) string { return fmt.Sprintf("%.4g ms", float64(us)/1000) },
}).Parse(pageHTML))

// page is what report.html is filled with.
type page struct {
	*Summary
	CSS      template.CSS
	JS       template.JS
	Script   string   // the digest of JS: the only script that the page may run
	Rules    []string // as indented JSON, by line
	Scale    scale
	Verdicts []verdictCount
	Parts    []ledgerPart
	Rows     []row
	Details  []row
}

// ShownWarnings are the first few; MoreWarnings is how many follow.
func (p page) ShownWarnings() []string { return p.Warnings[:min(len(p.Warnings), maxWarnings)] }
func (p page) MoreWarnings() int       { return len(p.Warnings) - len(p.ShownWarnings()) }

type verdictCount struct {
	Verdict Verdict
	Models  int64
}

// ledgerPart is one outcome in the ledger: a segment of a bar that is 1000 wide.
type ledgerPart struct {
	Name       string
	Count      int64
	Reasons    map[string]int64
	X, Width   string
	Definition string
}

// row is a model in the table and, where it has any, in the details.
type row struct {
	Model
	Number   int
	Detailed bool
	Open     bool
	Plot     interval
	Shown    []shownSignature
	Hidden   int
}

// Why is what the table says of a model beside its numbers.
func (r row) Why() string {
	if r.Verdict == Inconclusive {
		return r.Reason
	}
	return ""
}

// RateSeen is the rate as text.
func (r row) RateSeen() string { return r.rate() }

// Difference is the signature of most exchanges.
func (r row) Difference() string { return cut(r.topDifference(), 60) }

// Rules are the rules with their hits, those that hide most first.
func (r row) Rules() (list []ruleHits) {
	hiding := r.Hiding()
	for _, rule := range byCount(r.Hits) {
		list = append(list, ruleHits{rule, r.Hits[rule], slices.Contains(hiding, rule)})
	}
	return list
}

type ruleHits struct {
	Rule   string
	Hits   int64
	Hiding bool // more than half of the model's deltas
}

type shownSignature struct {
	Signature
	Histogram *histogram
}

// WriteHTML writes s as one file that needs no other and no network: it opens
// from a mail or a build's artifacts. Names and bodies from outside are shown
// as text.
func (s *Summary) WriteHTML(w io.Writer) error {
	digest := sha256.Sum256([]byte(pageJS))
	p := page{
		Summary: s, CSS: template.CSS(pageCSS), JS: template.JS(pageJS),
		Script: base64.StdEncoding.EncodeToString(digest[:]),
		Rules:  s.Info.ruleLines(), Scale: newScale(s.Models), Parts: ledgerParts(s.Ledger),
	}
	for _, v := range []Verdict{Fail, Inconclusive, Pass} {
		p.Verdicts = append(p.Verdicts, verdictCount{Verdict: v})
	}
	models := s.worstFirst()
	perModel := min(maxSignatures, allSignatures/max(1, min(len(models), maxDetails)))
	for i, m := range models {
		p.Verdicts[severity[m.Verdict]].Models++
		r := row{Model: m, Number: i, Detailed: i < maxDetails, Open: i == 0 && m.Verdict != Pass, Plot: p.Scale.interval(m)}
		if r.Detailed {
			r.show(perModel)
			p.Details = append(p.Details, r)
		}
		p.Rows = append(p.Rows, r)
	}
	if err := pageTemplate.Execute(w, p); err != nil {
		return fmt.Errorf("write the summary as HTML: %w", err)
	}
	return nil
}

// show picks the signatures that the details list.
func (r *row) show(n int) {
	for _, s := range r.Signatures[:min(len(r.Signatures), n)] {
		s.Exemplars = s.Exemplars[:min(len(s.Exemplars), maxExemplars)]
		r.Shown = append(r.Shown, shownSignature{s, newHistogram(s.Errors)})
	}
	r.Hidden = len(r.Signatures) - len(r.Shown)
}

func (i Info) ruleLines() []string {
	if len(i.Rules) == 0 {
		return nil
	}
	var b bytes.Buffer
	if err := json.Indent(&b, i.Rules, "", "  "); err != nil {
		return []string{string(i.Rules)} // shown as it is: a reader can see what is wrong with it
	}
	return strings.Split(b.String(), "\n")
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
		parts[i].X, parts[i].Width = fmt.Sprintf("%.2f", x), fmt.Sprintf("%.2f", width)
		x += width
	}
	return parts
}
