package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/report"
)

func (a *app) lsCommand() *cobra.Command {
	var runs, asJSON bool
	var place string
	cmd := &cobra.Command{
		Use:   "ls STORE | RECORDING | RUN",
		Short: "List recordings and runs, or what is in one",
		Long: `List the recordings and runs below a place; of a recording its models, their
versions, times and ledger, with --json for scripts; of a run its progress and
judgements.

With --runs list the runs of a recording over time, each with its verdicts: how many
models pass, fail and are inconclusive, and how many distinct requests differ. They
are those of the judgement by the config's rules, without a config of the latest.
Runs are looked for beside the recording, or below --store.`,
		Example: `  parity ls .
  parity ls recording
  parity ls s3://bucket/run
  parity ls recording --json | jq -r '.models[] | select(.versions | length > 1) | .model'
  parity ls recording --runs
  parity ls s3://bucket/recordings/reviews --runs --store s3://bucket/runs --config parity.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case runs && asJSON:
				return errors.New("--json prints what a recording holds: leave --runs out")
			case runs:
				return a.lsRuns(cmd.Context(), args[0], place)
			case place != "":
				return errors.New("--store says where --runs are looked for: add --runs")
			case asJSON:
				return a.lsJSON(cmd.Context(), args[0])
			}
			return a.ls(cmd.Context(), args[0])
		},
	}
	cmd.Flags().BoolVar(&runs, "runs", false, "list the runs of a recording over time, with their verdicts")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what a recording holds as JSON: models, their versions, times, ledgers")
	cmd.Flags().StringVar(&place, "store", "", "the `STORE` in which runs are looked for (default: where the recording lies)")
	return cmd
}

func (a *app) ls(ctx context.Context, location string) error {
	run, err := dataset.OpenRun(ctx, location)
	if err == nil {
		return a.lsRun(ctx, run)
	}
	if !errors.Is(err, dataset.ErrNoRun) {
		return err
	}
	found, err := dataset.Find(ctx, location)
	if err != nil {
		return err
	}
	if len(found) == 0 || len(found) == 1 && sameLocation(found[0].Location, location) {
		return a.lsRecording(ctx, location)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tOBJECTS\tSIZE\tLOCATION")
	for _, f := range found {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", f.Kind, f.Objects, size(f.Bytes), printable(f.Location))
	}
	return w.Flush()
}

// sentAgain is how many exchanges may have been sent more than once: those of
// splits that were begun more often than they have a result.
func sentAgain(plan []dataset.Split, begun map[int]int, results map[int]bool) (n int64) {
	for _, s := range plan {
		times := begun[s.Index]
		if results[s.Index] {
			times--
		}
		n += int64(max(times, 0)) * s.Planned
	}
	return n
}

func sameLocation(a, b string) bool {
	x, err1 := store.Absolute(a)
	y, err2 := store.Absolute(b)
	return err1 == nil && err2 == nil && x == y
}

// lsLedger prints each recorder's ledger and whether it balances with itself
// and with the rows that are there.
func (a *app) lsLedger(st *dataset.Stats) error {
	if len(st.Instances) > 0 {
		fmt.Fprintln(a.stdout)
	}
	for _, name := range slices.Sorted(maps.Keys(st.Instances)) {
		in := st.Instances[name]
		if in.Ledger == nil {
			fmt.Fprintf(a.stdout, "ledger of %s: none; it was cut short with %d exchanges\n", printable(name), in.Rows)
			continue
		}
		fmt.Fprintf(a.stdout, "ledger of %s: %s%s\n", printable(name), in.Ledger, byReason(in.Ledger.Dropped))
	}
	return checkInstances(st)
}

// checkInstances holds each recorder's ledger against itself and the rows that are
// there.
func checkInstances(st *dataset.Stats) (wrong error) {
	for _, name := range slices.Sorted(maps.Keys(st.Instances)) {
		switch in := st.Instances[name]; {
		case in.Ledger == nil:
		case !in.Ledger.Balanced():
			wrong = fmt.Errorf("the ledger of %s does not balance", name)
		case in.Ledger.Recorded != in.Rows:
			wrong = fmt.Errorf("the ledger of %s counts %d exchanges as recorded and %d are here: objects are still in its spool, were deleted, or are damaged",
				name, in.Ledger.Recorded, in.Rows)
		}
	}
	return wrong
}

func (a *app) lsRun(ctx context.Context, run *dataset.Run) error {
	plan, _, err := run.Plan(ctx)
	if err != nil {
		return err
	}
	results, err := run.Results(ctx)
	if err != nil {
		return err
	}
	judgements, err := run.Judgements(ctx)
	if err != nil {
		return err
	}
	generations, err := run.Generations(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "run %s (%s), begun %s\n  recording  %s\n  target     %s\n  planned    %s in %s\n  sent       %s\n",
		run.Location, run.Info.ID, run.Info.Created.Format(time.DateTime), run.Info.Recording, run.Info.Target,
		counted(dataset.Planned(plan), "exchange"), counted(len(plan), "split"), counted(len(results), "split"))
	if m := run.Info.RequestMapping; len(m) > 0 {
		fmt.Fprintf(a.stdout, "  mapping    of requests: %s\n", printable(string(m)))
	}
	begun, err := run.Begun(ctx, 0)
	if err != nil {
		return err
	}
	if again := sentAgain(plan, begun, results); again > 0 {
		fmt.Fprintf(a.stdout, "  twice      up to %s, of splits whose worker died or that two workers sent\n", counted(again, "exchange"))
	}
	a.lsGenerations(generations)
	for _, j := range judgements {
		judged, err := j.Judged(ctx)
		if err != nil {
			return err
		}
		by := "default rules"
		if string(j.Info.Rules) != "{}" {
			by = "rules " + printable(string(j.Info.Rules))
		}
		if len(j.Info.Mapping) > 0 {
			by += ", answers mapped by " + printable(string(j.Info.Mapping))
		}
		if j.Info.Control != "" {
			by += ", control " + printable(j.Info.Control)
		}
		if j.Info.Generations > 0 {
			by += fmt.Sprintf(", generations up to g%d", j.Info.Generations)
		}
		fmt.Fprintf(a.stdout, "  judgement  %s of %s: %s judged; %s\n", j.Info.ID, j.Info.Created.Format(time.DateTime), counted(len(judged), "split"), by)
	}
	return a.lsReports(ctx, run)
}

// lsReports lists the reports that were kept, the latest last.
func (a *app) lsReports(ctx context.Context, run *dataset.Run) error {
	all, err := run.Reports(ctx)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b dataset.Report) int { return a.Kept.Compare(b.Kept) })
	for _, r := range all {
		var s report.Summary
		said := "damaged: `parity fsck` checks the run"
		if json.Unmarshal(r.JSON, &s) == nil {
			said = string(s.Verdict) + ": " + s.Reason
		}
		fmt.Fprintf(a.stdout, "  report     %s of %s: %s\n", r.Key, r.Kept.UTC().Format(time.DateTime), printable(said))
	}
	return nil
}

func stamp(t exchange.Timestamp) string { return t.Time().Format("2006-01-02 15:04:05") }

// size prints bytes in binary units.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, prefixes := float64(n)/unit, "KMGTPE"
	for v >= unit && len(prefixes) > 1 {
		v, prefixes = v/unit, prefixes[1:]
	}
	return fmt.Sprintf("%.1f %ciB", v, prefixes[0])
}
