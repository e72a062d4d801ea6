package explorer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

const (
	pageRows    = 50
	scanRows    = 200_000 // read for one page at most: what is rare is searched for in several
	shownDeltas = 3       // of an exchange in the list
)

// mismatchPage is one page of the list.
type mismatchPage struct {
	place
	filter
	Rows         []mismatch
	Scanned      int64
	First, Next  string // links; "" where there is none
	Everything   string // without the filter
	SomeScanned  bool   // the filter passed over others
	KnowsNothing bool   // the set is empty
}

// filter says which mismatches are listed. "" is all.
type filter struct {
	Model     string // a name, or a glob
	Signature string // as deltas have it, "$.scores[*].value number"
}

// mismatch is a row of the list.
type mismatch struct {
	ID, Time, Model, Version, Link string
	Deltas                         []compare.Delta
	More                           int
}

// position is the row that a page begins with.
type position struct {
	split int
	row   int64
}

func (p position) String() string { return fmt.Sprintf("%d.%d", p.split, p.row) }

func parsePosition(text string) (p position, err error) {
	if text == "" {
		return p, nil
	}
	if n, err := fmt.Sscanf(text, "%d.%d", &p.split, &p.row); n != 2 || err != nil || p.split < 0 || p.row < 0 || p.String() != text {
		return p, notFound(fmt.Sprintf("from=%q is no place in the list", clip(text)))
	}
	return p, nil
}

func (x *explorer) mismatches(r *http.Request) (view, error) {
	p, err := x.openJudgement(r)
	if err != nil {
		return view{}, err
	}
	from, err := parsePosition(r.FormValue("from"))
	if err != nil {
		return view{}, err
	}
	page := mismatchPage{place: p, filter: filter{r.FormValue("model"), r.FormValue("signature")}, Everything: p.link("mismatches")}
	next, err := page.scan(r.Context(), from)
	if err != nil {
		return view{}, err
	}
	if next != nil {
		page.Next = p.link("mismatches", "model", page.Model, "signature", page.Signature, "from", next.String())
	}
	if from != (position{}) {
		page.First = p.link("mismatches", "model", page.Model, "signature", page.Signature)
	}
	page.SomeScanned = page.Scanned > int64(len(page.Rows))
	return view{Title: "Mismatches of " + p.At, Trail: p.trail("mismatches"), Body: page}, nil
}

var errFull = errors.New("the page is full")

// scan reads keys and verdicts from a row on, until the page is full or enough
// was read. It returns where the next page begins; nil: this was the last one.
func (m *mismatchPage) scan(ctx context.Context, from position) (next *position, err error) {
	splits, err := m.J.MismatchSplits(ctx)
	if err != nil {
		return nil, err
	}
	match := m.matcher()
	m.KnowsNothing = len(splits) == 0
	for _, split := range splits {
		if split < from.split {
			continue
		}
		row := int64(0)
		if split == from.split {
			row = from.row
		}
		src, err := m.J.Mismatches(ctx, split, exchange.VerdictSide, row)
		if err != nil {
			return nil, err
		}
		err = dataset.EachRow(ctx, src, func(e *exchange.Exchange) error {
			if len(m.Rows) == pageRows || m.Scanned == scanRows {
				return errFull
			}
			m.Scanned++
			row++
			if match(e) {
				m.add(split, e)
			}
			return nil
		})
		if errors.Is(err, errFull) {
			return &position{split, row}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// matcher says of a row whether the filter has it. Deltas are not parsed for it
// where they name their signatures: the search may pass over many.
func (f *filter) matcher() func(*exchange.Exchange) bool {
	named := []byte(`"signature":`)
	text, err := json.Marshal(f.Signature)
	if err != nil {
		text = nil // of a string it can be
	}
	wanted := append(bytes.Clone(named), text...)
	return func(e *exchange.Exchange) bool {
		switch {
		case f.Model != "" && f.Model != e.Model && !exchange.Glob(f.Model, e.Model):
			return false
		case f.Signature == "" || bytes.Contains(e.Verdict.Deltas, wanted):
			return true
		case bytes.Contains(e.Verdict.Deltas, named):
			return false
		}
		found := false // a set of before deltas named them
		_, _ = eachDelta(e.Verdict.Deltas, func(d compare.Delta) { found = found || signatureOf(d) == f.Signature })
		return found
	}
}

// add takes a row into the list, with those deltas first that are asked for.
func (m *mismatchPage) add(split int, e *exchange.Exchange) {
	row := mismatch{
		ID: e.ID.String(), Time: moment(e.Time.Time()), Model: e.Model, Version: e.ModelVersion,
		Link: m.link("exchange", "split", fmt.Sprint(split), "exchange", e.ID.String()),
	}
	var others []compare.Delta
	n, _ := eachDelta(e.Verdict.Deltas, func(d compare.Delta) {
		switch {
		case m.Signature != "" && signatureOf(d) == m.Signature && len(row.Deltas) < shownDeltas:
			row.Deltas = append(row.Deltas, d)
		case len(others) < shownDeltas:
			others = append(others, d)
		}
	})
	row.Deltas = append(row.Deltas, others...)
	row.Deltas = row.Deltas[:min(len(row.Deltas), shownDeltas)]
	row.More = n - len(row.Deltas)
	m.Rows = append(m.Rows, row)
}

// eachDelta calls fn with the deltas of a row, one after the other.
func eachDelta(text []byte, fn func(compare.Delta)) (n int, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if _, err := dec.Token(); err != nil {
		return 0, err
	}
	for dec.More() {
		var d compare.Delta
		if err := dec.Decode(&d); err != nil {
			return n, err
		}
		n++
		fn(d)
	}
	return n, nil
}

var index = regexp.MustCompile(`\[\d+\]`)

// signatureOf names a delta's signature. Of one that does not name it, it is told
// by its path, which is right where no rule folds names and no name looks like an
// index.
func signatureOf(d compare.Delta) string {
	switch {
	case d.Signature != "":
		return d.Signature
	case d.Kind == compare.KindStatus:
		return d.Reference + "→" + d.Candidate + " " + string(d.Kind)
	}
	return strings.TrimSpace(index.ReplaceAllString(d.Path, "[*]") + " " + string(d.Kind))
}
