package replay

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/modelparity/parity/internal/exchange"
)

// ReadNames reads a table of endpoints by model: a line of CSV each, model and
// endpoint, with or without a header line that says just that. A line that says
// anything else is an error with its number.
func ReadNames(r io.Reader) (map[string]string, error) {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 2
	names, at := map[string]string{}, map[string]int{}
	for first := true; ; first = false {
		fields, err := lines.Read()
		if err == io.EOF {
			return names, nil
		}
		if err != nil {
			if wrong := new(csv.ParseError); errors.As(err, &wrong) && errors.Is(wrong.Err, csv.ErrFieldCount) {
				return nil, fmt.Errorf("line %d: has %d fields, and model,endpoint are two", wrong.Line, len(fields))
			}
			return nil, err
		}
		line, _ := lines.FieldPos(0)
		model, endpoint := strings.TrimPrefix(fields[0], "\ufeff"), fields[1]
		if first && model == "model" && endpoint == "endpoint" {
			continue
		}
		switch {
		case model == "":
			return nil, fmt.Errorf("line %d: it has no model", line)
		case at[model] > 0:
			return nil, fmt.Errorf("line %d: model %q has an endpoint already, in line %d", line, model, at[model])
		case !endpointName.MatchString(endpoint):
			return nil, fmt.Errorf("line %d: endpoint %q of model %q: a name has %s", line, endpoint, model, endpointNameForm)
		}
		names[model], at[model] = endpoint, line
	}
}

// CheckModels refuses a set of models, of which all will be sent, where one has no
// endpoint's name or two end at the same: answers of one would be judged as the
// other's. Names that differ in case only are the same, as SageMaker has no two
// such. Two models of which the table says the same endpoint are meant so. Any set
// is well with a target of HTTP, whose paths say what they like.
func (o Options) CheckModels(models []string) error {
	if !isSageMaker(o.Target) {
		return nil
	}
	t, err := parseSageMakerTarget(o.Target, o.Names)
	if err != nil {
		return err
	}
	models = slices.Sorted(slices.Values(models))
	owner := map[string]string{}
	for _, model := range models {
		// What the version makes of a name is not known before it is sent.
		d, err := t.destination(&exchange.Exchange{Model: model, ModelVersion: "v"})
		if err != nil {
			return fmt.Errorf("target %s: %w", o.Target, err)
		}
		d.endpoint = strings.ToLower(d.endpoint)
		other, taken := owner[d.String()]
		if !taken {
			owner[d.String()] = model
			continue
		}
		if _, both := o.Names[other]; !both || o.Names[model] == "" || o.Names[model] != o.Names[other] {
			return fmt.Errorf("target %s: models %q and %q would both be sent to %s: give each a name of its own in the table of names, or both the same if that is meant", o.Target, other, model, d)
		}
	}
	return nil
}
