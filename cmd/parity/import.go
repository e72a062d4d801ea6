package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/telemetry"
)

func (a *app) importCommand() *cobra.Command {
	var out string
	var limits dataset.Limits
	cmd := &cobra.Command{
		Use:   "import jsonl SOURCE --out RECORDING",
		Short: "Make a recording of exchanges that something else recorded",
		Long: `Make a recording of a file with one exchange a line (- is stdin):

  {"id": …, "time": RFC 3339, "model": …,
   "request":  {"method", "path", "headers", "body" or "body_base64"},
   "response": {"status", "headers", "body" or "body_base64"}, "latency_us",
   "sampling_probability": 1 unless only a part of the requests was recorded}

Each exchange gets an id that follows from its time, the source's name and its
place there, so importing the same file twice adds nothing; a file that has grown
since belongs into a new recording. Lines that can't be read are counted in the
ledger and named on stderr. "parity cat" writes this format.`,
		Example: `  parity import jsonl exchanges.jsonl --out recording
  zcat exchanges.jsonl.gz | parity import jsonl - --out s3://bucket/recording`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "jsonl" {
				return fmt.Errorf("import format %q: this parity knows jsonl", args[0])
			}
			return a.importJSONL(cmd.Context(), args[1], out, limits)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the `RECORDING` to write: a folder or s3://bucket/prefix")
	cmd.Flags().IntVar(&limits.Rows, "split-rows", 0, "exchanges in a split, the unit of work of replay and compare (default 10000)")
	cmd.MarkFlagRequired("out")
	return cmd
}

// maxUnreadableShown is how many bad lines are named; all are counted.
const maxUnreadableShown = 10

func (a *app) importJSONL(ctx context.Context, source, out string, limits dataset.Limits) (err error) {
	in, name := a.stdin, "stdin"
	if source != "-" {
		f, err := os.Open(source)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		defer f.Close()
		in, name = f, filepath.Base(source)
	}
	b, err := store.Open(ctx, out)
	if err != nil {
		return err
	}
	if err := limits.Validate(); err != nil {
		return err
	}
	if err := dataset.RefuseRun(ctx, out); err != nil {
		return err
	}
	im := dataset.NewImporter(b, instanceName(name), limits)
	var ledger exchange.Ledger
	var seen atomic.Int64
	stop := telemetry.Watch(a.stderr, func() string { return fmt.Sprintf("import: %d lines", seen.Load()) })
	defer stop()
	err = eachLine(ctx, in, func(line []byte, offset int64) error {
		seen.Add(1)
		return a.importLine(ctx, line, name, offset, im, &ledger)
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("import %s: %w", source, err)
	}
	stop()
	if ledger.Recorded == 0 {
		return fmt.Errorf("import %s: none of its %d lines is an exchange; nothing was written", source, ledger.Served)
	}
	if err := im.Finish(ctx, ledger); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "import: %s = %s + %d dropped%s; %s in %s\n",
		counted(ledger.Served, "line"), counted(ledger.Recorded, "exchange"), ledger.DroppedTotal(), byReason(ledger.Dropped), counted(im.Added, "new object"), out)
	return nil
}

// eachLine calls fn with every line that is not empty and where it begins.
func eachLine(ctx context.Context, in io.Reader, fn func(line []byte, offset int64) error) error {
	r := bufio.NewReaderSize(in, 1<<20)
	for offset := int64(0); ; {
		text, readErr := readLine(r)
		if readErr != nil && readErr != io.EOF {
			return fmt.Errorf("line at byte %d: %w", offset, readErr)
		}
		if line := bytes.TrimSpace(text); len(line) > 0 {
			if err := fn(line, offset); err != nil {
				return err
			}
		}
		if readErr == io.EOF || ctx.Err() != nil {
			return ctx.Err()
		}
		offset += int64(len(text))
	}
}

// maxLine is far over what two bodies at capture's limit take as base64.
const maxLine = 256 << 20

func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, fmt.Errorf("it is longer than %s: is this a file of lines?", size(maxLine))
		case err != bufio.ErrBufferFull:
			return line, err
		}
	}
}

func (a *app) importLine(ctx context.Context, line []byte, name string, offset int64, im *dataset.Importer, l *exchange.Ledger) error {
	l.Served++
	e, err := exchange.ParseLine(line)
	if err != nil {
		if l.Dropped == nil {
			l.Dropped = map[string]int64{}
		}
		l.Dropped["unreadable"]++
		if l.Dropped["unreadable"] <= maxUnreadableShown {
			fmt.Fprintf(a.stderr, "import: line %d of %s is dropped: %v\n", l.Served, name, err)
		}
		return nil
	}
	e.ID = exchange.DeriveID(e.Time.Time(), []byte(name), fmt.Append(nil, offset), line)
	l.Recorded++
	return im.Add(ctx, e)
}

// instanceName makes a part of a key of a file's name.
func instanceName(name string) string {
	return "import-" + strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '.' || r == '_' {
			return r
		}
		return '_'
	}, name)
}
