package report

import (
	"bytes"
	unescape "html"
	"io"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/modelparity/parity/compare"
)

func markdownText(t testing.TB, s *Summary) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What reviewers read in a pull request: a change of it must be meant.
func TestMarkdownGolden(t *testing.T) {
	golden(t, "summary.md", []byte(markdownText(t, summarise(t, sample(), sampleGate()))))
}

// parsedMarkdown is what another implementation of GitHub's Markdown makes of a text.
type parsedMarkdown struct {
	prose, html []string // outside of code
	code        []string // spans in tables
	links       int
}

func parseMarkdown(t *testing.T, source string) (p parsedMarkdown) {
	t.Helper()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	columns := 0
	err := ast.Walk(md.Parser().Parse(text.NewReader([]byte(source))), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			return ast.WalkSkipChildren, nil
		case *ast.CodeSpan:
			span := ""
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				span += string(c.(*ast.Text).Value([]byte(source)))
			}
			p.code = append(p.code, span)
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			p.prose = append(p.prose, string(n.Segment.Value([]byte(source))))
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				p.html = append(p.html, string(line.Value([]byte(source))))
			}
		case *ast.Link, *ast.AutoLink, *ast.Image, *ast.RawHTML:
			p.links++
		case *extast.TableHeader:
			columns = n.ChildCount()
		case *extast.TableRow:
			if n.ChildCount() != columns {
				t.Errorf("a row with %d of %d cells", n.ChildCount(), columns)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A model's name must not notify a colleague, close the table that it stands in,
// or show an image in a pull request.
func TestMarkdownIsHarmless(t *testing.T) {
	names := []string{
		hostile, "@someone #12 a|b \\| c", "`x` ``y``", "![p](https://evil.example/p.png) [l](https://evil.example) www.evil.example", "</details><img src=x>",
		"a\n## heading\n```\n</details>", "_*~#-+1. ", " lead", "``", "trail\\", "ends in `", "|", "\u202e",
	}
	tally := compare.NewTally()
	for _, name := range names {
		m := tallyOf(tally.Model(name), 40, 40)
		addSignature(m, "$."+name, compare.KindString, 40, name, name+name)
		m.Decided, m.Flips, m.Confusion = 40, 40, map[string]map[string]int64{name: {name + "2": 40}}
	}
	s := summarise(t, tally, Gate{})
	s.Warnings = append(s.Warnings, names...)
	s.Info.Target, s.Info.Run, s.Info.Config = names[1], names[5], names[4]
	got := markdownText(t, s)
	p := parseMarkdown(t, got)
	for _, prose := range p.prose {
		if strings.ContainsAny(prose, "@<`\x1b") || strings.Contains(prose, "evil") || strings.Contains(prose, "someone") {
			t.Errorf("outside of code: %q", prose)
		}
	}
	for _, line := range p.html {
		if line := strings.TrimSpace(line); line != "</details>" && line != "<details><summary>Why</summary>" && line != "<details><summary>Next</summary>" {
			t.Errorf("HTML: %q", line)
		}
	}
	if p.links > 0 {
		t.Errorf("%d links, images or pieces of HTML", p.links)
	}
	for _, name := range []string{"`x` ``y``", "trail\\", "ends in `", "``", `a\n## heading\n` + "```" + `\n</details>`, `\x7c`} {
		found := false
		for _, code := range p.code {
			found = found || code == name
		}
		if !found {
			t.Errorf("no model is shown as %q in %q", name, p.code)
		}
	}
	if visible(strings.ReplaceAll(got, "\n", "")) != strings.ReplaceAll(got, "\n", "") {
		t.Error("something is not harmless")
	}
}

// The first sentence may name models that nobody judged: a name must not be a link
// in a bot's comment, call a colleague, or refer to an issue, and must still be read
// as what it is.
func TestMarkdownProseLinksNothing(t *testing.T) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	for _, name := range []string{
		"https://evil.example/x", "HTTP://evil.example", "www.evil.example", "WWW.evil.example/x", "ftp://evil.example", "a@evil.example", "mailto:a@evil.example",
		"@name", "@org/team", "#1", "owner/name#12", "GH-12", "!3", ":smile:", "[l](https://evil.example)", "<https://evil.example>", "![p](//evil.example)",
		"xhttps://evil.example", "*https://evil.example*", "模https://evil.example", "&#64;name", `\@name`, "https:\\//evil.example", "1. x", "a|b",
	} {
		s, err := Summarise(Input{
			Tally: compare.NewTally(), Recorded: Recorded{Exchanges: 1, Models: []string{name}},
			Gate: Gate{Coverage: CoverageLimits{Models: new(Percent(1))}},
		})
		if err != nil || !strings.Contains(s.Reason, name) {
			t.Fatalf("%v: %s", err, s.Reason)
		}
		source := markdownText(t, s)
		if p := parseMarkdown(t, source); p.links > 0 {
			t.Errorf("%s: %d links in %s", name, p.links, source)
		}
		var b bytes.Buffer
		if err := md.Convert([]byte(prose(s.Reason)), &b); err != nil {
			t.Fatal(err)
		}
		shown := strings.TrimSuffix(strings.TrimPrefix(unescape.UnescapeString(b.String()), "<p>"), "</p>\n")
		for _, call := range []string{"@name", "@org", "@evil", "#1", "GH-1", "!3", ":smile", "://", "www.", "WWW."} {
			if strings.Contains(shown, call) {
				t.Errorf("%s shows %s in %q", name, call, shown)
			}
		}
		if got := strings.ReplaceAll(shown, "\u200b", ""); got != s.Reason {
			t.Errorf("shows %q, not %q", got, s.Reason)
		}
	}
}

// GitHub refuses a comment of more than 65,536 characters.
func TestMarkdownIsShort(t *testing.T) {
	tally := compare.NewTally()
	for i := range 40 {
		name := strings.Repeat("模`|", 1<<12) + string(rune('a'+i))
		m := tallyOf(tally.Model(name), 40, 40)
		addSignature(m, "$."+name, compare.KindString, 40, name, name)
	}
	for _, s := range []*Summary{manySummary(), summarise(t, tally, Gate{})} {
		if n := len([]rune(markdownText(t, s))); n > 60_000 {
			t.Errorf("%d characters of %d models", n, len(s.Models))
		}
	}
}

// A pull request must show that nothing differs, and that nothing was sent.
func TestMarkdownOfFewModels(t *testing.T) {
	tally := compare.NewTally()
	tallyOf(tally.Model("m"), 5000, 0)
	if got := markdownText(t, summarise(t, tally, Gate{})); !strings.HasPrefix(got, "## ✓ PASS\n") || strings.Contains(got, "what to look at") {
		t.Error(got)
	}
	if got := markdownText(t, summarise(t, compare.NewTally(), Gate{})); !strings.HasPrefix(got, "## ? INCONCLUSIVE\n") || strings.Contains(got, "| model") {
		t.Error(got)
	}
}

// A report that could not be written must not look written.
func TestWritersSayWhatFails(t *testing.T) {
	s := summarise(t, sample(), sampleGate())
	for name, write := range map[string]func(io.Writer) error{
		"Markdown": s.WriteMarkdown, "JUnit XML": s.WriteJUnit, "JSON": s.WriteJSON,
		"HTML": func(w io.Writer) error { return s.WriteHTML(w, Exhibits{}) },
	} {
		if err := write(brokenPipe{}); err == nil || !strings.Contains(err.Error(), "write the summary as "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
