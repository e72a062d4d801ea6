package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/report"
)

func (a *app) showCommand() *cobra.Command {
	var judgement string
	cmd := &cobra.Command{
		Use:   "show RUN [ID]",
		Short: "Show mismatches by signature, or one exchange and why it has its verdict",
		Long: `Show what a judgement of a run found, by signature, worst first, and what has no
verdict, each with an exchange that shows it.

With an ID (an exchange's, or the id that its source gave it) judge that exchange
again, by the judgement's own rules and control, and say why it has its verdict,
be it a mismatch or not: what differs (!), what is noise (~) and what the control
shows, what is held equal (=) and by which rule or tolerance, what can't be read
and where. Both answers follow side by side: times, headers, and the bodies value
by value, aligned as the judge compared them, each marked as above (or < and > for
what one side lacks). The last are curl lines that send the request again to either
side; credentials are $NAME in them, as in the headers of the config's targets.

The judgement is the latest by the config's rules, without a config the latest.
A run that has none is judged by the config's rules, or the default ones.`,
		Example: `  parity show run
  parity show run 0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b
  parity show run r00012 --config parity.yaml`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := dataset.OpenRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if len(args) == 2 {
				return a.showExchange(cmd.Context(), run, judgement, args[1])
			}
			return a.showSignatures(cmd.Context(), run, judgement)
		},
	}
	cmd.Flags().StringVar(&judgement, "judgement", "", "the judgement's `ID` (default: the latest by the config's rules)")
	return cmd
}

func (a *app) showSignatures(ctx context.Context, run *dataset.Run, judgement string) error {
	j, err := a.judgement(ctx, run, judgement)
	if err != nil {
		return err
	}
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return err
	}
	findings, noise := findingsOf(tally)
	var b strings.Builder
	a.writeRuling(&b, ruling{judgement: j, rules: j.Info.Rules, mapping: j.Info.Mapping})
	if len(findings) == 0 {
		b.WriteString("\nno mismatches\n")
	}
	writeExamples(&b, "SIGNATURE", findings)
	writeRedacted(&b, tally)
	writeExamples(&b, "NOISE", noise)
	writeExamples(&b, "NO VERDICT", unjudged(tally))
	a.writeShowNext(&b, run, j, tally, len(findings) > 0)
	_, err = fmt.Fprint(a.stdout, b.String())
	return err
}

// writeRedacted says that what differs may do so because something of it is hidden.
func writeRedacted(b *strings.Builder, t *compare.Tally) {
	redacted, mismatches := map[string]int64{}, int64(0)
	for _, m := range t.Models {
		mismatches += m.Mismatch
		for of, n := range m.Redacted {
			redacted[of] += n
		}
	}
	if hint := report.RedactedHint(redacted, mismatches); hint != "" {
		b.WriteByte('\n')
		writeFact(b, "redacted", hint)
	}
}

// findingsOf lists the signatures of all models, most exchanges first. Those of
// which all is noise are apart: there is nothing to chase.
func findingsOf(t *compare.Tally) (mismatches, noise []example) {
	for model, m := range t.Models {
		for _, s := range m.Signatures {
			x := example{exchanges: s.Exchanges - s.Noise, model: model, what: s.Path + " " + string(s.Kind)}
			if len(s.Exemplars) > 0 {
				ref, cand := facing(s.Exemplars[0].Reference, s.Exemplars[0].Candidate, literalWidth)
				x.id, x.text = s.Exemplars[0].ID.String(), cmp.Or(ref, "nothing")+" → "+cmp.Or(cand, "nothing")
			}
			if x.exchanges > 0 {
				mismatches = append(mismatches, x)
				continue
			}
			x.exchanges = s.Noise
			noise = append(noise, x)
		}
	}
	sortExamples(mismatches)
	sortExamples(noise)
	return mismatches, noise
}

// writeShowNext says which commands go on from here.
func (a *app) writeShowNext(b *strings.Builder, run *dataset.Run, j *dataset.Judgement, t *compare.Tally, differs bool) {
	place := shellQuote(run.Location)
	fmt.Fprintf(b, "\nwhy one has its verdict:\n  parity show %s ID --judgement %s\n", place, j.Info.ID)
	if differs {
		fmt.Fprintf(b, "send the mismatches again:\n  %s\n", a.runMismatches(run, j))
	}
	for _, m := range t.Models {
		if len(m.Unavailable) > 0 {
			fmt.Fprintf(b, "send what got no answer again:\n  parity replay %s --again unavailable%s\n", place, a.configFlag())
			fmt.Fprintf(b, "all that got no answer:\n  parity cat %s | jq 'select(.candidate.failure or (.candidate.status | IN(401, 403, 407, 429, 502, 503, 504)))'\n", place)
			return
		}
	}
}

// runMismatches is the command that sends a judgement's mismatches again.
func (a *app) runMismatches(run *dataset.Run, j *dataset.Judgement) string {
	return fmt.Sprintf("parity run %s --target %s --out RUN2%s", shellQuote(j.MismatchLocation()), shellQuote(run.Info.Target), a.configFlag())
}

// configFlag ends a command that wants the rules, budgets or headers in force here.
func (a *app) configFlag() string {
	if a.configPath == "" {
		return ""
	}
	return " --config " + shellQuote(a.configPath)
}

// clip shortens what is long; ls and report --json have all of it.
func clip(s string, most int) string {
	if len(s) <= most {
		return printable(s)
	}
	return printable(s[:most]) + "…"
}

// brief cuts a literal for a table.
func brief(s string) string {
	const most = 24
	s = printable(s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
