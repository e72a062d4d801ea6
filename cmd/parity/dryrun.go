package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
)

// dryFlags are those of a plan that is only shown.
type dryFlags struct{ run, json bool }

func (f *dryFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.run, "dry-run", false, "print the whole plan on stdout, with what it takes, and stop: nothing is sent or written")
	cmd.Flags().BoolVar(&f.json, "json", false, "with --dry-run: print it as JSON; with --try: as JSON Lines, as cat has them, with what was sent, mapped and judged")
}

func (f dryFlags) validate() error {
	if f.json && !f.run {
		return errors.New("--json is how --dry-run prints the plan: add --dry-run")
	}
	return nil
}

// planView is a plan for people and, as JSON, for scripts.
type planView struct {
	Recording  string             `json:"recording"`
	Target     string             `json:"target"`
	Selection  exchange.Selection `json:"selection"`
	Run        string             `json:"run,omitempty"` // that has this plan; "" where none was begun
	SplitsSent int                `json:"splits_sent"`
	Splits     int64              `json:"splits"`
	countView                     // of all models
	// Redacted is how many of the requests capture hid something of.
	Redacted   int64       `json:"redacted,omitempty"`
	Pace       string      `json:"pace"`
	Seconds    float64     `json:"seconds,omitempty"` // that it takes at least at that pace; 0: as fast as it goes
	Price      *bill       `json:"price,omitempty"`
	Models     []modelView `json:"models"`
	prices     config.Price
	targetName string
}

type modelView struct {
	Model string `json:"model"`
	countView
}

// countView is how many exchanges are planned = requests + skipped. Bytes are those
// of bodies, about.
type countView struct {
	Planned       int64            `json:"planned"`
	Requests      int64            `json:"requests"`
	Skipped       map[string]int64 `json:"skipped"` // by defect
	RequestBytes  int64            `json:"request_bytes"`
	ResponseBytes int64            `json:"response_bytes"` // of the recorded answers
}

func viewCount(c *dataset.PlanCount) countView {
	v := countView{c.Planned, c.Sendable, c.Skipped, c.RequestBytes, c.ResponseBytes}
	if v.Skipped == nil {
		v.Skipped = map[string]int64{}
	}
	return v
}

// view says what a plan takes.
func (a *app) view(t *dataset.Totals, info dataset.RunInfo, f replayFlags, opts replay.Options) (planView, error) {
	cfg, err := a.config()
	if err != nil {
		return planView{}, err
	}
	name, err := targetNamed(cfg, f.target)
	if err != nil {
		return planView{}, err
	}
	shard, err := a.shard(f.shard)
	v := planView{
		Recording: info.Recording, Target: info.Target, Selection: info.Selection, Splits: t.Splits, countView: viewCount(&t.PlanCount),
		Redacted: t.Redacted, prices: cfg.Targets[name].Price, targetName: cmp.Or(name, "NAME"),
	}
	v.Price = newBill(t, info.Target, v.prices)
	v.Seconds, v.Pace = takes(t, opts, float64(max(shard.Count, 1)))
	for _, model := range t.ModelNames() {
		v.Models = append(v.Models, modelView{model, viewCount(t.Models[model])})
	}
	return v, err
}

// takes is how long a plan takes at least, in seconds, and by which pace; 0 is as
// fast as it goes. A sharded worker has its share of the rates.
func takes(t *dataset.Totals, opts replay.Options, shards float64) (seconds float64, pace string) {
	if opts.Speed > 0 {
		return float64(t.To-t.From) / 1e6 / opts.Speed, fmt.Sprintf("%v times the recording's pace", opts.Speed)
	}
	pace = fmt.Sprintf("as fast as it goes with %d in flight", cmp.Or(opts.Concurrency, replay.DefaultConcurrency))
	if opts.Rate > 0 {
		seconds, pace = float64(t.Sendable)/(opts.Rate*shards), fmt.Sprintf("at %v/s", opts.Rate*shards)
	}
	for model, count := range t.Models {
		for glob, rate := range opts.ModelRates {
			if s := float64(count.Sendable) / (rate * shards); exchange.Glob(glob, model) && s > seconds {
				seconds, pace = s, fmt.Sprintf("at %v/s for %s", rate*shards, glob)
			}
		}
	}
	return seconds, pace
}

// dryRun shows the plan of a run that is there, or that would be made, and writes
// nothing.
func (a *app) dryRun(ctx context.Context, recording string, f replayFlags) error {
	opts, _, err := a.replayOptions(f)
	if err != nil {
		return err
	}
	rec, err := dataset.OpenRecording(ctx, recording)
	if err != nil {
		return err
	}
	info, err := a.runInfo(rec, f, opts)
	if err != nil {
		return err
	}
	run, t, err := a.foreseen(ctx, rec, f.out, info, opts)
	if err != nil {
		return err
	}
	if err := replay.CheckModels(opts, t.ModelNames()); err != nil {
		return err
	}
	a.sayIdleRates(t, opts)
	v, err := a.view(t, info, f, opts)
	if err != nil {
		return err
	}
	if run != nil {
		sent, err := run.Results(ctx)
		if err != nil {
			return err
		}
		v.Run, v.SplitsSent = run.Location, len(sent)
	}
	if f.dry.json {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	return v.write(a.stdout)
}

// foreseen adds up the run's plan; the run is nil where there is none with a plan.
func (a *app) foreseen(ctx context.Context, rec *dataset.Recording, out string, info dataset.RunInfo, opts replay.Options) (*dataset.Run, *dataset.Totals, error) {
	if out != "" {
		if err := refuseInside(rec, out); err != nil {
			return nil, nil, err
		}
		run, splits, err := dataset.ResumeRun(ctx, out, info)
		if err != nil {
			return nil, nil, err
		}
		if splits != nil {
			t, err := run.PlanTotals(ctx)
			return run, t, err
		}
	}
	plan, err := a.makePlan(ctx, rec, opts)
	if err != nil {
		return nil, nil, err
	}
	return nil, plan.Totals(), nil
}

// write prints the whole plan.
func (v planView) write(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODEL\tEXCHANGES\tSKIPPED\tREQUEST BODIES, ABOUT\tRECORDED ANSWERS, ABOUT")
	for _, m := range v.Models {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", narrow(printable(m.Model), screenWidth/2), thousands(m.Planned), thousands(total(m.Skipped)), size(m.RequestBytes), size(m.ResponseBytes))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteByte('\n')
	writeFact(&b, "recording", v.Recording)
	writeFact(&b, "selection", v.Selection.String())
	writeFact(&b, "planned", v.counts())
	writeFact(&b, "to send", fmt.Sprintf("%s to %s, with about %s in their bodies; the recorded answers to them have about %s",
		counted(v.Requests, "request"), v.Target, size(v.RequestBytes), size(v.ResponseBytes)))
	writeFact(&b, "skipped", thousands(total(v.Skipped))+byReason(v.Skipped))
	if v.Redacted > 0 {
		writeFact(&b, "redacted", v.redacted())
	}
	writeFact(&b, "duration", v.duration())
	if v.Price != nil {
		writeFact(&b, "price", v.Price.text(v.targetName, v.prices))
	}
	if v.Run != "" {
		writeFact(&b, "run", fmt.Sprintf("%s was begun with this plan, and %s of its splits are sent", v.Run, thousands(int64(v.SplitsSent))))
	}
	b.WriteString("\nThis was a dry run: nothing was sent or written.\n")
	_, err := io.WriteString(to, b.String())
	return err
}

// short is the plan in a line or two.
func (v planView) short() string {
	text := fmt.Sprintf("replay: the plan has %s, with about %s in the bodies of %s; %s skipped%s; %s\n",
		v.counts(), size(v.RequestBytes), counted(v.Requests, "request"), thousands(total(v.Skipped)), byReason(v.Skipped), v.duration())
	if v.Redacted > 0 {
		text += "replay: redacted: " + v.redacted() + "\n"
	}
	if v.Price != nil {
		text += "replay: price: " + v.Price.text(v.targetName, v.prices) + "\n"
	}
	return text
}

func (v planView) counts() string {
	return fmt.Sprintf("%s of %s in %s", counted(v.Planned, "exchange"), counted(len(v.Models), "model"), counted(v.Splits, "split"))
}

func (v planView) redacted() string {
	return fmt.Sprintf("something of %s of %s: the candidate may need what is hidden", thousands(v.Redacted), counted(v.Requests, "request"))
}

func (v planView) duration() string {
	if v.Seconds == 0 {
		return v.Pace
	}
	return fmt.Sprintf("at least %s, %s", longTime(v.Seconds), v.Pace)
}
