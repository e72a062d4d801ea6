package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// runnerCommand is what GitHub's runner takes for a command: :: after white space,
// or ##[ anywhere.
var runnerCommand = regexp.MustCompile(`(?m)^\s*::|##\[`)

// Without this, whoever names a model in a request could set a job's outputs, mask
// its log, or hide an annotation; and with thousands of models the job would have
// the ten that GitHub happens to show.
func TestGitHubCommandsAreOurs(t *testing.T) {
	const evil = `evil,title=x::y%0A ##[error]z` + "\n::add-mask::a\r::"
	dir, target := t.TempDir(), newEcho(t, answerBack(1))
	var lines strings.Builder
	for i, model := range []string{"::error::x", evil, strings.Repeat(" ", 90) + "::stop-commands::x"} {
		for j := range 20 - i {
			fmt.Fprintf(&lines, `{"time":"2026-11-22T20:00:00Z","model":%q,"request":{"path":"/m","headers":{"content-type":"application/json"},"body":"{\"n\":%d}"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"n\":%[2]d}"}}`+"\n", model, j)
		}
	}
	for i := range 12 {
		fmt.Fprintf(&lines, `{"time":"2026-11-22T20:00:00Z","model":"other-%d","request":{"path":"/m","body":"{\"n\":1}"},"response":{"status":200,"headers":{"content-type":"application/json"},"body":"{\"n\":1}"}}`+"\n", i)
	}
	in := filepath.Join(dir, "in.jsonl")
	if err := os.WriteFile(in, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	recording, run, step := filepath.Join(dir, "recording"), filepath.Join(dir, "run"), filepath.Join(dir, "step.md")
	mustParity(t, exitDone, "import", "jsonl", in, "--out", recording)
	mustParity(t, exitNotShown, "run", recording, "--target", target.URL, "--out", run)
	r := parityWith(t, map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": step}, "gate", run)
	if r.code != exitNotShown {
		t.Fatalf("%d %s", r.code, r.stderr)
	}
	if found := runnerCommand.FindAllString(r.stdout, -1); found != nil {
		t.Errorf("the table has commands %q:\n%s", found, r.stdout)
	}
	commands := regexp.MustCompile(`(?m)^::(error|warning) title=([^,:\n]*)::(.*)$`).FindAllStringSubmatch(r.stderr, -1)
	if len(commands) != maxAnnotations || strings.Count(r.stderr, "\n") != maxAnnotations {
		t.Errorf("%d commands, want %d and nothing else:\n%s", len(commands), maxAnnotations, r.stderr)
	}
	if last := commands[len(commands)-1][3]; last != "6 more models do not pass." {
		t.Errorf("the last one says %s", last)
	}
	var titles []string
	for _, c := range commands {
		title, err := url.PathUnescape(c[2]) // the runner's escapes are a part of URLs'
		if err != nil {
			t.Error(err)
		}
		titles = append(titles, title)
	}
	if want := `parity: FAIL evil,title=x::y%0A ##[error]z\n::add-mask::a\r::`; !slices.Contains(titles, want) {
		t.Errorf("no title is %q: %q", want, titles)
	}
}
