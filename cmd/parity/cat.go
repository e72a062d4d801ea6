package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

func (a *app) catCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cat DATASET",
		Short: "Print exchanges as JSON Lines",
		Long: `Print the exchanges of a recording, a run or a mismatch set as JSON Lines: the import
format, plus "candidate" and "deltas" where there are any. A candidate's "delivery" has
the attempts before the one that counts, and that it was cold.`,
		Example: `  parity cat recording | head -1 | jq .
  parity cat run/mismatches | jq -r '.deltas[].path' | sort | uniq -c
  parity cat run | jq 'select(.candidate.failure != null)'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := bufio.NewWriterSize(a.stdout, 1<<16)
			var buf []byte
			err := eachExchange(cmd.Context(), args[0], func(e *exchange.Exchange, sides exchange.Sides) error {
				var err error
				if buf, err = exchange.AppendLine(buf[:0], e, sides); err != nil {
					return fmt.Errorf("exchange %s: %w", e.ID, err)
				}
				_, err = w.Write(buf)
				return err
			})
			return errors.Join(err, w.Flush())
		},
	}
}

// eachExchange calls fn for every exchange of a recording, a mismatch set, or
// a run, with the sides that it has.
func eachExchange(ctx context.Context, location string, fn func(*exchange.Exchange, exchange.Sides) error) error {
	run, err := dataset.OpenRun(ctx, location)
	if err == nil {
		return eachOfRun(ctx, run, fn)
	}
	if !errors.Is(err, dataset.ErrNoRun) {
		return err
	}
	rec, err := dataset.OpenRecording(ctx, location)
	if err != nil {
		return err
	}
	return rec.Rows(ctx, fn)
}

// eachOfRun lays each result beside the exchange that it answers.
func eachOfRun(ctx context.Context, run *dataset.Run, fn func(*exchange.Exchange, exchange.Sides) error) error {
	return eachAnswerOfRun(ctx, run, func(p compare.Pair) error {
		return fn(p.Exchange, exchange.RecordingSides|exchange.CandidateSide)
	})
}

// eachAnswerOfRun goes by the generations that are complete, as compare does.
func eachAnswerOfRun(ctx context.Context, run *dataset.Run, fn func(compare.Pair) error) error {
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return err
	}
	results, err := run.Results(ctx)
	if err != nil {
		return err
	}
	generations, err := run.Generations(ctx)
	if err != nil {
		return err
	}
	for _, s := range plan {
		if !results[s.Index] {
			continue
		}
		if err := eachAnswer(ctx, run, rec, s, dataset.Complete(generations), exchange.RecordingSides, fn); err != nil {
			return err
		}
	}
	return nil
}

// eachAnswer lays the answers to a split beside the given sides of the recording:
// the last one that each exchange got, and those that it replaced.
func eachAnswer(ctx context.Context, run *dataset.Run, rec *dataset.Recording, s dataset.Split, later []*dataset.Generation, sides exchange.Sides,
	fn func(compare.Pair) error,
) (err error) {
	ref, err := rec.Source(ctx, s, sides)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ref.Close()) }()
	answers, err := run.Answers(ctx, s, later)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dataset.CloseAnswers(answers)) }()
	in := inputOf(answers)
	in.Reference, in.Selection = ref, run.Info.Selection
	if err := compare.EachPair(ctx, in, fn); err != nil {
		return fmt.Errorf("split %s of %s: %w", s.Name(), run.Location, err)
	}
	return nil
}

// inputOf hands a split's answers to compare.
func inputOf(answers []dataset.Answers) compare.SplitInput {
	in := compare.SplitInput{Candidate: answers[0], Concurrency: answers[0].Concurrency, Reached: answers[0].Reached}
	for _, a := range answers[1:] {
		in.Later = append(in.Later, compare.Later{Answers: a, Generation: a.Generation, Concurrency: a.Concurrency, Reached: a.Reached})
	}
	return in
}
