package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/internal/exchange"
)

// rehearsal shows what would be recorded of the next exchanges, and ends the sidecar
// then. A sidecar needs a spool for its counts: this one's is its own, and nothing of
// an exchange gets there.
type rehearsal struct {
	out    io.Writer
	json   bool
	left   int
	end    context.CancelFunc
	err    error // of writing to out
	models map[string]*rehearsed
}

// rehearsed counts a model's exchanges.
type rehearsed struct {
	recorded, defect, redacted int
	bytes                      int64 // of bodies and headers
	not                        map[string]int
}

// rehearse makes options those of a dry run. The spool is to be removed.
func (a *app) rehearse(opts *capture.Options, f captureFlags, end context.CancelFunc) (*rehearsal, error) {
	if f.out != "" || f.spool != "" {
		return nil, fmt.Errorf("--dry-run: nothing is recorded; leave --out and --spool out")
	}
	if f.dryRun < 1 {
		return nil, fmt.Errorf("--dry-run %d: must be how many exchanges to show", f.dryRun)
	}
	dir, err := os.MkdirTemp("", "parity-dry-run-*")
	if err != nil {
		return nil, err
	}
	r := &rehearsal{out: a.stdout, json: f.json, left: f.dryRun, end: end, models: map[string]*rehearsed{}}
	opts.Spool, opts.Recording, opts.Preview = dir, "dry run", r.show
	opts.Ship = func(context.Context, capture.Segment) (exchange.Sink, error) { return nowhere{}, nil }
	return r, nil
}

// nowhere takes the object in which a sidecar says what it counted.
type nowhere struct{}

func (nowhere) Write(context.Context, *exchange.Batch) error { return nil }
func (nowhere) Commit(context.Context) error                 { return nil }
func (nowhere) Close() error                                 { return nil }

func (r *rehearsal) show(p capture.Preview) {
	if r.left == 0 {
		return // it came while the sidecar ended
	}
	r.count(&p)
	write := r.text
	if r.json {
		write = r.line
	}
	if r.err = write(&p); r.err != nil {
		r.left = 1 // nobody reads it
	}
	if r.left--; r.left == 0 {
		r.end()
	}
}

func (r *rehearsal) count(p *capture.Preview) {
	e := &p.Exchange
	m := r.models[e.Model]
	if m == nil {
		m = &rehearsed{not: map[string]int{}}
		r.models[e.Model] = m
	}
	if p.NotRecorded != "" {
		m.not[p.NotRecorded]++
		return
	}
	m.recorded++
	m.bytes += int64(len(e.Request.Headers) + len(e.Request.Body) + len(e.Reference.Headers) + len(e.Reference.Body))
	if e.Defect != "" {
		m.defect++
	}
	if redacted(e) != "" {
		m.redacted++
	}
}

// redacted is in what of an exchange something was hidden.
func redacted(e *exchange.Exchange) string {
	o, err := exchange.ParseOrigin(e.Origin)
	if err != nil {
		return ""
	}
	return map[string]string{"request": "the request", "answer": "the answer", "both": "request and answer"}[o.Redacted]
}

// text writes an exchange for people.
func (r *rehearsal) text(p *capture.Preview) error {
	e := &p.Exchange
	var b strings.Builder
	model := e.Model
	if e.ModelVersion != "" {
		model += ", version " + e.ModelVersion
	}
	fmt.Fprintf(&b, "%s  %s  %s %s\n", e.Time.Time().Format("15:04:05.000"), printable(model), printable(e.Request.Method), narrow(printable(e.Request.Path), 100))
	row := func(what, text string) { fmt.Fprintf(&b, "    %-10s %s\n", what, text) }
	if p.NotRecorded != "" {
		row("left out", p.NotRecorded)
		_, err := io.WriteString(r.out, b.String())
		return err
	}
	body := func(what string, body []byte) {
		row(what, fmt.Sprintf("%s  %s", size(int64(len(body))), narrow(printable(string(body[:min(len(body), 400)])), 100)))
	}
	body("request", e.Request.Body)
	if e.Reference.Status > 0 {
		row("status", fmt.Sprintf("%d after %.1f ms", e.Reference.Status, float64(e.Reference.LatencyUS)/1000))
		body("answer", e.Reference.Body)
	} else {
		row("no answer", string(e.Reference.Failure))
	}
	if e.Defect != "" {
		row("defect", fmt.Sprintf("%s: it can't be replayed or judged", e.Defect))
	}
	if e.SamplingProbability < 1 {
		row("sampled", fmt.Sprintf("it was recorded with a probability of %.4g", e.SamplingProbability))
	}
	if where := redacted(e); where != "" {
		row("hidden", "something in "+where)
	}
	if len(p.LeftOut) > 0 {
		row("not kept", printable(strings.Join(p.LeftOut, ", "))+": credentials")
	}
	_, err := io.WriteString(r.out, b.String())
	return err
}

// line writes one as cat would, and why it would not be recorded.
func (r *rehearsal) line(p *capture.Preview) error {
	if p.NotRecorded != "" {
		e := &p.Exchange
		return json.NewEncoder(r.out).Encode(map[string]any{"id": e.ID.String(), "time": e.Time.Time(), "model": e.Model, "not_recorded": p.NotRecorded})
	}
	text, err := exchange.AppendLine(nil, &p.Exchange, exchange.RecordingSides)
	if err == nil && len(p.LeftOut) > 0 {
		names, err := json.Marshal(p.LeftOut)
		if err != nil {
			return err
		}
		text = fmt.Appendf(bytes.TrimSuffix(text, []byte("}\n")), `,"headers_left_out":%s}`+"\n", names)
	}
	if err != nil {
		return err
	}
	_, err = r.out.Write(text)
	return err
}

// summary says what came of each model's.
func (r *rehearsal) summary(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODEL\tWOULD BE RECORDED\tBYTES\tWITH A DEFECT\tREDACTED\tLEFT OUT")
	for _, model := range slices.Sorted(maps.Keys(r.models)) {
		m := r.models[model]
		var not []string
		for _, why := range slices.Sorted(maps.Keys(m.not)) {
			not = append(not, fmt.Sprintf("%d %s", m.not[why], why))
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%s\n", printable(model), m.recorded, size(m.bytes), m.defect, m.redacted, strings.Join(not, ", "))
	}
	return w.Flush()
}
