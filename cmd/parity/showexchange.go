package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// showExchange judges one exchange again, by the judgement's own rules, and says
// why it has its verdict.
func (a *app) showExchange(ctx context.Context, run *dataset.Run, judgement, id string) error {
	r, err := a.ruling(ctx, run, judgement)
	if err != nil {
		return err
	}
	return find(ctx, run, r.judgement, id, func(f located) error {
		x, err := r.judge.Explain(f.Exchange, f.sent)
		if err != nil {
			return err
		}
		repeated, err := r.repeated(ctx, f)
		if err != nil {
			return err
		}
		var b strings.Builder
		if err := a.writeExchange(&b, f.Exchange); err != nil {
			return err
		}
		a.writeRuling(&b, r)
		writeVerdict(&b, f.Exchange, x)
		if x.Answer != nil {
			writeFact(&b, "mapped", "places and values are of what the target's mapping made of the candidate's answer")
		}
		if repeated != "" {
			writeFact(&b, "repeated", repeated)
		}
		writeDeltas(&b, x)
		writeHidden(&b, x)
		b.WriteByte('\n')
		if err := r.writeEarlier(&b, f.Pair); err != nil {
			return err
		}
		writeSideBySide(&b, f.Exchange, x)
		writeRaw(&b, f.Exchange, x)
		commands, err := a.curls(ctx, run, r.judgement, f.Exchange)
		if err != nil {
			return err
		}
		for i, c := range commands {
			if i > 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "%s:\n%s\n", c.What, c.Line)
		}
		_, err = fmt.Fprint(a.stdout, b.String())
		return err
	})
}

// hiddenWords say what of an exchange capture hid.
var hiddenWords = map[string]string{
	"request": "something of the request; the candidate may have needed it",
	"answer":  "something of the recorded answer, where no candidate gives what stands there now",
	"both":    "something of the request, which the candidate may have needed, and of the recorded answer, where no candidate gives what stands there now",
}

func (a *app) writeExchange(b *strings.Builder, e *exchange.Exchange) error {
	id := e.ID.String()
	if e.Request.SourceID != "" {
		id += "  (" + e.Request.SourceID + ")"
	}
	writeFact(b, "exchange", id)
	writeFact(b, "model", strings.TrimSpace(e.Model+" "+e.ModelVersion))
	writeFact(b, "time", stamp(e.Time))
	writeFact(b, "request", fmt.Sprintf("%s %s  (%s, %s)", e.Request.Method, e.Request.Path, cmp.Or(e.Request.ContentType, "no type"), size(int64(len(e.Request.Body)))))
	hidden, err := e.Hidden()
	if hidden != "" {
		writeFact(b, "redacted", cmp.Or(hiddenWords[hidden], hidden))
	}
	return err
}

// writeRuling says by what is judged.
func (a *app) writeRuling(b *strings.Builder, r ruling) {
	switch j := r.judgement; {
	case j == nil && a.configPath != "":
		writeFact(b, "judgement", "none yet by the rules of "+a.configPath)
	case j == nil:
		writeFact(b, "judgement", "none yet")
	default:
		text := j.Info.ID
		if j.Info.Control != "" {
			text += ", noise by the control " + j.Info.Control
		}
		if j.Info.JudgeVersion != compare.Version {
			text += fmt.Sprintf("; but that was made by version %d of the judge, and this is %d, which may say otherwise: `parity compare` judges the run anew", j.Info.JudgeVersion, compare.Version)
		}
		writeFact(b, "judgement", text)
	}
	rules := string(r.rules)
	if rules == "{}" {
		rules = "the default ones"
	}
	writeFact(b, "rules", clip(rules, 400))
	if len(r.mapping) > 0 {
		writeFact(b, "mapping", "of the candidate's answers: "+clip(string(r.mapping), 400))
	}
}

// writeVerdict says what the exchange is, and why.
func writeVerdict(b *strings.Builder, e *exchange.Exchange, x *compare.Explanation) {
	verdict := string(x.Outcome)
	if x.Reason != "" {
		verdict += " (" + x.Reason + ")"
	}
	writeFact(b, "verdict", verdict+": "+why(e, x))
	for _, side := range []struct{ name, text string }{{"reference", x.ReferenceError}, {"candidate", x.CandidateError}, {"error", e.Candidate.Error}} {
		if side.text != "" {
			writeFact(b, side.name, side.text)
		}
	}
	writeDelivery(b, &e.Candidate)
	if len(x.Decisions) == 1 && !x.Decisions[0].Flip {
		writeFact(b, "decision", x.Decisions[0].Reference+", on both sides")
	}
	if x.Mapped {
		writeFact(b, "mapped", "the jq rules were applied first: places and values are of what they made of both answers")
	}
}

// writeDelivery shows how the answer came about, where that was not by the first
// attempt at a warm endpoint. Compare has read it before.
func writeDelivery(b *strings.Builder, c *exchange.Candidate) {
	d, _ := c.HowDelivered()
	if d.Variant != "" {
		writeFact(b, "variant", d.Variant)
	}
	if d.Cold {
		writeFact(b, "cold", "the endpoint may have been starting: this is no part of its latencies")
	}
	for i, a := range d.Attempts {
		text := fmt.Sprintf("%d, sent %s: %s after %s", i+1, stamp(a.Sent), a.Failure, milliseconds(time.Duration(a.LatencyUS)*time.Microsecond))
		if a.Status != 0 {
			text += fmt.Sprintf(", status %d", a.Status)
		}
		for _, said := range []string{a.Error, a.Body} {
			if said != "" {
				text += ": " + said
			}
		}
		writeFact(b, "attempt", text)
	}
}

// writeRaw shows the candidate's answer as it came, where it was mapped.
func writeRaw(b *strings.Builder, e *exchange.Exchange, x *compare.Explanation) {
	if x.Answer == nil {
		return
	}
	b.WriteString("what the candidate answered, before the mapping:\n")
	writeBody(b, &e.Candidate.Answer)
	b.WriteByte('\n')
}

// writeEarlier shows what the exchange was answered before it was sent again.
func (r ruling) writeEarlier(b *strings.Builder, p compare.Pair) error {
	for i := range p.Earlier {
		was := *p.Exchange
		was.Candidate = p.Earlier[i].Candidate
		x, err := r.judge.Explain(&was, true)
		if err != nil {
			return err
		}
		writeGiven(b, p.Earlier[i].Given)
		writeDelivery(b, &was.Candidate)
		writeSideBySide(b, &was, x)
		b.WriteByte('\n')
	}
	if len(p.Earlier) > 0 {
		writeGiven(b, p.Given)
	}
	return nil
}

func writeGiven(b *strings.Builder, g compare.Given) {
	fmt.Fprintf(b, "generation g%d", g.Generation)
	if g.Concurrency > 0 {
		fmt.Fprintf(b, ", at concurrency %d", g.Concurrency)
	}
	if g.InFlight > 0 && g.InFlight < g.Concurrency {
		fmt.Fprintf(b, ", with at most %d in flight to its endpoint", g.InFlight)
	}
	b.WriteByte('\n')
}
