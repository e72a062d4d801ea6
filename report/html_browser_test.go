package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// samplePage shows what sample has, with whole answers.
func samplePage(t *testing.T) string {
	t.Helper()
	tally := sample()
	addTimeline(tally.Model("review-drift"), 310)
	s := summarise(t, tally, sampleGate())
	s.Changes = &Changes{
		Run: "runs/2026-11-15", Judgement: "3f2a9c", Before: 940, Fixed: 812, Still: 120, Unknown: 8, New: 249,
		Signatures: []Change{{Model: "review-drift", Signature: "$.scores[*].value number", Before: 180, Fixed: 60, Still: 120, New: 190}, {Model: hostile, Signature: hostile + " string", New: 40}},
	}
	reference, candidate := wholeAnswers()
	var b bytes.Buffer
	if err := s.WriteHTML(&b, showing(t, s, reference, candidate)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	firstModel = `document.querySelector(".models tbody tr:not([hidden]) td:nth-child(2)").textContent`
	shownRows  = `document.querySelectorAll(".models tbody tr:not([hidden])").length`
)

// A report that can't be sorted, filtered and opened is a list of 4,000 names.
func TestPageInABrowser(t *testing.T) {
	b := openPage(t, samplePage(t), 1440, 1200)
	want(b, shownRows, 12)
	b.shot("10-light-top")

	// Sorting: by rate, up and down, and said to who can't see it.
	sort := `document.querySelector(".models th:nth-child(2) button")`
	see[bool](b, sort+`.click(), true`)
	want(b, `document.querySelector(".models th:nth-child(2)").getAttribute("aria-sort")`, "ascending")
	want(b, firstModel, "corn-csv")
	see[bool](b, sort+`.click(), true`)
	want(b, firstModel, "vader")
	see[bool](b, `document.querySelector(".models th:nth-child(5) button").click(), document.querySelector(".models th:nth-child(5) button").click(), true`)
	want(b, `document.querySelector(".models tbody tr td:nth-child(5)").textContent`, "100%")

	// Filtering by name, verdict and kind.
	b.do(chromedp.SendKeys(chromedp.CSS(".filter input[type=search]"), "REVIEW"))
	want(b, shownRows, 2)
	want(b, `document.querySelector(".filter output").textContent`, "2 of 12")
	see[bool](b, `document.querySelector(".filter input[value=PASS]").click(), true`)
	want(b, shownRows, 1)
	want(b, firstModel, "review-drift")
	see[bool](b, `(() => { const f = document.querySelector(".filter"); f.reset(); f.dispatchEvent(new Event("input")); return true })()`)
	want(b, shownRows, 12)
	see[bool](b, `(() => { const s = document.querySelector(".filter select"); s.value = "decision"; s.dispatchEvent(new Event("input", {bubbles: true})); return true })()`)
	want(b, shownRows, 1)
	want(b, firstModel, "intent-flips")

	// Opening a model: its answers, charts and commands are there.
	b.do(chromedp.Click(chromedp.CSS(".models tbody tr:not([hidden]) a")))
	b.painted()
	want(b, `document.activeElement.closest("details").querySelector("strong").textContent`, "intent-flips")
	want(b, `document.activeElement.closest("details").open`, true)
	b.shot("10-light-model")
	b.quiet()
}

// The plots must be drawn by uPlot where a reader looks, in colours of the theme.
func TestPagesChartsAreDrawn(t *testing.T) {
	b := openPage(t, samplePage(t), 1440, 1000)
	see[bool](b, `location.hash = [...document.querySelectorAll(".models a")].find(a => a.textContent === "review-drift").hash, true`)
	b.painted()
	b.painted()
	want(b, `document.querySelectorAll(".model[open] .uplot canvas").length`, 2)
	want(b, `getComputedStyle(document.querySelector(".model[open] .chart[data-edges] > svg")).display`, "none")
	b.shot("10-light-drift")
	see[bool](b, `scrollBy(0, 620), true`)
	b.shot("10-light-drift-2")
	b.scheme("dark")
	b.shot("10-dark-drift-2")
	see[bool](b, `scrollBy(0, -620), true`)
	b.shot("10-dark-drift")
	b.quiet()
}

// Who has no mouse has the keyboard: everything must be within its reach, in
// order, and seen.
func TestPageByKeyboard(t *testing.T) {
	b := openPage(t, samplePage(t), 1440, 1000)
	b.do(chromedp.KeyEvent(kb.Tab))
	want(b, `document.activeElement.className`, "skip")
	want(b, `document.activeElement.getBoundingClientRect().width > 40`, true)
	b.do(chromedp.KeyEvent(kb.Enter))
	want(b, `location.hash`, "#models")
	b.do(chromedp.KeyEvent(kb.Tab))
	want(b, `document.activeElement.type`, "search")
	for range 12 { // to the first sort button
		b.do(chromedp.KeyEvent(kb.Tab))
		if see[bool](b, `document.activeElement.matches("th button")`) {
			break
		}
	}
	want(b, `document.activeElement.textContent`, "Verdict")
	want(b, `getComputedStyle(document.activeElement).outlineStyle`, "solid")
	b.do(chromedp.KeyEvent(kb.Enter))
	want(b, `document.querySelector("th[aria-sort]").getAttribute("aria-sort")`, "ascending")
	for range 20 { // to the first model
		b.do(chromedp.KeyEvent(kb.Tab))
		if see[bool](b, `document.activeElement.matches("td a")`) {
			break
		}
	}
	b.slowEnter()
	want(b, `document.activeElement.matches("details.model")`, true)
	want(b, `document.activeElement.open`, true)
	b.do(chromedp.KeyEvent(kb.Tab))
	want(b, `document.activeElement.matches("details.model > summary")`, true)
	b.do(chromedp.KeyEvent(kb.Enter))
	want(b, `document.activeElement.parentElement.open`, false)
	b.quiet()
}

// The theme follows the system until the reader chooses, and then the choice.
func TestPagesTheme(t *testing.T) {
	b := openPage(t, samplePage(t), 1440, 1000)
	paper := `getComputedStyle(document.body).backgroundColor`
	light := see[string](b, paper)
	b.scheme("dark")
	dark := see[string](b, paper)
	if dark == light {
		t.Errorf("the page is %s in the dark", dark)
	}
	b.shot("10-dark-top")
	see[bool](b, `document.querySelector("#theme").click(), true`)
	want(b, paper, light)
	want(b, `document.querySelector("#theme").textContent`, "Theme: light")
	b.quiet()
}

// 4,000 models must open, and every one must be found.
func TestPageOfManyModelsInABrowser(t *testing.T) {
	b := openPage(t, manyPage(t), 1440, 1200)
	want(b, shownRows, 100)
	want(b, `document.querySelector(".more button").textContent`, "Show all 4,000")
	b.shot("4000-light-top")
	b.do(chromedp.SendKeys(chromedp.CSS(".filter input[type=search]"), "name-3999"))
	want(b, shownRows, 1)
	see[bool](b, `(() => { const f = document.querySelector(".filter"); f.reset(); f.dispatchEvent(new Event("input")); return true })()`)
	see[bool](b, `document.querySelector(".models th:nth-child(2) button").click(), true`)
	want(b, firstModel, "model-with-an-ordinary-name-0000")
	see[bool](b, `document.querySelector(".more button").click(), true`)
	want(b, shownRows, 4000)
	see[bool](b, `location.hash = "m57", true`)
	b.painted()
	want(b, `document.querySelector("#m57").open`, true)
	b.shot("4000-light-model")
	b.scheme("dark")
	see[bool](b, `scrollTo(0, 0), true`)
	b.shot("4000-dark-top")
	b.quiet()
}

// axe-core finds what keeps people out: colours that can't be told apart, names
// that a screen reader does not get, places that no key leads to.
func TestPageIsAccessible(t *testing.T) {
	chromium(t)
	axe := axeCore(t)
	b := openPage(t, samplePage(t), 1440, 1000)
	see[bool](b, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	see[bool](b, axe+"\n;true") // by the debugger, for which the page's policy does not hold
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		b.painted()
		found := see[[]string](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.filter(v => ["serious", "critical"].includes(v.impact))
			.map(v => v.impact + " " + v.id + ": " + v.help + " (" + v.nodes.length + "), as " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.any.map(c => c.message).join("; ")).join(" | ")))`)
		for _, f := range found {
			t.Errorf("%s: %s", scheme, f)
		}
	}
	b.quiet()
}

// axeCore is axe-core's source, as npm has it.
func axeCore(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "tools", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		const sentence = "axe-core is not there: make tools/axe/node_modules"
		if os.Getenv("PARITY_NO_SKIP") != "" {
			t.Fatal(sentence)
		}
		t.Skip(sentence)
	}
	return strings.TrimSpace(string(text))
}

// The tests above go by what the browser complains of: they must hear it.
func TestComplaintsAreHeard(t *testing.T) {
	b := openPage(t, `<!doctype html><title>x</title><body><script>console.error("said"); undefined.thrown</script><img alt="" src="http://127.0.0.1:9/asked-for">`, 300, 200)
	b.painted()
	b.mu.Lock()
	defer b.mu.Unlock()
	all := strings.Join(b.problems, "\n")
	for _, want := range []string{"console.error", "exception: ", "asks for http://127.0.0.1:9/asked-for"} {
		if !strings.Contains(all, want) {
			t.Errorf("heard %q, lacks %q", all, want)
		}
	}
}
