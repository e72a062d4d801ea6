package replay

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/modelparity/parity/internal/exchange"
)

// CheckModels refuses a plan of which two models would be sent to one endpoint of
// SageMaker, where the target has an endpoint for each: one's answers would be
// judged as the other's. It asks nobody. Every model must have an endpoint, and the
// table of names is there to give it one; two that it sends to the same place are
// meant so.
//
// Over HTTP names are escaped, so that different ones have different places.
func CheckModels(o Options, models []string) error {
	if !IsSageMaker(o.Target) {
		return nil
	}
	t, err := parseSageMakerTarget(o.Target, o.Names)
	if err != nil {
		return err
	}
	return t.checkModels(slices.Sorted(slices.Values(models)))
}

// checkModels holds names that differ in case only for the same, as SageMaker has
// no two such.
func (t *sageMakerTarget) checkModels(models []string) error {
	taken := map[string]string{}
	for _, model := range models {
		// What the version makes of a name is not known before it is sent.
		d, err := t.destination(&exchange.Exchange{Model: model, ModelVersion: "v"})
		if err != nil {
			return fmt.Errorf("target %s: %w", t.text, err)
		}
		if other, ok := taken[d.place()]; ok && t.clash(model, other) {
			return fmt.Errorf("target %s: models %q and %q would both be sent to %s: give each an endpoint of its own in the table of names (names: of the config's target), or both the same if that is meant", t.text, other, model, d)
		}
		taken[d.place()] = model
	}
	return nil
}

// place is where d is; SageMaker has no two names that differ in case only.
func (d destination) place() string { return strings.ToLower(d.endpoint) + d.options() }

// clash says that two models must not be sent to one place.
func (t *sageMakerTarget) clash(model, other string) bool {
	return other != model && (t.names[model] == "" || t.names[model] != t.names[other])
}

// owners are the models of places, where those follow from versions too, and are
// not known before they are sent.
type owners struct {
	mu     sync.Mutex
	models map[string]string
}

// check refuses a model whose place another one has.
func (o *owners) check(t *sageMakerTarget, model string, d destination) error {
	if !strings.Contains(t.endpoint+t.variant+t.model+t.component, "{version}") {
		return nil // checkModels has seen all of them
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	place := d.place()
	if other, ok := o.models[place]; ok && t.clash(model, other) {
		return fmt.Errorf("by its version this is %s, where model %q is sent: give each an endpoint of its own in the table of names (names: of the config's target)", d, other)
	}
	if o.models == nil {
		o.models = map[string]string{}
	}
	o.models[place] = model
	return nil
}
