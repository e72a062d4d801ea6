package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/demo"
)

const (
	demoSeed     = 1
	demoPerModel = 400
	demoClients  = 16
	demoMarker   = ".parity-demo" // says that a folder is the demo's to replace
)

// demoConfig is written beside the demo's datasets, to go on playing with.
const demoConfig = `# What the demo was judged by. Try: abs: 0.01, or a rule that ignores a path.
compare:
  number: { abs: 1e-9, rel: 1e-6 }
  decision: "$.label"      # what people act on: a flip is told apart from drift
gate:
  budget: 1%
  confidence: 95%
  min_samples: 300
`

func (a *app) demoCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole pipeline on this machine: no cloud, no config",
		Long: `Start an old service with fifteen text models and their new endpoints on this
machine, put differences into the new ones, and go the whole way: capture real
traffic through the sidecar, replay it, compare, report, gate. Prints what was
planted beside what was found.`,
		Example: `  parity demo
  parity demo --dir /tmp/demo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.demo(cmd.Context(), dir)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "parity-demo", "the `DIR` to work in; an earlier demo there is replaced")
	return cmd
}

func (a *app) demo(ctx context.Context, dir string) error {
	if err := prepareDemo(dir); err != nil {
		return err
	}
	a.configPath, a.loaded = filepath.Join(dir, "parity.yaml"), nil
	a.say("1. An old service with its models is trained and started, and so are their new endpoints.")
	world, err := demo.Start(demoSeed)
	if err != nil {
		return err
	}
	defer world.Close()

	recording, run, html := filepath.Join(dir, "recording"), filepath.Join(dir, "run"), filepath.Join(dir, "report.html")
	a.say("2. Clients ask the old service %d times for each of %d models, through the sidecar.", demoPerModel, len(world.Models()))
	if err := a.demoCapture(ctx, world, recording, filepath.Join(dir, "spool")); err != nil {
		return err
	}
	a.say("3. What was recorded is sent to the new endpoints, and the answers are compared.")
	f := replayFlags{target: world.NewURL() + "/models/{model}/classify", out: run, howFast: howFastFlags{concurrency: fmt.Sprint(demoClients), retries: -1}}
	err = a.runAll(ctx, recording, f, compareFlags{}, reportFlags{html: html}, againstFlags{}, false)
	var verdict exitCode
	if err != nil && !errors.As(err, &verdict) {
		return err
	}
	a.say("4. What was planted, and what was found:")
	if err := a.plantedAndFound(ctx, world.Models(), run); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "\nThe gate's exit code would be %d: %s. The demo's services have stopped:\ncommands that send need some of your own.\n\n  report     %s\n  by hand    parity show %s\n             parity report %s --config %s\n",
		int(verdict), meaning(verdict), html, shellQuote(run), shellQuote(run), shellQuote(a.configPath))
	return nil
}

func (a *app) say(format string, args ...any) { fmt.Fprintf(a.stdout, "\n"+format+"\n", args...) }

func meaning(code exitCode) string {
	switch int(code) {
	case exitNotShown:
		return "a budget is exceeded"
	case exitInconclusive:
		return "not enough evidence"
	default:
		return "every model is within its budget"
	}
}

// prepareDemo empties the folder, if it is empty already or an earlier demo's.
func prepareDemo(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("demo: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, demoMarker)); err != nil && len(entries) > 0 {
		return fmt.Errorf("demo: %s is not empty and not an earlier demo's: choose another --dir", dir)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, demoMarker), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "parity.yaml"), []byte(demoConfig), 0o600))
}

// demoCapture runs the sidecar in front of the old service while clients use it.
func (a *app) demoCapture(ctx context.Context, world *demo.World, recording, spool string) error {
	f := captureFlags{
		mode: "proxy", upstream: world.OldURL(), out: recording, spool: spool, model: []string{"path:/models/{model}/classify"},
		limits: dataset.Limits{Rows: 500},
	}
	opts, err := a.captureOptions(f)
	if err != nil {
		return err
	}
	if err := f.recordTo(ctx, &opts); err != nil {
		return err
	}
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	sidecar, err := capture.New(opts)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	var g errgroup.Group
	g.Go(func() error {
		return a.serve(serving, sidecar, capture.NewFront(sidecar, nil), front, nil, time.Minute)
	})
	err = demoTraffic(ctx, world, "http://"+front.Addr().String())
	stop()
	err = errors.Join(err, g.Wait())
	a.sayLedger(sidecar)
	return err
}

func demoTraffic(ctx context.Context, world *demo.World, url string) error {
	transport := &http.Transport{MaxIdleConnsPerHost: demoClients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(demoClients)
	for r := range world.Requests(demoPerModel) {
		g.Go(func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+r.Path, bytes.NewReader(r.Body))
			if err != nil {
				return err
			}
			req.Header = r.Header.Clone()
			res, err := client.Do(req)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, res.Body)
			return errors.Join(err, res.Body.Close())
		})
	}
	return g.Wait()
}

// plantedAndFound is an error where something else was found than planted.
func (a *app) plantedAndFound(ctx context.Context, planted []demo.Planted, location string) error {
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return err
	}
	j, err := run.Judgement(ctx, "")
	if err != nil {
		return err
	}
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return err
	}
	var wrong []string
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tMODEL\tPLANTED\tFOUND")
	for _, p := range planted {
		main, all := found(tally.Model(p.Model))
		sigil := "="
		if main != p.Expect {
			sigil = "!"
			wrong = append(wrong, fmt.Sprintf("%s: %s, not %s", p.Model, main, p.Expect))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", sigil, p.Model, p.What, all)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(wrong) > 0 {
		return fmt.Errorf("demo: something else was found than planted: %s", strings.Join(wrong, "; "))
	}
	return nil
}

// found says what a model's tally shows: the commonest finding, and all.
func found(m *compare.ModelTally) (main, all string) {
	if n := total(m.Unavailable); n > m.Judged() {
		return "unavailable", fmt.Sprintf("unavailable%s", byReason(m.Unavailable))
	}
	if m.Mismatch == 0 {
		if m.Reformatted > 0 {
			return "match", fmt.Sprintf("match; %d of %d in other bytes", m.Reformatted, m.Match)
		}
		return "match", "match"
	}
	kinds := map[string]int64{} // exchanges of its commonest signature
	for _, s := range m.Signatures {
		kinds[string(s.Kind)] = max(kinds[string(s.Kind)], s.Exchanges)
	}
	names := slices.SortedFunc(maps.Keys(kinds), func(x, y string) int {
		return cmp.Or(cmp.Compare(kinds[y], kinds[x]), cmp.Compare(x, y))
	})
	return names[0], counted(m.Mismatch, "mismatch") + ": " + strings.Join(names, ", ")
}
