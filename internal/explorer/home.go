package explorer

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/internal/dataset"
)

// mostRuns is how many runs and recordings the first page lists.
const mostRuns = 500

// home is the first page.
type home struct {
	Recordings, Runs []found
	More             int // datasets that are not listed
}

type found struct {
	*dataset.Found
	At   string
	Link string
	Info dataset.RunInfo
	Err  string // why a run can't be opened
}

func (x *explorer) home(r *http.Request) (view, error) {
	all, err := dataset.Find(r.Context(), x.store)
	if err != nil {
		return view{}, err
	}
	var h home
	for _, f := range all {
		list := &h.Recordings
		if f.Kind == dataset.RunKind {
			list = &h.Runs
		}
		if len(*list) == mostRuns {
			h.More++
			continue
		}
		*list = append(*list, found{Found: f, At: relative(x.store, f.Location)})
	}
	openAll(r.Context(), h.Runs)
	slices.SortStableFunc(h.Runs, func(a, b found) int { return b.Info.Created.Compare(a.Info.Created) })
	slices.SortFunc(h.Recordings, func(a, b found) int { return cmp.Compare(a.At, b.At) })
	return view{Title: "Runs", Body: h}, nil
}

// openAll reads what the runs say of themselves. One that is damaged does not
// hide the others.
func openAll(ctx context.Context, runs []found) {
	var g errgroup.Group
	g.SetLimit(8)
	for i := range runs {
		f := &runs[i]
		f.Link = place{At: f.At}.link("run")
		g.Go(func() error {
			run, err := dataset.OpenRun(ctx, f.Location)
			if err != nil {
				f.Err = err.Error()
				return nil
			}
			f.Info = run.Info
			return nil
		})
	}
	_ = g.Wait()
}
