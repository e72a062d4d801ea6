package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/telemetry"
	"github.com/modelparity/parity/report"
)

// reportFlags say where a report goes; with none it is a table on stdout.
type reportFlags struct{ html, json, judgement string }

func (f *reportFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.html, "html", "", "write the report as one HTML `FILE` (- is stdout)")
	cmd.Flags().StringVar(&f.json, "json", "", "write the summary as JSON to this `FILE` (- is stdout)")
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Show what a judgement says: a table, JSON, an HTML page",
		Long: `Show what the run's latest judgement says, as a table on the terminal, as JSON, or
as one HTML file that needs no network. The verdicts are those that gate would give.`,
		Example: `  parity report run
  parity report run --html report.html
  parity report run --json - | jq '.models[] | select(.verdict != "PASS") | .model'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.summarise(cmd.Context(), args[0], f.judgement)
			if err != nil {
				return err
			}
			return a.writeReports(cmd.Context(), s, f)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&f.judgement, "judgement", "", "the judgement's `ID` (default: the latest by the config's rules)")
	return cmd
}

func (a *app) gateCommand() *cobra.Command {
	var judgement string
	cmd := &cobra.Command{
		Use:   "gate RUN",
		Short: "Exit with 0 if every model is within its budget, 1 if one is not, 3 if that can't be said yet",
		Long: `Hold the run's latest judgement against the budgets of the config's gate section.

A model passes when the upper confidence bound of its mismatch rate is within the
budget, fails when the lower bound is above it, and is inconclusive otherwise.
A ledger that does not balance, or an incomplete run, never passes.`,
		Example: `  parity gate run --config parity.yaml
  parity gate s3://bucket/run && echo cut over`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.summarise(cmd.Context(), args[0], judgement)
			if err != nil {
				return err
			}
			return a.gate(s)
		},
	}
	cmd.Flags().StringVar(&judgement, "judgement", "", "the judgement's `ID` (default: the latest by the config's rules)")
	return cmd
}

// gate prints the table and returns the verdict as an exit code.
func (a *app) gate(s *report.Summary) error {
	if err := s.WriteTable(a.stdout, telemetry.IsTerminal(a.stdout)); err != nil {
		return err
	}
	return gateCode(s)
}

func gateCode(s *report.Summary) error {
	switch {
	case !s.Ledger.Balanced:
		return fmt.Errorf("the ledger does not balance: %d exchanges were planned and the outcomes add up to another number; "+
			"no verdict can be given; `parity fsck` checks the datasets", s.Ledger.Planned)
	case s.Verdict == report.Pass:
		return nil
	case s.Verdict == report.Fail:
		return exitCode(exitNotShown)
	default:
		return exitCode(exitInconclusive)
	}
}

func (a *app) writeReports(ctx context.Context, s *report.Summary, f reportFlags) error {
	if f.html == "" && f.json == "" {
		return s.WriteTable(a.stdout, telemetry.IsTerminal(a.stdout))
	}
	writeHTML := func(w io.Writer) error {
		x, err := a.exhibits(ctx, s)
		if err != nil {
			return err
		}
		return s.WriteHTML(w, x)
	}
	for _, out := range []struct {
		path  string
		write func(io.Writer) error
	}{{f.html, writeHTML}, {f.json, s.WriteJSON}} {
		if err := a.writeFile(out.path, out.write); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes whole or not at all: what was there stays until then.
func (a *app) writeFile(path string, write func(io.Writer) error) (err error) {
	switch path {
	case "":
		return nil
	case "-":
		w := bufio.NewWriter(a.stdout)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush()
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeInto(path, write) // a pipe or device, which a rename would replace
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

// runCommand does all four steps.
func (a *app) runCommand() *cobra.Command {
	var f replayFlags
	var how compareFlags
	var out reportFlags
	var recheck bool
	cmd := &cobra.Command{
		Use:   "run RECORDING --target TARGET --out RUN",
		Short: "Replay, compare, report and gate in one command, for CI",
		Long: `Replay a recording, judge the run, show the report and exit with gate's code. The
same command again goes on where it stopped.

With --recheck, what differs is sent again, one request at a time, and judged
again: what is right then is the load's doing and marked as such. It counts as
differing all the same, since production has load too.`,
		Example: `  parity run recording --target http://new.example --out run
  parity run s3://bucket/recording --target http://new.example --out s3://bucket/run --config parity.yaml --html report.html
  parity run recording --target http://new.example --concurrency 32 --out run --recheck   # is it the load?`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runAll(cmd.Context(), args[0], f, how, out, recheck)
		},
	}
	f.register(cmd)
	how.register(cmd)
	out.register(cmd)
	cmd.Flags().BoolVar(&recheck, "recheck", false, "send what differs again, one request at a time, and judge again")
	return cmd
}

func (a *app) runAll(ctx context.Context, recording string, f replayFlags, how compareFlags, out reportFlags, recheck bool) error {
	if _, err := a.rules(); err != nil { // before anything is sent
		return err
	}
	run, err := a.replay(ctx, recording, f)
	if err != nil {
		return err
	}
	j, err := a.compare(ctx, run, how, f.shard)
	if err != nil {
		return err
	}
	if recheck {
		if j, err = a.recheck(ctx, run, j, f, how); err != nil {
			return err
		}
	}
	s, err := a.summarise(ctx, f.out, j.Info.ID)
	if err != nil {
		return err
	}
	if out.html != "" || out.json != "" {
		if err := a.writeReports(ctx, s, out); err != nil {
			return err
		}
	}
	if out.html == "-" || out.json == "-" {
		return gateCode(s) // stdout is taken
	}
	return a.gate(s)
}
