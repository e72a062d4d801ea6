package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/modelparity/parity/internal/exchange"
)

// Set is the mappings of one direction, as they are configured: a jq program for
// all models, and programs in its place for those that a glob matches. At most
// one glob may match any one model, so that the order of globs never matters. The
// zero value maps nothing.
type Set struct {
	Program string            `json:"program,omitempty"`
	Models  map[string]string `json:"models,omitempty"`
	// Place is where the set stands in the config, as targets.v2, for errors. It is
	// no part of what identifies the set.
	Place string `json:"-"`
}

// None says that nothing is mapped.
func (s Set) None() bool { return s.Program == "" && len(s.Models) == 0 }

// JSON is what identifies the set: equal for equal ones. nil of one that maps
// nothing.
func (s Set) JSON() json.RawMessage {
	if s.None() {
		return nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic("strings always marshal: " + err.Error())
	}
	return text
}

// ParseSet reads what JSON returned.
func ParseSet(text json.RawMessage) (s Set, err error) {
	if len(text) > 0 {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

// Programs is a Set that is compiled. It is safe for concurrent use.
type Programs struct {
	all    *Program // nil: none
	globs  []string
	models []*Program // by glob
}

// Compile compiles the programs. An error begins with the field that it is about:
// field itself or models.'glob'.field.
func (s Set) Compile(field string) (*Programs, error) {
	p := &Programs{globs: slices.Sorted(maps.Keys(s.Models))}
	var err error
	if s.Program != "" {
		if p.all, err = Compile(s.Program); err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		p.all.place = s.placeOf(field)
	}
	for i, glob := range p.globs {
		for _, other := range p.globs[:i] {
			if exchange.GlobsOverlap(glob, other) {
				return nil, fmt.Errorf("%s and %s can both match one model; make them exclude each other", exchange.ModelField(other), exchange.ModelField(glob))
			}
		}
		own := exchange.ModelField(glob) + "." + field
		program, err := Compile(s.Models[glob])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", own, err)
		}
		program.place = s.placeOf(own)
		p.models = append(p.models, program)
	}
	return p, nil
}

func (s Set) placeOf(field string) string {
	if s.Place == "" {
		return field
	}
	return s.Place + "." + field
}

// Of returns the program of a model; nil: what is of it stays as it is.
func (p *Programs) Of(model string) *Program {
	if p == nil {
		return nil
	}
	for i, glob := range p.globs {
		if exchange.Glob(glob, model) {
			return p.models[i]
		}
	}
	return p.all
}
