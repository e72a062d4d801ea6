package dataset

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/modelparity/parity/internal/exchange"
)

// Select counts in every split what the selection matches and drops the splits
// that have none. It reads nothing when everything is selected. That a glob, or
// all of it, matches nothing is an error that names what there is.
func (r *Recording) Select(ctx context.Context, splits []Split, sel exchange.Selection) ([]Split, error) {
	if sel.All() {
		return splits, nil
	}
	if err := r.checkSignatures(ctx, splits); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	models := map[string]bool{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i := range splits {
		g.Go(func() error {
			n, seen, err := r.count(gctx, splits[i], sel)
			splits[i].Planned = n
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(models, seen)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if err := r.checkGlobs(sel.Models, models); err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(slices.Clone(splits), func(s Split) bool { return s.Planned == 0 })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no exchange of %s is selected by %s", r.Location, sel)
	}
	for i := range chosen {
		chosen[i].Index = i
	}
	return chosen, nil
}

// count says how many exchanges of a split are selected, and which models it has.
func (r *Recording) count(ctx context.Context, s Split, sel exchange.Selection) (n int64, models map[string]bool, err error) {
	models = map[string]bool{}
	src, err := r.Source(ctx, s, exchange.KeySide)
	if err != nil {
		return 0, nil, err
	}
	err = EachRow(ctx, src, func(e *exchange.Exchange) error {
		models[e.Model] = true
		if sel.Match(e) {
			n++
		}
		return nil
	})
	return n, models, err
}

func (r *Recording) checkGlobs(globs []string, models map[string]bool) error {
	names := slices.Sorted(maps.Keys(models))
	for _, glob := range globs {
		if strings.HasPrefix(glob, "!") {
			continue // that there is nothing to leave out is as well
		}
		if !slices.ContainsFunc(names, func(name string) bool { return exchange.Glob(glob, name) }) {
			const most = 12
			if n := len(names); n > most {
				names = append(names[:most], fmt.Sprintf("… (%d in all)", n))
			}
			return fmt.Errorf("model %q matches none of %s: its models are %s", glob, r.Location, strings.Join(names, ", "))
		}
	}
	return nil
}
