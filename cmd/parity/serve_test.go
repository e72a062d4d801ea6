package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/modelparity/parity/internal/explorer"
)

// browser asks an explorer as a browser would.
type browser struct {
	*httptest.Server
	t *testing.T
}

// browse serves a place.
func browse(t *testing.T, place string) browser {
	t.Helper()
	return browseWith(t, place, "")
}

func browseWith(t *testing.T, place, config string) browser {
	t.Helper()
	a := &app{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }, configPath: config}
	if _, err := a.config(); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(explorer.New(place, engine{a}))
	t.Cleanup(s.Close)
	return browser{s, t}
}

func (b browser) get(path string, code int) string {
	b.t.Helper()
	res, err := http.Get(b.URL + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if res.StatusCode != code {
		b.t.Errorf("%s is answered %d, want %d:\n%.600s", path, res.StatusCode, code, body)
	}
	return string(body)
}

var hrefs = regexp.MustCompile(`href="(/[^"]*)"`)

// links are the addresses on a page that lead to a page.
func links(page, to string) (all []string) {
	for _, m := range hrefs.FindAllStringSubmatch(page, -1) {
		if link := html.UnescapeString(m[1]); strings.HasPrefix(link, "/"+to+"?") {
			all = append(all, link)
		}
	}
	return all
}

// follow opens the first link of a page to a page, and says where that is.
func (b browser) follow(page, to string) (link, body string) {
	b.t.Helper()
	all := links(page, to)
	if len(all) == 0 {
		b.t.Fatalf("no link leads to %s:\n%s", to, page)
	}
	return all[0], b.get(all[0], http.StatusOK)
}

// Without this, whoever is woken at night could not get from a store to the one
// value that differs, be it on this machine or in a bucket.
func TestServeLeadsToTheDifference(t *testing.T) {
	eachStore(t, func(t *testing.T, place string) {
		run := showRunAt(t, place, escaped(showPairs))
		mustParity(t, exitDone, "compare", run)
		b := browse(t, place)
		_, page := b.follow(b.get("/", http.StatusOK), "run")
		_, page = b.follow(page, "judgement")
		for _, want := range []string{"FAIL", "$.a", "parity run "} {
			if !strings.Contains(page, want) {
				t.Errorf("the judgement's page lacks %q:\n%s", want, page)
			}
		}
		_, report := b.follow(page, "report")
		if !strings.Contains(report, "What was compared") {
			t.Errorf("the report is\n%.300s", report)
		}
		filtered := ""
		for _, link := range links(page, "mismatches") {
			if strings.Contains(link, "signature=%24.a+number") {
				filtered = b.get(link, http.StatusOK)
			}
		}
		if n := len(links(filtered, "exchange")); n != 1 {
			t.Errorf("%d exchanges have the signature $.a number:\n%s", n, filtered)
		}
		_, page = b.follow(filtered, "exchange")
		for _, want := range []string{"0.5", "0.75", "2 differences", "parity show ", "--again", "curl ", "$OLD"} {
			if !strings.Contains(page, want) {
				t.Errorf("the exchange's page lacks %q:\n%s", want, page)
			}
		}
		if n := len(links(b.get(links(page, "mismatches")[0], http.StatusOK), "exchange")); n != 3 {
			t.Errorf("%d mismatches are listed, want 3", n)
		}
	})
}

// hostilePairs have, as names, ids, paths and bodies, what would run, hide, or
// never end in a browser.
func hostilePairs() []pairOf {
	const script = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'` + hostile
	encoded, _ := json.Marshal(script)
	long := strings.Repeat("x", 5<<20)
	return []pairOf{
		{"name", script, fmt.Sprintf(`{%s:%s}`, encoded, encoded), 200, fmt.Sprintf(`{%s:"other"}`, encoded)},
		{script, "m", `{"a":1}`, 200, `{"a":2}`},
		{"long", "m", `{"a":"` + long + `1"}`, 200, `{"a":"` + long + `2"}`},
		{"bytes", "m", "not { json \u202e <script>", 200, "nor this <script>"},
		{"wide", "m", "[" + strings.Repeat("1,", 100_000) + "1]", 200, "[" + strings.Repeat("2,", 100_000) + "1]"},
	}
}

// Without this, what somebody sent to a model could take over the browser of
// whoever looks at it, or hang it.
func TestServeShowsHostileBodiesHarmlessly(t *testing.T) {
	place := t.TempDir()
	var lines bytes.Buffer
	pairs := hostilePairs()
	for i, p := range pairs {
		line, err := json.Marshal(map[string]any{
			"id": p.id, "time": fmt.Sprintf("2026-11-22T20:00:00.%06dZ", i), "model": p.model,
			"request":  map[string]any{"path": fmt.Sprintf("/%d?</script>", i), "headers": map[string]string{"content-type": "text/plain", "x-y": "</script>"}, "body": "</script><script>alert(1)</script>\u202e\x1b[2J"},
			"response": map[string]any{"status": 200, "headers": map[string]string{"content-type": "text/plain", "x-z": "</script><script>"}, "body": p.reference},
		})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("X-Z", "<script>")
		io.WriteString(w, pairs[r.URL.Path[1]-'0'].candidate)
	})
	file, run := filepath.Join(place, "in.jsonl"), filepath.Join(place, "a&b<script>", "run")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "import", "jsonl", file, "--out", filepath.Join(place, "recording"))
	mustParity(t, exitDone, "replay", filepath.Join(place, "recording"), "--target", target.URL, "--out", run)
	mustParity(t, exitDone, "compare", run)
	b := browse(t, place)
	visited := map[string]bool{}
	for left := []string{"/"}; len(left) > 0; left = left[1:] {
		page := b.get(left[0], http.StatusOK)
		if !strings.HasPrefix(left[0], "/report") {
			checkHarmless(t, left[0], page)
		}
		for _, to := range []string{"run", "judgement", "mismatches", "exchange", "report"} {
			for _, link := range links(page, to) {
				if !visited[link] {
					visited[link] = true
					left = append(left, link)
				}
			}
		}
	}
	if len(visited) < 12 {
		t.Errorf("only %d pages were found: %v", len(visited), visited)
	}
}

func checkHarmless(t *testing.T, link, page string) {
	t.Helper()
	if n := len(page); n > 1<<20 || !utf8.ValidString(page) {
		t.Errorf("%s has %d bytes, valid %v", link, n, utf8.ValidString(page))
	}
	if n := strings.Count(page, "<script"); n != 1 || strings.Contains(page, "<img") || strings.Contains(page, "onerror=alert(1)>") {
		t.Errorf("%s has %d scripts, or an image:\n%.2000s", link, n, page)
	}
	if i := strings.IndexAny(page, "\x1b\x00\u202e"); i >= 0 {
		t.Errorf("%s has a raw control at %d: %q", link, i, page[max(i-80, 0):min(i+20, len(page))])
	}
}

// Without this, a page could read what lies outside of the store, or a wrong
// address could be answered with a stack of internals, or with another page.
func TestServeKeepsToTheStore(t *testing.T) {
	place := t.TempDir()
	run := showRunAt(t, filepath.Join(place, "store"), []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	mustParity(t, exitDone, "compare", run)
	outside := showRunAt(t, filepath.Join(place, "outside"), []pairOf{{"r1", "secret", `{"a":1}`, 200, `{"a":2}`}})
	mustParity(t, exitDone, "compare", outside)
	b := browse(t, filepath.Join(place, "store"))
	link, _ := b.follow(b.get("/run?at=run", http.StatusOK), "judgement")
	_, page := b.follow(b.get(strings.Replace(link, "/judgement", "/mismatches", 1), http.StatusOK), "exchange")
	id := regexp.MustCompile(`exchange=([0-9a-f-]{36})`)
	exchange := links(b.get(strings.Replace(link, "/judgement", "/mismatches", 1), http.StatusOK), "exchange")[0]
	if !id.MatchString(exchange) || page == "" {
		t.Fatal(exchange)
	}
	judgement := strings.TrimPrefix(link, "/judgement")
	for _, bad := range []string{
		"/run", "/run?at=../outside/run", "/run?at=/etc", "/run?at=run/../../outside/run", "/run?at=..%2Foutside%2Frun", `/run?at=..\outside\run`, "/run?at=run%00", "/run?at=%FF", "/run?at=nowhere", "/run?at=" + strings.Repeat("a", 5000),
		"/judgement?at=run", "/judgement?at=run&id=../../../outside", "/judgement?at=run&id=0123456789abcdef", "/report?at=run&id=..",
		"/mismatches" + judgement + "&from=-1.0", "/mismatches" + judgement + "&from=../x", "/mismatches" + judgement + "&from=1.2.3",
		"/exchange" + judgement, "/exchange" + judgement + "&exchange=../x", "/exchange" + judgement + "&exchange=00000000-0000-7000-8000-000000000000",
		strings.Replace(exchange, "split=0", "split=../0", 1), strings.Replace(exchange, "split=0", "split=-1", 1), strings.Replace(exchange, "split=0", "split=7", 1),
		"/static/../explorer.go", "/static/nothing.js", "/..%2f..%2fetc/passwd", "/nothing",
	} {
		res, err := http.Get(b.URL + bad)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound || strings.Contains(string(body), "secret") || strings.Contains(string(body), "goroutine") {
			t.Errorf("%.80s is answered %d:\n%.400s", bad, res.StatusCode, body)
		}
	}
	b.get(strings.Replace(exchange, "split=0", "", 1), http.StatusOK) // by its id alone
	b.get("/mismatches"+judgement+"&from=999.5", http.StatusOK)       // past the end
}

// Without this, a page of somebody else's could read the store through the
// browser, frame it, or make it write.
func TestServeRefusesOthers(t *testing.T) {
	place := t.TempDir()
	run := showRunAt(t, place, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	mustParity(t, exitDone, "compare", run)
	before := listing(t, place)
	b := browse(t, place)
	link, _ := b.follow(b.get("/run?at=run", http.StatusOK), "judgement")
	for _, path := range []string{"/", "/run?at=run", link, strings.Replace(link, "judgement", "mismatches", 1), strings.Replace(link, "judgement", "report", 1), "/static/explorer.js", "/nothing"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
			if res := ask(t, method, b.URL+path, ""); res.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s is answered %d", method, path, res.StatusCode)
			}
		}
		for host, want := range map[string]bool{"": true, "localhost:1": true, "127.0.0.1": true, "[::1]:80": true, "evil.example": false, "127.0.0.1.evil.example": false, "10.0.0.1": false} {
			if res := ask(t, "GET", b.URL+path, host); (res.StatusCode != http.StatusForbidden) != want {
				t.Errorf("GET %s for host %q is answered %d", path, host, res.StatusCode)
			}
		}
		res := ask(t, "HEAD", b.URL+path, "")
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Content-Security-Policy": "frame-ancestors 'none'",
		} {
			if !strings.Contains(res.Header.Get(name), want) {
				t.Errorf("%s has %s: %q", path, name, res.Header.Get(name))
			}
		}
		if csp := res.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") {
			t.Errorf("%s allows %q", path, csp)
		}
	}
	if after := listing(t, place); after != before {
		t.Errorf("the store has\n%s, and had\n%s", after, before)
	}
}

func ask(t *testing.T, method, url, host string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}

// listing is what lies below a place.
func listing(t *testing.T, place string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			fmt.Fprintln(&b, path, info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Without this, a page that is on its way could be cut off, and the process
// could stay, when it is told to end.
func TestServeEnds(t *testing.T) {
	place := t.TempDir()
	showRunAt(t, place, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	ctx, end := context.WithCancel(t.Context())
	said, says := io.Pipe()
	a := &app{stdout: io.Discard, stderr: says, getenv: func(string) string { return "" }}
	ended := make(chan int, 1)
	go func() { ended <- a.run(ctx, []string{"serve", place, "--listen", "127.0.0.1:0"}) }()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := line[strings.Index(line, "http://"):]
	res, err := http.Get(strings.TrimSpace(url))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
	end()
	if code := <-ended; code != exitDone {
		t.Errorf("it exits with %d", code)
	}
	if _, err := http.Get(strings.TrimSpace(url)); err == nil {
		t.Error("it still serves")
	}
}

// Without this, a run that is being judged could be shown as it was, for good.
func TestServeSeesNewJudgements(t *testing.T) {
	place := t.TempDir()
	run := showRunAt(t, place, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	b := browse(t, place)
	if page := b.get("/run?at=run", http.StatusOK); !strings.Contains(page, "not judged yet") {
		t.Errorf("a run without a judgement says\n%s", page)
	}
	mustParity(t, exitDone, "compare", run)
	b.follow(b.get("/run?at=run", http.StatusOK), "judgement")
	if err := os.Remove(firstTally(t, run)); err != nil {
		t.Fatal(err)
	}
	link, _ := links(b.get("/run?at=run", http.StatusOK), "judgement")[0], ""
	if page := b.get(link, http.StatusInternalServerError); !strings.Contains(page, "repeat `parity compare") {
		t.Errorf("a judgement that lacks a split says\n%s", page)
	}
}

func firstTally(t *testing.T, run string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(run, "judgements", "*", "tallies", "*.json"))
	if err != nil || len(all) == 0 {
		t.Fatal(errors.Join(err, errors.New("no tally")))
	}
	return all[0]
}

// stalled is somebody who asks for a page and does not read it.
type stalled struct {
	http.ResponseWriter
	asked, done chan struct{}
}

func (s stalled) Write([]byte) (int, error) {
	s.asked <- struct{}{}
	<-s.done
	return 0, io.ErrClosedPipe
}

// Without this, a few browsers whose laptops were closed would keep everybody
// else from the pages.
func TestServeDoesNotWaitForReaders(t *testing.T) {
	place := t.TempDir()
	mustParity(t, exitDone, "compare", showRunAt(t, place, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}}))
	b := browse(t, place)
	_, page := b.follow(b.get("/run?at=run", http.StatusOK), "judgement")
	link, _ := b.follow(page, "report")
	asked, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	for range 6 {
		r := httptest.NewRequest(http.MethodGet, link, nil)
		r.Host = "localhost"
		go b.Config.Handler.ServeHTTP(stalled{httptest.NewRecorder(), asked, done}, r)
		select {
		case <-asked:
		case <-time.After(time.Minute):
			t.Fatal("a page waits for those who don't read theirs")
		}
	}
	b.get(link, http.StatusOK)
}

// Without this, a difference that was accepted a minute ago would still be shown
// as one that counts, and one whose entry was removed as one that does not.
func TestServeSeesWhatIsAccepted(t *testing.T) {
	place := t.TempDir()
	run := showRunAt(t, place, []pairOf{{"r1", "m", `{"a":1}`, 200, `{"a":2}`}})
	config := writeConfig(t, "gate: {min_samples: 1, budget: 99%, accepted: known.yaml}")
	known := filepath.Join(filepath.Dir(config), "known.yaml")
	if err := os.WriteFile(known, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	mustParity(t, exitDone, "compare", run)
	b := browseWith(t, place, config)
	link, _ := b.follow(b.get("/run?at=run", http.StatusOK), "judgement")
	report := strings.Replace(link, "judgement", "report", 1)
	if page := b.get(report, http.StatusOK); strings.Contains(page, "TICKET-1") {
		t.Errorf("nothing is accepted yet")
	}
	mustParity(t, exitDone, "accept", run, "--config", config, "--signature", "$.a number", "--reason", "TICKET-1", "--until", "2999-01-01")
	if page := b.get(report, http.StatusOK); !strings.Contains(page, "TICKET-1") {
		t.Error("the report does not show what is accepted now")
	}
}
