package explorer

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/report"
)

//go:embed pages/*.html
var pages embed.FS

// view is what every page is made of.
type view struct {
	Title string
	Store string
	Trail []step // from the first page to this one
	Body  any
}

type step struct{ Name, Link string }

// trail leads from the first page to one of a place.
func (p place) trail(page string) []step {
	run := place{At: p.At}
	steps := []step{{p.At, run.link("run")}}
	if page != "run" {
		steps = append(steps, step{"judgement " + p.ID, p.link("judgement")})
	}
	if page == "mismatches" || page == "exchange" {
		steps = append(steps, step{"mismatches", p.link("mismatches")})
	}
	return steps
}

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"visible": report.Visible, "clip": clip, "brief": brief, "count": count, "size": size, "moment": moment,
	"percent": func(x float64) string { return fmt.Sprintf("%.3g %%", x*100) },
	"apart": func(x float64) string {
		if x == 0 {
			return ""
		}
		return fmt.Sprintf("%.3g", x)
	},
	"indented": indented, "typed": typed,
	"sign": func(m compare.Mark) string { return signs[m] }, "word": func(m compare.Mark) string { return markWords[m] },
	"folded": func(m compare.Mark) string { return foldedWords[m] },
	"depth":  func(n int) int { return min(n, 12) },
	"total":  total,
	"minus":  func(a, b int64) int64 { return a - b },
	"by":     func(by []string) string { return strings.Join(by, ", ") },
}).ParseFS(pages, "pages/*.html"))

func total(counts map[string]int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// typed is what stands in a field of a form: nothing that nobody could type.
func typed(s string) string {
	if report.Visible(s) != s || len(s) > longest {
		return ""
	}
	return s
}

// indented is JSON, for people.
func indented(text json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return report.Visible(string(text))
	}
	return lines(b.String(), 64<<10)
}

// render makes a page.
func render(name string, v view) ([]byte, error) {
	var b bytes.Buffer
	err := templates.ExecuteTemplate(&b, name+".html", v)
	return b.Bytes(), err
}
