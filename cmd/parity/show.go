package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

func (a *app) showCommand() *cobra.Command {
	var judgement string
	cmd := &cobra.Command{
		Use:   "show RUN [ID]",
		Short: "Show mismatches by signature, or one exchange: both answers, deltas, a curl line",
		Long: `Show what a run's latest judgement found, by signature, worst first, each with
exchanges that show it. With an ID (an exchange's, or the id that its source gave
it) show that exchange: deltas, both answers side by side, and a curl line that
sends the request again.`,
		Example: `  parity show run
  parity show run 0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b
  parity show run r00012`,
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
	cmd.Flags().StringVar(&judgement, "judgement", "", "the judgement's `ID` (default: the latest)")
	return cmd
}

// finding is one signature of one model.
type finding struct {
	model string
	*compare.SignatureTally
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
	var findings []finding
	for model, m := range tally.Models {
		for _, s := range m.Signatures {
			if s.Noise < s.Exchanges { // all of it noise is nothing to chase
				findings = append(findings, finding{model, s})
			}
		}
	}
	fmt.Fprintln(a.stdout, a.judgedBy(j)+"\n")
	if len(findings) == 0 {
		fmt.Fprintln(a.stdout, "no mismatches")
		a.showUnanswered(run, tally)
		return nil
	}
	slices.SortFunc(findings, func(x, y finding) int {
		return cmp.Or(cmp.Compare(y.Exchanges-y.Noise, x.Exchanges-x.Noise), cmp.Compare(x.model, y.model), cmp.Compare(x.Path, y.Path), cmp.Compare(x.Kind, y.Kind))
	})
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EXCHANGES\tMODEL\tSIGNATURE\tREFERENCE\tCANDIDATE\tFOR EXAMPLE")
	for _, f := range findings {
		var e compare.Exemplar
		if len(f.Exemplars) > 0 {
			e = f.Exemplars[0]
		}
		fmt.Fprintf(w, "%d\t%s\t%s %s\t%s\t%s\t%s\n", f.Exchanges-f.Noise, clip(f.model, 60), clip(f.Path, 80), f.Kind, brief(e.Reference), brief(e.Candidate), e.ID)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	a.showUnanswered(run, tally)
	config := ""
	if a.configPath != "" {
		config = " --config " + shellQuote(a.configPath)
	}
	fmt.Fprintf(a.stdout, "\none exchange:   parity show %s ID --judgement %s\nsend again:     parity run %s --target %s --out RUN2%s\n",
		shellQuote(run.Location), j.Info.ID, shellQuote(j.MismatchLocation()), shellQuote(run.Info.Target), config)
	return nil
}

// judgedBy says by what a judgement was made.
func (a *app) judgedBy(j *dataset.Judgement) string {
	text := fmt.Sprintf("judgement %s, rules %s", j.Info.ID, clip(string(j.Info.Rules), 160))
	if string(j.Info.Rules) == "{}" {
		text = fmt.Sprintf("judgement %s, default rules", j.Info.ID)
	}
	if j.Info.Control != "" {
		text += ", noise by the control " + printable(j.Info.Control)
	}
	return text
}

// clip shortens what is long; ls and report --json have all of it.
func clip(s string, most int) string {
	if len(s) <= most {
		return printable(s)
	}
	return printable(s[:most]) + "…"
}

// showUnanswered says what is no mismatch and no match either.
func (a *app) showUnanswered(run *dataset.Run, t *compare.Tally) {
	unavailable, undecided := map[string]int64{}, map[string]int64{}
	for _, m := range t.Models {
		for class, n := range m.Unavailable {
			unavailable[class] += n
		}
		for reason, n := range m.Undecided {
			undecided[reason] += n
		}
	}
	if n := total(unavailable); n > 0 {
		fmt.Fprintf(a.stdout, "\n%d got no answer%s:\n  parity cat %s | jq 'select(.candidate.failure or (.candidate.status | IN(401, 403, 407, 429, 502, 503, 504)))'\n",
			n, byReason(unavailable), shellQuote(run.Location))
		fmt.Fprintf(a.stdout, "  parity replay %s --again unavailable\n", shellQuote(run.Location))
	}
	if n := total(undecided); n > 0 {
		fmt.Fprintf(a.stdout, "\n%d could not be judged%s: docs/rules.md, Undecided\n", n, byReason(undecided))
	}
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

var errFound = errors.New("found")

// showExchange looks among the mismatches first, where the deltas are.
func (a *app) showExchange(ctx context.Context, run *dataset.Run, judgement, id string) error {
	show := func(p compare.Pair) error {
		if p.ID.String() != id && p.Request.SourceID != id {
			return nil
		}
		if err := a.writeExchange(run, p); err != nil {
			return err
		}
		return errFound
	}
	j, err := a.judgement(ctx, run, judgement)
	if err == nil {
		var rec *dataset.Recording
		if rec, err = dataset.OpenRecording(ctx, j.MismatchLocation()); err == nil {
			err = rec.Rows(ctx, func(e *exchange.Exchange, _ exchange.Sides) error { return show(compare.Pair{Exchange: e}) })
		} else if errors.Is(err, dataset.ErrNoRecording) {
			err = nil // nothing differs
		}
	} else if errors.Is(err, dataset.ErrNotJudged) {
		err = nil
	}
	if err == nil {
		err = eachAnswerOfRun(ctx, run, show)
	}
	switch {
	case errors.Is(err, errFound):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("no exchange %q was sent in %s: `parity show %s` and `parity cat %s` list ids", id, run.Location, run.Location, run.Location)
}

func (a *app) writeExchange(run *dataset.Run, p compare.Pair) error {
	e := p.Exchange
	var b strings.Builder
	fmt.Fprintf(&b, "exchange   %s", e.ID)
	if e.Request.SourceID != "" {
		fmt.Fprintf(&b, "  (%s)", printable(e.Request.SourceID))
	}
	fmt.Fprintf(&b, "\nmodel      %s\ntime       %s\nrequest    %s %s  (%s, %s)\n", printable(strings.TrimSpace(e.Model+" "+e.ModelVersion)),
		stamp(e.Time), printable(e.Request.Method), printable(e.Request.Path), printable(e.Request.ContentType), size(int64(len(e.Request.Body))))
	if e.Verdict.Kind != "" {
		fmt.Fprintf(&b, "verdict    %s\n", printable(e.Verdict.Kind))
	}
	if e.Defect != "" {
		fmt.Fprintf(&b, "defect     %s: it can't be judged\n", e.Defect)
	}
	writeDeltas(&b, e.Verdict.Deltas)
	b.WriteByte('\n')
	writeEarlier(&b, p)
	writeAnswers(&b, e)
	fmt.Fprintf(&b, "\nsend it again:\n%s\n", curl(run, e))
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}

// writeEarlier shows what the exchange was answered before it was sent again.
func writeEarlier(b *strings.Builder, p compare.Pair) {
	for i := range p.Earlier {
		was := *p.Exchange
		was.Candidate = p.Earlier[i].Candidate
		writeGiven(b, p.Earlier[i].Given)
		writeAnswers(b, &was)
		b.WriteByte('\n')
	}
	if len(p.Earlier) > 0 {
		writeGiven(b, p.Given)
	}
}

func writeGiven(b *strings.Builder, g compare.Given) {
	fmt.Fprintf(b, "generation g%d", g.Generation)
	if g.Concurrency > 0 {
		fmt.Fprintf(b, ", at concurrency %d", g.Concurrency)
	}
	b.WriteByte('\n')
}

func writeDeltas(b *strings.Builder, text []byte) {
	var deltas []compare.Delta
	if len(text) == 0 || json.Unmarshal(text, &deltas) != nil {
		return
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DELTA\tKIND\tREFERENCE\tCANDIDATE\tERROR")
	for _, d := range deltas {
		size := ""
		if d.AbsError != 0 {
			size = fmt.Sprintf("%.3g", d.AbsError)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", printable(d.Path), d.Kind, brief(d.Reference), brief(d.Candidate), size)
	}
	w.Flush()
}
