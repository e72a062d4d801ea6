package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/importer"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/telemetry"
)

type importFlags struct {
	out            string
	limits         dataset.Limits
	model, version []string
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FORMAT SOURCE --out RECORDING",
		Short: "Make a recording of exchanges that something else recorded",
		Long: `Make a recording of what something else recorded. SOURCE is a file, a folder of
them, s3://bucket/prefix, or - for stdin; names that end in .gz are unpacked.

  jsonl       one exchange a line, as "parity cat" writes them:
              {"id": …, "time": RFC 3339, "model": …,
               "request":  {"method", "path", "headers", "body" or "body_base64"},
               "response": {"status", "headers", "body" or "body_base64"}, "latency_us",
               "sampling_probability": 1 unless only a part of the requests was recorded}

Each exchange gets an id that follows from its time, the source's name and its
place there, so importing the same again adds nothing; a source that has grown
since belongs into a new recording. What can't be read or paired is counted in the
ledger, and the first ten for each reason are named on stderr.

--model-from and --version-from are those of "parity capture" and win over what the
format says; what has no model is recorded as model _unknown, and counted.`,
		Example: `  parity import jsonl exchanges.jsonl --out recording
  zcat exchanges.jsonl.gz | parity import jsonl - --out s3://bucket/recording
  parity import sagemaker s3://bucket/data-capture --out recording
  parity import har session.har --out recording --model-from 'path:/models/{model}/classify'
  parity import goreplay requests.gor --out recording --model-from header:X-Model
  parity import kserve s3://bucket/logs --out recording`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return a.importFrom(cmd.Context(), args[0], args[1], f) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "the `RECORDING` to write: a folder or s3://bucket/prefix")
	fl.StringArrayVar(&f.model, "model-from", nil, "a `RULE` for the model; may be repeated")
	fl.StringArrayVar(&f.version, "version-from", nil, "a `RULE` for the model's version; may be repeated")
	fl.IntVar(&f.limits.Rows, "split-rows", 0, "exchanges in a split, the unit of work of replay and compare (default 10000)")
	cmd.MarkFlagRequired("out")
	return cmd
}

func (a *app) importFrom(ctx context.Context, name, source string, f importFlags) error {
	format, err := importer.Find(name)
	if err != nil {
		return err
	}
	opts, err := a.importOptions(f)
	if err != nil {
		return err
	}
	src := importer.Stream("stdin", a.stdin)
	if source != "-" {
		if src, err = importer.Open(ctx, source); err != nil {
			return fmt.Errorf("import: %w", err)
		}
	}
	b, err := store.Open(ctx, f.out)
	if err != nil {
		return err
	}
	if err := dataset.RefuseRun(ctx, f.out); err != nil {
		return err
	}
	defer a.limitMemory(importMemory)()
	im := dataset.NewImporter(b, instanceName(src.Name), f.limits)
	opts.Add = func(e *exchange.Exchange) error { return im.Add(ctx, e) }
	stop := telemetry.Watch(a.stderr, func() string { return "import: " + counted(opts.Seen.Load(), format.Unit) })
	defer stop()
	result, err := format.Run(ctx, src, opts)
	stop()
	if err := cmp.Or(ctx.Err(), err); err != nil {
		return fmt.Errorf("import %s: %w", source, err)
	}
	ledger := result.Ledger
	if ledger.Recorded == 0 {
		return fmt.Errorf("import %s: none of its %s is an exchange; nothing was written", source, counted(ledger.Served, format.Unit))
	}
	if err := im.Finish(ctx, ledger); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "import: %s = %s + %d dropped%s; %s in %s\n",
		counted(ledger.Served, format.Unit), counted(ledger.Recorded, "exchange"), ledger.DroppedTotal(), byReason(ledger.Dropped), counted(im.Added, "new object"), f.out)
	a.importRemarks(result)
	return nil
}

func (a *app) importOptions(f importFlags) (opts importer.Options, err error) {
	if err := f.limits.Validate(); err != nil {
		return opts, err
	}
	opts.Seen = new(atomic.Int64)
	opts.Dropped = func(reason, where string, err error) {
		fmt.Fprintf(a.stderr, "import: %s is dropped (%s): %s\n", printable(where), reason, printable(err.Error()))
	}
	if opts.Model, err = importRules("--model-from", f.model); err == nil {
		opts.Version, err = importRules("--version-from", f.version)
	}
	return opts, err
}

func importRules(flag string, texts []string) (func(*exchange.Exchange) string, error) {
	rules, err := parseRules(texts, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", flag, err)
	case len(rules) == 0:
		return nil, nil
	}
	return capture.Namer(rules), nil
}

// importRemarks says what a replay would stumble over.
func (a *app) importRemarks(r importer.Result) {
	if n := r.Unanswered; n > 0 {
		fmt.Fprintf(a.stderr, "import: %s of them without an answer: recorded, and never replayed or judged\n", thousands(n))
	}
	if n := r.Unnamed; n > 0 {
		fmt.Fprintf(a.stderr, "import: %s of them without a model: recorded as %s; --model-from finds one\n", thousands(n), exchange.UnknownModel)
	}
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
