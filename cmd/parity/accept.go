package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/report"
)

// defaultAccepted is where accept writes if neither flag nor config say where.
const defaultAccepted = "accepted.yaml"

// acceptFlags say what is accepted.
type acceptFlags struct{ model, signature, reason, until, file, judgement string }

func (a *app) acceptCommand() *cobra.Command {
	var f acceptFlags
	cmd := &cobra.Command{
		Use:   "accept RUN --signature S --reason TEXT --until DATE",
		Short: "Accept a known difference until a date, in a file that is reviewed",
		Long: `Add an entry to a file of accepted differences (the config's gate.accepted, or
accepted.yaml). With that file, report, gate and run don't count a request that
differs in nothing but what is accepted. An entry ends with its day, in UTC; then
it counts again, and a warning says so.

The signature is one that the run shows: parity show RUN lists them. The file is
meant to be reviewed and kept with the code; to renew or drop an entry, edit it.`,
		Example: `  parity accept run --signature '$.version string' --reason 'build number, agreed with search' --until 2026-12-31
  parity accept run --signature '$.score number' --model 'legal-*' --reason 'TICKET-12' --until 2026-12-31
  parity gate run --accepted accepted.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.accept(cmd.Context(), args[0], f)
		},
	}
	cmd.Flags().StringVar(&f.signature, "signature", "", "the `SIGNATURE` that is accepted, as parity show prints it")
	cmd.Flags().StringVar(&f.model, "model", "", "a model or `GLOB` (default: the one model that has the signature)")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for whoever reviews it")
	cmd.Flags().StringVar(&f.until, "until", "", "the last `DATE` on which it is accepted, as in 2026-12-31")
	cmd.Flags().StringVar(&f.file, "accepted", "", "the `FILE` to add to (default: the config's gate.accepted, or accepted.yaml)")
	cmd.Flags().StringVar(&f.judgement, "judgement", "", "the judgement's `ID` (default: the latest by the config's rules)")
	for _, name := range []string{"signature", "reason", "until"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // it is registered above
		}
	}
	return cmd
}

func (a *app) accept(ctx context.Context, location string, f acceptFlags) error {
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return err
	}
	j, err := a.judgement(ctx, run, f.judgement)
	if err != nil {
		return err
	}
	entry := report.Acceptance{Model: f.model, Signature: f.signature, Reason: f.reason, Run: run.Location, Judgement: j.Info.ID}
	if err := entry.Until.UnmarshalText([]byte(f.until)); err != nil {
		return fmt.Errorf("--until: %w", err)
	}
	if entry.Expired(time.Now()) {
		return fmt.Errorf("--until %s is over already", f.until)
	}
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return err
	}
	if entry.Model == "" {
		if entry.Model, err = modelWith(tally, f.signature); err != nil {
			return err
		}
	}
	requests := entry.Requests(tally)
	if requests == 0 {
		return fmt.Errorf("no request of model %s differs by %q in judgement %s: `parity show %s` lists the signatures", entry.Model, f.signature, j.Info.ID, shellQuote(location))
	}
	file, err := a.acceptedFile(f.file)
	if err != nil {
		return err
	}
	if file == "" {
		file = defaultAccepted
	}
	if err := a.addAccepted(file, entry); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "accept: %q of model %s, %d distinct requests here, until %s: added to %s\n", entry.Signature, entry.Model, requests, entry.Until, file)
	fmt.Fprintf(a.stderr, "accept: next, review the file, and `parity gate %s --accepted %s%s`\n", shellQuote(location), shellQuote(file), a.configFlag())
	return nil
}

// modelWith is the one model with a signature.
func modelWith(t *compare.Tally, signature string) (string, error) {
	var models []string
	for name, m := range t.Models {
		if m.Signatures[signature] != nil {
			models = append(models, name)
		}
	}
	slices.Sort(models)
	switch len(models) {
	case 0:
		return "", fmt.Errorf("no model differs by %q: `parity show RUN` lists the signatures", signature)
	case 1:
		return models[0], nil
	}
	return "", fmt.Errorf("%d models differ by %q (%s …): say which, or all, with --model GLOB", len(models), signature, models[0])
}

// addAccepted adds an entry to the end of the file, whose comments and order are
// its reviewers' own.
func (a *app) addAccepted(file string, entry report.Acceptance) error {
	text, err := readSmall(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		text = []byte("# Differences that are known and accepted, each until a day. Reviewed like code.\n")
	case err != nil:
		return fmt.Errorf("read what is accepted: %w", err)
	}
	added, err := yaml.Marshal([]report.Acceptance{entry})
	if err != nil {
		return fmt.Errorf("write the entry: %w", err)
	}
	if list, err := report.ParseAcceptances(text); err == nil && len(list) == 0 {
		text = withoutEmptyList(text)
	}
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	text = append(text, added...)
	if _, err := report.ParseAcceptances(text); err != nil {
		return fmt.Errorf("accepted differences %s: with the new one: %w", file, err)
	}
	return a.writeFile(file, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// withoutEmptyList takes out the [] of a file without entries, to which none can be
// added; comments stay.
func withoutEmptyList(text []byte) []byte {
	var rest []byte
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
			rest = append(rest, line...)
		}
	}
	return rest
}
