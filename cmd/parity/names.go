package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/modelparity/parity/internal/config"
	"github.com/modelparity/parity/replay"
)

// endpointNames reads the table of names of a target of the config; nil without one.
func (a *app) endpointNames(t config.Target) (map[string]string, error) {
	if t.Names == "" {
		return nil, nil
	}
	file := t.Names
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(a.configPath), file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the table of names: %w", err)
	}
	defer f.Close()
	names, err := replay.ReadNames(f)
	if err != nil {
		return nil, fmt.Errorf("table of names %s: %w", file, err)
	}
	return names, nil
}
