package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/exchange"
)

// trySplits is how many splits, spread evenly, are looked at before it is enough
// to have exchanges of fewer models than are wanted.
const trySplits = 64

// chooseTries reads n exchanges that can be sent, of different models as far as there
// are such. The same recording yields the same.
func chooseTries(ctx context.Context, rec *dataset.Recording, sel exchange.Selection, n int) ([]exchange.Exchange, error) {
	splits, err := rec.Splits(ctx)
	if err != nil {
		return nil, err
	}
	first := spread(splits, trySplits)
	rest := slices.DeleteFunc(slices.Clone(splits), func(s dataset.Split) bool { return slices.Contains(first, s) })
	found := map[string][]tryable{} // by model, those with the lowest hashes
	for i, s := range append(slices.Clone(first), rest...) {
		total := 0
		for _, some := range found {
			total += len(some)
		}
		if len(found) >= n || i >= trySplits && total >= n {
			break
		}
		if err := offerTries(ctx, rec, s, sel, n, found); err != nil {
			return nil, err
		}
	}
	chosen := takeTurns(found, n)
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%s holds no exchanges that can be sent and are chosen (%s): there is nothing to try", rec.Location, sel)
	}
	return readTries(ctx, rec, chosen)
}

// tryable is an exchange that may be tried.
type tryable struct {
	hash  uint64
	id    exchange.ID
	split dataset.Split
}

// offerTries keeps, of each model, the n exchanges with the lowest hashes.
func offerTries(ctx context.Context, rec *dataset.Recording, s dataset.Split, sel exchange.Selection, n int, found map[string][]tryable) error {
	src, err := rec.Source(ctx, s, exchange.KeySide)
	if err != nil {
		return err
	}
	return dataset.EachRow(ctx, src, func(e *exchange.Exchange) error {
		if e.Defect != "" || !sel.Match(e) {
			return nil
		}
		c := tryable{uint64(e.RequestHash), e.ID, s}
		some := found[e.Model]
		at, _ := slices.BinarySearchFunc(some, c, compareTryable)
		if some = slices.Insert(some, at, c); len(some) > n {
			some = some[:n]
		}
		found[strings.Clone(e.Model)] = some
		return nil
	})
}

func compareTryable(a, b tryable) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), slices.Compare(a.id[:], b.id[:]))
}

// takeTurns takes one of each model in turn, by their names, until it has n.
func takeTurns(found map[string][]tryable, n int) (chosen []tryable) {
	models := slices.Sorted(maps.Keys(found))
	for turn := range n {
		for _, m := range models {
			if some := found[m]; turn < len(some) && len(chosen) < n {
				chosen = append(chosen, some[turn])
			}
		}
	}
	return chosen
}

// readTries reads the chosen exchanges whole, in their order.
func readTries(ctx context.Context, rec *dataset.Recording, chosen []tryable) ([]exchange.Exchange, error) {
	all := make([]exchange.Exchange, len(chosen))
	for i, c := range chosen {
		err := rec.Pick(ctx, c.split, map[exchange.ID]bool{c.id: true}, exchange.RecordingSides, func(e *exchange.Exchange) error {
			text := exchange.Append(nil, e, exchange.RecordingSides)
			return exchange.Decode(text, &all[i], exchange.RecordingSides) // a copy, which points into text
		})
		if err == nil && all[i].ID != c.id {
			err = errors.New("an exchange is not where it was: the recording was changed meanwhile")
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
