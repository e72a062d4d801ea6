package replay

import (
	"fmt"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// CheckModels refuses a plan of which two models would be sent to one endpoint,
// where the target has an endpoint for each: one's answers would be judged as the
// other's. It asks nobody. A model that has no endpoint is no error here: its
// exchanges are rows that say so.
func CheckModels(o Options, models []string) error {
	if !strings.Contains(o.Target, "{model}") {
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
