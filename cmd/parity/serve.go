package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/explorer"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/report"
)

func (a *app) serveCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve STORE",
		Short: "Browse runs, reports and mismatches in a browser, on loopback",
		Long: `Serve the runs at or below a place to a browser on this machine: what each judgement
says, its report, and its mismatches page by page, by model and signature, down to
one exchange with both answers side by side and why it has its verdict.

It reads and never writes, and keeps nothing. Of a mismatch set it reads a page of
keys and verdicts, and the bodies of the exchange that is opened. It listens on
loopback only; from another machine come by an SSH tunnel. Verdicts are by the
budgets of the config, if one is given. SIGTERM or SIGINT ends it.`,
		Example: `  parity serve .
  parity serve s3://bucket/runs --config parity.yaml
  ssh -L 8090:127.0.0.1:8090 HOST parity serve runs   # then open http://localhost:8090`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.serveStore(cmd.Context(), args[0], listen)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8090", "the loopback `ADDR` to serve on")
	return cmd
}

// grace is how long pages that are under way may take once the end is asked for.
const grace = 5 * time.Second

func (a *app) serveStore(ctx context.Context, place, listen string) error {
	if _, err := a.config(); err != nil { // before anything is served, and for good
		return err
	}
	place, err := store.Absolute(place)
	if err != nil {
		return err
	}
	found, err := dataset.Find(ctx, place)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("serve %s: neither a run nor a recording is there: name the folder that holds them", place)
	}
	l, err := listenLoopback("--listen", listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: explorer.New(place, engine{a}), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	fmt.Fprintf(a.stderr, "serve: %d datasets of %s on http://%s/\n", len(found), place, l.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = server.Shutdown(last)
	if <-ended; errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return err
}

// engine is what the explorer asks of the commands.
type engine struct{ *app }

func (e engine) Summary(ctx context.Context, run *dataset.Run, j *dataset.Judgement) (*report.Summary, error) {
	return e.summarise(ctx, run.Location, j.Info.ID, againstFlags{})
}

func (e engine) State() (string, error) {
	day := time.Now().UTC().Format(time.DateOnly)
	file, err := e.acceptedFile("")
	if file == "" || err != nil {
		return day, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return day, fmt.Errorf("read what is accepted: %w", err)
	}
	return fmt.Sprintf("%s %x", day, sha256.Sum256(text)), nil
}

func (e engine) WriteReport(ctx context.Context, s *report.Summary, w io.Writer) error {
	return e.writeHTML(ctx, s, w)
}

func (e engine) Explain(ctx context.Context, run *dataset.Run, j *dataset.Judgement, x *exchange.Exchange) (*explorer.Explained, error) {
	r, err := rulingOf(ctx, run, j)
	if err != nil {
		return nil, err
	}
	explanation, err := r.judge.Explain(x, true)
	if err != nil {
		return nil, err
	}
	curls, err := e.curls(ctx, run, j, x)
	if err != nil {
		return nil, err
	}
	for i := range curls {
		curls[i].Line = strings.TrimPrefix(curls[i].Line, "  ")
	}
	id, place := x.ID.String(), shellQuote(run.Location)
	commands := append([]explorer.Command{
		{What: "show it on a terminal", Line: fmt.Sprintf("parity show %s %s --judgement %s", place, id, j.Info.ID)},
		{What: "ask the same endpoint again, within the run", Line: fmt.Sprintf("parity replay %s --again %s%s", place, id, e.configFlag())},
	}, curls...)
	return &explorer.Explained{Explanation: explanation, Why: why(x, explanation), Commands: commands}, nil
}

func (e engine) Commands(run *dataset.Run, j *dataset.Judgement) []explorer.Command {
	place := shellQuote(run.Location)
	return []explorer.Command{
		{What: "send the mismatches again, and judge them", Line: e.runMismatches(run, j)},
		{What: "show the signatures on a terminal", Line: fmt.Sprintf("parity show %s --judgement %s", place, j.Info.ID)},
		{What: "all mismatches as JSON Lines", Line: "parity cat " + shellQuote(j.MismatchLocation())},
	}
}
