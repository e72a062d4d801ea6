package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/modelparity/parity/internal/dataset"
)

// openGeneration goes on with the generation that is not complete, or begins the
// next. nil: there is nothing to send, which is said.
func (a *app) openGeneration(ctx context.Context, c chooser, all []*dataset.Generation, judgement string) (*dataset.Generation, error) {
	if len(c.before) < len(all) {
		g := all[len(c.before)]
		return g, a.goesOn(ctx, c, g)
	}
	if mismatched(c.what) {
		var err error
		if c.judgement, err = a.pickJudgement(ctx, c.run, judgement); err != nil {
			return nil, err
		}
	}
	if sent, err := a.sentAlready(ctx, c); err != nil || sent {
		return nil, err
	}
	if err := a.checkKept(ctx, c); err != nil {
		return nil, err
	}
	fmt.Fprintf(a.stderr, "replay: looking for what to send again in %s\n", counted(len(c.plan), "split"))
	splits, err := c.count(ctx)
	if err != nil {
		return nil, err
	}
	info := dataset.GenerationInfo{
		Number: len(all) + 1, Created: time.Now().UTC().Truncate(time.Millisecond), Version: version(), Again: c.what, Judgement: c.judgementID(), Splits: splits,
	}
	if len(splits) == 0 {
		fmt.Fprintf(a.stderr, "replay: nothing is sent: no exchange of %s is among the %s\n", c.run.Location, info.Choice())
		return nil, nil
	}
	g, err := c.run.CreateGeneration(ctx, info)
	if err != nil {
		return nil, err
	}
	return g, a.goesOn(ctx, c, g) // another worker may have been first, with another choice
}

// goesOn refuses to go on with a generation under another choice than it was
// begun with.
func (a *app) goesOn(ctx context.Context, c chooser, g *dataset.Generation) error {
	asked := dataset.GenerationInfo{Again: c.what, Judgement: c.judgementID()}
	if !slices.Equal(g.Info.Again, c.what) || c.judgement != nil && asked.Judgement != g.Info.Judgement {
		return fmt.Errorf("generation %s of %s is not complete and sends %s again, not %s: go on with it first, by `parity replay %s%s`",
			g.Name(), c.run.Location, g.Info.Choice(), asked.Choice(), shellQuote(c.run.Location), againArgs(g.Info.Again))
	}
	return a.sameRules(ctx, c.run, g)
}

// sentAlready says whether the last generation has sent what is asked for and
// nothing has judged it since: a command that is repeated, or a worker that
// comes late, sends nothing twice.
func (a *app) sentAlready(ctx context.Context, c chooser) (bool, error) {
	last := len(c.before)
	if last == 0 {
		return false, nil
	}
	judged, err := c.judgedUpTo(ctx)
	if err != nil || judged == last {
		return false, err
	}
	g := c.before[last-1]
	switch {
	case slices.Equal(g.Info.Again, c.what) && g.Info.Judgement == c.judgementID():
		fmt.Fprintf(a.stderr, "replay: nothing is sent: generation %s of %s has sent %s; `parity compare %s` judges it\n",
			g.Name(), c.run.Location, g.Info.Choice(), shellQuote(c.run.Location))
		return true, nil
	case c.judgement != nil:
		return false, a.unjudged(c.run, c.judgement, last)
	}
	return false, nil
}

// judgedUpTo is how many generations the judgement has looked at that is asked
// for, or any.
func (c *chooser) judgedUpTo(ctx context.Context) (n int, err error) {
	if c.judgement != nil {
		return c.judgement.Info.Generations, nil
	}
	all, err := c.run.Judgements(ctx)
	for _, j := range all {
		n = max(n, j.Info.Generations)
	}
	return n, err
}

// checkKept wants the whole mismatch set, and says where it was bounded.
func (a *app) checkKept(ctx context.Context, c chooser) error {
	j := c.judgement
	if j == nil {
		return nil
	}
	tally, err := reduce(ctx, c.run, j)
	if errors.Is(err, errLacks) {
		return fmt.Errorf("judgement %s is not finished: %w", j.Info.ID, err)
	}
	if err != nil {
		return err
	}
	if kept, all := keptOf(tally), mismatchesOf(tally); kept < all {
		fmt.Fprintf(a.stderr, "replay: judgement %s kept %d of %d mismatches, as --max-mismatches %d asked: only these are sent again\n",
			j.Info.ID, kept, all, j.Info.MaxMismatches)
	}
	return checkMismatches(ctx, j, c.plan, keptOf(tally))
}

// sameRules refuses to go on with the mismatches of other rules than the
// config's.
func (a *app) sameRules(ctx context.Context, run *dataset.Run, g *dataset.Generation) error {
	if g.Info.Judgement == "" || a.configPath == "" {
		return nil
	}
	j, err := judgementOf(ctx, run, g)
	if err != nil {
		return err
	}
	rules, err := a.rules()
	if err != nil {
		return err
	}
	answers, err := a.responses(run)
	if err != nil {
		return err
	}
	info, err := judgementInfo(judging{rules: rules})
	if err == nil && !(bytes.Equal(info.Rules, j.Info.Rules) && bytes.Equal(answers.JSON(), j.Info.Mapping)) {
		err = fmt.Errorf("generation %s of %s is not complete and sends %s again, whose rules are not those of %s: go on with it by the config that it was begun with",
			g.Name(), run.Location, g.Info.Choice(), a.configPath)
	}
	return err
}

// againArgs are the flags that begin a generation.
func againArgs(what []string) (args string) {
	for _, w := range what {
		args += " --again " + shellQuote(w)
	}
	return args
}

// judgementOf opens the judgement whose mismatches a generation sends; nil where
// it sends others.
func judgementOf(ctx context.Context, run *dataset.Run, g *dataset.Generation) (*dataset.Judgement, error) {
	if g.Info.Judgement == "" {
		return nil, nil
	}
	j, err := run.Judgement(ctx, g.Info.Judgement)
	if errors.Is(err, dataset.ErrNotJudged) {
		err = fmt.Errorf("generation %s of %s sends the mismatches of judgement %s, which is gone: bring it back, or delete the run and begin anew",
			g.Name(), run.Location, g.Info.Judgement)
	}
	return j, err
}
