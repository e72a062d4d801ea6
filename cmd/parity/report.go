package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/report"
)

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	var against againstFlags
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Show what a judgement says: a table, an HTML page, JSON, JUnit XML, Markdown",
		Long: `Show what the run's latest judgement says: as a table on the terminal, or as files,
each for another reader. The verdicts are those that gate would give.

--html is one page that needs no network. --json is for scripts; docs/json.md says
what is in it. --junit has a test case for each model: one that fails is a
failure, one that is inconclusive an error, so that CI shows both as red.
--markdown is for a pull request.`,
		Example: `  parity report run
  parity report run --html report.html --junit parity.xml
  parity report run --previous last-week     # what has changed
  parity report run --keep                   # parity ls run lists what was kept
  parity report run --markdown - | gh pr comment --body-file -
  parity report run --json - | jq '.models[] | select(.verdict != "PASS") | .model'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.validate(); err != nil {
				return err
			}
			s, err := a.summarise(cmd.Context(), args[0], f.judgement, against)
			if err != nil {
				return err
			}
			if !f.any() {
				if err := a.writeTable(s); err != nil {
					return err
				}
			}
			return a.writeReports(cmd.Context(), s, f)
		},
	}
	f.register(cmd)
	against.register(cmd)
	cmd.Flags().StringVar(&f.judgement, "judgement", "", "the judgement's `ID` (default: the latest by the config's rules)")
	return cmd
}

func (a *app) gateCommand() *cobra.Command {
	var judgement string
	var against againstFlags
	cmd := &cobra.Command{
		Use:   "gate RUN",
		Short: "Exit with 0 if every model is within its budget, 1 if one is not, 3 if that can't be said yet",
		Long: `Hold the run's latest judgement against the budgets of the config's gate section.

A model passes when the upper confidence bound of its mismatch rate is within the
budget, fails when the lower bound is above it, and is inconclusive otherwise.
A ledger that does not balance, or an incomplete run, never passes. The exit code
goes by the models' own verdicts; how sure it is that all pass at once is said beside.
docs/gate.md has the formulas, budgets for flips, errors and service time, and coverage.

On GitHub Actions (GITHUB_ACTIONS is true) gate and run also annotate the job with
the worst models and append the Markdown to the job's summary.`,
		Annotations: map[string]string{exitStatus: gateStatus},
		Example: `  parity gate run --config parity.yaml
  parity gate run --baseline last-week       # only what got worse counts
  parity gate run --accepted accepted.yaml   # see parity accept
  parity gate s3://bucket/run && echo cut over`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.summarise(cmd.Context(), args[0], judgement, against)
			if err != nil {
				return err
			}
			return a.gate(s)
		},
	}
	against.register(cmd)
	cmd.Flags().StringVar(&judgement, "judgement", "", "the judgement's `ID` (default: the latest by the config's rules)")
	return cmd
}

// gate prints the table, tells GitHub, and returns the verdict as an exit code.
func (a *app) gate(s *report.Summary) error {
	if err := a.writeTable(s); err != nil {
		return err
	}
	return a.verdict(s)
}

// verdict tells GitHub where it runs there, and returns the verdict as an exit code.
func (a *app) verdict(s *report.Summary) error {
	if a.onGitHub() {
		a.tellGitHub(s)
	}
	return gateCode(s)
}

// colours says whether stdout is a terminal whose user has nothing against them
// (no-color.org).
func (a *app) colours() bool {
	return a.terminal && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

func (a *app) writeTable(s *report.Summary) error {
	w := a.stdout
	if a.onGitHub() {
		w = commandless{w}
	}
	return s.WriteTable(w, a.colours())
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

// runCommand does all four steps.
func (a *app) runCommand() *cobra.Command {
	var f replayFlags
	var how compareFlags
	var out reportFlags
	var against againstFlags
	var recheck bool
	cmd := &cobra.Command{
		Use:   "run RECORDING --target TARGET --out RUN",
		Short: "Replay, compare, report and gate in one command, for CI",
		Long: `Replay a recording, judge the run as it goes, show the report and exit with gate's
code. The same command again goes on where it stopped.

With --recheck, what differs is sent again, one request at a time, and judged
again: what is right then is the load's doing and marked as such. It counts as
differing all the same, since production has load too.`,
		Annotations: map[string]string{exitStatus: gateStatus},
		Example: `  parity run recording --target http://new.example --out run
  parity run s3://bucket/recording --target http://new.example --out s3://bucket/run --config parity.yaml --html report.html
  parity run recording --target http://new.example --concurrency 32 --out run --recheck   # is it the load?`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runAll(cmd.Context(), args[0], f, how, out, against, recheck)
		},
	}
	f.register(cmd)
	how.register(cmd)
	out.register(cmd)
	against.register(cmd)
	cmd.Flags().BoolVar(&recheck, "recheck", false, "send what differs again, one request at a time, and judge again")
	return cmd
}

func (a *app) runAll(ctx context.Context, recording string, f replayFlags, how compareFlags, out reportFlags, against againstFlags, recheck bool) error {
	if _, err := a.rules(); err != nil { // before anything is sent
		return err
	}
	if err := out.validate(); err != nil {
		return err
	}
	if err := a.checkAgainst(ctx, against); err != nil {
		return err
	}
	sent, err := a.replay(ctx, recording, f, &how)
	if err != nil {
		return err
	}
	j := sent.judgement
	if recheck {
		if j, err = a.recheck(ctx, sent.run, j, f, how); err != nil {
			return err
		}
	}
	s, err := a.summarise(ctx, f.out, j.Info.ID, against)
	if err != nil {
		return err
	}
	if err := a.writeReports(ctx, s, out); err != nil {
		return err
	}
	if out.stdout() {
		return a.verdict(s) // stdout is taken
	}
	return a.gate(s)
}
