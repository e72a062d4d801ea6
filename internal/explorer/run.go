package explorer

import (
	"bytes"
	"context"
	"net/http"
	"slices"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/report"
)

// How much the page of a judgement lists; the report has all of it.
const (
	mostModels     = 200
	mostSignatures = 300
)

// runPage is a run and its judgements, the latest first.
type runPage struct {
	place
	Judgements []judged
	Sent       int   // splits
	Splits     int   // of the plan
	Planned    int64 // exchanges
}

type judged struct {
	dataset.JudgementInfo
	Splits           int
	Link, Mismatches string
}

func (x *explorer) run(r *http.Request) (view, error) {
	p, err := x.openRun(r)
	if err != nil {
		return view{}, err
	}
	ctx, page := r.Context(), runPage{place: p}
	plan, _, err := p.Run.Plan(ctx)
	if err != nil {
		return view{}, err
	}
	results, err := p.Run.Results(ctx)
	if err != nil {
		return view{}, err
	}
	page.Sent, page.Splits, page.Planned = len(results), len(plan), dataset.Planned(plan)
	all, err := p.Run.Judgements(ctx)
	if err != nil {
		return view{}, err
	}
	for _, j := range slices.Backward(all) {
		splits, err := j.Judged(ctx)
		if err != nil {
			return view{}, err
		}
		at := place{At: p.At, ID: j.Info.ID}
		page.Judgements = append(page.Judgements, judged{j.Info, len(splits), at.link("judgement"), at.link("mismatches")})
	}
	return view{Title: p.At, Trail: p.trail("run"), Body: page}, nil
}

// judgementPage is what a judgement says.
type judgementPage struct {
	place
	Summary    *report.Summary
	Models     []modelRow
	Signatures []signatureRow
	MoreModels int
	MoreSigns  int
	Commands   []Command
	All, HTML  string // links
}

type modelRow struct {
	report.Model
	Link string
}

type signatureRow struct {
	report.Signature
	Model, Link string
}

func (x *explorer) judgement(r *http.Request) (view, error) {
	p, err := x.openJudgement(r)
	if err != nil {
		return view{}, err
	}
	e, err := x.summary(r.Context(), p)
	if err != nil {
		return view{}, err
	}
	page := judgementPage{place: p, Summary: e.summary, Commands: x.engine.Commands(p.Run, p.J), All: p.link("mismatches"), HTML: p.link("report")}
	for _, m := range e.summary.Models {
		page.Models = append(page.Models, modelRow{m, p.link("mismatches", "model", m.Name)})
		for _, s := range m.Signatures {
			if s.Exchanges > s.Noise {
				page.Signatures = append(page.Signatures, signatureRow{s, m.Name, p.link("mismatches", "model", m.Name, "signature", nameOf(s))})
			}
		}
	}
	slices.SortStableFunc(page.Models, func(a, b modelRow) int { return int(b.Ledger.Mismatch - a.Ledger.Mismatch) })
	slices.SortStableFunc(page.Signatures, func(a, b signatureRow) int {
		return int(b.Exchanges - b.Noise - (a.Exchanges - a.Noise))
	})
	page.Models, page.MoreModels = first(page.Models, mostModels)
	page.Signatures, page.MoreSigns = first(page.Signatures, mostSignatures)
	return view{Title: p.At, Trail: p.trail("judgement"), Body: page}, nil
}

// nameOf spells a signature as deltas have it.
func nameOf(s report.Signature) string { return s.Path + " " + string(s.Kind) }

func first[T any](list []T, most int) (shown []T, more int) {
	n := min(len(list), most)
	return list[:n], len(list) - n
}

// summary asks the engine once for each stage of a judgement.
func (x *explorer) summary(ctx context.Context, p place) (*entry, error) {
	stage, err := p.stage(ctx)
	if err != nil {
		return nil, err
	}
	state, err := x.engine.State()
	if err != nil {
		return nil, err
	}
	e := x.cache.get(stage + " " + state)
	if err := e.lock(ctx); err != nil {
		return nil, err
	}
	defer e.unlock()
	if e.summary == nil {
		e.summary, err = x.engine.Summary(ctx, p.Run, p.J)
	}
	return e, err
}

// reportPolicy leaves the rest to the page's own policy, in its head, which allows
// its one script by its digest.
const reportPolicy = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

// report is the HTML report as `parity report` writes it.
func (x *explorer) report(r *http.Request) (answer, error) {
	p, err := x.openJudgement(r)
	if err != nil {
		return answer{}, err
	}
	e, err := x.summary(r.Context(), p)
	if err != nil {
		return answer{}, err
	}
	if err := e.lock(r.Context()); err != nil {
		return answer{}, err
	}
	defer e.unlock()
	if e.html == nil {
		var b bytes.Buffer
		if err := x.engine.WriteReport(r.Context(), e.summary, &b); err != nil {
			return answer{}, err
		}
		e.html = b.Bytes()
	}
	return answer{http.StatusOK, reportPolicy, e.html}, nil
}
