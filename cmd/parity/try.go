package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/replay"
)

// mostTries is how many exchanges --try sends at most: all of them are held, and
// read by a person.
const mostTries = 100

// refuseWithTry names the first flag that is about a run.
func refuseWithTry(cmd *cobra.Command, n int) error {
	for _, name := range []string{"out", "again", "shard", "dry-run", "max-requests"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s does not go with --try, which shows what a few exchanges become and writes no run: leave --%s out", name, name)
		}
	}
	if n < 1 || n > mostTries {
		return fmt.Errorf("--try %d: must be from 1 to %d exchanges", n, mostTries)
	}
	return nil
}

// try sends a few exchanges and shows what became of each, on its way there and
// back. Nothing is written.
func (a *app) try(ctx context.Context, recording string, f replayFlags) error {
	opts, _, err := a.replayOptions(f)
	if err != nil {
		return err
	}
	judge, answers, err := a.tryJudge(f.target)
	if err != nil {
		return err
	}
	rec, err := dataset.OpenRecording(ctx, recording)
	if err != nil {
		return err
	}
	chosen, err := chooseTries(ctx, rec.Narrow(opts.Selection, nil), opts.Selection, f.try)
	if err != nil {
		return err
	}
	tried, err := replay.Try(ctx, opts, chosen)
	if err != nil {
		return err
	}
	for i := range tried {
		e := &chosen[i]
		e.Candidate = tried[i].Candidate
		x, err := judge.Explain(e, true)
		if err != nil {
			return err
		}
		var b strings.Builder
		if f.dry.json {
			err = writeTriedJSON(&b, opts, answers, e, &tried[i], x)
		} else {
			a.writeTried(&b, opts, answers, e, &tried[i])
			writeVerdict(&b, e, x)
			writeDeltas(&b, x)
			b.WriteByte('\n')
		}
		if err == nil {
			_, err = fmt.Fprint(a.stdout, b.String())
		}
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stderr, "replay: tried %s; nothing is written\n", counted(len(tried), "exchange"))
	return nil
}

// tryJudge judges by the config: its rules, and its mapping of the target's answers.
func (a *app) tryJudge(target string) (*compare.Judge, mapping.Set, error) {
	name, text, err := a.answersOf(target)
	if err != nil {
		return nil, mapping.Set{}, err
	}
	answers, err := mapping.ParseSet(text)
	if err != nil {
		return nil, answers, err
	}
	answers.Place = mappingPlace(name)
	rules, err := a.rules()
	if err != nil {
		return nil, answers, err
	}
	judge, err := compare.NewJudge(rules, compare.Options{Answers: answers})
	return judge, answers, err
}

// writeTried shows the way of one exchange. All of it may be hostile.
func (a *app) writeTried(b *strings.Builder, opts replay.Options, answers mapping.Set, e *exchange.Exchange, t *replay.Tried) {
	a.writeExchange(b, e)
	writeBody(b, requestBody(&e.Request))
	to := sentTo(opts, e)
	c := &t.Candidate
	if c.Sent == 0 {
		writeFact(b, "not sent", "to "+to+": "+c.Error)
		return
	}
	writeFact(b, "sent", "to "+to+"  ("+typeAndSize(t.Request.ContentType, t.Request.Body)+")")
	if string(t.Request.Body) != string(e.Request.Body) {
		writeBody(b, requestBody(&t.Request))
	}
	took := fmt.Sprintf("%.1f ms", float64(c.LatencyUS)/1000)
	if c.Failure != "" {
		writeFact(b, "answer", strings.TrimPrefix(fmt.Sprintf("%d %s after %s: %s", c.Status, c.Failure, took, c.Error), "0 "))
	} else {
		writeFact(b, "answer", fmt.Sprintf("%d after %s  (%s)", c.Status, took, typeAndSize(c.ContentType, c.Body)))
		if replay.IsRedirect(c.Status) && c.Status != e.Reference.Status {
			writeFact(b, "redirect", "to "+location(&c.Answer)+": "+redirectAdvice)
		}
		writeBody(b, &c.Answer)
		writeMapped(b, answers, e.Model, &c.Answer)
	}
	writeFact(b, "recorded", fmt.Sprintf("%d after %.1f ms  (%s)", e.Reference.Status, float64(e.Reference.LatencyUS)/1000, typeAndSize(e.Reference.ContentType, e.Reference.Body)))
	writeBody(b, &e.Reference)
}

// sentTo is where e goes, or the target where that can't be said.
func sentTo(opts replay.Options, e *exchange.Exchange) string {
	if replay.IsSageMaker(opts.Target) {
		if call, err := replay.NewInvocation(opts, e); err == nil {
			return "sagemaker://" + call.Endpoint
		}
		return opts.Target
	}
	if to, err := replay.RequestURL(opts.Target, e); err == nil {
		return to
	}
	return opts.Target
}

// location is where an answer says that the request belongs.
func location(a *exchange.Answer) string {
	fields, _ := exchange.DecodeHeaders(a.Headers)
	for _, f := range fields {
		if strings.EqualFold(f.Name, "location") {
			return clip(f.Value, 200)
		}
	}
	return "no place"
}

// writeMapped shows what the mapping makes of an answer, if it is mapped.
func writeMapped(b *strings.Builder, answers mapping.Set, model string, a *exchange.Answer) {
	mapped, err := compare.MapAnswer(answers, model, a)
	switch {
	case err != nil:
		writeFact(b, "mapped", "it can't be: "+err.Error())
	case mapped != a:
		writeFact(b, "mapped", "to be compared with the recorded one  ("+typeAndSize(mapped.ContentType, mapped.Body)+")")
		writeBody(b, mapped)
	}
}

func requestBody(r *exchange.Request) *exchange.Answer {
	return &exchange.Answer{Headers: r.Headers, ContentType: r.ContentType, Body: r.Body}
}

func typeAndSize(kind string, body []byte) string {
	return cmp.Or(kind, "no type") + ", " + size(int64(len(body)))
}
