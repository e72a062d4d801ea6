package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/internal/dataset"
	"github.com/modelparity/parity/internal/mapping"
)

// targetNamed is the name in the config of a target that is given by name or by
// URL, so that the same URL always gets the same headers. It is "" where the
// config has none such.
func targetNamed(cfg config.Config, target string) (string, error) {
	if _, ok := cfg.Targets[target]; ok {
		return target, nil
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(cfg.Targets)), func(name string) bool { return cfg.Targets[name].URL != target })
	if len(names) > 1 {
		return "", fmt.Errorf("the config has the URL %s as targets %s and %s: say by --target whose headers go along", target, names[0], names[1])
	}
	return strings.Join(names, ""), nil
}

// targetOf is the name in the config of the target that a run was sent to: the
// one that it was begun with where that has the URL still, or else any that has
// it. It is "" where the config has none such.
func targetOf(cfg config.Config, run dataset.RunInfo) (string, error) {
	if t, ok := cfg.Targets[run.TargetName]; ok && t.URL == run.Target {
		return run.TargetName, nil
	}
	return targetNamed(cfg, run.Target)
}

// tlsOf reads the files of a target, which are relative to the config's folder.
func (a *app) tlsOf(t config.Target) (*tls.Config, error) {
	return t.TLS.Load(filepath.Dir(a.configPath), time.Now())
}

// answersOf is what a run notes of the target that it is begun with: its name in
// the config and what that makes of answers.
func (a *app) answersOf(target string) (string, json.RawMessage, error) {
	cfg, err := a.config()
	if err != nil {
		return "", nil, err
	}
	name, err := targetNamed(cfg, target)
	return name, cfg.Targets[name].Responses().JSON(), err
}

// responses are the mapping that a run's answers are judged by: the config's for
// the run's target, be it none, or where the config has no such target that of
// the config that the run was begun with.
func (a *app) responses(run *dataset.Run) (mapping.Set, error) {
	cfg, err := a.config()
	if err != nil {
		return mapping.Set{}, err
	}
	name, err := targetOf(cfg, run.Info)
	if err != nil {
		return mapping.Set{}, err
	}
	if name == "" {
		return parseMapping(run, run.Info.ResponseMapping)
	}
	s := cfg.Targets[name].Responses()
	s.Place = mappingPlace(run.Info.TargetName)
	return s, nil
}

// requests are the mapping that a run's requests went through.
func requests(run *dataset.Run) (mapping.Set, error) {
	return parseMapping(run, run.Info.RequestMapping)
}

func parseMapping(run *dataset.Run, text json.RawMessage) (mapping.Set, error) {
	s, err := mapping.ParseSet(text)
	if err != nil {
		err = fmt.Errorf("read a mapping of run %s: %w", run.Location, err)
	}
	s.Place = mappingPlace(run.Info.TargetName)
	return s, err
}

// mappingPlace is where the config has the mappings of a target, for errors. What
// is kept of errors goes by the name that the run was begun with, so that a
// judgement is the same whoever makes it.
func mappingPlace(target string) string {
	if target == "" {
		return ""
	}
	return "targets." + target
}

// sayMapped says by which mapping a run's answers are judged where that is not
// what its config was when it was begun.
func (a *app) sayMapped(run *dataset.Run, responses mapping.Set) {
	now, then := responses.JSON(), run.Info.ResponseMapping
	if bytes.Equal(now, then) {
		return
	}
	fmt.Fprintf(a.stderr, "compare: the answers of %s go through the mapping of %s, %s; when it was begun that was %s\n",
		run.Location, cmp.Or(a.configPath, "no config"), mappingWords(now), mappingWords(then))
}

func mappingWords(text json.RawMessage) string {
	if len(text) == 0 {
		return "none"
	}
	return clip(string(text), 400)
}
