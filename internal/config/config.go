// Package config reads parity.yaml. A file that holds an unknown key, a bad
// value or rules that clash is an error with line and column, before anything
// is done.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/report"
)

// Config is parity.yaml. The zero value means all defaults.
type Config struct {
	Capture Capture           `yaml:"capture"`
	Targets map[string]Target `yaml:"targets"`
	Compare compare.Rules     `yaml:"compare"`
	Gate    report.Gate       `yaml:"gate"`
}

// Capture holds what `parity capture` takes as flags too; flags win.
type Capture struct {
	Model   []string `yaml:"model"`   // --model-from
	Version []string `yaml:"version"` // --version-from
}

// Target is an endpoint that --target can name.
type Target struct {
	URL         string        `yaml:"url"`
	Concurrency int           `yaml:"concurrency"` // --concurrency wins
	Timeout     time.Duration `yaml:"timeout"`
}

// Load reads the file; no path is no file, and all defaults.
func Load(path string) (Config, error) {
	if path == "" {
		return Config{}, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read config: %w", err)
	}
	c, err := Parse(text)
	if err != nil {
		return Config{}, fmt.Errorf("config %s: %w", path, err)
	}
	return c, nil
}

// Parse reads the text of a config file.
func Parse(text []byte) (Config, error) {
	var c Config
	dec := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict(), wholeNumber[int](), wholeNumber[int64]())
	if err := dec.Decode(&c); err != nil && err != io.EOF {
		return Config{}, plain(err)
	}
	if err := dec.Decode(new(Config)); err != io.EOF {
		return Config{}, errors.New("a second document follows the first: keep one")
	}
	if err := c.validate(text); err != nil {
		return Config{}, err
	}
	return c, nil
}

// wholeNumber refuses 1.5 where a count is wanted; the parser would cut it.
func wholeNumber[T int | int64]() yaml.DecodeOption {
	return yaml.CustomUnmarshaler(func(dst *T, text []byte) error {
		n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
		if err != nil {
			return fmt.Errorf("%s is not a whole number", bytes.TrimSpace(text))
		}
		*dst = T(n)
		return nil
	})
}

// plain renders the parser's error with line, column and the place in the text.
func plain(err error) error { return errors.New(yaml.FormatError(err, false, true)) }

// validate asks each section; what is wrong is named with its line.
func (c Config) validate(text []byte) error {
	for _, section := range []struct {
		path string
		err  error
	}{
		{"$.compare", c.Compare.Validate()},
		{"$.gate", c.Gate.Validate()},
		{"$.targets", c.validateTargets()},
	} {
		if section.err != nil {
			return fmt.Errorf("%s%w", position(text, section.path, section.err), section.err)
		}
	}
	return nil
}

func (c Config) validateTargets() error {
	for name, t := range c.Targets {
		if t.URL == "" {
			return fmt.Errorf("target %s has no url", name)
		}
		if t.Concurrency < 0 || t.Timeout < 0 {
			return fmt.Errorf("target %s: concurrency and timeout can't be negative", name)
		}
	}
	return nil
}
