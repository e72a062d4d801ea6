package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// CheckModels refuses a plan of which two models would be sent to one endpoint,
// where the target has an endpoint for each: one's answers would be judged as the
// other's. It asks nobody.
//
// Over HTTP, a model that has no endpoint is no error here: its exchanges are rows
// that say so. Of a SageMaker target every model must have one, and the table of
// names is there to give it one; there two that it sends to the same place are
// meant so.
func CheckModels(o Options, models []string) error {
	models = slices.Sorted(slices.Values(models))
	switch {
	case IsSageMaker(o.Target):
		t, err := parseSageMakerTarget(o.Target, o.Names)
		if err != nil {
			return err
		}
		return t.checkModels(models)
	case !strings.Contains(o.Target, "{model}"):
		return nil
	}
	c, err := newClient(o.withDefaults())
	if err != nil {
		return err
	}
	defer c.close()
	return checkModels(c, models)
}

func checkModels(c client, models []string) error {
	taken := map[string]string{}
	for _, model := range models {
		name, err := c.endpoint(&exchange.Exchange{Model: model})
		if err != nil {
			continue
		}
		if other, ok := taken[name]; ok && other != model {
			return fmt.Errorf("models %q and %q would both be sent to the endpoint %q: give each its own, or leave one of them out by --model", other, model, name)
		}
		taken[name] = model
	}
	return nil
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
		place := strings.ToLower(d.endpoint) + d.options()
		other, ok := taken[place]
		if ok && other != model && (t.names[model] == "" || t.names[model] != t.names[other]) {
			return fmt.Errorf("target %s: models %q and %q would both be sent to %s: give each an endpoint of its own in the table of names (names: of the config's target), or both the same if that is meant", t.text, other, model, d)
		}
		taken[place] = model
	}
	return nil
}
