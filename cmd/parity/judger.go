package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/telemetry"
)

// judger makes one judgement of a run: all that is left of it, or a split at a
// time while others are sent.
type judger struct {
	app   *app
	how   judging
	judge *compare.Judge
	run   *dataset.Run
	rec   *dataset.Recording
	plan  []dataset.Split
	later []*dataset.Generation // that are complete
	j     *dataset.Judgement
	seen  *compare.Sightings // the requests that were judged here

	made, pairs, mismatches atomic.Int64 // splits that were judged here, and what is in them
}

func (a *app) newJudger(ctx context.Context, run *dataset.Run, how judging) (*judger, error) {
	answers, err := a.responses(run)
	if err != nil {
		return nil, err
	}
	a.sayMapped(run, answers)
	judge, err := compare.NewJudge(how.rules, compare.Options{Noise: how.noise, MaxMismatches: how.maxMismatches, Answers: answers})
	if err != nil {
		return nil, err
	}
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return nil, err
	}
	later, err := a.completeGenerations(ctx, run)
	if err != nil {
		return nil, err
	}
	info, err := judgementInfo(how)
	if err != nil {
		return nil, err
	}
	info.Generations, info.Mapping = len(later), answers.JSON()
	j, err := run.CreateJudgement(ctx, info, how.noise)
	return &judger{app: a, how: how, judge: judge, run: run, rec: rec, plan: plan, later: later, j: j, seen: sightings(plan)}, err
}

// left is what was sent and is not judged.
func (g *judger) left(ctx context.Context, sent map[int]bool) (dataset.Work, error) {
	judged, err := g.j.Judged(ctx)
	work := dataset.Work{Shard: g.how.shard, Done: judged, Parallel: runtime.GOMAXPROCS(0)}
	for _, s := range g.plan {
		if sent[s.Index] {
			work.Plan = append(work.Plan, s)
		}
	}
	return work, err
}

// rest judges all that is left, says what came out, and returns the judgement.
func (g *judger) rest(ctx context.Context) (*dataset.Judgement, error) {
	results, err := g.run.Results(ctx)
	if err != nil {
		return nil, err
	}
	work, err := g.left(ctx, results)
	if err != nil {
		return nil, err
	}
	already := len(work.Done) - int(g.made.Load())
	before := g.pairs.Load()
	left := dataset.Planned(work.Left())
	stop := telemetry.Watch(g.app.stderr, func() string {
		done := g.pairs.Load() - before
		return fmt.Sprintf("compare: %s %d of %d exchanges judged, %d mismatches", telemetry.Bar(done, left), done, left, g.mismatches.Load())
	})
	defer stop()
	worked, err := dataset.EachSplit(ctx, work, g.one)
	if err == nil {
		err = g.repeats(ctx)
	}
	stop()
	if err != nil {
		return nil, err
	}
	g.say(already+int(worked.Existed), len(g.plan)-len(work.Plan))
	return g.j, nil
}

// one judges a split that was sent and commits what it says.
func (g *judger) one(ctx context.Context, s dataset.Split) error {
	t, err := g.split(ctx, s)
	if err != nil {
		return err
	}
	if err := g.j.PutTally(ctx, s, t); err != nil {
		return err
	}
	if err := g.see(ctx, s, t); err != nil {
		return err
	}
	g.made.Add(1)
	g.pairs.Add(s.Planned)
	g.mismatches.Add(mismatchesOf(t))
	g.how.stats.send(t) // by the worker whose tally counts, so that nothing is sent twice
	return nil
}

// split judges one split and commits its mismatches. The tally is the
// caller's to commit, afterwards.
func (g *judger) split(ctx context.Context, s dataset.Split) (_ *compare.Tally, err error) {
	in, closeAll, err := g.open(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	whole, err := g.j.MismatchSink(s)
	if err != nil {
		return nil, err
	}
	out := g.rec.WithRequests(s, whole)
	defer func() { err = errors.Join(err, out.Close()) }()
	in.Mismatches = out
	t, err := g.judge.Split(ctx, in)
	if err != nil || keptOf(t) == 0 {
		return t, err
	}
	if err := out.Commit(ctx); err != nil && !errors.Is(err, exchange.ErrExists) {
		return nil, err
	}
	return t, nil
}

// open opens both sides of a split as far as equal answers need them. The caller
// closes them.
func (g *judger) open(ctx context.Context, s dataset.Split) (in compare.SplitInput, closeAll func() error, err error) {
	ref, err := g.rec.LazyAnswers(ctx, s)
	if err != nil {
		return in, nil, err
	}
	answers, err := g.run.LazyAnswers(ctx, s, g.later)
	if err != nil {
		return in, nil, errors.Join(err, ref.Close())
	}
	in = inputOf(answers)
	in.Reference, in.Selection = ref, g.run.Info.Selection
	return in, func() error { return errors.Join(ref.Close(), dataset.CloseAnswers(answers)) }, nil
}

// say says what came out. already is how many splits were judged elsewhere or
// before.
func (g *judger) say(already, unsent int) {
	w, mismatches := g.app.stderr, g.mismatches.Load()
	fmt.Fprintf(w, "compare: judgement %s: ", g.j.Info.ID)
	switch {
	case g.made.Load() == 0 && already > 0:
		fmt.Fprintf(w, "nothing is left to judge under these rules; --judgement %s shows it", g.j.Info.ID)
	case already > 0:
		fmt.Fprintf(w, "%s in what was left to judge", counted(mismatches, "mismatch"))
	default:
		fmt.Fprint(w, counted(mismatches, "mismatch"))
	}
	if unsent > 0 {
		fmt.Fprintf(w, "; %s not sent yet", counted(unsent, "split"))
	}
	fmt.Fprintln(w)
}
