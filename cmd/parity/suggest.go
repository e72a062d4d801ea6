package main

import (
	"context"
	"fmt"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
)

// suggest prints rules that would make the models pass. The judgement's rules are
// the config's.
func (a *app) suggest(ctx context.Context, run *dataset.Run, j *dataset.Judgement) error {
	tally, err := reduce(ctx, run, j)
	if err != nil {
		return err
	}
	rules, err := a.rules()
	if err != nil {
		return err
	}
	text, err := compare.Suggest(tally, rules)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.stdout, text)
	return err
}
