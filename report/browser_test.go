package report

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	tabs "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tab is a page that is open in Chromium, as a reader has it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string // errors on the console, and requests to a network
}

// chromium finds the browser, or ends the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const sentence = "there is no Chromium to open the report in: apt-get install chromium"
	if os.Getenv("PARITY_NO_SKIP") != "" {
		t.Fatal(sentence)
	}
	t.Skip(sentence)
	return ""
}

// openPage opens the HTML from a file, without a network to fall back on.
func openPage(t *testing.T, html string, width, height int) *tab {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(width, height), chromedp.Headless,
	}
	for _, flag := range []string{
		"no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-dev-shm-usage", "hide-scrollbars",
	} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	b := &tab{t: t}
	var closeTab context.CancelFunc
	b.ctx, closeTab = chromedp.NewContext(ctx, chromedp.WithListener(b.hear))
	t.Cleanup(closeTab)
	b.do(func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		if _, err = cdp.Call(ctx, target, log.Enable, cdp.Empty{}); err != nil {
			return none, err
		}
		_, err = cdp.Call(ctx, target, network.Enable, network.EnableParams{})
		return none, err
	})
	b.do(chromedp.Navigate((&url.URL{Scheme: "file", Path: file}).String()))
	return b
}

// hear notes what a reader would see in red.
func (b *tab) hear(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		problem = fmt.Sprintf("console.%s", e.Type)
	case *runtime.EventExceptionThrown:
		problem = fmt.Sprintf("exception: %s", e.ExceptionDetails.Text)
		if x := e.ExceptionDetails.Exception; x != nil {
			problem += " " + x.Description
		}
	case *log.EventEntryAdded:
		problem = fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "file:") {
			problem = "asks for " + e.Request.URL
		}
	}
	if problem != "" {
		b.mu.Lock()
		b.problems = append(b.problems, problem)
		b.mu.Unlock()
	}
}

// quiet fails the test where the page has had a problem.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Error(p)
	}
}

func (b *tab) do(action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, action); err != nil {
		b.t.Fatal(err)
	}
}

// slowEnter presses Enter so slowly that what its first event sets off is over
// when its second comes: as on a busy machine, and for who holds the key.
func (b *tab) slowEnter() {
	b.t.Helper()
	for _, event := range kb.Encode('\r') {
		b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, target, input.DispatchKeyEvent, *event)
			return chromedp.Void{}, err
		})
		b.painted()
	}
}

// see is what a JavaScript expression says.
func see[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, func(p *runtime.EvaluateParams) { p.AwaitPromise = new(true) }))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// want waits until an expression says what is expected, as a key or a link may
// take effect a moment later, and fails the test where it never does.
func want[T comparable](b *tab, expression string, expected T) {
	b.t.Helper()
	text, err := json.Marshal(expected)
	if err != nil {
		b.t.Fatal(err)
	}
	see[bool](b, fmt.Sprintf(`new Promise(done => {
		const start = performance.now();
		const look = () => (%s) === %s || performance.now() - start > 10_000 ? done(true) : requestAnimationFrame(look);
		look();
	})`, expression, text))
	if got := see[T](b, expression); got != expected {
		b.t.Errorf("%s is %v, want %v", expression, got, expected)
	}
}

// scheme makes the system dark or light.
func (b *tab) scheme(name string) {
	b.t.Helper()
	b.do(func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return none, err
	})
}

// painted waits until what was changed can be seen: charts are drawn when they
// come into view.
func (b *tab) painted() {
	b.t.Helper()
	see[bool](b, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true)))))`)
}

// shot takes a picture of what is in view for people to look at: into the folder
// PARITY_SCREENSHOTS, which is nothing that a test could hold against anything.
func (b *tab) shot(name string) {
	b.t.Helper()
	b.painted()
	data, err := chromedp.Run(b.ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		r, err := cdp.Call(ctx, target, tabs.CaptureScreenshot, tabs.CaptureScreenshotParams{})
		return r.Data, err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(data) < 10_000 {
		b.t.Errorf("the picture %s has %d bytes: the page is blank", name, len(data))
	}
	folder := os.Getenv("PARITY_SCREENSHOTS")
	if folder == "" {
		folder = b.t.TempDir()
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
