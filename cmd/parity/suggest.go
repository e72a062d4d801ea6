package main

import (
	"context"
	"fmt"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
)

// suggest prints rules that would make the models pass.
func (a *app) suggest(ctx context.Context, run *dataset.Run, j *dataset.Judgement) error {
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.stdout, compare.Suggest(tally))
	return err
}
