package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/modelparity/parity/report"
)

// maxAnnotations is how many of a step GitHub shows.
const maxAnnotations = 10

// onGitHub says whether this is a step of GitHub Actions.
func (a *app) onGitHub() bool { return a.getenv("GITHUB_ACTIONS") == "true" }

// tellGitHub annotates the job with the models that don't pass, and appends the
// Markdown to its summary. That a summary can't be written is said and changes no
// verdict.
//
// Commands go to stderr, which GitHub reads too: stdout may be somebody's file.
func (a *app) tellGitHub(s *report.Summary) {
	for _, n := range s.Annotations(maxAnnotations) {
		level := "error"
		if n.Verdict == report.Inconclusive {
			level = "warning"
		}
		fmt.Fprintf(a.stderr, "::%s title=%s::%s\n", level, commandProperty(n.Title), commandData(n.Text))
	}
	path := a.getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return
	}
	if err := appendTo(path, s.WriteMarkdown); err != nil {
		fmt.Fprintf(a.stderr, "parity: the job's summary, GITHUB_STEP_SUMMARY, is not written: %v\n", err)
	}
}

func appendTo(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// commandData and commandProperty escape what a workflow command of GitHub says,
// as its toolkit does (actions/toolkit, packages/core/src/command.ts).
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func commandProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(commandData(s))
}

// commandless writes text that GitHub's runner finds no workflow command in, be a
// model's name one: a line that begins with :: after white space is one, and so is
// ##[ anywhere. A space of no width takes them apart. It is given whole lines.
type commandless struct{ io.Writer }

func (c commandless) Write(p []byte) (int, error) {
	const apart = "\u200b"
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		text := strings.TrimLeft(line, " \t")
		b.WriteString(line[:len(line)-len(text)])
		if strings.HasPrefix(text, "::") {
			text = ":" + apart + text[1:]
		}
		b.WriteString(strings.ReplaceAll(text, "##[", "##"+apart+"["))
	}
	if _, err := io.WriteString(c.Writer, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}
