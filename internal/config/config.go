// Package config reads parity.yaml. A file that holds an unknown key, a bad
// value or rules that clash is an error with line and column, before anything
// is done.
package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/modelparity/parity/capture"
	"github.com/modelparity/parity/compare"
	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/replay"
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
	Redact  Redact   `yaml:"redact"`
	// Sample says how much is recorded of the models that a glob matches: a share, as
	// in 10%, or a number a minute, as in 600/m. --sample is for all others.
	Sample map[string]string `yaml:"sample"`
}

// Sampling is what capture records of which models.
func (c Capture) Sampling(all string) (s capture.Sampling, err error) {
	if all != "" {
		if s.All, err = capture.ParseSample(all); err != nil {
			return s, err
		}
	}
	for glob, text := range c.Sample {
		if s.Models == nil {
			s.Models = map[string]capture.Sample{}
		}
		if s.Models[glob], err = capture.ParseSample(text); err != nil {
			return s, fmt.Errorf("capture.sample.%s: %w", glob, err)
		}
	}
	return s, s.Validate()
}

// Redact says what of an exchange never reaches the disk: see capture.Redaction.
type Redact struct {
	Headers []string `yaml:"headers"`
	Query   []string `yaml:"query"`
	JSON    []string `yaml:"json"`
	KeyEnv  string   `yaml:"key_env"` // the environment variable with the key
}

// Redaction reads the key from the environment.
func (r Redact) Redaction(getenv func(string) string) (capture.Redaction, error) {
	d := capture.Redaction{Headers: r.Headers, Query: r.Query, JSON: r.JSON}
	if d.None() {
		return d, nil
	}
	if r.KeyEnv == "" {
		return d, errors.New("capture.redact.key_env: must name the environment variable with the key, which is in no file")
	}
	if d.Key = []byte(getenv(r.KeyEnv)); len(d.Key) == 0 {
		return d, fmt.Errorf("capture.redact.key_env: %s is not set: set it to a secret of at least %d characters, as `openssl rand -hex 32` makes one; who keeps it can tell equal values of different recordings", r.KeyEnv, capture.MinKey)
	}
	return d, d.Validate()
}

// Target is an endpoint that --target can name.
type Target struct {
	URL         string        `yaml:"url"`
	Concurrency Concurrency   `yaml:"concurrency"` // a number or auto; --concurrency wins
	Timeout     time.Duration `yaml:"timeout"`
	// MaxConcurrency is the most that auto may have in flight, to all endpoints.
	MaxConcurrency int `yaml:"max_concurrency"`
	// EndpointConcurrency is the most that one endpoint may have.
	EndpointConcurrency int                `yaml:"endpoint_concurrency"`
	Rates               map[string]Rate    `yaml:"rates"`    // of single models, by glob: 5/s
	Retries             *int               `yaml:"retries"`  // --retries wins
	RetryOn             []exchange.Failure `yaml:"retry_on"` // classes of failure
	// Headers go with every request. $NAME and ${NAME} in a value stand for the
	// environment's, so that no secret needs to be in the file.
	Headers map[string]string `yaml:"headers"`
	Price   Price             `yaml:"price"`
	// Names is a file with the endpoints of models, for a SageMaker target: model
	// and endpoint, a line of CSV each. Its place is relative to the config's.
	Names      string          `yaml:"names"`
	MaxRequest int64           `yaml:"max_request"` // bytes that a SageMaker endpoint takes
	TLS        replay.TLSFiles `yaml:"tls"`         // files are relative to the config's folder
	// HTTP2 wants HTTP/2, without TLS too, or HTTP/1.1; left out it is what is
	// negotiated by TLS, and HTTP/1.1 without.
	HTTP2           *bool `yaml:"http2"`
	FollowRedirects bool  `yaml:"follow_redirects"`
	Mapping         `yaml:",inline"`
	// Models has mappings of their own for the models that a glob matches. At most
	// one glob may match any one model.
	Models map[string]Mapping `yaml:"models"`
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
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
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
		return Config{}, plain(text, err)
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
			return notWhole(bytes.TrimSpace(text))
		}
		*dst = T(n)
		return nil
	})
}

// notWhole is the text of a number that should be whole. The parser does not
// say where such a value stands.
type notWhole string

func (n notWhole) Error() string { return string(n) + " is not a whole number" }

// plain renders the parser's error with line, column and the place in the text.
func plain(text []byte, err error) error {
	var number notWhole
	if errors.As(err, &number) {
		return fmt.Errorf("%s%w", scalarPosition(text, string(number)), number)
	}
	return errors.New(yaml.FormatError(err, false, true))
}

// validate asks each section; what is wrong is named with its line.
func (c Config) validate(text []byte) error {
	for _, section := range []struct {
		path string
		err  error
	}{
		{"$.capture", c.Capture.validate()},
		{"$.targets", c.validateTargets()},
		{"$.compare", c.Compare.Validate()},
		{"$.gate", c.Gate.Validate()},
	} {
		if section.err != nil {
			return fmt.Errorf("%s%w", position(text, section.path, section.err), section.err)
		}
	}
	return nil
}

func (c Capture) validate() error {
	for field, rules := range map[string][]string{"model": c.Model, "version": c.Version} {
		for i, rule := range rules {
			if _, err := capture.ParseRule(rule); err != nil {
				return fmt.Errorf("capture.%s[%d]: %w", field, i, err)
			}
		}
	}
	_, err := c.Sampling("")
	return err
}

// Options are what the config says of sending to the target, its headers left out.
func (t Target) Options() replay.Options {
	o := replay.Options{
		Target: t.URL, Timeout: t.Timeout, MaxRequest: t.MaxRequest, Retries: replay.DefaultRetries, RetryOn: t.RetryOn,
		Adaptive: t.Concurrency == Auto, Concurrency: int(t.Concurrency), PerEndpoint: t.EndpointConcurrency,
		HTTP2: t.HTTP2, FollowRedirects: t.FollowRedirects, Mapping: t.Requests(),
	}
	if o.Adaptive {
		o.Concurrency = cmp.Or(t.MaxConcurrency, replay.DefaultAdaptive)
	}
	if t.Retries != nil {
		o.Retries = *t.Retries
	}
	for glob, rate := range t.Rates {
		if o.ModelRates == nil {
			o.ModelRates = map[string]float64{}
		}
		o.ModelRates[glob] = float64(rate)
	}
	return o
}

func (t Target) header(getenv func(string) string) http.Header {
	h := http.Header{}
	for name, value := range t.Headers {
		h.Set(name, os.Expand(value, getenv))
	}
	return h
}

// Header fills in the headers' values. A variable that is not set is an error.
func (t Target) Header(getenv func(string) string) (http.Header, error) {
	var missing []string
	h := t.header(func(name string) string {
		value := getenv(name)
		if value == "" {
			missing = append(missing, name)
		}
		return value
	})
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("the target's headers need %s from the environment: set it", strings.Join(slices.Compact(missing), ", "))
	}
	return h, nil
}
