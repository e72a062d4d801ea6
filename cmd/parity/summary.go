package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/internal/store"
	"github.com/modelparity/parity/report"
)

// judgement opens the judgement with an id. Without one it is the one that
// pickJudgement finds, which must have looked at all that was sent since.
func (a *app) judgement(ctx context.Context, run *dataset.Run, id string) (*dataset.Judgement, error) {
	j, err := a.pickJudgement(ctx, run, id)
	if err != nil || id != "" {
		return j, err
	}
	generations, err := run.Generations(ctx)
	if err != nil {
		return nil, err
	}
	if last := len(dataset.Complete(generations)); j.Info.Generations < last {
		return nil, a.unjudged(run, j, last)
	}
	return j, nil
}

// pickJudgement opens the judgement with an id. Without one it is that of the
// config's rules, the latest if they were applied with several controls, so that
// budgets are never held against what other rules found. Without a config it is
// the latest of all.
func (a *app) pickJudgement(ctx context.Context, run *dataset.Run, id string) (*dataset.Judgement, error) {
	if id != "" || a.configPath == "" {
		return run.Judgement(ctx, id)
	}
	rules, err := a.rules()
	if err != nil {
		return nil, err
	}
	info, err := judgementInfo(judging{rules: rules})
	if err != nil {
		return nil, err
	}
	answers, err := a.responses(run)
	if err != nil {
		return nil, err
	}
	all, err := run.Judgements(ctx)
	if err != nil {
		return nil, err
	}
	for _, j := range slices.Backward(all) {
		if j.Info.JudgeVersion == info.JudgeVersion && bytes.Equal(j.Info.Rules, info.Rules) && bytes.Equal(j.Info.Mapping, answers.JSON()) {
			return j, nil
		}
	}
	return nil, fmt.Errorf("run %s %w under the rules of %s: `parity compare %s%s` does it",
		run.Location, dataset.ErrNotJudged, a.configPath, shellQuote(run.Location), a.configFlag())
}

// summarise reduces a judgement's tallies. For judgement "" see app.judgement.
func (a *app) summarise(ctx context.Context, location, judgement string, against againstFlags) (*report.Summary, error) {
	cfg, err := a.config()
	if err != nil {
		return nil, err
	}
	run, err := dataset.OpenRun(ctx, location)
	if err != nil {
		return nil, err
	}
	j, err := a.judgement(ctx, run, judgement)
	if err != nil {
		return nil, err
	}
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return nil, err
	}
	place, config, err := a.places(location)
	if err != nil {
		return nil, err
	}
	var noise *compare.Profile
	if _, err := j.Noise(ctx, &noise); err != nil {
		return nil, err
	}
	in := report.Input{
		Info: report.Info{
			Run: place, Recording: run.Info.Recording, Target: run.Info.Target, Control: j.Info.Control, Config: config,
			Selection: selected(run.Info.Selection), Chosen: selected(chosen(run.Info.Selection)),
			Judgement: j.Info.ID, Generations: j.Info.Generations, Version: j.Info.Version, Rules: j.Info.Rules, Mapping: j.Info.Mapping,
		},
		Tally: tally, Noise: noise, Gate: cfg.Gate,
	}
	if of, _, ok := dataset.MismatchesOf(run.Info.Recording); ok {
		in.Info.MismatchesOf = of
		if other, err := dataset.OpenRun(ctx, of); err == nil { // it may be gone, and then only this is not known
			in.Info.Whole = other.Info.Recording
		}
	}
	if in.Recorded, err = recorded(ctx, run, tally, cfg.Gate.Coverage); err != nil {
		return nil, err
	}
	if err := a.against(ctx, &in, run, j, against); err != nil {
		return nil, err
	}
	s, err := report.Summarise(in)
	if err != nil {
		return nil, err
	}
	unused, err := unusedGlobs(j.Info.Rules, tally)
	s.Warnings = append(s.Warnings, unused...)
	s.Warnings = append(s.Warnings, unusedMappings(tally, run.Info.RequestMapping, j.Info.Mapping)...)
	s.Warnings = append(s.Warnings, unfoundDecisions(j.Info.Rules, tally)...)
	s.Warnings = append(s.Warnings, uncontrolled(noise, tally)...)
	return s, err
}

// places are those of a run and the config, whole: a report and its commands are
// the same from whichever folder they are made, and good in any.
func (a *app) places(location string) (run, config string, err error) {
	if run, err = store.Absolute(location); err != nil || a.configPath == "" {
		return run, "", err
	}
	config, err = store.Absolute(a.configPath)
	return run, config, err
}

// unusedGlobs warns of rules for models that the run does not have: a slip in
// a name would leave a model to the general rules.
func unusedGlobs(rules []byte, t *compare.Tally) (warnings []string, err error) {
	var r compare.Rules
	if err := json.Unmarshal(rules, &r); err != nil {
		return nil, fmt.Errorf("read the judgement's rules: %w", err)
	}
	for _, glob := range unmatched(t, r.Models) {
		warnings = append(warnings, fmt.Sprintf("compare.models has %q, which matches no model of this run", glob))
	}
	return warnings, nil
}

// unusedMappings warns of mappings for models that the run does not have. What can't
// be read has failed before.
func unusedMappings(t *compare.Tally, requests, answers []byte) (warnings []string) {
	for _, m := range []struct {
		what string
		text []byte
	}{{"requests", requests}, {"answers", answers}} {
		set, _ := mapping.ParseSet(m.text)
		for _, glob := range unmatched(t, set.Models) {
			warnings = append(warnings, fmt.Sprintf("the target's mapping of %s is another one for models %q, which matches no model of this run", m.what, glob))
		}
	}
	return warnings
}

// unmatched lists the globs that match no model.
func unmatched[V any](t *compare.Tally, byGlob map[string]V) (globs []string) {
	names := slices.Collect(maps.Keys(t.Models))
	for _, glob := range slices.Sorted(maps.Keys(byGlob)) {
		if !slices.ContainsFunc(names, func(name string) bool { return exchange.Glob(glob, name) }) {
			globs = append(globs, glob)
		}
	}
	return globs
}

// unfoundDecisions warns of decisions that no answer of a model has: a slip in
// the path would leave its flips unseen. The rules have been read before.
func unfoundDecisions(rules []byte, t *compare.Tally) (warnings []string) {
	var r compare.Rules
	_ = json.Unmarshal(rules, &r)
	for _, name := range slices.Sorted(maps.Keys(t.Models)) {
		d := r.Decision
		for glob, m := range r.Models {
			if m.Decision != nil && exchange.Glob(glob, name) {
				d = m.Decision
			}
		}
		if m := t.Models[name]; d != nil && m.Decided == 0 && m.Judged() > 0 {
			warnings = append(warnings, fmt.Sprintf("model %s: no answer has a decision at %s: its flips can't be seen", name, d.Path))
		}
	}
	return warnings
}

// selected is a selection as its flags, "" where it is everything.
func selected(sel exchange.Selection) string {
	if sel.All() {
		return ""
	}
	return sel.String()
}

// chosen is the part of a selection that goes by exchanges or how they were
// answered: unlike one by model, time or hash it leaves no sample of the traffic.
func chosen(sel exchange.Selection) exchange.Selection {
	return exchange.Selection{Statuses: sel.Statuses, IDs: sel.IDs}
}

// uncontrolled warns of models that the control has nothing of.
func uncontrolled(noise *compare.Profile, t *compare.Tally) (warnings []string) {
	if noise == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(t.Models)) {
		if noise.Models[name] == nil && t.Models[name].Judged() > 0 {
			warnings = append(warnings, fmt.Sprintf("model %s: the control has nothing of it, so that none of its differences are noise", name))
		}
	}
	return warnings
}

// errLacks says that a judgement is not finished, which is no damage.
var errLacks = errors.New("lacks")

// reduce merges the tallies of all splits of the plan. Of splits that were not
// sent yet it counts the exchanges as missing, by meeting them.
func reduce(ctx context.Context, run *dataset.Run, j *dataset.Judgement) (*compare.Tally, error) {
	plan, err := planOf(ctx, run)
	if err != nil {
		return nil, err
	}
	judged, err := j.Judged(ctx)
	if err != nil {
		return nil, err
	}
	results, err := run.Results(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkGenerations(ctx, run, j); err != nil {
		return nil, err
	}
	// Only splits that were not sent need the recording: a run that is complete
	// can be reported where it alone is.
	recording := sync.OnceValues(func() (*dataset.Recording, error) { return run.Recording(ctx) })
	merged, mu := compare.NewTally(), sync.Mutex{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for _, s := range plan {
		g.Go(func() error {
			t := compare.NewTally()
			var err error
			switch sent, isJudged := results[s.Index], judged[s.Index]; {
			case sent && isJudged:
				err = j.Tally(gctx, s, t)
			case sent:
				err = fmt.Errorf("judgement %s %w split %s: repeat `parity compare %s` with its rules", j.Info.ID, errLacks, s.Name(), run.Location)
			case isJudged:
				err = fmt.Errorf("split %s of %s is judged and its result is gone: bring it back, or delete the run and begin anew", s.Name(), run.Location)
			default:
				t, err = missing(gctx, recording, s, run.Info.Selection)
			}
			if err != nil {
				return err
			}
			if n := t.Planned(); n != s.Planned {
				return fmt.Errorf("split %s has %d exchanges in judgement %s and %d in the plan of %s: `parity fsck %s`",
					s.Name(), n, j.Info.ID, s.Planned, run.Location, run.Location)
			}
			mu.Lock()
			defer mu.Unlock()
			merged.Merge(t)
			return nil
		})
	}
	if err := g.Wait(); err != nil || len(judged) < len(plan) {
		return merged, err
	}
	return merged, addRepeats(ctx, run, j, merged)
}

// addRepeats adds what the whole run says of repeated requests. Judgements of
// before that was said have it in their tallies, split by split.
func addRepeats(ctx context.Context, run *dataset.Run, j *dataset.Judgement, to *compare.Tally) error {
	t := compare.NewTally()
	made, err := j.Repeats(ctx, t)
	if err == nil && !made && j.Info.JudgeVersion >= compare.UnstableVersion {
		err = fmt.Errorf("judgement %s %w what it says of repeated requests: repeat `parity compare %s` with its rules", j.Info.ID, errLacks, run.Location)
	}
	to.Merge(t)
	return err
}

// missing counts the exchanges of a split without a result.
func missing(ctx context.Context, recording func() (*dataset.Recording, error), s dataset.Split, sel exchange.Selection) (_ *compare.Tally, err error) {
	rec, err := recording()
	if err != nil {
		return nil, err
	}
	judge, err := compare.NewJudge(compare.Rules{}, compare.Options{})
	if err != nil {
		return nil, err
	}
	src, err := rec.Source(ctx, s, exchange.ReferenceSide) // whether there is an answer to compare with
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	return judge.Split(ctx, compare.SplitInput{Reference: src, Selection: sel})
}
