package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/derive"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/internal/telemetry"
)

type selectFlags struct {
	selection          selectionFlags
	out, where, fanOut string
	dedupe             bool
	limit              int64
	limits             dataset.Limits
}

func (a *app) selectCommand() *cobra.Command {
	var f selectFlags
	cmd := &cobra.Command{
		Use:   "select RECORDING --out RECORDING2",
		Short: "Make a recording of a recording: filter, fan out, dedupe, limit, compact, erase",
		Long: `Make a recording of a recording, or of a mismatch set. In this order:

  1. the flags that choose: --model, --version, --since, --until, --status, …
  2. --where JQ      keep those for which a jq program says neither false nor null
  3. --fanout JQ     make one exchange of each result of a jq program
  4. --dedupe        keep one of identical requests, and one more with another answer
                     where not all were answered alike
  5. --limit N       keep at most N of each model, those with the lowest request hashes

With none of these it only compacts many small objects into few. jq programs see an
exchange as "parity cat" prints it, but a body that is JSON is a value, .request.json
or .response.json, in the place of the text .request.body. What a program fails on is
left out, counted and named. A result of --fanout lies over the exchange
that it is made of: what it lacks stays, and "json" makes a body.

What is kept says how it came about: "origin" has the exchange that it was fanned out
of, how many exchanges it stands for, and in how many ways these were answered;
"sampling_probability" counts --sample, --max-requests and --limit in. The original
is not touched: to erase, delete it once the new recording is there.

The same command on the same recording adds nothing; another one needs another --out.`,
		Example: `  parity select recording --out small --model 'spam-*' --limit 1000
  parity select recording --out unique --dedupe
  parity select recording --out erased --where '.request.json.author != "u-1234"'
  parity select recording --out single --fanout '.response.json as $a | .request.json.texts | keys[] as $i |
      {request: {json: {text: .[$i]}}, response: {json: $a[$i]}}'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.selectInto(cmd.Context(), args[0], f)
		},
	}
	f.selection.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "the `RECORDING` to write: a folder or s3://bucket/prefix")
	fl.StringVar(&f.where, "where", "", "only exchanges for which this `JQ` program says neither false nor null")
	fl.StringVar(&f.fanOut, "fanout", "", "make one exchange of each result of this `JQ` program")
	fl.BoolVar(&f.dedupe, "dedupe", false, "keep one of identical requests, and one more with another answer where there is one")
	fl.Int64Var(&f.limit, "limit", 0, "keep at most `N` exchanges of each model")
	fl.IntVar(&f.limits.Rows, "split-rows", 0, "exchanges in a split, the unit of work of replay and compare (default 10000)")
	cmd.MarkFlagRequired("out")
	return cmd
}

func (a *app) selectInto(ctx context.Context, location string, f selectFlags) error {
	sel, opts, err := f.options(a)
	if err != nil {
		return err
	}
	rec, err := dataset.OpenRecording(ctx, location)
	if err != nil {
		return err
	}
	in, err := newSelecting(ctx, rec, sel)
	if err != nil {
		return err
	}
	b, instance, err := f.into(ctx, in.all)
	if err != nil {
		return err
	}
	opts.Match = in.match
	opts.Unreadable = a.namer(location)
	defer a.limitMemory(importMemory)()
	im := dataset.NewImporter(b, instance, f.limits)
	stop := telemetry.Watch(a.stderr, func() string { return fmt.Sprintf("select: %s exchanges read", thousands(in.read.Load())) })
	defer stop()
	counts, err := derive.Run(ctx, in.source, opts, func(e *exchange.Exchange) error { return im.Add(ctx, in.kept(e)) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("select %s: %w", location, err)
	}
	stop()
	counts.Read, counts.NotSelected = counts.Read+in.passed, counts.NotSelected+in.passed
	if counts.Kept == 0 {
		return fmt.Errorf("select %s: nothing is left of %s exchanges (%s); nothing was written", location, thousands(counts.Read), selectLedger(counts))
	}
	ledger := exchange.Ledger{
		Served: counts.NotSelected + counts.Unreadable + counts.Made, Recorded: counts.Kept,
		SampledOut: counts.NotSelected + counts.Repeated + counts.OverLimit,
	}
	if counts.Unreadable > 0 {
		ledger.Dropped = map[string]int64{"unreadable": counts.Unreadable}
	}
	if err := im.Finish(ctx, ledger); err != nil {
		return err
	}
	if counts.AsText > 0 {
		fmt.Fprintf(a.stderr, "select: %s exchanges have JSON that no jq program reads (a name twice, half a character): they were chosen by the text, .request.body and .response.body\n", thousands(counts.AsText))
	}
	fmt.Fprintf(a.stderr, "select: %s; %d new objects in %s\n", selectLedger(counts), im.Added, f.out)
	return nil
}

func (f *selectFlags) options(a *app) (sel exchange.Selection, opts derive.Options, err error) {
	if sel, err = f.selection.selection(a.stdin); err != nil {
		return sel, opts, err
	}
	opts = derive.Options{Dedupe: f.dedupe, Limit: f.limit}
	if f.limit < 0 {
		return sel, opts, fmt.Errorf("--limit %d: must be above 0", f.limit)
	}
	if f.where != "" {
		if opts.Where, err = mapping.Compile(f.where); err != nil {
			return sel, opts, fmt.Errorf("--where: %w", err)
		}
	}
	if f.fanOut != "" {
		if opts.FanOut, err = mapping.Compile(f.fanOut); err != nil {
			return sel, opts, fmt.Errorf("--fanout: %w", err)
		}
	}
	return sel, opts, f.limits.Validate()
}

// into opens what is written to. Its objects carry a name that follows from what
// is selected of what, and no others may lie there: two selections of one recording
// in one place would be a recording of neither.
func (f *selectFlags) into(ctx context.Context, splits []dataset.Split) (store.Bucket, string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%+v %q %q %v %d %+v\n", f.selection, f.where, f.fanOut, f.dedupe, f.limit, f.limits)
	for _, s := range splits {
		fmt.Fprintf(h, "%q %d %d %d\n", s.Object, s.ObjectSize, s.RowGroup, s.Rows)
	}
	instance := fmt.Sprintf("select-%.8x", h.Sum(nil))
	b, err := store.Open(ctx, f.out)
	if err != nil {
		return nil, "", err
	}
	if err := dataset.RefuseRun(ctx, f.out); err != nil {
		return nil, "", err
	}
	for o, err := range b.List(ctx, "") {
		if err != nil {
			return nil, "", fmt.Errorf("--out %s: %w", f.out, err)
		}
		if strings.HasSuffix(o.Key, ".parquet") && !strings.HasPrefix(path.Base(o.Key), instance+"-") {
			return nil, "", fmt.Errorf("--out %s: something else was recorded or selected there already (%s); name a folder of its own", f.out, o.Key)
		}
	}
	return b, instance, nil
}

// maxUnreadableShown is how many that a program can't be applied to are named; all
// are counted.
const maxUnreadableShown = 10

// namer names the first of the exchanges that a program can't be applied to.
func (a *app) namer(location string) func(*exchange.Exchange, error) {
	named := 0
	return func(e *exchange.Exchange, err error) {
		if named++; named <= maxUnreadableShown {
			fmt.Fprintf(a.stderr, "select: exchange %s of %s is left out: %s\n", e.ID, location, printable(err.Error()))
		}
	}
}

func selectLedger(c derive.Counts) string {
	text := fmt.Sprintf("%s read = %s not selected + %s unreadable + ", thousands(c.Read), thousands(c.NotSelected), thousands(c.Unreadable))
	if c.Made != c.FannedOut {
		text += fmt.Sprintf("%s fanned out into %s; these = ", thousands(c.FannedOut), thousands(c.Made))
	}
	return text + fmt.Sprintf("%s repeated + %s over the limit + %s kept", thousands(c.Repeated), thousands(c.OverLimit), thousands(c.Kept))
}
