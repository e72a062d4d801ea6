package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

func (a *app) catCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cat DATASET",
		Short: "Print exchanges as JSON Lines",
		Long: `Print the exchanges of a recording, a run or a mismatch set as JSON Lines: the import
format, plus "candidate" and "deltas" where there are any.`,
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
	plan, rec, err := openPlanned(ctx, run)
	if err != nil {
		return err
	}
	results, err := run.Results(ctx)
	if err != nil {
		return err
	}
	for _, s := range plan {
		if !results[s.Index] {
			continue
		}
		if err := eachOfSplit(ctx, run, rec, s, fn); err != nil {
			return err
		}
	}
	return nil
}

func eachOfSplit(ctx context.Context, run *dataset.Run, rec *dataset.Recording, s dataset.Split, fn func(*exchange.Exchange, exchange.Sides) error) (err error) {
	src, err := run.ResultSource(ctx, s)
	if err != nil {
		return err
	}
	answers := rowReader{src: src}
	defer func() { err = errors.Join(err, src.Close()) }()
	ref, err := rec.Source(ctx, s, exchange.RecordingSides)
	if err != nil {
		return err
	}
	return dataset.EachRow(ctx, ref, func(e *exchange.Exchange) error {
		if !run.Info.Selection.Match(e) {
			return nil
		}
		answer, err := answers.next(ctx)
		if err != nil {
			return fmt.Errorf("answer to %s: %w", e.ID, err)
		}
		if answer.ID != e.ID {
			return fmt.Errorf("split %s of %s answers %s where %s was sent: `parity fsck %s`", s.Name(), run.Location, answer.ID, e.ID, run.Location)
		}
		e.Candidate = answer.Candidate
		return fn(e, exchange.RecordingSides|exchange.CandidateSide)
	})
}

// rowReader reads a source row by row; a row is valid until the next.
type rowReader struct {
	src   exchange.Source
	batch exchange.Batch
	at    int
}

func (r *rowReader) next(ctx context.Context) (*exchange.Exchange, error) {
	for r.at == len(r.batch.Rows) {
		r.at = 0
		if err := r.src.Read(ctx, &r.batch); err == io.EOF {
			r.batch.Rows = nil
			return nil, io.ErrUnexpectedEOF
		} else if err != nil {
			return nil, err
		}
	}
	r.at++
	return &r.batch.Rows[r.at-1], nil
}
