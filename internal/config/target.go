package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
	"github.com/modelparity/parity/internal/mapping"
	"github.com/modelparity/parity/replay"
)

// Mapping is what lies between the old system's requests and answers and a
// target's: jq programs. "" maps nothing or, for some models, as for all.
type Mapping struct {
	Request  string `yaml:"request"`  // of recorded bodies, when they are sent
	Response string `yaml:"response"` // of the target's answers, when they are judged
}

// Requests are the mappings of requests.
func (t Target) Requests() mapping.Set {
	return t.set(func(m Mapping) string { return m.Request })
}

// Responses are the mappings of answers.
func (t Target) Responses() mapping.Set {
	return t.set(func(m Mapping) string { return m.Response })
}

func (t Target) set(program func(Mapping) string) mapping.Set {
	s := mapping.Set{Program: program(t.Mapping)}
	for glob, m := range t.Models {
		if own := program(m); own != "" {
			if s.Models == nil {
				s.Models = map[string]string{}
			}
			s.Models[glob] = own
		}
	}
	return s
}

func (c Config) validateTargets() error {
	for _, name := range slices.Sorted(maps.Keys(c.Targets)) {
		t := c.Targets[name]
		if t.URL == "" {
			return fmt.Errorf("targets.%s: it has no url", name)
		}
		if t.Names != "" && !replay.IsSageMaker(t.URL) {
			return fmt.Errorf("targets.%s.names: only a sagemaker:// target has names of endpoints", name)
		}
		if err := t.validateMappings(); err != nil {
			return fmt.Errorf("targets.%s.%w", name, err)
		}
		if err := t.validateTLS(); err != nil {
			return fmt.Errorf("targets.%s.%w", name, err)
		}
		o := t.Options()
		o.RunID, o.Headers = "config", t.header(func(string) string { return "" })
		if err := o.Validate(); err != nil {
			return fmt.Errorf("targets.%s: %w", name, err)
		}
		if err := t.Price.Validate(); err != nil {
			return fmt.Errorf("targets.%s.%w", name, err)
		}
	}
	return nil
}

// validateTLS begins its errors with the field.
func (t Target) validateTLS() error {
	if t.TLS != (replay.TLSFiles{}) && !strings.HasPrefix(t.URL, "https://") {
		return errors.New("tls: is for an https:// url, and this is another")
	}
	if replay.IsSageMaker(t.URL) && (t.HTTP2 != nil || t.FollowRedirects) {
		return errors.New("http2 and follow_redirects: are for http:// and https:// urls, and this is sagemaker://")
	}
	return t.TLS.Validate()
}

// validateMappings begins its errors with the field.
func (t Target) validateMappings() error {
	for _, glob := range slices.Sorted(maps.Keys(t.Models)) {
		if t.Models[glob] == (Mapping{}) {
			return fmt.Errorf("%s: says nothing; give it a request: or a response:, or drop it", exchange.ModelField(glob))
		}
	}
	_, err := t.set(func(Mapping) string { return "." }).Compile("") // of all globs, whatever they map: at most one is a model's
	if err == nil {
		_, err = t.Requests().Compile("request")
	}
	if err == nil {
		_, err = t.Responses().Compile("response")
	}
	if err != nil { // a line, as the place in the file is shown before it
		return errors.New(strings.ReplaceAll(err.Error(), "\n", " "))
	}
	return nil
}
