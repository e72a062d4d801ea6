package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/report"
)

// lsRuns lists the runs of a recording, the oldest first.
func (a *app) lsRuns(ctx context.Context, recording, place string) error {
	rec, err := dataset.OpenRecording(ctx, recording)
	if err != nil {
		return err
	}
	of, err := store.Absolute(rec.Location)
	if err != nil {
		return err
	}
	runs, err := a.runsOf(ctx, of, cmp.Or(place, store.Join(of, "..")))
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BEGUN\tRULES\tPASS\tFAIL\tOPEN\tDIFFER\tTARGET\tRUN")
	var notes strings.Builder
	var broken error
	for _, run := range runs {
		verdicts, err := a.verdictsOf(ctx, run, &notes)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		broken = errors.Join(broken, err)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", run.Info.Created.Format("2006-01-02 15:04"), verdicts, narrow(printable(run.Info.Target), 36), printable(run.Location))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprint(a.stderr, notes.String())
	return broken
}

// runsOf looks for the runs of a recording.
func (a *app) runsOf(ctx context.Context, recording, place string) (runs []*dataset.Run, err error) {
	found, err := dataset.Find(ctx, place)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		if f.Kind != dataset.RunKind {
			continue
		}
		run, err := dataset.OpenRun(ctx, f.Location)
		if errors.Is(err, dataset.ErrNoRun) {
			continue // one that is being made, or was half deleted
		}
		if err != nil {
			return nil, err
		}
		if sameLocation(run.Info.Recording, recording) {
			runs = append(runs, run)
		}
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("no run of %s is at or below %s: say by --store where the runs are", recording, place)
	}
	slices.SortFunc(runs, func(x, y *dataset.Run) int {
		return cmp.Or(x.Info.Created.Compare(y.Info.Created), cmp.Compare(x.Location, y.Location))
	})
	return runs, nil
}

// verdictsOf are a run's columns of what its judgement says. That it has none yet
// is noted; what is broken is an error, and does not hide the others.
func (a *app) verdictsOf(ctx context.Context, run *dataset.Run, notes *strings.Builder) (string, error) {
	const none = "\t–\t–\t–\t–"
	rules := ""
	j, err := a.judgement(ctx, run, "")
	var s *report.Summary
	if err == nil {
		rules = rulesName(j.Info.Rules)
		s, err = a.summarise(ctx, run.Location, j.Info.ID, againstFlags{})
	}
	switch {
	case errors.Is(err, dataset.ErrNotJudged), errors.Is(err, errLacks):
		fmt.Fprintf(notes, "ls: %s has no verdict: %s\n", run.Location, printable(err.Error()))
		return rules + none, nil
	case err != nil:
		return rules + none, fmt.Errorf("%s has no verdict: %w", run.Location, err)
	}
	models, differ, requests := map[report.Verdict]int{}, int64(0), int64(0)
	for _, m := range s.Models {
		models[m.Verdict]++
		differ, requests = differ+m.Mismatched, requests+m.Requests
	}
	if s.Ledger.Missing > 0 {
		fmt.Fprintf(notes, "ls: %s is not complete: %d exchanges are not sent yet\n", run.Location, s.Ledger.Missing)
	}
	return fmt.Sprintf("%s\t%d\t%d\t%d\t%d of %d", rules, models[report.Pass], models[report.Fail], models[report.Inconclusive], differ, requests), nil
}

// rulesName is short for rules: equal for equal ones.
func rulesName(rules []byte) string {
	if string(rules) == "{}" {
		return "default"
	}
	return fmt.Sprintf("%.4x", sha256.Sum256(rules))
}
