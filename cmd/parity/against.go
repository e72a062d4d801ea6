package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/report"
)

// againstFlags say what a judgement is held against beside the budgets.
type againstFlags struct{ baseline, previous, accepted string }

func (f *againstFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.baseline, "baseline", "", "count only what differs in a way that it did not in this `RUN`")
	cmd.Flags().StringVar(&f.previous, "previous", "", "say what has changed since this `RUN`; it decides nothing (default: the baseline; of a mismatch set, the run that it is of)")
	cmd.Flags().StringVar(&f.accepted, "accepted", "", "the `FILE` of accepted differences, see `parity accept` (default: the config's gate.accepted)")
}

// checkAgainst finds out before anything is sent what can't be held against.
func (a *app) checkAgainst(ctx context.Context, f againstFlags) error {
	if _, err := a.acceptances(f.accepted); err != nil {
		return err
	}
	for _, other := range []struct{ what, run string }{{"baseline", f.baseline}, {"previous", f.previous}} {
		if other.run == "" {
			continue
		}
		if _, err := dataset.OpenRun(ctx, other.run); err != nil {
			return fmt.Errorf("%s: %w", other.what, err)
		}
	}
	return nil
}

// against fills in what a summary is held against.
func (a *app) against(ctx context.Context, in *report.Input, run *dataset.Run, j *dataset.Judgement, f againstFlags) error {
	var err error
	if in.Accepted, err = a.acceptances(f.accepted); err != nil {
		return err
	}
	in.Now = time.Now()
	if f.baseline != "" {
		if in.Baseline, err = a.baseline(ctx, run, j, f.baseline); err != nil {
			return err
		}
		in.Info.Baseline = in.Baseline.Run
	}
	if f.previous != "" {
		in.Previous, err = a.previous(ctx, run, j, f.previous)
		return err
	}
	if of, id, ok := dataset.MismatchesOf(run.Info.Recording); ok && f.baseline == "" {
		// What the run is about may be gone: then only this is not known.
		if in.Previous, err = a.origin(ctx, j, of, id); err != nil {
			fmt.Fprintf(a.stderr, "parity: what has changed since %s can't be said: %v\n", of, err)
		}
	}
	return nil
}

// baseline opens a run's judgement by the same rules: other rules have other
// signatures.
func (a *app) baseline(ctx context.Context, run *dataset.Run, j *dataset.Judgement, location string) (*report.Earlier, error) {
	return a.judgedAlike(ctx, run, j, "baseline", location)
}

// previous is as baseline, but decides nothing: where there is no such judgement
// only the changes are not known.
func (a *app) previous(ctx context.Context, run *dataset.Run, j *dataset.Judgement, location string) (*report.Earlier, error) {
	p, err := a.judgedAlike(ctx, run, j, "previous", location)
	if errors.Is(err, errOtherRules) {
		fmt.Fprintf(a.stderr, "parity: what has changed since %s can't be said: %v\n", location, err)
		return nil, nil
	}
	return p, err
}

// errOtherRules says that two judgements can't be held against each other: what
// one finds the other may ignore.
var errOtherRules = errors.New("is not judged under the rules of")

func (a *app) judgedAlike(ctx context.Context, run *dataset.Run, j *dataset.Judgement, what, location string) (*report.Earlier, error) {
	other, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if other.Info.ID == run.Info.ID {
		return nil, fmt.Errorf("--%s %s is the run itself: name an earlier one", what, location)
	}
	all, err := other.Judgements(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range slices.Backward(all) {
		if sameRules(b, j) {
			return a.earlier(ctx, other, b)
		}
	}
	return nil, fmt.Errorf("the %s %s %w judgement %s: `parity compare %s%s` does it", what, location, errOtherRules, j.Info.ID, shellQuote(location), a.configFlag())
}

func sameRules(a, b *dataset.Judgement) bool {
	return a.Info.JudgeVersion == b.Info.JudgeVersion && bytes.Equal(a.Info.Rules, b.Info.Rules)
}

// origin opens the judgement whose mismatch set was sent.
func (a *app) origin(ctx context.Context, j *dataset.Judgement, location, id string) (*report.Earlier, error) {
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return nil, err
	}
	from, err := run.Judgement(ctx, id)
	if err != nil {
		return nil, err
	}
	if !sameRules(from, j) {
		return nil, fmt.Errorf("its judgement %s %w judgement %s", from.Info.ID, errOtherRules, j.Info.ID)
	}
	return a.earlier(ctx, run, from)
}

// earlier reads what a judgement says. The run's name is whole, as a report is the
// same from whichever folder it is made.
func (a *app) earlier(ctx context.Context, run *dataset.Run, j *dataset.Judgement) (*report.Earlier, error) {
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return nil, fmt.Errorf("read what run %s showed: %w", run.Location, err)
	}
	place, err := store.Absolute(run.Location)
	return &report.Earlier{Run: place, Judgement: j.Info.ID, Tally: tally}, err
}

// acceptedFile is the flag's, or the config's, which lies beside the config.
func (a *app) acceptedFile(flag string) (string, error) {
	cfg, err := a.config()
	if flag != "" || err != nil || cfg.Gate.Accepted == "" || filepath.IsAbs(cfg.Gate.Accepted) {
		return cmp.Or(flag, cfg.Gate.Accepted), err
	}
	return filepath.Join(filepath.Dir(a.configPath), cfg.Gate.Accepted), nil
}

// acceptances are what the flag's file accepts, or the config's; nil without one.
func (a *app) acceptances(flag string) ([]report.Acceptance, error) {
	file, err := a.acceptedFile(flag)
	if file == "" || err != nil {
		return nil, err
	}
	return readAccepted(file)
}

func readAccepted(file string) ([]report.Acceptance, error) {
	text, err := readSmall(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read what is accepted: %w: `parity accept` makes the file", err)
	}
	if err != nil {
		return nil, fmt.Errorf("read what is accepted: %w", err)
	}
	list, err := report.ParseAcceptances(text)
	if err != nil {
		return nil, fmt.Errorf("accepted differences %s: %w", file, err)
	}
	return list, nil
}

// maxAccepted is how large a file of accepted differences may be: people review it.
const maxAccepted = 1 << 20

// readSmall reads a file that people write, and no device or dump.
func readSmall(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxAccepted+1))
	if err == nil && len(text) > maxAccepted {
		err = fmt.Errorf("%s has more than %s: is it the right file?", file, size(maxAccepted))
	}
	return text, err
}
