package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store"
)

// Who reads the page has neither the run nor Parity: without whole answers in it
// nobody can tell what a difference means.
func TestReportShowsWholeAnswers(t *testing.T) {
	target := newEcho(t, answerBack(10))
	recording := makeRecording(t, 300, 100)
	eachStore(t, func(t *testing.T, location string) {
		run, file := store.Join(location, "run"), filepath.Join(t.TempDir(), "report.html")
		mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run, "--html", file)
		first := readFile(t, file)
		for _, want := range []string{`<tr class="differs">`, "<code>-1</code>", "candidate ↑ against reference →", "mismatches"} {
			if !strings.Contains(first, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
		shown := regexp.MustCompile(`Exchange <code class="id">([0-9a-f-]{36})<`).FindStringSubmatch(first)
		if shown == nil {
			t.Fatal("the page shows no exchange")
		}
		mustParity(t, exitDone, "show", run, shown[1])
		mustParity(t, exitDone, "report", run, "--html", file)
		if again := readFile(t, file); again != first {
			t.Error("the same run has another page")
		}
	})
}

// The command that a page shows must do what it says, pasted into a shell.
func TestCommandOfAPage(t *testing.T) {
	target := newEcho(t, answerBack(10))
	run, file := filepath.Join(t.TempDir(), "my run"), filepath.Join(t.TempDir(), "report.html")
	mustParity(t, exitNotShown, "run", makeRecording(t, 300, 100), "--target", target.URL, "--out", run, "--html", file)
	command := regexp.MustCompile(`<div class="command"><code>(.*?)</code>`).FindStringSubmatch(readFile(t, file))
	if command == nil {
		t.Fatal("the page has no command")
	}
	target.asked.Store(0)
	args := shellWords(t, command[1])
	mustParity(t, exitNotShown, append(args[1:len(args)-1], filepath.Join(t.TempDir(), "again"))...)
	said := regexp.MustCompile(`<small>(\d+) exchanges[^<]*</small></summary>`).FindStringSubmatch(readFile(t, file))
	if n := fmt.Sprint(target.asked.Load()); said == nil || n != said[1] || n == "30" {
		t.Errorf("%s of 30 mismatches were sent again, where the page says %v", n, said)
	}
}

// shellWords takes a command line of a page apart, as a shell would.
func shellWords(t *testing.T, text string) (words []string) {
	t.Helper()
	text = strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">").Replace(text)
	for _, m := range regexp.MustCompile(`'([^']*)'|(\S+)`).FindAllStringSubmatch(text, -1) {
		words = append(words, m[1]+m[2])
	}
	return words
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A mismatch set may be large in every way. The page reads a part of it, and an
// answer of megabytes is not laid out.
func TestExhibitsAreBounded(t *testing.T) {
	var splits []dataset.Split
	for i := range 1000 {
		splits = append(splits, dataset.Split{Index: i})
	}
	some := spread(splits, 256)
	if len(some) != 256 || some[0].Index != 0 || some[255].Index < 990 || len(spread(some, 256)) != 256 {
		t.Errorf("%d splits from %d to %d", len(some), some[0].Index, some[len(some)-1].Index)
	}
	target := newEcho(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "%q", strings.Repeat("5 MB ", 1<<20))
	})
	run, file := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "report.html")
	mustParity(t, exitNotShown, "run", makeRecording(t, 30, 10), "--target", target.URL, "--out", run, "--html", file)
	if page := readFile(t, file); len(page) > 400_000 || !strings.Contains(page, "5 MB ") {
		t.Errorf("the page has %d bytes", len(page))
	}
	binary := newEcho(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "\x89PNG\x00\x1b\xff\xfe") })
	run = filepath.Join(t.TempDir(), "run")
	mustParity(t, exitNotShown, "run", makeRecording(t, 30, 10), "--target", binary.URL, "--out", run, "--html", file)
	if page := readFile(t, file); strings.ContainsAny(page, "\x00\x1b") {
		t.Error("the page holds what a browser should not get")
	}
}
