package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/report"
)

// How much of a mismatch set is read for a page.
const (
	exhibitSplits = 256     // evenly spread, where there are more
	exhibitBody   = 1 << 20 // bytes of both answers of an exchange; longer ones are not laid side by side
	exhibitRows   = 40
	exhibitFold   = 3
	exhibitText   = 160 // bytes of a literal
)

// exhibits reads what the page of s shows of the judgement's mismatch set.
func (a *app) exhibits(ctx context.Context, s *report.Summary) (none report.Exhibits, err error) {
	run, err := dataset.OpenRun(ctx, s.Info.Run)
	if err != nil {
		return none, err
	}
	r, err := a.ruling(ctx, run, s.Info.Judgement)
	if err != nil {
		return none, err
	}
	rec, err := dataset.OpenRecording(ctx, r.judgement.MismatchLocation())
	if errors.Is(err, dataset.ErrNoRecording) {
		return none, nil // nothing differs, or what does was deleted
	}
	if err != nil {
		return none, err
	}
	splits, err := rec.Splits(ctx)
	if err != nil {
		return none, err
	}
	c := report.NewCurator(s)
	splits = spread(splits, exhibitSplits)
	holds := make([]map[exchange.ID]bool, len(splits)) // which mismatches each split has that may be shown
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, split := range splits {
		g.Go(func() (err error) {
			holds[i], err = offer(gctx, rec, split, c)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return none, err
	}
	wanted := c.Wanted()
	for i, split := range splits {
		maps.DeleteFunc(holds[i], func(id exchange.ID, _ bool) bool { return !wanted[id] })
		if len(holds[i]) == 0 {
			continue
		}
		err := rec.Pick(ctx, split, holds[i], exchange.MismatchSides, func(e *exchange.Exchange) error { return r.exhibit(c, e) })
		if err != nil {
			return none, err
		}
	}
	return c.Exhibits(), nil
}

// spread takes most of a list, evenly.
func spread(splits []dataset.Split, most int) []dataset.Split {
	if len(splits) <= most {
		return splits
	}
	list := make([]dataset.Split, most)
	for i := range list {
		list[i] = splits[i*len(splits)/most]
	}
	return list
}

// offer offers the deltas of a split's mismatches, and lists the few that the
// curator may want.
func offer(ctx context.Context, rec *dataset.Recording, s dataset.Split, c *report.Curator) (map[exchange.ID]bool, error) {
	ids := map[exchange.ID]bool{}
	src, err := rec.Source(ctx, s, exchange.VerdictSide)
	if err != nil {
		return nil, err
	}
	return ids, dataset.EachRow(ctx, src, func(e *exchange.Exchange) error {
		if !c.Wants(e.Model) {
			return nil
		}
		kept, err := c.Offer(e)
		if kept {
			ids[e.ID] = true
		}
		return err
	})
}

// exhibit lays the answers of a mismatch side by side.
func (r ruling) exhibit(c *report.Curator, e *exchange.Exchange) error {
	shown := report.Answers{
		ID: e.ID, Time: e.Time.Time(), Request: requestText(&e.Request), Reference: answerText(&e.Reference), Candidate: answerText(&e.Candidate.Answer),
	}
	if len(e.Reference.Body)+len(e.Candidate.Body) <= exhibitBody {
		x, err := r.judge.Explain(e, true)
		if err != nil {
			return err
		}
		shown.Sheet = compare.Beside(e, x, compare.BesideOptions{MaxRows: exhibitRows, MaxLiteral: exhibitText, Fold: exhibitFold})
	}
	c.Show(shown)
	return nil
}

// requestText is the first line of a request, and the beginning of its body.
func requestText(r *exchange.Request) string {
	const most = 1 << 10
	text := r.Method + " " + r.Path
	switch body := r.Body; {
	case len(body) == 0:
	case !utf8.Valid(body[:min(len(body), most)]) && !utf8.Valid(body):
		text += fmt.Sprintf("\n%s that are no text", size(int64(len(body))))
	default:
		text += "\n" + string(body[:min(len(body), most)])
	}
	return text
}

// answerText is what an answer is beside its body.
func answerText(a *exchange.Answer) string {
	status := fmt.Sprint(a.Status)
	if a.Failure != "" {
		status = strings.TrimPrefix(status+" ", "0 ") + string(a.Failure)
	}
	return fmt.Sprintf("%s · %s · %.1f ms", status, size(int64(len(a.Body))), float64(a.LatencyUS)/1000)
}
