package explorer

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
)

// How much the page of an exchange shows.
const (
	mostDeltas  = 100
	mostRequest = 8 << 10
)

// exchangePage is one exchange with both answers.
type exchangePage struct {
	place
	Explained
	ID, Source, Time, Model, Version string
	Method, Path, Type, Request      string
	Deltas                           []compare.ExplainedDelta
	MoreDeltas                       int64
	Answers, Headers                 []compare.Row
	Sheet                            *compare.Sheet
	Stale                            bool // another version of the judge made the judgement
	Again                            bool // the exchange may have been sent again: the set has the last answer
	SameModel                        string
}

func (x *explorer) exchange(r *http.Request) (view, error) {
	p, err := x.openJudgement(r)
	if err != nil {
		return view{}, err
	}
	id, err := exchange.ParseID(r.FormValue("exchange"))
	if err != nil {
		return view{}, notFound(err.Error())
	}
	splits, err := p.splits(r.Context(), r.FormValue("split"))
	if err != nil {
		return view{}, err
	}
	page := exchangePage{place: p, Stale: p.J.Info.JudgeVersion != compare.Version, Again: p.J.Info.Generations > 0}
	for _, split := range splits {
		found, err := p.J.Mismatch(r.Context(), split, id, func(e *exchange.Exchange) error {
			explained, err := x.engine.Explain(r.Context(), p.Run, p.J, e)
			if err != nil {
				return err
			}
			page.fill(e, explained)
			return nil
		})
		if err != nil {
			return view{}, err
		}
		if found {
			return view{Title: "Exchange " + page.ID, Trail: p.trail("exchange"), Body: page}, nil
		}
	}
	return view{}, notFound(fmt.Sprintf("exchange %s is not among the mismatches of judgement %s", id, p.ID))
}

// splits are those that the exchange may be of.
func (p place) splits(ctx context.Context, split string) ([]int, error) {
	if split == "" {
		return p.J.MismatchSplits(ctx)
	}
	n, err := strconv.Atoi(split)
	if err != nil || n < 0 {
		return nil, notFound(fmt.Sprintf("split=%q is no number of a split", clip(split)))
	}
	return []int{n}, nil
}

// fill takes from the exchange all that the page shows: its bytes are good only
// now.
func (page *exchangePage) fill(e *exchange.Exchange, x *Explained) {
	page.Explained = *x
	page.ID, page.Source, page.Time = e.ID.String(), e.Request.SourceID, moment(e.Time.Time())
	page.Model, page.Version = e.Model, e.ModelVersion
	page.Method, page.Path, page.Type = e.Request.Method, e.Request.Path, e.Request.ContentType
	page.Request = fmt.Sprintf("%s that are no text", size(int64(len(e.Request.Body))))
	if utf8.Valid(e.Request.Body) {
		page.Request = lines(string(e.Request.Body), mostRequest)
	}
	var more int
	page.Deltas, more = first(x.Explanation.Deltas, mostDeltas)
	page.MoreDeltas = x.MoreDelta + int64(more)
	page.Answers, page.Headers = compare.BesideAnswers(e), compare.BesideHeaders(e)
	page.Sheet = compare.Beside(e, x.Explanation, compare.BesideOptions{MaxRows: 1000, MaxLiteral: longest})
	page.SameModel = page.link("mismatches", "model", e.Model)
}

// Row classes and words of a mark, for the page.
var markWords = map[compare.Mark]string{
	compare.Equal: "equal", compare.HeldEqual: "held equal", compare.Differs: "differs", compare.IsNoise: "noise",
	compare.ReferenceOnly: "only the reference has it", compare.CandidateOnly: "only the candidate has it",
	compare.Broken: "can't be read from here on", compare.Unmarked: "",
}

var signs = map[compare.Mark]string{
	compare.HeldEqual: "=", compare.Differs: "≠", compare.IsNoise: "~", compare.ReferenceOnly: "−", compare.CandidateOnly: "+", compare.Broken: "✗",
}

var foldedWords = map[compare.Mark]string{
	compare.Equal: "equal", compare.HeldEqual: "held equal", compare.Unmarked: "not compared",
	compare.ReferenceOnly: "of the reference only", compare.CandidateOnly: "of the candidate only",
}
