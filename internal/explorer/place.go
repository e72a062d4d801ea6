package explorer

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/store"
)

// place is where a page is: a run below the store, one of its judgements.
type place struct {
	At  string // the run's path below the store
	ID  string // the judgement's
	Run *dataset.Run
	J   *dataset.Judgement
}

var judgementID = regexp.MustCompile(`^[0-9a-f]{16}$`)

// openRun opens the run that a request names.
func (x *explorer) openRun(r *http.Request) (place, error) {
	p := place{At: r.FormValue("at")}
	if !below(p.At) {
		return p, notFound(fmt.Sprintf("at=%q is no path below the store", clip(p.At)))
	}
	var err error
	p.Run, err = dataset.OpenRun(r.Context(), store.Join(x.store, p.At))
	return p, err
}

// openJudgement opens the run and the judgement.
func (x *explorer) openJudgement(r *http.Request) (place, error) {
	p, err := x.openRun(r)
	if err != nil {
		return p, err
	}
	if p.ID = r.FormValue("id"); !judgementID.MatchString(p.ID) {
		return p, notFound(fmt.Sprintf("id=%q is no judgement's", clip(p.ID)))
	}
	p.J, err = p.Run.Judgement(r.Context(), p.ID)
	return p, err
}

// longestPath and longestName are what S3 and file systems take.
const (
	longestPath = 1024
	longestName = 255
)

// below says whether a path can be one that stays below the store.
func below(at string) bool {
	if len(at) > longestPath || !fs.ValidPath(at) || strings.ContainsFunc(at, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(at, "/"), func(name string) bool { return len(name) > longestName })
}

// relative is a dataset's path below the store.
func relative(root, location string) string {
	root = store.Join(root)
	if rest, ok := strings.CutPrefix(location, strings.TrimSuffix(root, "/")+"/"); ok {
		return rest
	}
	if location == root {
		return "."
	}
	return location // of the store "."
}

// link spells the address of a page.
func (p place) link(page string, more ...string) string {
	q := url.Values{"at": {p.At}}
	if p.ID != "" {
		q.Set("id", p.ID)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	return "/" + page + "?" + q.Encode()
}

// stage identifies what a judgement says so far: it grows as splits are sent,
// and judged.
func (p place) stage(ctx context.Context) (string, error) {
	judged, err := p.J.Judged(ctx)
	if err != nil {
		return "", err
	}
	results, err := p.Run.Results(ctx)
	if err != nil {
		return "", err
	}
	generations, err := p.Run.Generations(ctx)
	return fmt.Sprint(p.Run.Info.ID, " ", p.At, " ", p.ID, " ", len(judged), " ", len(results), " ", len(dataset.Complete(generations))), err
}
