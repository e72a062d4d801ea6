package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/mapping"
)

// ruling is by what one exchange is judged again.
type ruling struct {
	judge     *compare.Judge
	judgement *dataset.Judgement // nil: none was made by these rules
	rules     []byte             // as applied
	mapping   []byte             // of the candidate's answers; nil: none
}

// ruling is the judgement's own: its rules and what its control showed. Where
// there is no judgement it is the config's rules, or the default ones.
func (a *app) ruling(ctx context.Context, run *dataset.Run, id string) (ruling, error) {
	j, err := a.judgement(ctx, run, id)
	if errors.Is(err, dataset.ErrNotJudged) && id == "" {
		return a.unjudgedRuling(run)
	}
	if err != nil {
		return ruling{}, err
	}
	return rulingOf(ctx, run, j)
}

// rulingOf is a judgement's own.
func rulingOf(ctx context.Context, run *dataset.Run, j *dataset.Judgement) (ruling, error) {
	var rules compare.Rules
	if err := json.Unmarshal(j.Info.Rules, &rules); err != nil {
		return ruling{}, fmt.Errorf("read the rules of judgement %s: %w", j.Info.ID, err)
	}
	var noise *compare.Profile
	if _, err := j.Noise(ctx, &noise); err != nil {
		return ruling{}, err
	}
	answers, err := mapping.ParseSet(j.Info.Mapping)
	if err != nil {
		return ruling{}, fmt.Errorf("read the mapping of judgement %s: %w", j.Info.ID, err)
	}
	answers.Place = mappingPlace(run.Info.TargetName)
	judge, err := compare.NewJudge(rules, compare.Options{Noise: noise, Answers: answers})
	return ruling{judge, j, j.Info.Rules, j.Info.Mapping}, err
}

func (a *app) unjudgedRuling(run *dataset.Run) (ruling, error) {
	answers, err := a.responses(run)
	if err != nil {
		return ruling{}, err
	}
	rules, err := a.rules()
	if err != nil {
		return ruling{}, err
	}
	judge, err := compare.NewJudge(rules, compare.Options{Answers: answers})
	if err != nil {
		return ruling{}, err
	}
	info, err := judgementInfo(judging{rules: rules})
	return ruling{judge: judge, rules: info.Rules, mapping: answers.JSON()}, err
}

// repeated says how both systems answered an exchange's request when it was
// repeated, "" where there is nothing to say of it.
func (r ruling) repeated(ctx context.Context, f located) (string, error) {
	if r.judgement == nil {
		return "", nil
	}
	t := compare.NewTally()
	if made, err := r.judgement.Repeats(ctx, t); err != nil || !made {
		return "", err
	}
	switch m := t.Model(f.Model); {
	case m.Restless.Has(f.RequestHash):
		return "the old system answered this request in several ways itself", nil
	case m.Unstable.Has(f.RequestHash):
		return "the candidate answered this request in several ways, where the old system did not", nil
	}
	return "", nil
}
