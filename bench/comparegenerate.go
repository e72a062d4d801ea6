package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/store"
)

// objectRows is how many exchanges an object has: some 64 MiB.
const objectRows = 100_000

// mismatchEvery is the share of pairs that differ: one in a hundred.
const mismatchEvery = 100

var start = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

// generate makes dir/recording and the runs dir/identical and dir/reformatted.
// The same number of pairs makes the same bytes, but for the runs' times.
func generate(ctx context.Context, dir string, pairs int) error {
	recording := filepath.Join(dir, "recording")
	if err := writeRecording(ctx, recording, pairs, 300); err != nil {
		return err
	}
	rec, err := dataset.OpenRecording(ctx, recording)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := writeRun(ctx, rec, filepath.Join(dir, set.name), set); err != nil {
			return fmt.Errorf("write run %s: %w", set.name, err)
		}
	}
	return nil
}

// writeRecording writes n exchanges with request bodies of about so many bytes.
func writeRecording(ctx context.Context, location string, n, size int) error {
	b, err := store.Open(ctx, location)
	if err != nil {
		return err
	}
	for from := 0; from < n; from += objectRows {
		if err := writeObject(ctx, b, from, min(from+objectRows, n), size); err != nil {
			return fmt.Errorf("write exchanges %d ff. of the recording: %w", from, err)
		}
	}
	return nil
}

// writeObject writes the exchanges from to end as one object of the recording.
func writeObject(ctx context.Context, b store.Bucket, from, end, size int) (err error) {
	info := dataset.ObjectInfo{Hour: start, Instance: "bench", ID: exchange.DeriveID(start, fmt.Append(nil, "object ", from))}
	w, err := dataset.NewObject(b, info, dataset.Limits{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	var batch exchange.Batch
	for i := from; i < end; i++ {
		batch.Rows = append(batch.Rows, newExchange(i, size))
		if len(batch.Rows) == 1000 || i == end-1 {
			if err := w.Write(ctx, &batch); err != nil {
				return err
			}
			batch.Rows = batch.Rows[:0]
		}
	}
	return w.Commit(ctx)
}

func newExchange(i, size int) exchange.Exchange {
	at := start.Add(time.Duration(i) * 100 * time.Microsecond)
	e := exchange.Exchange{
		ID: exchange.DeriveID(at, fmt.Append(nil, i)), Time: exchange.At(at),
		Model: fmt.Sprintf("review-%02d", i%40), ModelVersion: "3",
	}
	r := random(e.ID)
	body := []byte(`{"text":"`)
	for len(body) < size-10 {
		body = append(append(body, words[r.IntN(len(words))]...), ' ')
	}
	e.Request = exchange.Request{
		SourceID: fmt.Sprintf("%016x", r.Uint64()), Method: "POST", Path: "/models/" + e.Model, ContentType: "application/json",
		Headers: []byte(`[["accept","application/json"],["content-type","application/json"],["user-agent","reviews/2.1"]]`),
		Body:    append(body, `"}`...),
	}
	e.RequestHash = exchange.HashRequest(&e)
	a := newAnswer(&e)
	e.Reference = reply(a.compact(nil), at)
	e.Reference.LatencyUS = 900 + r.Int64N(2000)
	e.Reference.FirstByteUS = e.Reference.LatencyUS - 20
	return e
}

// reply is an answer as it is recorded, with the headers that most servers send.
func reply(body []byte, at time.Time) exchange.Answer {
	return exchange.Answer{
		Status: 200, ContentType: "application/json", Body: body,
		Headers: fmt.Appendf(nil, `[["content-length","%d"],["content-type","application/json"],["date","%s"]]`,
			len(body), at.Format(time.RFC1123)),
	}
}

// writeRun writes a run whose every answer is the recording's in the set's
// form, but for one in mismatchEvery.
func writeRun(ctx context.Context, rec *dataset.Recording, location string, set set) error {
	run, err := dataset.CreateRun(ctx, location, dataset.RunInfo{
		ID: set.name, Created: start, Recording: rec.Location, Target: "http://bench.invalid",
	})
	if err != nil {
		return err
	}
	plan, err := rec.Plan(ctx, exchange.Selection{}, nil)
	if err != nil {
		return err
	}
	splits, err := run.FreezePlan(ctx, plan)
	if err != nil {
		return err
	}
	n := 0
	for _, s := range splits {
		if err := writeResult(ctx, rec, run, s, set, &n); err != nil {
			return err
		}
	}
	return nil
}

// writeResult writes the answers of one split; n counts the pairs of all.
func writeResult(ctx context.Context, rec *dataset.Recording, run *dataset.Run, s dataset.Split, set set, n *int) (err error) {
	src, err := rec.Source(ctx, s, exchange.KeySide)
	if err != nil {
		return err
	}
	w, err := run.ResultSink(s, 0)
	if err != nil {
		return errors.Join(err, src.Close())
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	err = dataset.EachRow(ctx, src, func(e *exchange.Exchange) error {
		a := newAnswer(e)
		if *n++; *n%mismatchEvery == 0 {
			a.spoil(*n / mismatchEvery)
		}
		sent := e.Time.Time().Add(24 * time.Hour)
		out := *e
		out.Candidate = exchange.Candidate{Answer: reply(set.body(&a, nil), sent), Due: exchange.At(sent), Sent: exchange.At(sent)}
		out.Candidate.LatencyUS = 800 + int64(e.ID[15])*4
		out.Candidate.FirstByteUS = out.Candidate.LatencyUS - 20
		return w.Write(ctx, &exchange.Batch{Rows: []exchange.Exchange{out}})
	})
	if err != nil {
		return err
	}
	return w.Commit(ctx)
}
