package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/report"
)

// reportFlags say where a report goes, "" for nowhere, - for stdout.
type reportFlags struct {
	html, json, junit, markdown, judgement string
	keep                                   bool
}

func (f *reportFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.html, "html", "", "write the report as one HTML `FILE` (- is stdout)")
	cmd.Flags().StringVar(&f.json, "json", "", "write the summary as JSON to this `FILE` (- is stdout)")
	cmd.Flags().StringVar(&f.junit, "junit", "", "write a test case for each model as JUnit XML to this `FILE` (- is stdout)")
	cmd.Flags().StringVar(&f.markdown, "markdown", "", "write a summary for a pull request as Markdown to this `FILE` (- is stdout)")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "keep the page and the JSON in the run too, under reports/")
}

// reportFile is one file of a report.
type reportFile struct {
	flag, path string
	write      func(*report.Summary, io.Writer) error
}

// files are those that are asked for; the HTML is made already.
func (f reportFlags) files(page []byte) []reportFile {
	all := []reportFile{
		{"--html", f.html, func(_ *report.Summary, w io.Writer) error { _, err := w.Write(page); return err }},
		{"--json", f.json, (*report.Summary).WriteJSON},
		{"--junit", f.junit, (*report.Summary).WriteJUnit},
		{"--markdown", f.markdown, (*report.Summary).WriteMarkdown},
	}
	return slices.DeleteFunc(all, func(r reportFile) bool { return r.path == "" })
}

// writeHTML shows mismatches too.
func (a *app) writeHTML(ctx context.Context, s *report.Summary, w io.Writer) error {
	x, err := a.exhibits(ctx, s)
	if err != nil {
		return err
	}
	return s.WriteHTML(w, x)
}

// any says that something is asked for beside the table.
func (f reportFlags) any() bool { return len(f.files(nil)) > 0 }

// stdout says that one of the files takes it.
func (f reportFlags) stdout() bool {
	return slices.ContainsFunc(f.files(nil), func(r reportFile) bool { return r.path == "-" })
}

// validate refuses what would fail after hours of sending.
func (f reportFlags) validate() error {
	taken := map[string]string{}
	for _, r := range f.files(nil) {
		path := filepath.Clean(r.path)
		switch other := taken[path]; {
		case other != "" && path == "-":
			return fmt.Errorf("%s and %s both write to stdout: give one of them a file", other, r.flag)
		case other != "" && !irregular(path):
			return fmt.Errorf("%s and %s both write %s: give each a file of its own", other, r.flag, path)
		}
		taken[path] = r.flag
		if path == "-" {
			continue
		}
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("%s %s: %w", r.flag, r.path, err)
		}
	}
	return nil
}

func (a *app) writeReports(ctx context.Context, s *report.Summary, f reportFlags) error {
	var page bytes.Buffer // made once, be it for a file, the run, or both
	if f.html != "" || f.keep {
		if err := a.writeHTML(ctx, s, &page); err != nil {
			return err
		}
	}
	for _, r := range f.files(page.Bytes()) {
		if err := a.writeFile(r.path, func(w io.Writer) error { return r.write(s, w) }); err != nil {
			return err
		}
	}
	if f.keep {
		return a.keep(ctx, s, page.Bytes())
	}
	return nil
}

// keep stores the page and the JSON in the run.
func (a *app) keep(ctx context.Context, s *report.Summary, page []byte) error {
	run, err := dataset.OpenRun(ctx, s.Info.Run)
	if err != nil {
		return err
	}
	var summary bytes.Buffer
	if err := s.WriteJSON(&summary); err != nil {
		return err
	}
	place, err := run.KeepReport(ctx, s.Info.Judgement, page, summary.Bytes())
	if err == nil {
		fmt.Fprintf(a.stderr, "kept %s\n", place)
	}
	return err
}

// writeFile writes whole or not at all: what was there stays until then.
func (a *app) writeFile(path string, write func(io.Writer) error) (err error) {
	if path == "-" {
		w := bufio.NewWriter(a.stdout)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	}
	if irregular(path) {
		return writeInto(path, write)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".parity-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // there is nothing left to remove once it is renamed
	defer f.Close()
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	fmt.Fprintf(a.stderr, "wrote %s\n", path)
	return nil
}

// irregular says that a path is a pipe or device, which a rename would replace.
func irregular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

func writeInto(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	w := bufio.NewWriter(f)
	if err := errors.Join(write(w), w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
